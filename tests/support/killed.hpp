// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <stdexcept>

#include "brindle/train/callback.hpp"

// A run that is killed and goes on from its checkpoint.
namespace brindle::test {

inline constexpr double every_step = 1e-9;  ///< seconds between checkpoints

/// Thrown in place of what ends a program.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

/// Throws Killed behind so many steps.
inline Callback killed_after(std::int64_t steps) {
  Callback c;
  c.step = [steps, done = std::int64_t{0}](FitState&) mutable {
    if (++done == steps) throw Killed();
  };
  return c;
}

}  // namespace brindle::test
