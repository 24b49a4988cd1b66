// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cpu.hpp"

namespace brindle::detail {

/// Defined where a unit has what models of T on Device need: the definitions (model_inl.hpp) or, in the compiled form,
/// the library. It is asked for in functions, which the compiler makes at the end of the unit: the definitions may come
/// behind the model.
template <class T, class Device>
struct DefinitionsOf;
#ifdef BRINDLE_COMPILED
template <>
struct DefinitionsOf<float, Cpu> {};
#endif

/// Does nothing; where they are missing, the compiler says what to include.
template <class T, class Device>
void expect_definitions() {
  static_assert(
      requires { sizeof(DefinitionsOf<T, Device>); },
      "the library of the compiled form holds models of float on the Cpu: for others include <brindle/definitions.hpp> "
      "in this source file, and <brindle/io/definitions.hpp> to load or save them; see docs/howto/compile-once.md");
}

}  // namespace brindle::detail
