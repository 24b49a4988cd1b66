// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/prologue.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "brindle/testing/neighbour_checks.hpp"
#include "brindle/testing/samples.hpp"

// A layer that leaves its work to the layers around it in training, or does theirs as it reads, has to give what the
// layers give one after the other. All in double.
namespace brindle::testing::internal {

/// The checks of a layer of this description, on batches of samples of this shape.
template <class Description>
class PrologueChecks : NeighbourChecks<Description> {
  using Checks = NeighbourChecks<Description>;
  using Checks::lone, Checks::same_outputs, Checks::same_gradients, Checks::problems_, Checks::sample_;

 public:
  using Checks::Checks;

  void run() {
    problems_.run([&] { gives_prologue(); });
    problems_.run([&] { takes_prologue(); });
    problems_.run([&] { gives_gradient_prologue(); });
    problems_.run([&] { takes_gradient_prologue(); });
    problems_.run([&] { gives_gradient_sums(); });
  }

 private:
  static constexpr ActivationFunction activations_[] = {ActivationFunction::linear, ActivationFunction::relu};

  /// x as what reads a prologue sees it.
  static Tensor<double> behind(const ops::Prologue<double, Cpu>& prologue, const Tensor<double>& x) {
    const auto& [mean, factor, shift] = prologue.normalization;
    Tensor<double> y(x.shape());
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const std::int64_t c = i % mean.size();
      y[i] = (x[i] - mean.data[c]) * factor.data[c] + shift.data[c];
    }
    return activated(prologue.activation, y);
  }

  void gives_prologue() {
    if (!lone().layer->gives_prologue()) return;
    for (const bool training : {true, false})
      for (const ActivationFunction f : {ActivationFunction::linear, ActivationFunction::relu}) {
        LoneLayer<double> alone = lone(training), together = lone(training);
        if (f != ActivationFunction::linear && !alone.layer->fuses(ActivationEpilogue{f})) continue;
        const StandIn layer_behind(detail::activation_epilogue(f));
        together.pass->fused = f == ActivationFunction::linear ? nullptr : &layer_behind;
        together.pass->deferred = true;
        together.ask_needs();
        Tensor<double> unwritten(together.y_shape);
        together.layer->forward(*together.pass, together.x.view(), unwritten.view());
        same_outputs("says that it gives_prologue()", behind(together.layer->prologue(*together.pass), together.x),
                     activated(f, alone.forward()));
      }
  }

  void takes_prologue() {
    if (!lone().layer->takes_prologue()) return;
    const std::string says = "says that it takes_prologue()";
    const Shape channels{sample_.back()};
    const auto mean = random_tensor<double>(channels, 51), factor = random_tensor<double>(channels, 52, 0.5, 1.5),
               shift = random_tensor<double>(channels, 53);
    for (const ActivationFunction f : {ActivationFunction::linear, ActivationFunction::relu}) {
      LoneLayer<double> apart = lone(), together = lone();
      together.pass->reads_deferred = true;
      together.ask_needs();
      together.pass->prologue = {{mean.view(), factor.view(), shift.view()}, f};
      apart.x = behind(together.pass->prologue, together.x);
      same_outputs(says, together.forward(), apart.forward());
      const Tensor<double> dy = random_tensor<double>(apart.y_shape, 31);
      same_gradients(says, apart, together.backward(dy), apart.backward(dy));
    }
  }

  /// The gradient by a normalization's input x, from dy behind it.
  static Tensor<double> gradient(const ops::GradientPrologue<double, Cpu>& by, const Tensor<double>& dy) {
    Tensor<double> g = passed({by.normalization, by.activation}, by.z, dy);
    const auto& [mean, factor, shift] = by.normalization;
    for (std::int64_t i = 0; i < g.size(); ++i) {
      const std::int64_t c = i % mean.size();
      g[i] = factor.data[c] * g[i] - by.along.data[c] * (by.z.data[i] - mean.data[c]) - by.rest.data[c];
    }
    return g;
  }
  /// dy where the activation behind the normalization of x lets it pass, else 0.
  static Tensor<double> passed(const ops::Prologue<double, Cpu>& by, const TensorView<const double, Cpu>& x,
                               const Tensor<double>& dy) {
    const auto& [mean, factor, shift] = by.normalization;
    Tensor<double> g(dy.shape());
    for (std::int64_t i = 0; i < g.size(); ++i) {
      const std::int64_t c = i % mean.size();
      const double y = (x.data[i] - mean.data[c]) * factor.data[c] + shift.data[c];
      g[i] =
          ops::kernel::activations::gradient(by.activation, ops::kernel::activations::value(by.activation, y), dy[i]);
    }
    return g;
  }
  /// The sums over rows of g (x - mean), and of g.
  static std::pair<Tensor<double>, Tensor<double>> sums(const ops::Prologue<double, Cpu>& by, const Tensor<double>& x,
                                                        const Tensor<double>& dy) {
    const Tensor<double> g = passed(by, x.view(), dy);
    const std::int64_t channels = x.shape().back();
    std::pair<Tensor<double>, Tensor<double>> sums{Shape{channels}, Shape{channels}};
    for (std::int64_t i = 0; i < g.size(); ++i) {
      sums.first[i % channels] += g[i] * (x[i] - by.normalization.mean.data[i % channels]);
      sums.second[i % channels] += g[i];
    }
    return sums;
  }

