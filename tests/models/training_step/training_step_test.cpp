// SPDX-License-Identifier: MIT
// One training step of each bundled network, of pictures and batches that fill several blocks of every kernel: the
// gradients of all weights against differences of the loss, in double, and those of float against those of double.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/models/efficientnet_lite0.hpp"
#include "brindle/models/mobilenet_v1.hpp"
#include "brindle/models/mobilenet_v2.hpp"
#include "brindle/models/resnet.hpp"
#include "brindle/models/squeezenet1_1.hpp"
#include "brindle/models/vgg16.hpp"
#include "support/graph.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// Root of the sum of the squares.
template <class T>
double norm(const Tensor<T>& x) {
  double sum = 0;
  for (const T v : x.span()) sum += double(v) * double(v);
  return std::sqrt(sum);
}

/// The loss is <y, dy>. All weights of a group of tensors move at once by a small random step; what the loss then does
/// is what the gradients say. Each tensor's step is such that the gradient of each counts as much as those of the
/// others: one that is off by a hundredth is found.
void check_differences(Model<double>& model, const GraphPasses<double>& passes, const Tensor<double>& x,
                       const Tensor<double>& dy) {
  constexpr std::size_t groups = 5;
  constexpr double step = 1e-8;
  Plan<double, Cpu> plan(
      model.device(), model.graph(),
      {.batch = x.shape()[0], .training = true, .backward = true, .keep_gradients = true, .seed = 5});
  const auto loss = [&] {
    const auto y = plan.forward(x, 3);
    double sum = 0;
    for (std::int64_t i = 0; i < y.size(); ++i) sum += y.data[i] * dy[i];
    return sum;
  };
  struct Moved {
    std::string name;
    Tensor<double>* value;
    Tensor<double> before, by;
  };
  for (std::size_t group = 0; group < groups; ++group) {
    std::vector<Moved> all;
    double expected = 0, squares = 0;
    std::size_t number = 0;
    std::string names;
    for (std::size_t l = 0; l < model.layers().size(); ++l)
      for (std::size_t which = 0; which < model.layers()[l]->parameters().size(); ++which) {
        const auto& layer = model.layers()[l];
        auto& p = layer->parameters()[which];
        const Tensor<double>* gradient = passes.gradient(layer->name + "/" + p.name);
        if (!p.learned || !plan.gives_gradient(l, which) || number++ % groups != group) continue;
        REQUIRE(gradient);
        Tensor<double> by = random_tensor<double>(p.value.shape(), 100 + number);
        // As far as its gradient is small, but not much further than its own size.
        const double far =
            std::min(1 / std::max(norm(*gradient), 1e-30), (norm(p.value) + 1) / std::sqrt(double(p.value.size())));
        double along = 0;
        for (std::int64_t i = 0; i < by.size(); ++i) along += (by[i] *= far) * (*gradient)[i];
        expected += along, squares += along * along;
        names += (names.empty() ? "" : ", ") + layer->name + "/" + p.name;
        all.push_back({layer->name + "/" + p.name, &p.value, p.value.clone(), std::move(by)});
      }
    const auto moved = [&](double factor) {
      for (Moved& m : all)
        for (std::int64_t i = 0; i < m.by.size(); ++i) (*m.value)[i] = m.before[i] + factor * m.by[i];
      return loss();
    };
    const double difference = (moved(step) - moved(-step)) / (2 * step);
    moved(0);
    INFO("weights that moved: " << names);
    CHECK(std::abs(difference - expected) < 3e-3 * std::sqrt(squares));
  }
}

/// Float's gradients are those of double, but for rounding and for the few activations that rounding puts on the other
/// side of where relu bends: each output channel's part of a tensor.
void check_float(const GraphPasses<float>& passes, const GraphPasses<double>& exact) {
  REQUIRE(passes.gradients.size() == exact.gradients.size());
  double largest = 0;
  for (const auto& [name, gradient] : exact.gradients)
    largest = std::max(largest, norm(gradient) / std::sqrt(double(gradient.size())));
  for (std::size_t i = 0; i < exact.gradients.size(); ++i) {
    const auto& [name, expected] = exact.gradients[i];
    const Tensor<float>& got = passes.gradients[i].second;
    const std::int64_t channels = expected.shape().back(), rows = expected.size() / channels;
    // Some are 0 but for rounding: of a bias in front of a normalization.
    const double size = std::max(norm(expected) / std::sqrt(double(expected.size())), 1e-4 * largest);
    double worst = 0, all = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      double error = 0;
      for (std::int64_t r = 0; r < rows; ++r)
        error += std::pow(double(got[r * channels + c]) - expected[r * channels + c], 2);
      all += error;
      worst = std::max(worst, std::sqrt(error / double(rows)) / size);
    }
    INFO(name << " " << to_string(expected.shape()));
    CHECK(worst < 0.6);
    CHECK(std::sqrt(all / double(expected.size())) < 0.1 * size);
  }
}

