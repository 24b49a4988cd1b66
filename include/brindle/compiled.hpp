// SPDX-License-Identifier: MIT
#pragma once

// The library of the compiled form as a part of one source file, for programs that are built without CMake: all their
// files are compiled with -DBRINDLE_COMPILED, and one of them begins with
//
//     #include <brindle/compiled.hpp>
//
// before all other headers of brindle. The CPU kernels are those of this file's flags: give it -O3 -march=native, or
// the instruction set that the program is for.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/compiled/kernels.hpp"  // first: the rooms above ops call these kernels, not a table
// From here on in any order.
#include "brindle/compiled/core.hpp"
#include "brindle/compiled/data.hpp"
#include "brindle/compiled/image.hpp"
#include "brindle/compiled/inference.hpp"
#include "brindle/compiled/io.hpp"
#include "brindle/compiled/models.hpp"
#include "brindle/compiled/nn.hpp"
#include "brindle/compiled/ops.hpp"
#include "brindle/compiled/report.hpp"
#include "brindle/compiled/train.hpp"
