// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "brindle/nn/loss.hpp"

namespace brindle {

/// For outputs that are numbers: the square where they are nearly right, and not more than in proportion where they are
/// far off, so that labels that are wrong pull less. A label for each output.
///
/// The formula stands at ops::regression_error. Such labels are no classes, so there is no accuracy. Keras:
/// losses/losses.py, Huber.
struct Huber {
  double delta = 1;  ///< more than 0: from there on in proportion

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer; throws ValueError for settings out of range
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/huber_inl.hpp"
#endif
