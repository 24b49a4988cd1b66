// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer_check.hpp"
#include "brindle/nn/loss.hpp"

namespace brindle::detail {

/// Calls the loss, seen to write all of what it gives: a trainer's first step does so. Throws ValueError, beginning
/// with `who`. On the Cpu; the results are those of a plain call.
template <class T>
void checked_loss(const std::string& who, Loss<T, Cpu>& loss, const Cpu& on, bool logits, TensorView<const T, Cpu> y,
                  TensorView<const T, Cpu> labels, TensorView<const T, Cpu> weight, TensorView<T, Cpu> each,
                  TensorView<T, Cpu> dy) {
  mark_all(each, Mark::unwritten);
  mark_all(dy, Mark::unwritten);
  loss(on, logits, y, labels, weight, each, dy);
  const auto expect_written = [&](const std::string& what, const TensorView<T, Cpu>& view) {
    for (std::int64_t i = 0; i < view.size(); ++i)
      if (is_marked(view.data[i], Mark::unwritten))
        raise<ValueError>(who + ": " + loss.type() + " leaves element " + std::to_string(i) + " of " + what + " " +
                          to_string(view.shape) + " unwritten, or adds to what it never wrote; write every element");
  };
  expect_written("each", each);
  expect_written("dy", dy);
}

}  // namespace brindle::detail