/// make: a function from a device to a model, of a type that its first argument has.
template <class Make>
void check_step(const Shape& input, std::int64_t batch, const Make& make) {
  Model<double> model = make(double(0), Cpu{2}, input);
  Model<float> single = make(float(0), Cpu{2}, input);
  // The same weights, scales of normalizations that are not all 1, and no bias of 0: with zeros before it, that puts an
  // activation where relu bends.
  std::uint64_t seed = 1000;
  for (std::size_t l = 0; l < model.layers().size(); ++l)
    for (std::size_t p = 0; p < model.layers()[l]->parameters().size(); ++p) {
      auto& to = model.layers()[l]->parameters()[p];
      auto& from = single.layers()[l]->parameters()[p];
      const Tensor<double> noise = random_tensor<double>(to.value.shape(), ++seed, 0.8, 1.2);
      const double bias = to.value.shape().rank() == 1 ? 0.2 : 0;
      for (std::int64_t i = 0; i < to.value.size(); ++i) {
        from.value[i] = static_cast<float>(double(from.value[i]) * noise[i] + bias * (noise[i] - 0.95));
        to.value[i] = double(from.value[i]);
      }
    }
  const Tensor<float> x = random_tensor<float>(input.batch(batch), 1);
  const Tensor<float> dy = random_tensor<float>(model.output_shape().batch(batch), 2);
  const Tensor<double> x_ = converted<double>(x), dy_ = converted<double>(dy);
  const GraphPasses<double> exact(model, x_, dy_);
  check_differences(model, exact, x_, dy_);
  const GraphPasses<float> passes(single, x, dy);
  check_float(passes, exact);
}

}  // namespace

#define BRINDLE_NETWORK(...) [](auto of, const Cpu& on, const Shape& input) { return models::__VA_ARGS__; }

TEST_CASE("a training step of MobileNetV2 gives the gradients of its loss", "[models][training_step]") {
  check_step({96, 80, 3}, 12, BRINDLE_NETWORK(mobilenet_v2<decltype(of)>(on, input, {.alpha = 0.35})));
}

TEST_CASE("a training step of MobileNet gives the gradients of its loss", "[models][training_step]") {
  check_step({96, 80, 3}, 12, BRINDLE_NETWORK(mobilenet_v1<decltype(of)>(on, input, {.alpha = 0.25})));
}

TEST_CASE("a training step of EfficientNet-Lite0 gives the gradients of its loss", "[models][training_step]") {
  check_step({80, 96, 3}, 8, BRINDLE_NETWORK(efficientnet_lite0<decltype(of)>(on, input, {})));
}

TEST_CASE("a training step of ResNet-18 gives the gradients of its loss", "[models][training_step]") {
  check_step({96, 128, 3}, 12, BRINDLE_NETWORK(resnet18<decltype(of)>(on, input, {.width = 16})));
}

TEST_CASE("a training step of ResNet-50 gives the gradients of its loss", "[models][training_step]") {
  check_step({128, 96, 3}, 12, BRINDLE_NETWORK(resnet50<decltype(of)>(on, input, {.width = 16})));
}

TEST_CASE("a training step of SqueezeNet gives the gradients of its loss", "[models][training_step]") {
  check_step({112, 96, 3}, 10,
             BRINDLE_NETWORK(squeezenet1_1<decltype(of)>(on, input, {.include_top = true, .classes = 7})));
}

TEST_CASE("a training step of VGG16 gives the gradients of its loss", "[models][training_step]") {
  check_step({96, 128, 3}, 10, BRINDLE_NETWORK(vgg16<decltype(of)>(on, input, {.filters = {16, 16, 24, 32, 32}})));
}
