// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what prepared_filters.hpp declares.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/prepared_filters.hpp"

namespace brindle::detail {

template <class T, class Device>
typename PreparedFilters<T, Device>::Bytes PreparedFilters<T, Device>::of(const Pass<T, Device>& pass,
                                                                          const Layer<T, Device>& layer,
                                                                          const Shape& x) {
  const std::uint64_t fixed = layer.fixed_parameters();
  const std::int64_t size = fixed == 0 ? 0 : layer.prepared_bytes(pass, x);
  if (size == 0) return nullptr;
  const bool fused = pass.fused != nullptr;
  std::string kernel = layer.kernel_name(pass, x);
  const std::lock_guard<std::mutex> lock(mutex_);  // whoever comes second waits, and finds it made
  for (const Entry& e : entries_)
    if (e.fixed == fixed && e.fused == fused && e.kernel == kernel && e.bytes->size() == size) return e.bytes;
  auto made = std::make_shared<Tensor<std::byte, Device>>(Tensor<std::byte, Device>::uninitialized({size}));
  layer.prepare(pass, x, made->view());
  entries_.push_back({fixed, fused, std::move(kernel), std::move(made)});
  return entries_.back().bytes;
}

template <class T, class Device>
void PreparedFilters<T, Device>::forget(std::uint64_t fixed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(entries_, [&](const Entry& e) { return e.fixed == fixed; });
}

template <class T, class Device>
void PreparedFilters<T, Device>::forget_unused() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(entries_, [](const Entry& e) { return e.bytes.use_count() == 1; });
}

template <class T, class Device>
std::int64_t PreparedFilters<T, Device>::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::int64_t sum = 0;
  for (const Entry& e : entries_) sum += e.bytes->size();
  return sum;
}

}  // namespace brindle::detail
