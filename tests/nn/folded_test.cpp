// SPDX-License-Identifier: MIT
#include "brindle/nn/folded.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>

#include "brindle/nn/nn.hpp"
#include "support/double_models.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// Random parameters, variances among them, so that nothing folds by luck.
template <class T>
void randomize(Model<T>& model) {
  std::uint64_t seed = 50;
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters()) {
      const bool positive = p.name == "gamma" || p.name == "moving_variance";
      p.value = random_tensor<T>(p.value.shape(), ++seed, positive ? 0.5 : -0.5, positive ? 1.5 : 0.5);
    }
}

const auto network = [](auto x) {
  const Conv2D conv{.filters = 6, .kernel = 3, .stride = 2, .use_bias = false};
  x = x.then(ZeroPadding2D{.padding = {0, 1, 0, 1}}, conv, BatchNormalization{.epsilon = 1e-2}, ReLU{.max_value = 6});
  auto y = x.then(DepthwiseConv2D{.kernel = 3, .padding = Padding::same, .depth_multiplier = 2}, BatchNormalization{},
                  Activation{silu}, Conv2D{6, 1}, BatchNormalization{.scale = false}, Dropout{0.4});
  x = (x + y).then(ReLU{});
  auto kept = x.then(Conv2D{8, 1}, BatchNormalization{.center = false});  // read twice: its relu stays
  x = concatenate(kept.then(ReLU{}), kept).then(GlobalAveragePooling2D{}, Dense{5}, BatchNormalization{}, ReLU{});
  return x.then(Dropout{0.5}, Activation{linear}, Dense{3, sigmoid});
};

}  // namespace

TEMPLATE_TEST_CASE("a folded model has fewer layers and gives the same", "[nn][folded]", float, double) {
  using T = TestType;
  Model<T> model{{9, 9, 3}, network};
  randomize(model);
  const Tensor<T> x = random_tensor<T>({3, 9, 9, 3}, 1);
  const Tensor<T> expected = model.predict(x);
  const std::size_t before = model.layers().size();
  const Model<T> small = folded(std::move(model));
  CHECK(before == 23);
  std::string types;
  for (const auto& layer : small.layers()) types += layer->type() + " ";
  CHECK(types == "Conv2D DepthwiseConv2D Conv2D Add ReLU Conv2D ReLU Concatenate GlobalAveragePooling2D Dense Dense ");
  check_close("outputs", small.predict(x), expected, 20 * reordered_sum.of<T>());
}

TEST_CASE("a folded base keeps its group, its names, and what is frozen or runs as in prediction", "[nn][folded]") {
  Model<float> base{{9, 9, 3}, [](auto x) {
                      return x.then(Conv2D{.filters = 4, .kernel = 3, .name = "conv"}, BatchNormalization{.name = "bn"},
                                    ReLU{.name = "out"});
                    }};
  base.set_name("base");
  base.set_trainable(false);
  Sequential<float> model{std::move(base), Flatten{}, Dropout{0.5}, Dense{1, sigmoid}};
  model.set_inference("base", true);
  const Model<float> small = folded(std::move(model));
  REQUIRE(small.groups().size() == 1);
  CHECK(small.groups()[0].inference);
  CHECK(small.groups()[0].name == "base");
  CHECK(small.groups()[0].begin == 0);
  CHECK(small.groups()[0].end == 1);
  CHECK(small.layers()[0]->name == "conv");
  CHECK_FALSE(small.layers()[0]->trainable);
  CHECK(small.layers()[0]->activation() == relu);
  CHECK(small.layers()[2]->trainable);
}

