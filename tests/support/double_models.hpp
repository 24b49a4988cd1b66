// SPDX-License-Identifier: MIT
#pragma once

// Models of double. Header-only there is nothing to say; in the compiled form programs include brindle/definitions.hpp
// and compile all that the model is made of, tests have it in a library of their own, double_models.cpp. A test of what
// is in no header but those definitions includes them, too.

#include "support/kernels.hpp"

#ifdef BRINDLE_COMPILED
#include "brindle/nn/definitions_of.hpp"

template <>
struct brindle::detail::DefinitionsOf<double, brindle::Cpu> {};
#endif
