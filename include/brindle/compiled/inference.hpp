// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for inference.hpp. It is apart from that of models/, so that the linker leaves it out where a
// program has the definitions itself.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/compiled/classifier.hpp"
