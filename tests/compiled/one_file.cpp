// SPDX-License-Identifier: MIT
// The library of the compiled form, without CMake's: this file has it all.
#include <brindle/compiled.hpp>
