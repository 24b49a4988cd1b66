// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/moving_normalization.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/prologue.hpp"
#include "brindle/ops/zero_padding2d/zero_padding2d.hpp"
#include "brindle/testing/check_gradient.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "brindle/testing/neighbour_checks.hpp"
#include "brindle/testing/samples.hpp"

// A layer that does the work of its neighbours in its own passes, or says what it is so that they do its work, has to
// give what the layers give one after the other. All in double.
namespace brindle::testing::internal {

inline Tensor<double> padded(const Tensor<double>& x, const Border& border) {
  Tensor<double> y(Shape(ops::zero_padding2d_shape(Shape4(x.shape()), border)));
  ops::reference::zero_padding2d<double>(x.view(), y.view(), border);
  return y;
}

inline Tensor<double> normalized(const MovingNormalization<double, Cpu>& by, const Tensor<double>& x) {
  Tensor<double> y(x.shape());
  ops::reference::batch_normalization<double>(x.view(), by.mean, by.variance, by.gamma, by.beta, y.view(), by.epsilon);
  return y;
}

/// What an activation or a maximum of windows gives of z, and the gradient by z for dy; none where it does not fit z.
class Behind {
 public:
  Behind(const Epilogue& epilogue, const Tensor<double>& z) : epilogue_(epilogue), z_(z) {
    if (const auto* activation = std::get_if<ActivationEpilogue>(&epilogue)) {
      y_ = activated(activation->activation, z);
      return;
    }
    const ops::MaxPool2DOptions o = pool();
    const bool valid = o.padding == Padding::valid;
    if (z.shape().rank() != 4 || (valid && (z.shape()[1] < o.window.h || z.shape()[2] < o.window.w))) return;
    y_.emplace(Shape(ops::maxpool2d_shape(Shape4(z.shape()), o)));
    code_ = Tensor<std::uint8_t>(y_->shape());
    ops::reference::maxpool2d<double>(z.view(), y_->view(), code_.view(), o);
  }

  const std::optional<Tensor<double>>& y() const { return y_; }
  Tensor<double> dz(const Tensor<double>& dy) const {
    Tensor<double> dz(z_.shape());
    if (const auto* activation = std::get_if<ActivationEpilogue>(&epilogue_)) {
      const Tensor<double>& from = ops::gradient_from_input(activation->activation) ? z_ : *y_;
      for (std::int64_t i = 0; i < dz.size(); ++i)
        dz[i] = ops::kernel::activations::gradient(activation->activation, from[i], dy[i]);
    } else {
      ops::reference::maxpool2d_backward<double>(dy.view(), code_.view(), dz.view(), pool());
    }
    return dz;
  }

 private:
  ops::MaxPool2DOptions pool() const {
    const auto& pool = std::get<MaxPoolEpilogue>(epilogue_);
    return {pool.window, pool.stride, pool.padding};
  }

  const Epilogue& epilogue_;
  const Tensor<double>& z_;
  std::optional<Tensor<double>> y_;
  Tensor<std::uint8_t> code_;
};

inline std::string text(const Epilogue& epilogue) {
  if (const auto* activation = std::get_if<ActivationEpilogue>(&epilogue))
    return "ActivationEpilogue{" + to_string(activation->activation) + "}";
  if (const auto* residual = std::get_if<ResidualEpilogue>(&epilogue))
    return "ResidualEpilogue{" + to_string(residual->activation) + "}";
  const auto& pool = std::get<MaxPoolEpilogue>(epilogue);
  return "MaxPoolEpilogue{" + to_string(pool.window) + ", " + to_string(pool.stride) +
         (pool.padding == Padding::same ? ", same}" : "}");
}

/// The checks of a layer of this description, on batches of samples of this shape; what is wrong goes to `problems`.
template <class Description>
class JoinedChecks : NeighbourChecks<Description> {
  using Checks = NeighbourChecks<Description>;
  using Checks::lone, Checks::predict, Checks::same_outputs, Checks::same_gradients, Checks::problems_,
      Checks::description_, Checks::sample_, Checks::batch_;

 public:
  using Checks::Checks;

  void run() {
    problems_.run([&] { border(); });
    problems_.run([&] { moving_normalization(); });
    problems_.run([&] { takes_border(); });
    problems_.run([&] { normalizes(); });
    std::vector<Epilogue> epilogues{MaxPoolEpilogue{}, MaxPoolEpilogue{3, 2, Padding::same}};
    for (int f = 0; f < static_cast<int>(ActivationFunction::softmax); ++f)
      epilogues.push_back(detail::activation_epilogue(static_cast<ActivationFunction>(f)));
    for (const Epilogue& epilogue : epilogues)
      if (!std::holds_alternative<std::monostate>(epilogue)) problems_.run([&] { fuses(epilogue); });
    for (const ActivationFunction f : behind_)
      problems_.run([&] { adds(f, "says that it fuses " + text(ResidualEpilogue{f})); });
  }

