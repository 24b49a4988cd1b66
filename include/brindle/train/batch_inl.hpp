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
}

template <class T, class Device>
void Batch<T, Device>::read(const Cpu& on, const data::Source& source, std::span<const std::int64_t> rows) {
  draws_.clear();
  for (const std::int64_t row : rows) draws_.push_back({row, static_cast<std::uint64_t>(row)});
  const TensorView<T> x = room().slice(0, static_cast<std::int64_t>(rows.size()));
  source.read(on, draws_, x);
  borrow(x, source, draws_);
}

template <class T, class Device>
void Batch<T, Device>::borrow(TensorView<const T> x, const data::Source& source, std::span<const data::Draw> draws) {
  current_ = x;
  const TensorView<const float> all = source.labels();
  label_count_ = all.shape.sample().size();
  for (std::size_t i = 0; i < draws.size(); ++i)
    for (std::int64_t k = 0; k < label_count_; ++k)
      label_room_.data()[static_cast<std::int64_t>(i) * label_count_ + k] =
          static_cast<T>(all.data[draws[i].row * label_count_ + k]);
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
