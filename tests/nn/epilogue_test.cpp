// SPDX-License-Identifier: MIT
#include "brindle/nn/epilogue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"
#include "brindle/testing.hpp"
#include "support/graph.hpp"
#include "support/layer_by_layer.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// A pool of a program's own, which may say what it is, or something else.
struct OwnPool {
  Size2 window = 2;
  Epilogue says = {};
  bool learns = false;  ///< has a parameter that does nothing
  double factor = 1;    ///< of what comes out
  std::string type = "OwnPool";
  std::string name = {};

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;
};

template <class T, class Device>
class OwnPoolLayer final : public Layer<T, Device> {
 public:
  explicit OwnPoolLayer(const OwnPool& d) : d_(d) {}
  std::string type() const override { return d_.type; }
  std::string default_name() const override { return "own_pool"; }
  Config config() const override {
    const std::vector<std::int64_t> window{d_.window.h, d_.window.w};
    return {{"pool_size", window}, {"strides", window}, {"padding", "valid"}};
  }
  Epilogue epilogue() const override { return d_.says; }
  Shape output_shape(const Shape& x) const override {
    return Shape(ops::maxpool2d_shape(Shape4(x.batch(1)), options())).sample();
  }
  std::vector<ParameterSpec> parameter_specs(const Shape&) const override {
    if (!d_.learns) return {};
    return {{"scale", {1}, Initializer::ones()}};
  }
  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    return {.saved = pass.backward ? Shape(ops::maxpool2d_shape(Shape4(x), options())).size() : 0};
  }
  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::reference::maxpool2d<T>(x, y, codes(pass, y.shape), options());
    for (std::int64_t i = 0; i < y.size(); ++i) y[i] *= static_cast<T>(d_.factor);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    if (!gradients.into.empty()) gradients.into[0][0] = 0;
    if (!dx.empty()) ops::reference::maxpool2d_backward<T>(dy, codes(pass, dy.shape), dx, options());
  }

 private:
  ops::MaxPool2DOptions options() const { return {.window = d_.window}; }
  static TensorView<std::uint8_t, Device> codes(const Pass<T, Device>& pass, const Shape& y) {
    return pass.backward ? detail::view_bytes<std::uint8_t>(pass.saved, y) : TensorView<std::uint8_t, Device>{};
  }
  OwnPool d_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> OwnPool::make() const {
  return std::make_unique<OwnPoolLayer<T, Device>>(*this);
}

const MaxPoolEpilogue pool_of_2{.window = 2, .stride = 2};

/// How many steps the plan of a convolution with this layer behind it has: one where they are done as one.
template <class Description>
std::size_t steps(const Description& layer, const Conv2D& convolution = {4, 3, relu}) {
  const Sequential<float> model{{9, 9, 3}, convolution, layer};
  const std::size_t for_prediction = detail::plan_steps(model.device(), model.graph(), {.batch = 2}).size();
  CHECK(detail::plan_steps(model.device(), model.graph(), {.batch = 2, .training = true, .backward = true}).size() ==
        for_prediction);
  return for_prediction;
}

}  // namespace

TEST_CASE("a convolution does the work of a pool of 2x2 behind it, whoever wrote that", "[nn][epilogue]") {
  CHECK(steps(MaxPooling2D{2}) == 1);
  CHECK(steps(OwnPool{.says = pool_of_2}) == 1);
  const auto x = random_tensor<float>({3, 9, 9, 3}, 1), dy = random_tensor<float>({3, 3, 3, 4}, 2);
  const Sequential<float> library{{9, 9, 3}, Conv2D{4, 3, relu}, MaxPooling2D{2}};
  const Sequential<float> own{{9, 9, 3}, Conv2D{4, 3, relu}, OwnPool{.says = pool_of_2, .name = "max_pooling2d"}};
  const GraphPasses<float> a(library, x, dy), b(own, x, dy);
  CHECK(same_passes(a, b));
  CHECK(a.bytes == b.bytes);
}

