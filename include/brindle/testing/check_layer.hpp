// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
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
/// give them, in double; nothing read that needs() did not ask for, nothing written behind the memory that it asks for;
/// the same bits for 1, 2 and 3 threads, for a sample alone where sample_by_sample() says so, for dx when it is frozen;
/// what it says of its neighbours' work, epilogue(), fuses(), border(), takes_border(), moving_normalization() and
/// normalizes(), by comparison with the layers one after the other; and the same layer from its config(). Throws
/// CheckFailed that lists everything that is wrong. On the Cpu.
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
    const auto loss = [&] {
      const Tensor<double> y = lone.forward();
      double sum = 0;
      for (std::int64_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
      return sum;
    };
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
  });

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
      problems.expect(again->output_shape(sample) == one.y_shape.sample(),
                      "comes back from its config() with another output_shape()");
    }
  });
  internal::JoinedChecks<Description>(problems, description, sample, options.batch).run();
  internal::PrologueChecks<Description>(problems, description, sample, options.batch).run();
  problems.template raise<CheckFailed>();
}

}  // namespace brindle::testing