TEMPLATE_TEST_CASE("what rescales goes into the layer behind it, unless zeros are put around what was shifted",
                   "[nn][folded]", float, double) {
  using T = TestType;
  const Rescaling shifting{.scale = {1 / 127.5}, .offset = {-1, -0.5, 0.25}}, scaling{.scale = {0.5, 2, 3}};
  const Normalization normalization{.mean = {0.4}, .variance = {0.04, 0.09, 0.16}};
  const auto types_of = [](const auto& first, const auto& second) {
    Model<T> model{{7, 7, 3}, [&](auto x) { return x.then(first, second, BatchNormalization{}, Flatten{}, Dense{2}); }};
    randomize(model);
    const Tensor<T> x = random_tensor<T>({2, 7, 7, 3}, 1), expected = model.predict(x);
    const Model<T> small = folded(std::move(model));
    check_close("outputs", small.predict(x), expected, 20 * reordered_sum.of<T>());
    return small.layers()[0]->type();
  };
  const Conv2D inside{5, 3}, around{.filters = 5, .kernel = 3, .padding = Padding::same, .use_bias = false};
  const Conv2D stretched{.filters = 5, .kernel = 3, .padding = {1, 1, 1, 1}};
  CHECK(types_of(shifting, inside) == "Conv2D");
  CHECK(types_of(normalization, inside) == "Conv2D");
  CHECK(types_of(shifting, Dense{4}) == "Dense");
  CHECK(types_of(scaling, around) == "Conv2D");
  CHECK(types_of(shifting, around) == "Rescaling");
  CHECK(types_of(normalization, around) == "Normalization");
  CHECK(types_of(shifting, stretched) == "Rescaling");
  CHECK(types_of(scaling, Conv2D{.filters = 6, .kernel = 3, .groups = 3}) == "Rescaling");
}

TEST_CASE("groups inside groups stay in a folded model where they have layers left", "[nn][folded]") {
  Sequential<float> inner{{4, 4, 3}, Conv2D{4, 3}, BatchNormalization{}}, gone{{2, 2, 4}, Dropout{0.5}};
  inner.set_name("inner");
  gone.set_name("gone");
  Model<float> base{{4, 4, 3}, [&](auto x) { return x.then(std::move(inner), std::move(gone), ReLU{}, Flatten{}); }};
  base.set_name("base");
  base.set_inference("inner", true);
  Sequential<float> model{std::move(base), Dense{1, sigmoid}};
  const Model<float> small = folded(std::move(model));
  REQUIRE(small.groups().size() == 1);
  CHECK(small.groups()[0].name == "base");
  CHECK(small.groups()[0].end == 2);
  CHECK_FALSE(small.groups()[0].inference);
  REQUIRE(small.groups()[0].groups.size() == 1);
  CHECK(small.groups()[0].groups[0].name == "inner");
  CHECK(small.groups()[0].groups[0].inference);
}

TEST_CASE("a model without anything to fold stays, bit for bit", "[nn][folded]") {
  Sequential<float> model{{8, 8, 3}, Conv2D{4, 3, sigmoid}, BatchNormalization{}, MaxPooling2D{2}, Flatten{}, Dense{2}};
  randomize(model);
  const Tensor<float> x = random_tensor<float>({2, 8, 8, 3}, 1), expected = model.predict(x);
  const Model<float> same = folded(std::move(model));
  CHECK(same.layers().size() == 5);
  CHECK(same_bits(same.predict(x), expected));
}

TEST_CASE("folding moves weights instead of holding them twice", "[nn][folded]") {
  Model<float> model{{9, 9, 3}, network};
  randomize(model);
  const auto kernels = [](const Model<float>& of) {
    std::map<std::string, const float*> found;
    for (const auto& layer : of.layers())
      if (!layer->parameters().empty()) found[layer->name] = std::as_const(*layer).parameters()[0].value.data();
    return found;
  };
  const auto before = kernels(model), after = kernels(folded(std::move(model)));
  CHECK(after.size() == 6);
  for (const auto& [name, kernel] : after) {
    CAPTURE(name);
    CHECK(kernel == before.at(name));
  }
}

TEST_CASE("a folded layer keeps its penalties", "[nn][folded]") {
  Model<float> model{{9, 9, 3}, network};
  model.set_l2(0.25);
  const Model<float> small = folded(std::move(model));
  for (const auto& layer : small.layers())
    for (const auto& p : std::as_const(*layer).parameters()) {
      CAPTURE(layer->name, p.name);
      CHECK(p.l2 == (p.name == "kernel" ? 0.25 : 0));
    }
}
