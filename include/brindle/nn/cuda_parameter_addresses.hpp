// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "brindle/core/cuda.hpp"
#include "brindle/nn/layer.hpp"

namespace brindle::detail {

/// Where the parameters of some layers lay when they were last looked at: whoever has recorded work on them has to know
/// whether somebody has put other tensors in their place.
template <class T>
class ParameterAddresses {
 public:
  /// Whether a parameter lies elsewhere than at the last call; true at the first one. layers: pointers to layers, the
  /// same at each call.
  template <class Layers>
  bool moved(const Layers& layers) {
    std::size_t i = 0;
    bool moved = false;
    for (const Layer<T, Cuda>* layer : layers)
      for (const auto& p : layer->parameters()) {
        if (i == addresses_.size()) addresses_.push_back(nullptr);
        moved = moved || addresses_[i] != p.value.data();
        addresses_[i++] = p.value.data();
      }
    return moved;
  }

 private:
  std::vector<const T*> addresses_;
};

}  // namespace brindle::detail