 private:
  static constexpr ActivationFunction behind_[] = {ActivationFunction::linear, ActivationFunction::relu,
                                                   ActivationFunction::silu};

  void border() {
    LoneLayer<double> alone = lone();
    const Border border = alone.layer->border();
    if (border == Border{}) return;
    same_outputs("says that it only puts zeros around its input, border() " + to_string(border), alone.forward(),
                 padded(alone.x, border));
  }

  void moving_normalization() {
    for (const bool training : {false, true})
      for (const bool trainable : {true, false}) {
        LoneLayer<double> alone = lone(training);
        alone.layer->trainable = trainable;
        predict(alone);
        const auto by = alone.layer->moving_normalization();
        if (!by || !alone.layer->sample_by_sample_in(*alone.pass)) continue;
        const std::int64_t channels = sample_.back();
        const auto fits = [&](const TensorView<const double, Cpu>& view, bool may_be_empty) {
          return (may_be_empty && view.empty()) || view.size() == channels;
        };
        if (!fits(by->mean, false) || !fits(by->variance, false) || !fits(by->gamma, true) || !fits(by->beta, true))
          detail::raise<CheckFailed>("moving_normalization() has not a number for each of the " +
                                     std::to_string(channels) + " channels");
        same_outputs("says of itself that it is a moving_normalization()", alone.forward(), normalized(*by, alone.x));
      }
  }

  void takes_border() {
    const Border border{1, 0, 2, 1};
    if (!lone().layer->takes_border()) return;
    const std::string says = "says that it takes_border() " + to_string(border);
    if (sample_.rank() != 3) detail::raise<CheckFailed>(says + ", of samples that are no pictures");
    LoneLayer<double> small = lone();
    const Shape around = padded(small.x, border).shape().sample();
    LoneLayer<double> apart(description_, around, batch_), together(description_, around, batch_);
    apart.x = padded(small.x, border);
    together.x = std::move(small.x);
    together.pass->border = border;
    together.ask_needs();
    same_outputs(says, together.forward(), apart.forward());
    const Tensor<double> dy = random_tensor<double>(apart.y_shape, 31);
    auto expected = apart.backward(dy);
    Tensor<double> inside(together.x.shape());
    ops::reference::zero_padding2d_backward<double>(expected[0].view(), inside.view(), border);
    expected[0] = std::move(inside);
    same_gradients(says, apart, together.backward(dy), expected);
    predict(together);
    same_outputs(says, together.forward(), apart.forward());
  }

  void normalizes() {
    LoneLayer<double> alone = lone(false);
    if (!alone.layer->normalizes()) return;
    const StandIn behind(alone.y_shape.back());
    const Tensor<double> z = normalized(*behind.moving_normalization(), alone.forward());
    for (const ActivationFunction f : behind_) {
      const std::string says = "says that it normalizes()" + (f == linear ? "" : ", with " + to_string(f) + " behind");
      LoneLayer<double> together = lone(false);
      together.pass->normalized = &behind;
      together.pass->activation_behind = f;
      predict(together);
      same_outputs(says, together.forward(), activated(f, z));
      if (together.layer->fuses(ResidualEpilogue{f})) adds(f, says + " and a sum", &behind);
    }
  }

  void fuses(const Epilogue& epilogue) {
    LoneLayer<double> alone = lone();
    if (!alone.layer->fuses(epilogue)) return;
    const Tensor<double> z = alone.forward();
    const Behind behind(epilogue, z);
    if (!behind.y()) return;
    const std::string says = "says that it fuses " + text(epilogue);
    const StandIn layer_behind(epilogue);
    LoneLayer<double> together = lone();
    together.pass->fused = &layer_behind;
    together.y_shape = behind.y()->shape();
    together.ask_needs();
    same_outputs(says, together.forward(), *behind.y());
    const Tensor<double> dy = random_tensor<double>(together.y_shape, 31);
    same_gradients(says, alone, together.backward(dy), alone.backward(behind.dz(dy)));
    predict(together);
    same_outputs(says, together.forward(), *behind.y());
  }

  /// A sum and an activation behind it, or behind the normalization behind it.
  void adds(ActivationFunction f, const std::string& says, const StandIn* normalization = nullptr) {
    LoneLayer<double> alone = lone(false);
    if (!alone.layer->fuses(ResidualEpilogue{f})) return;
    Tensor<double> sum = alone.forward();
    if (normalization) sum = normalized(*normalization->moving_normalization(), sum);
    const Tensor<double> other = random_tensor<double>(alone.y_shape, 37);
    for (std::int64_t i = 0; i < sum.size(); ++i) sum[i] += other[i];
    LoneLayer<double> together = lone(false);
    together.pass->normalized = normalization;
    together.pass->residual = other.view();
    together.pass->activation_behind = f;
    predict(together);
    same_outputs(says, together.forward(), activated(f, sum));
  }
};

}  // namespace brindle::testing::internal
