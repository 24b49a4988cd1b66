// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"

namespace brindle::detail {

/// What Layer::prepare() made of the parameters of a model's layers: once for all plans and threads, at the first plan
/// that asks for it. It is kept as long as a plan or the model holds it.
template <class T, class Device>
class PreparedFilters {
 public:
  using Bytes = std::shared_ptr<const Tensor<std::byte, Device>>;  ///< null: there is nothing to prepare

  /// Of a layer for passes such as this one, and batches of shape x. Null where its parameters may change.
  Bytes of(const Pass<T, Device>& pass, const Layer<T, Device>& layer, const Shape& x);

  /// Forgets what was made of parameters that had this number (Layer::fixed_parameters) and have changed.
  void forget(std::uint64_t fixed);

  /// Forgets what no plan holds.
  void forget_unused();

  /// Bytes that are kept.
  std::int64_t bytes() const;

 private:
  struct Entry {
    std::uint64_t fixed;  // the parameters
    bool fused;           // with the layer behind
    std::string kernel;   // that reads it
    Bytes bytes;
  };

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/nn/prepared_filters_inl.hpp"
#endif