TEST_CASE("a convolution leaves alone what it cannot do in its pass", "[nn][epilogue]") {
  CHECK(steps(MaxPooling2D{3}) == 2);
  CHECK(steps(MaxPooling2D{.pool_size = {2, 3}}) == 2);
  CHECK(steps(MaxPooling2D{.pool_size = 2, .stride = 1}) == 2);
  CHECK(steps(MaxPooling2D{.pool_size = 2, .padding = Padding::same}) == 2);
  CHECK(steps(AveragePooling2D{2}) == 2);
  CHECK(steps(Activation{relu}) == 2);
  CHECK(steps(MaxPooling2D{2}, {4, 3, sigmoid}) == 2);
  CHECK(steps(MaxPooling2D{2}, {.filters = 6, .kernel = 3, .groups = 3}) == 2);
  CHECK(steps(MaxPooling2D{2}, {.filters = 4, .kernel = 3, .dilation = 2}) == 2);
  // What a layer is called and what its settings are says nothing.
  CHECK(steps(OwnPool{.type = "MaxPooling2D"}) == 2);
  // A layer with parameters takes its own part in training.
  CHECK(steps(OwnPool{.says = pool_of_2, .learns = true}) == 2);
}

TEST_CASE("a normalization does the work of a relu behind it, with the bits of both one after the other",
          "[nn][epilogue]") {
  const auto x = random_tensor<float>({3, 9, 9, 3}, 1);
  for (const bool inference : {false, true})
    for (const auto& [description, steps] : std::vector<std::pair<Activation, std::size_t>>{
             {Activation{relu}, 2}, {Activation{relu6}, 2}, {Activation{sigmoid}, 3}}) {
      INFO(to_string(description.function) << ", inference " << inference);
      const Conv2D convolution{.filters = 20, .kernel = 3, .activation = silu, .padding = Padding::same};
      Sequential<float> model{{9, 9, 3}, convolution, BatchNormalization{}, description};
      auto& normalization = *model.layers()[1];
      normalization.inference = inference;
      for (auto& p : normalization.parameters())
        p.value = random_tensor<float>(p.value.shape(), stream_id(p.name), 0.5, 1.5);
      for (const bool training : {false, true}) {
        const PlanOptions options{.batch = 3, .training = training, .backward = training};
        CHECK(detail::plan_steps(model.device(), model.graph(), options).size() == steps);
        check_layer_by_layer(model, x, options);
      }
    }
}

TEST_CASE("a convolution adds a shortcut and applies the activation behind it in its own pass, in a prediction",
          "[nn][epilogue]") {
  for (const ActivationFunction f : {linear, relu, relu6, silu})
    for (const bool shortcut_first : {false, true})
      for (const std::int64_t filters : {24, 32}) {
        INFO(to_string(f) << ", " << filters << " filters");
        Model<float> model{Cpu{2}, {9, 8, filters}, [&](auto x) {
                             auto y = x.then(Conv2D{.filters = filters, .kernel = 1});
                             y = shortcut_first ? x + y : y + x;
                             return y.then(Activation{f}, Conv2D{2, 3});
                           }};
        const auto x = random_tensor<float>({5, 9, 8, filters}, 1);
        const PlanOptions predicting{.batch = 5}, by_layer{.batch = 5, .layer_by_layer = true};
        const std::size_t layers = f == linear ? 3 : 4;
        std::size_t steps = 0;
        for (const auto& s : detail::plan_steps(model.device(), model.graph(), predicting)) steps += s.identity ? 0 : 1;
        CHECK(steps == 2);
        CHECK(detail::plan_steps(model.device(), model.graph(), by_layer).size() >= layers);
        // In training the convolution leaves the sum alone, which applies what its own output tells the gradient of.
        const PlanOptions training{.batch = 5, .training = true, .backward = true};
        CHECK(detail::plan_steps(model.device(), model.graph(), training).size() == (f == relu || f == relu6 ? 3 : 4));
        check_layer_by_layer(model, x, training);
        Plan<float, Cpu> plan(model.device(), model.graph(), predicting),
            apart(model.device(), model.graph(), by_layer);
        const auto a = plan.forward(x), b = apart.forward(x);
        CHECK(std::equal(a.data, a.data + a.size(), b.data));
      }
  // What stands between them is read elsewhere, too, or the sum is of three.
  const Model<float> twice{Cpu{1}, {9, 8, 16}, [](auto x) {
                             auto y = x.then(Conv2D{16, 1});
                             return (x + y).then(Conv2D{16, 1}) + y;
                           }};
  CHECK(detail::plan_steps(twice.device(), twice.graph(), {.batch = 1}).size() == 3);
}

