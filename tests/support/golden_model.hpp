// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/data/source.hpp"
#include "brindle/nn/nn.hpp"
#include "support/golden.hpp"

namespace brindle::test {

/// Losses, probabilities and weights of whole training runs; see goldens/README.md, cnn, fit and finetune.
inline constexpr Tolerance training_golden{1e-5, 1e-11};

/// Sets the weights of a model from the arrays prefix.layer.parameter.
template <class T>
void set_weights(Model<T>& model, const Golden& golden, const std::string& prefix) {
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters()) {
      const Tensor<T> values = golden.get<T>(prefix + "." + layer->name + "." + p.name);
      REQUIRE(values.shape() == p.value.shape());
      p.value = values.clone();
    }
}

template <class T>
void check_weights(const Model<T>& model, const Golden& golden, const std::string& prefix) {
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters())
      golden.check(prefix + "." + layer->name + "." + p.name, p.value, training_golden);
}

/// Pictures of 0..255 as a golden holds them, divided by 255 in T: rows [begin, end) of case.x_uint8 and case.y.
template <class T>
class GoldenPictures final : public data::Source {
 public:
  GoldenPictures(const Golden& golden, const std::string& name, std::int64_t begin, std::int64_t end) {
    const Tensor<T> x = golden.get<T>(name + ".x_uint8");
    const Tensor<float> y = golden.get<float>(name + ".y");
    shape_ = x.shape().sample();
    x_ = Tensor<T>(shape_.batch(end - begin));
    labels_ = Tensor<float>({end - begin, 1});
    for (std::int64_t i = 0; i < x_.size(); ++i) x_[i] = x[begin * shape_.size() + i] / T(255);
    for (std::int64_t i = begin; i < end; ++i) labels_[i - begin] = y[i];
  }

  std::int64_t size() const override { return labels_.shape()[0]; }
  Shape sample_shape() const override { return shape_; }
  TensorView<const float> labels() const override { return labels_.view(); }
  void read(const Cpu&, std::span<const data::Draw> draws, TensorView<float> x) const override { copy(draws, x); }
  void read(const Cpu&, std::span<const data::Draw> draws, TensorView<double> x) const override { copy(draws, x); }

  TensorView<const T> x() const { return x_.view(); }

 private:
  template <class U>
  void copy(std::span<const data::Draw> draws, TensorView<U> x) const {
    for (std::size_t i = 0; i < draws.size(); ++i)
      for (std::int64_t k = 0; k < shape_.size(); ++k)
        x[static_cast<std::int64_t>(i) * shape_.size() + k] = static_cast<U>(x_[draws[i].row * shape_.size() + k]);
  }

  Shape shape_;
  Tensor<T> x_;
  Tensor<float> labels_;
};

template <class T>
Tensor<T> vector_of(const std::vector<double>& values) {
  Tensor<T> t({static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) t[static_cast<std::int64_t>(i)] = static_cast<T>(values[i]);
  return t;
}

}  // namespace brindle::test
