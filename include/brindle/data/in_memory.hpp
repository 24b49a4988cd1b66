// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"

namespace brindle::data {

/// Samples that are in memory as the network takes them.
class InMemory : public Source {
 public:
  /// x (N, sample shape), labels (N), (N, 1) or (N, K), class_names empty or one a class
  ///
  /// Throws ShapeError if x has no samples or the labels are not one row a sample, DataError with the number of the
  /// sample for a value or a label that is no finite number, or a class that has no name.
  InMemory(Tensor<float> x, Tensor<float> labels, std::vector<std::string> class_names = {});

  /// Says how pictures became the samples; io::extract does for features. Returns the samples.
  InMemory& set_picture_input(std::optional<PictureInput> input) &;

  /// labels: one a sample.
  InMemory(Tensor<float> x, std::span<const float> labels, std::vector<std::string> class_names = {})
      : InMemory(std::move(x), column(labels), std::move(class_names)) {}

  std::int64_t size() const override { return x_.shape()[0]; }
  Shape sample_shape() const override { return x_.shape().sample(); }
  TensorView<const float> labels() const override;
  std::vector<std::string> class_names() const override { return class_names_; }
  std::optional<PictureInput> picture_input() const override { return input_; }

  /// Of all values.
  std::string fingerprint(const Cpu&) const override;

  using Source::read;
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override;

 private:
  static Tensor<float> column(std::span<const float> labels);

  // Labels in one column are class numbers where the classes have names; of several columns each is a class.
  void check_names() const;

  static void check_finite(const Tensor<float>& t, const char* what);

  Tensor<float> x_;
  Tensor<float> labels_;
  std::vector<std::string> class_names_;
  std::optional<PictureInput> input_;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/in_memory_inl.hpp"
#endif