TEST_CASE("check_layer finds a layer that says it is another epilogue than it is", "[nn][epilogue][check_layer]") {
  CHECK_NOTHROW(testing::check_layer(OwnPool{.says = pool_of_2}, {6, 5, 3}));
  CHECK_NOTHROW(testing::check_layer(MaxPooling2D{.pool_size = 3, .stride = 2, .padding = Padding::same}, {6, 5, 3}));
  CHECK_THROWS_WITH(testing::check_layer(OwnPool{.window = 1, .says = pool_of_2}, {6, 5, 3}),
                    Contains("says of itself that it is a maximum of windows of (2, 2) with stride (2, 2), which gives "
                             "(3, 3, 2, 3), and gives (3, 6, 5, 3)"));
  CHECK_THROWS_WITH(testing::check_layer(OwnPool{.window = 3, .says = MaxPoolEpilogue{3, 2}}, {5, 5, 3}),
                    Contains("says of itself that it is a maximum of windows of (3, 3) with stride (2, 2)"));
  CHECK_THROWS_WITH(
      testing::check_layer(OwnPool{.window = 1, .says = ActivationEpilogue{relu}, .factor = 2}, {4, 4, 2}),
      Contains("says of itself that it is the activation relu, and gives other numbers"));
  CHECK_THROWS_WITH(testing::check_layer(OwnPool{.window = 2, .says = pool_of_2, .factor = 2}, {4, 4, 2}),
                    Contains("and gives other numbers"));
}

TEST_CASE("a sum that only stands behind a convolution is not taken for one that reads it", "[nn][epilogue]") {
  const auto x = random_tensor<float>({2, 5, 5, 8}, 1);
  const auto check = [&](const std::string& what, std::int64_t filters, const auto& between) {
    INFO(what);
    const Model<float> model{Cpu{1}, {5, 5, 8}, [&](auto in) {
                               auto early = in.then(ReLU{});
                               auto conv = between(in.then(Conv2D{filters, 1}));
                               auto sum = early + in;
                               return concatenate(conv, sum.then(ReLU{}));
                             }};
    check_layer_by_layer(model, x, {}, {.output = 1e-6});
    check_layer_by_layer(model, x, {.training = true, .backward = true}, {.output = 1e-6, .gradients = 1e-5});
  };
  for (const std::int64_t filters : {8, 5}) {
    check("alone", filters, [](auto conv) { return conv; });
    check("with a normalization", filters, [](auto conv) { return conv.then(BatchNormalization{}); });
  }
}

TEST_CASE("a loss takes over the last activation alone, not that of a layer in front of it", "[nn][epilogue]") {
  const auto x = random_tensor<float>({2, 20, 20, 4}, 1);
  const auto check = [&](const std::string& what, const auto&... layers) {
    INFO(what);
    const Model<float> model{Cpu{1}, {20, 20, 4}, [&](auto in) { return in.then(layers...); }};
    for (const bool learns : {false, true})
      check_layer_by_layer(model, x, {.training = learns, .backward = learns, .logits = true},
                           {.output = 1e-6, .gradients = 1e-5});
  };
  check("a pool behind a relu", Conv2D{2, 1, relu}, MaxPool2D{2}, Flatten{});
  check("a relu behind a normalization", BatchNormalization{}, ReLU{}, Flatten{});
  check("a relu behind a normalization behind a convolution", Conv2D{2, 1}, BatchNormalization{}, ReLU{});
  check("a convolution's own", Conv2D{2, 1, relu}, Flatten{});
}
