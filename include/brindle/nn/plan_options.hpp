// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace brindle {

/// What a plan is made for.
struct PlanOptions {
  std::int64_t batch = 1;       ///< most samples at a time; fewer use parts of the same memory
  bool training = false;        ///< dropout drops
  bool backward = false;        ///< backward() follows forward(), down to the layers that learn
  bool logits = false;          ///< the last layer leaves out its activation
  bool keep_gradients = false;  ///< all gradients stay until the next backward(); none is streamed
  /// backward() gives the gradient by this value (LayerGraph) and none of parameters; both stay to be read.
  std::optional<std::size_t> gradient_of = std::nullopt;
  bool layer_by_layer = false;  ///< each layer is a step of its own, and works on the whole batch
  std::uint64_t seed = 0;       ///< of the dropout draws

  friend bool operator==(const PlanOptions&, const PlanOptions&) = default;  ///< a plan serves both
};

}  // namespace brindle
