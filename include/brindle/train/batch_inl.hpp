// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what batch.hpp declares.
#include <algorithm>
#include <cstdint>
#include <span>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/train/batch.hpp"

namespace brindle::detail {

template <class T, class Device>
void Batch<T, Device>::resize(std::int64_t n, const Shape& input, const Shape& output) {
  if (shape_ == input.batch(n) && probabilities_.shape() == output.batch(n)) return;
  shape_ = input.batch(n);
  x_ = {};
  current_ = {};
  label_room_ = Tensor<T>({n, std::max<std::int64_t>(output.size(), 1)});
  weight_ = Tensor<T>({n});
  each_ = Tensor<T>({n});
  probabilities_ = Tensor<T>(output.batch(n));
  draws_.reserve(static_cast<std::size_t>(n));
  drawn_labels_.reserve(static_cast<std::size_t>(label_room_.size()));
}

template <class T, class Device>
void Batch<T, Device>::read(const Cpu& on, const data::Source& source, std::span<const std::int64_t> rows,
                            std::int64_t time) {
  draws_.clear();
  for (const std::int64_t row : rows) draws_.push_back({row, static_cast<std::uint64_t>(row + time * source.size())});
  const TensorView<T> x = room().slice(0, static_cast<std::int64_t>(rows.size()));
  source.read(on, draws_, x);
  borrow(x, source, draws_);
}

template <class T, class Device>
void Batch<T, Device>::borrow(TensorView<const T> x, const data::Source& source, std::span<const data::Draw> draws) {
  current_ = x;
  label_count_ = source.labels().shape.sample().size();
  const std::int64_t n = static_cast<std::int64_t>(draws.size());
  drawn_labels_.resize(static_cast<std::size_t>(n * label_count_));
  source.read_labels(draws, {drawn_labels_.data(), {n, label_count_}});
  std::transform(drawn_labels_.begin(), drawn_labels_.end(), label_room_.data(),
                 [](float v) { return static_cast<T>(v); });
}

template <class T, class Device>
void Batch<T, Device>::write(TensorView<const T> x, TensorView<const float> labels) {
  const TensorView<T> own = room().slice(0, x.shape[0]);
  std::copy(x.data, x.data + x.size(), own.data);
  current_ = own;
  label_count_ = labels.shape.sample().size();
  for (std::int64_t i = 0; i < labels.size(); ++i) label_room_.data()[i] = static_cast<T>(labels.data[i]);
}

template <class T, class Device>
TensorView<const T> Batch<T, Device>::read_probabilities(const Device& on, TensorView<const T, Device> y,
                                                         ActivationFunction f) {
  const TensorView<T> p = probabilities_.view().slice(0, y.shape[0]);
  ops::activate<T>(on, f, y, p);
  return p;
}

template <class T, class Device>
TensorView<T> Batch<T, Device>::room() {
  if (x_.empty()) x_ = Tensor<T>(shape_);
  return x_;
}

}  // namespace brindle::detail
