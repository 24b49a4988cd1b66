// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what dense.hpp declares.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/dense.hpp"
#include "brindle/nn/kept_sums.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/dense/dense.hpp"

namespace brindle {

template <class T, class Device>
class DenseLayer final : public Layer<T, Device> {
 public:
  explicit DenseLayer(const Dense& d) : description_(d) {}  ///< see Dense

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Dense{.units = c.get("units", std::int64_t{0}),
                 .activation = activation_function(c.get("activation", "linear")),
                 .use_bias = c.get("use_bias", true)}
        .make<T, Device>();
  }

  std::string type() const override { return "Dense"; }
  std::string default_name() const override { return "dense"; }
  Config config() const override {
    return {{"units", description_.units},
            {"activation", to_string(description_.activation)},
            {"use_bias", description_.use_bias}};
  }
  ActivationFunction activation() const override { return description_.activation; }
  OutputNumbers output_numbers() const override { return OutputNumbers::any; }

  Shape output_shape(const Shape& x) const override {
    const Dense& d = description_;
    if (d.units < 1)
      detail::raise<ValueError>(this->who() + ": units must be at least 1, got " + std::to_string(d.units));
    if (x.rank() < 1)
      detail::raise<ShapeError>(this->who() + ": expected features (None, ..., features), got " + to_string_batch(x));
    if (d.features != 0 && d.features != x.back())
      detail::raise<ShapeError>(
          this->who() + " expects " + std::to_string(d.features) + " features, the layer before it gives " +
          to_string_batch(x) +
          (x.rank() > 1 ? "; put a Flatten{} in front of it, or write .features = " : "; write .features = ") +
          std::to_string(x.back()));
    std::int64_t sizes[Shape::max_rank] = {};
    std::copy(x.begin(), x.end(), sizes);
    sizes[x.rank() - 1] = d.units;
    return Shape(sizes, sizes + x.rank());
  }

  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    const std::int64_t units = description_.units;
    std::vector<ParameterSpec> specs{{"kernel", {x.back(), units}, Initializer::glorot_uniform(x.back(), units)}};
    if (description_.use_bias) specs.push_back({"bias", {units}, Initializer::zeros()});
    return specs;
  }

  bool streams(std::size_t which) const override { return which == 0 && std::is_same_v<Device, Cpu>; }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    const std::int64_t bytes = ops::dense_workspace<T>(pass.on, rows(x), this->parameters_[0].value.shape());
    const bool apart = detail::keeps_sums(pass, activation());
    const Shape y = rows(x);
    return {.saved = apart ? y[0] * description_.units * static_cast<std::int64_t>(sizeof(T)) : 0,
            .forward_workspace = bytes,
            .backward_workspace = bytes,
            .reads_input = pass.backward && this->trainable,
            .reads_output = pass.backward && !pass.logits && !apart && activation() != ActivationFunction::linear};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    const bool apart = detail::keeps_sums(pass, activation());
    const TensorView<T, Device> sums = apart ? detail::view_bytes<T>(pass.saved, y.shape) : y;
    ops::dense<T>(pass.on, x.reshape(rows(x.shape)), this->parameter(0),
                  description_.use_bias ? this->parameter(1) : TensorView<const T, Device>{},
                  sums.reshape(rows(y.shape)), pass.logits || apart ? ActivationFunction::linear : activation(),
                  pass.workspace);
    if (apart) ops::activate<T>(pass.on, activation(), sums, y);
  }

  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    detail::gradient_by_sums<T>(pass, activation(), pass.saved, y, dy);
    const TensorView<T, Device> dz = dy.reshape(rows(dy.shape));
    const TensorView<T, Device> dx_rows = dx.empty() ? TensorView<T, Device>{} : dx.reshape(rows(dx.shape));
    const auto& into = gradients.into;
    if (into.empty()) {
      if (!dx.empty()) ops::dense_backward_data<T>(pass.on, dz, this->parameter(0), dx_rows, pass.workspace);
      return;
    }
    const TensorView<const T, Device> features = x.reshape(rows(x.shape));
    const TensorView<T, Device> db = into.size() > 1 ? into[1] : TensorView<T, Device>{};
    if constexpr (std::is_same_v<Device, Cpu>) {
      if (into[0].empty()) {  // streamed: data gradient, weight gradient and update in one pass over the weights
        const std::int64_t units = this->parameters_[0].value.shape()[1];
        const auto take = [&](std::int64_t first_row, TensorView<const T, Device> block) {
          (*gradients.stream)(0, first_row * units, block);
        };
        const TensorView<const T, Device> state =
            gradients.stream_state ? (*gradients.stream_state)(0) : TensorView<const T, Device>{};
        ops::dense_backward_update<T>(pass.on, features, dz, this->parameter(0), dx_rows, db, take, pass.workspace,
                                      state);
        return;
      }
    }
    ops::dense_backward_weights<T>(pass.on, features, dz, into[0], db, pass.workspace);
    if (!dx.empty()) ops::dense_backward_data<T>(pass.on, dz, this->parameter(0), dx_rows, pass.workspace);
  }

 private:
  static Shape rows(const Shape& s) { return {s.back() == 0 ? 0 : s.size() / s.back(), s.back()}; }

  Dense description_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Dense::Dense::make() const {
  return std::make_unique<DenseLayer<T, Device>>(*this);
}

}  // namespace brindle
