// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"
#include "brindle/testing/check_gradient.hpp"
#include "brindle/testing/check_joined.hpp"
#include "brindle/testing/check_prologues.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "brindle/testing/neighbour_checks.hpp"
#include "brindle/testing/samples.hpp"

namespace brindle::testing {

namespace internal {

/// Whether a layer that says it is an activation makes y of x as such, but for the rounding of exp and the like.
inline void expect_activation(Problems& problems, ActivationFunction f, const Tensor<float>& x,
                              const Tensor<float>& y) {
  std::int64_t others = y.shape() == x.shape() ? 0 : 1;
  for (std::int64_t i = 0; i < y.size() && y.shape() == x.shape(); ++i) {
    const float expected = ops::kernel::activations::value(f, x[i]);
    others += std::abs(y[i] - expected) <= 1e-5f * (1 + std::abs(expected)) ? 0 : 1;
  }
  problems.expect(others == 0,
                  "says of itself that it is the activation " + to_string(f) + ", and gives other numbers");
}

/// Whether a layer that says it is an activation or a maximum of windows makes y of x as such.
inline void expect_epilogue(Problems& problems, const Epilogue& epilogue, const Tensor<float>& x,
                            const Tensor<float>& y) {
  if (const auto* activation = std::get_if<ActivationEpilogue>(&epilogue))
    return expect_activation(problems, activation->activation, x, y);
  const auto* pool = std::get_if<MaxPoolEpilogue>(&epilogue);
  if (!pool) return;
  const ops::MaxPool2DOptions options{pool->window, pool->stride, pool->padding};
  Tensor<float> expected(ops::maxpool2d_shape(Shape4(x.shape()), options));
  const std::string says = "says of itself that it is a maximum of windows of " + to_string(pool->window) +
                           " with stride " + to_string(pool->stride);
  problems.expect(y.shape() == expected.shape(),
                  says + ", which gives " + to_string(expected.shape()) + ", and gives " + to_string(y.shape()));
  if (!(y.shape() == expected.shape())) return;
  ops::reference::maxpool2d<float>(x.view(), expected.view(), {}, options);
  problems.expect(same_bits(y, expected), says + ", and gives other numbers");
}

/// Whether a layer that was made of another one's config() is the same: as that has parameters, and what it gave.
inline void expect_same_layer(Problems& problems, const LoneLayer<float>& one, const Shape& sample,
                              std::unique_ptr<Layer<float, Cpu>> again, const Tensor<float>& y, const Tensor<float>& dy,
                              const std::vector<Tensor<float>>& gradients) {
  const auto& was = one.layer->parameters();
  LoneLayer<float> other(std::move(again), sample, one.x.shape()[0], 1);
  const auto& is = std::as_const(*other.layer).parameters();
  bool same = is.size() == was.size();
  for (std::size_t p = 0; same && p < was.size(); ++p)
    same = is[p].name == was[p].name && is[p].value.shape() == was[p].value.shape() &&
           is[p].initializer == was[p].initializer && is[p].learned == was[p].learned;
  problems.expect(same, "comes back from its config() with other parameters, or other first values of them");
  if (!same) return;
  same = same_bits(other.forward(), y);
  const auto by_other = other.backward(dy);
  for (std::size_t i = 0; i < gradients.size(); ++i) same = same && same_bits(by_other[i], gradients[i]);
  problems.expect(same,
                  "comes back from its config() and gives other numbers; config() and from() must have all settings");
}

/// sum(y dy), whose gradients backward(dy) gives.
inline double sum_of_outputs(LoneLayer<double>& lone, const Tensor<double>& dy) {
  const Tensor<double> y = lone.forward();
  return std::inner_product(y.data(), y.data() + y.size(), dy.data(), 0.0);
}

/// What a layer does where a model predicts, or learns while this layer runs for inference.
template <class Description>
void check_prediction(Problems& problems, const Description& description, const Shape& sample, std::int64_t batch) {
  LoneLayer<double> lone(description, sample, batch, 2, false);
  const Tensor<double> dy = random_tensor<double>(lone.y_shape, 31);
  const Tensor<double> y = lone.forward();
  const auto gradients = lone.backward(dy);
  const Random random = std::exchange(lone.pass->random, Random{5, stream_id("other"), 6});
  problems.expect(same_bits(lone.forward(), y),
                  "its outputs depend on Pass::random also where Pass::training is false, in predictions");
  lone.pass->random = random;
  const auto loss = [&] { return sum_of_outputs(lone, dy); };
  problems.run([&] { check_gradient("x where Pass::training is false", lone.x, gradients[0], loss); });
  for (std::size_t p = 0; p < lone.layer->parameters().size(); ++p) {
    auto& parameter = lone.layer->parameters()[p];
    if (parameter.learned)
      problems.run([&] {
        check_gradient(parameter.name + " where Pass::training is false", parameter.value, gradients[p + 1], loss);
      });
  }
  lone.pass->backward = false;
  lone.ask_needs();
  problems.expect(near(lone.forward(), y), "gives other outputs where no backward pass follows");
}

}  // namespace internal

struct CheckLayerOptions {
  Shape output = {};                            ///< expected of one sample; rank 0: whatever it gives
  std::optional<std::int64_t> parameters = {};  ///< how many elements are expected; none: as many as it has
  std::int64_t batch = 3;                       ///< samples, >= 1
  /// Makes the layer of its config(), as given to LayerRegistry::add; null: that is not checked.
  std::unique_ptr<Layer<float, Cpu>> (*from)(const Config&) = nullptr;
};

/// What every layer must do; for layers of one's own, in any test framework.
///
///     testing::check_layer(Softsign{.slope = 0.2}, {5, 4, 3}, {.output = {5, 4, 3}, .parameters = 0,
///                                                              .from = SoftsignLayer<float, Cpu>::from});
///
/// Outputs of the promised shape and all of them written; gradients by x and by every parameter as central differences
/// give them, in double; nothing read that needs() did not ask for, nothing written behind the end of what it is given;
/// the same bits for 1, 2 and 3 threads, for a sample alone where sample_by_sample() says so, for dx when it is frozen,
/// and for gradients whatever other passes there were; the same of predictions, where nothing is random;
/// what it says of its neighbours' work, epilogue(), fuses(), border(), takes_border(), moving_normalization() and
/// normalizes(), by comparison with the layers one after the other; and the same layer from its config(), which
/// settings other than the defaults show. Throws CheckFailed that lists everything that is wrong. On the Cpu.
template <class Description>
void check_layer(const Description& description, const Shape& sample, const CheckLayerOptions& options = {}) {
  const auto name = description.template make<double, Cpu>()->type() + " on " + to_string_batch(sample);
  internal::Problems problems("check_layer: " + name);
  problems.run([&] {
    LoneLayer<double> lone(description, sample, options.batch);
    const Shape output = lone.y_shape.sample();
    if (options.output.rank() > 0)
      problems.expect(output == options.output, "output_shape() gives " + to_string_batch(output) + ", expected " +
                                                    to_string_batch(options.output));
    if (options.parameters)
      problems.expect(lone.layer->parameter_count() == *options.parameters,
                      "has " + std::to_string(lone.layer->parameter_count()) + " parameters, expected " +
                          std::to_string(*options.parameters));

    const Tensor<double> dy = random_tensor<double>(lone.y_shape, 31);
    const auto gradients = lone.backward(dy);
    const auto loss = [&] { return internal::sum_of_outputs(lone, dy); };
    problems.run([&] { check_gradient("x", lone.x, gradients[0], loss); });
    bool all_learned = true;
    for (std::size_t p = 0; p < lone.layer->parameters().size(); ++p) {
      if (!lone.layer->parameters()[p].learned) {
        all_learned = false;
        continue;
      }
      problems.run([&] {
        check_gradient(lone.layer->parameters()[p].name, lone.layer->parameters()[p].value, gradients[p + 1], loss);
      });
    }
    // A layer with moving averages is another function when it is frozen.
    const auto frozen = lone.backward(dy, true);
    if (all_learned) problems.expect(same_bits(frozen[0], gradients[0]), "dx has other bits when the layer is frozen");

    if (gradients.size() > 1)
      problems.run([&] {
        const auto first = lone.backward(dy, {.first = true});
        for (std::size_t p = 0; p < first.size(); ++p)
          problems.expect(internal::near(first[p], gradients[p + 1]),
                          "gives another gradient of its " + lone.layer->parameters()[p].name +
                              " where nothing in front of it learns, and dx is empty");
      });
    problems.run([&] {
      const auto behind_others = lone.backward(dy, {.between = true});
      bool same = true;
      for (std::size_t i = 0; i < gradients.size(); ++i) same = same && same_bits(behind_others[i], gradients[i]);
      problems.expect(same,
                      "gives other gradients where it has had another forward pass in between: it keeps something in "
                      "itself; keep it in Pass::saved, for which needs() asks");
    });
  });

  problems.run([&] { internal::check_prediction(problems, description, sample, options.batch); });

  problems.run([&] {
    LoneLayer<float> one(description, sample, options.batch, 1);
    const Tensor<float> dy = random_tensor<float>(one.y_shape, 31);
    const Tensor<float> y = one.forward();
    const auto by_one = one.backward(dy);
    internal::expect_epilogue(problems, one.layer->epilogue(), one.x, y);
    for (const int threads : {2, 3}) {
      LoneLayer<float> several(description, sample, options.batch, threads);
      bool same = same_bits(several.forward(), y);
      const auto by_several = several.backward(dy);
      for (std::size_t i = 0; i < by_one.size(); ++i) same = same && same_bits(by_one[i], by_several[i]);
      problems.expect(same, std::to_string(threads) +
                                " threads give other bits than one; cut the work by the size of "
                                "the problem, not by the number of threads");
    }
    if (one.layer->sample_by_sample()) {
      LoneLayer<float> alone(description, sample, 1);
      bool same = true;
      for (std::int64_t i = 0; i < options.batch; ++i) {
        Memory<Cpu>::copy(alone.x.data(), one.x.view().slice(i, i + 1).data, alone.x.bytes());
        const Tensor<float> y_alone = alone.forward();
        same = same && std::memcmp(y_alone.data(), y.view().slice(i, i + 1).data, y_alone.bytes()) == 0;
      }
      problems.expect(same, "a sample alone has other bits than in a batch, though sample_by_sample() says it has not");
    }
    if (options.from) {
      const auto again = options.from(one.layer->config());
      problems.expect(again->type() == one.layer->type(), "comes back from its config() as a " + again->type());
      problems.expect(again->config().entries() == one.layer->config().entries(),
                      "comes back from its config() with other settings");
      again->name = "again";
      const bool same_shape = again->output_shape(sample) == one.y_shape.sample();
      problems.expect(same_shape, "comes back from its config() with another output_shape()");
      if (same_shape && again->type() == one.layer->type())
        internal::expect_same_layer(problems, one, sample, options.from(one.layer->config()), y, dy, by_one);
    }
  });
  internal::JoinedChecks<Description>(problems, description, sample, options.batch).run();
  internal::PrologueChecks<Description>(problems, description, sample, options.batch).run();
  problems.template raise<CheckFailed>();
}

}  // namespace brindle::testing