  void gives_gradient_prologue() {
    if (!lone().layer->gives_gradient_prologue()) return;
    const std::string says = "says that it gives_gradient_prologue()";
    for (const bool sums_given : {false, true})
      for (const ActivationFunction f : activations_) {
        LoneLayer<double> alone = lone(), together = lone();
        if (f != ActivationFunction::linear && !alone.layer->fuses(ActivationEpilogue{f})) continue;
        const StandIn layer_behind(detail::activation_epilogue(f));
        if (f != ActivationFunction::linear) alone.pass->fused = together.pass->fused = &layer_behind;
        alone.ask_needs();
        together.pass->deferred = together.pass->gradient_sums_given = sums_given;
        together.pass->gradient_deferred = true;
        together.ask_needs();
        const Tensor<double> dy = random_tensor<double>(alone.y_shape, 31);
        const auto expected = alone.backward(dy);

        Tensor<double> y(together.y_shape);
        together.layer->forward(*together.pass, together.x.view(), y.view());
        if (sums_given) {
          const auto given = sums(together.layer->prologue(*together.pass), together.x, dy);
          const ops::GradientSums<double, Cpu> to = together.layer->gradient_sums(*together.pass);
          std::copy_n(given.first.data(), given.first.size(), to.scale.data);
          std::copy_n(given.second.data(), given.second.size(), to.shift.data);
        }
        Tensor<double> left = dy.clone();
        std::vector<Tensor<double>> got;
        got.emplace_back(together.x.shape());
        std::vector<TensorView<double, Cpu>> into;
        for (const auto& p : std::as_const(*together.layer).parameters()) got.emplace_back(p.value.shape());
        for (std::size_t i = 1; i < got.size(); ++i) into.push_back(got[i].view());
        together.layer->backward(*together.pass, together.x.view(), {}, left.view(), left.view(), {into, nullptr});
        got[0] = gradient(together.layer->gradient_prologue(*together.pass, together.x.view()), left);
        same_gradients(says + (sums_given ? ", from given sums" : ""), together, got, expected);
      }
  }

  void takes_gradient_prologue() {
    if (!lone().layer->takes_gradient_prologue({})) return;
    for (const ActivationFunction f : activations_) {
      LoneLayer<double> apart = lone(), together = lone();
      together.pass->reads_deferred_gradient = true;
      together.ask_needs();
      const Shape channels{together.y_shape.back()};
      const auto mean = random_tensor<double>(channels, 61), factor = random_tensor<double>(channels, 62, 0.5, 1.5),
                 shift = random_tensor<double>(channels, 63), along = random_tensor<double>(channels, 64),
                 rest = random_tensor<double>(channels, 65), z = random_tensor<double>(together.y_shape, 66);
      together.pass->gradient_prologue = {
          z.view(), {mean.view(), factor.view(), shift.view()}, along.view(), rest.view(), f};
      const Tensor<double> dy = random_tensor<double>(apart.y_shape, 31);
      same_gradients("says that it takes_gradient_prologue()", apart, together.backward(dy),
                     apart.backward(gradient(together.pass->gradient_prologue, dy)));
    }
  }

  void gives_gradient_sums() {
    if (!lone().layer->takes_gradient_prologue({}) || !lone().layer->takes_prologue()) return;
    const std::string says = "says that it takes_gradient_prologue()";
    const Shape channels{sample_.back()};
    const auto mean = random_tensor<double>(channels, 51), factor = random_tensor<double>(channels, 52, 0.5, 1.5),
               shift = random_tensor<double>(channels, 53);
    for (const ActivationFunction f : activations_) {
      LoneLayer<double> apart = lone(), together = lone();
      Tensor<double> scale(channels), sum(channels);
      together.pass->reads_deferred = together.pass->gives_gradient_sums = true;
      together.ask_needs();
      together.pass->prologue = {{mean.view(), factor.view(), shift.view()}, f};
      together.pass->gradient_sums = {scale.view(), sum.view()};
      apart.x = behind(together.pass->prologue, together.x);
      const Tensor<double> dy = random_tensor<double>(apart.y_shape, 31);
      const auto got = together.backward(dy);
      same_gradients(says, apart, got, apart.backward(dy));
      const auto expected = sums(together.pass->prologue, together.x, got[0]);
      problems_.expect(near(scale, expected.first) && near(sum, expected.second),
                       says + ", and its sums for the normalization in front are other ones");
    }
  }
};

}  // namespace brindle::testing::internal
