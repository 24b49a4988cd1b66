// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>

#include "brindle/core/amx.hpp"

namespace brindle::test {

/// Whether this machine has AMX. Where it has none, a test of it says so and ends.
inline bool amx_here() {
  if (brindle::detail::has_amx()) return true;
  WARN("no AMX here");
  return false;
}

}  // namespace brindle::test
