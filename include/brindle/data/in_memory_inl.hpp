// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what in_memory.hpp declares.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/data/source.hpp"

namespace brindle::data {

BRINDLE_INLINE InMemory::InMemory(Tensor<float> x, Tensor<float> labels, std::vector<std::string> class_names)
    : x_(std::move(x)), labels_(std::move(labels)), class_names_(std::move(class_names)) {
  if (x_.empty() || x_.shape().rank() < 2 || x_.size() == 0)
    detail::raise<ShapeError>("data::InMemory: expected samples (N, sizes of one sample...), got " +
                              to_string(x_.shape()));
  const Shape& l = labels_.shape();
  if (labels_.empty() || l.rank() < 1 || l.rank() > 2 || l[0] != x_.shape()[0])
    detail::raise<ShapeError>(
        "data::InMemory: expected labels (N, 1) or (N, K) with N = " + std::to_string(x_.shape()[0]) + " as in x " +
        to_string(x_.shape()) + ", got " + to_string(l));
  check_finite(x_, "value");
  check_finite(labels_, "label");
  check_names();
}

BRINDLE_INLINE InMemory& InMemory::set_picture_input(std::optional<PictureInput> input) & {
  input_ = std::move(input);
  return *this;
}

BRINDLE_INLINE TensorView<const float> InMemory::labels() const {
  const Shape& l = labels_.shape();
  return labels_.view().reshape(l.rank() == 1 ? Shape{l[0], 1} : l);
}

BRINDLE_INLINE std::string InMemory::fingerprint(const Cpu&) const {
  Checksum sum;
  sum.add_numbers(x_.data(), static_cast<std::size_t>(x_.size()));
  return sum.text();
}

BRINDLE_INLINE void InMemory::read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const {
  if (x.shape != sample_shape().batch(static_cast<std::int64_t>(draws.size())))
    detail::raise<ShapeError>("data::InMemory: expected x " +
                              to_string(sample_shape().batch(static_cast<std::int64_t>(draws.size()))) + ", got " +
                              to_string(x.shape));
  for (const Draw& draw : draws)
    if (draw.row < 0 || draw.row >= size())
      detail::raise<ValueError>("data::InMemory: there is no sample " + std::to_string(draw.row) + " of " +
                                std::to_string(size()));
  const std::int64_t n = sample_shape().size();
  on.parallel(static_cast<std::int64_t>(draws.size()), [&](std::int64_t i, int) {
    std::memcpy(x.data + i * n, x_.data() + draws[static_cast<std::size_t>(i)].row * n,
                static_cast<std::size_t>(n) * sizeof(float));
  });
}

BRINDLE_INLINE Tensor<float> InMemory::column(std::span<const float> labels) {
  Tensor<float> t(Shape{static_cast<std::int64_t>(labels.size()), 1});
  if (!labels.empty()) std::memcpy(t.data(), labels.data(), labels.size_bytes());
  return t;
}

BRINDLE_INLINE void InMemory::check_names() const {
  const auto names = static_cast<std::int64_t>(class_names_.size());
  const std::int64_t columns = labels_.size() / labels_.shape()[0];
  if (names == 0) return;
  if (columns > 1 && columns != names)
    detail::raise<DataError>("data::InMemory: " + std::to_string(names) + " class names for labels of " +
                             std::to_string(columns) + " columns; give one name a column");
  for (std::int64_t i = 0; columns == 1 && i < labels_.size(); ++i)
    if (!(labels_[i] >= 0 && labels_[i] < static_cast<float>(names)))
      detail::raise<DataError>("data::InMemory: sample " + std::to_string(i) + " has label " +
                               detail::number_text(labels_[i]) + ", but there are names for " + std::to_string(names) +
                               " classes");
}

BRINDLE_INLINE void InMemory::check_finite(const Tensor<float>& t, const char* what) {
  const std::int64_t n = t.size() / t.shape()[0];
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (!std::isfinite(t[i]))
      detail::raise<DataError>("data::InMemory: sample " + std::to_string(i / n) + " has a " + what +
                               " that is no finite number; clean the data first");
}

}  // namespace brindle::data
