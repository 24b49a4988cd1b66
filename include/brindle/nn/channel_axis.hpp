// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/nn/config.hpp"

// What the layers that normalize channels have in common: Keras's axis, which here is the last one.
namespace brindle::detail {

/// The setting "axis", one number or a list of one. Throws ValueError, beginning with the layer's type, for more.
inline std::int64_t channel_axis(const std::string& type, const Config& c) {
  const std::vector<std::int64_t> axes = c.get("axis", std::vector<std::int64_t>{-1});
  if (axes.size() != 1) raise<ValueError>(type + ": setting \"axis\": expected one axis, the last");
  return axes[0];
}

/// Throws ValueError, beginning with the layer, unless the axis, counted with the batch in front, is the last one of
/// samples x.
inline void expect_last_axis(const std::string& who, std::int64_t axis, const Shape& x) {
  if (axis != -1 && axis != x.rank())
    raise<ValueError>(who + ": axis must be the last one, -1, got " + std::to_string(axis) + " for inputs " +
                      to_string_batch(x));
}

/// Throws ValueError, beginning with the layer, unless it is more than 0.
inline void expect_epsilon(const std::string& who, double epsilon) {
  if (!(epsilon > 0)) raise<ValueError>(who + ": epsilon must be more than 0, got " + number_text(epsilon));
}

}  // namespace brindle::detail
