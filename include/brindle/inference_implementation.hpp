// SPDX-License-Identifier: MIT
#pragma once

// What inference.hpp declares, for programs that do not link brindle::compiled, which has it. One source file of the
// program includes this header, and is compiled with -O3 and for the machine that runs it; two that do so do not link.
// In the compiled form (BRINDLE_COMPILED) it adds nothing to inference.hpp, however often it is included.
#include "brindle/inference.hpp"
#ifndef BRINDLE_COMPILED
#include "brindle/compiled/classifier.hpp"
#endif
