// SPDX-License-Identifier: MIT
#pragma once

// The definitions of templates, for a program of the compiled form (BRINDLE_COMPILED) that needs them for more than the
// library holds: models of double, say. Those of io/ are in io/definitions.hpp. What is no template, and what the
// library has, still comes from there.
#include "brindle/compiled/definitions.hpp"
#include "brindle/ops/cpu_kernels.hpp"
