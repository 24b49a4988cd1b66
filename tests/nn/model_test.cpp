// SPDX-License-Identifier: MIT
#include "brindle/nn/model.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/graph.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

const Conv2D same_size_conv{.filters = 4, .kernel = 3, .activation = sigmoid, .padding = Padding::same};
const Conv2D pointwise{.filters = 4, .kernel = 1};

/// x + f(x), then a head.
const auto residual = [](auto x) {
  return (x + x.then(same_size_conv, pointwise)).then(Activation{sigmoid}, Flatten{}, Dense{2});
};

}  // namespace

TEST_CASE("the layers of a const model are const, and the same", "[nn][model]") {
  Sequential<float> model{{2, 2, 1}, Flatten{}, Dense{3}};
  const Sequential<float>& constant = model;
  static_assert(std::is_same_v<decltype(*model.layers()[0]), Layer<float, Cpu>&>);
  static_assert(std::is_same_v<decltype(*constant.layers()[0]), const Layer<float, Cpu>&>);
  static_assert(std::is_same_v<decltype(*constant.layers().back()), const Layer<float, Cpu>&>);
  static_assert(std::is_same_v<decltype(**constant.layers().begin()), const Layer<float, Cpu>&>);
  REQUIRE(constant.layers().size() == 2);
  CHECK_FALSE(constant.layers().empty());
  std::size_t i = 0;
  for (const auto& layer : constant.layers()) CHECK(layer == model.layers()[i++].get());
  CHECK(i == 2);
  CHECK(constant.layers().back() == model.layers()[1].get());
}

TEST_CASE("graphs have the gradients of central differences, whatever is read twice", "[nn][model][gradient]") {
  check_graph("residual", {5, 4, 4}, residual);
  check_graph("residual behind a layer that learns", {5, 4, 3}, [](auto x) {
    x = x.then(pointwise);
    x = x + x.then(same_size_conv, pointwise);
    return (x + x.then(same_size_conv)).then(Flatten{}, Dense{2});
  });
  check_graph("a value read three times", {6, 4, 4}, [](auto x) {
    auto y = x.then(same_size_conv);
    return concatenate(y.then(pointwise), y, y.then(same_size_conv)).then(Conv2D{2, 3}, Flatten{});
  });
  check_graph("a value added to itself", {3, 3, 4}, [](auto x) {
    auto y = x.then(same_size_conv);
    return (y + y).then(Flatten{}, Dense{2});
  });
  check_graph("a product with itself", {3, 3, 4}, [](auto x) {
    auto y = x.then(same_size_conv);
    return (y * y).then(Flatten{}, Dense{2});
  });
  check_graph("squeeze and excitation", {4, 4, 4}, [](auto x) {
    x = x.then(same_size_conv);
    return (x * x.then(MaxPool2D{4}, Conv2D{3, 1, sigmoid}, Conv2D{4, 1, sigmoid})).then(Flatten{}, Dense{2});
  });
  check_graph("a gate in front", {4, 4, 4}, [](auto x) {
    x = x.then(same_size_conv);
    return (x.then(Conv2D{1, 1, sigmoid}) * x).then(Flatten{}, Dense{2});
  });
  check_graph("layers that only rename between readers", {4, 4, 3}, [](auto x) {
    auto flat = x.then(Conv2D{2, 3, sigmoid}, Flatten{});
    auto dropped = flat.then(Dropout{0});
    return (flat.then(Dense{8, sigmoid}) + dropped + flat).then(Dense{3});
  });
  check_graph("a diamond that meets late, with pools", {8, 8, 3}, [](auto x) {
    auto a = x.then(Conv2D{4, 3, relu, 1, Padding::same});
    auto left = a.then(MaxPool2D{2}, same_size_conv), right = a.then(Conv2D{4, 3, sigmoid, 2, Padding::same});
    return concatenate(left, right, left + right).then(MaxPool2D{2}, Flatten{}, Dense{2, sigmoid});
  });
}

TEST_CASE("a row written as a graph is the row, bit for bit and byte for byte", "[nn][model]") {
  const Sequential<float> row{{16, 16, 3}, Conv2D{8, 3, relu}, MaxPool2D{2}, Dropout{0.3}, Flatten{}, Dense{2}};
  const Model<float> graph{{16, 16, 3}, [](auto x) {
                             return x.then(Conv2D{8, 3, relu}, MaxPool2D{2}).then(Dropout{0.3}, Flatten{}, Dense{2});
                           }};
  CHECK(graph.graph().is_row());
  const auto x = random_tensor<float>({5, 16, 16, 3}, 1), dy = random_tensor<float>({5, 2}, 2);
  const GraphPasses<float> a(row, x, dy), b(graph, x, dy);
  CHECK(same_passes(a, b));
  CHECK(a.bytes == b.bytes);
}

TEST_CASE("a base stands behind other layers as a group, with its weights", "[nn][model]") {
  Model<float> base{{8, 8, 4}, [](auto x) { return x + x.then(same_size_conv, pointwise); }};
  base.set_name("block").initialize(5);
  const auto x = random_tensor<float>({2, 8, 8, 4}, 3);
  const Tensor<float> features = base.predict(x);
  Model<float> model{{8, 8, 4}, [&](auto v) {
                       return v.then(Activation{linear}, std::move(base), Flatten{}, Dense{.units = 3, .name = "head"});
                     }};
  REQUIRE(model.groups().size() == 1);
  CHECK(model.groups()[0].name == "block");
  CHECK(model.groups()[0].begin == 1);
  CHECK(model.groups()[0].end == 4);
  CHECK(model.inputs(3) == std::vector<std::size_t>{1, 3});
  CHECK(same_bits(std::move(model).cut_after("add").predict(x), features));
}

TEST_CASE("a base inside a base keeps its group, its name and that it runs for inference", "[nn][model]") {
  const auto made = [] {
    Sequential<float> base{{4, 4, 2}, Conv2D{2, 3}, BatchNormalization{}};
    base.set_name("base");
    Sequential<float> middle{std::move(base), Dropout{0.5}};
    middle.set_name("middle").set_inference("base", true);
    return middle;
  };
  const auto inference_of = [](const Model<float>& model) {
    std::vector<bool> all;
    for (const auto& layer : model.layers()) all.push_back(layer->inference);
    return all;
  };
  Sequential<float> row{made(), Flatten{}, Dense{1}};
  CHECK(inference_of(row) == std::vector<bool>{true, true, false, false, false});
  // The same behind other layers: numbers are those of the whole model.
  Model<float> graph{{4, 4, 2}, [&](auto x) { return x.then(Activation{relu}, made(), Flatten{}, Dense{1}); }};
  CHECK(inference_of(graph) == std::vector<bool>{false, true, true, false, false, false});
  for (const auto& [model, begin] : {std::pair<Model<float>*, std::size_t>(&row, 0), {&graph, 1}}) {
    REQUIRE(model->groups().size() == 1);
    const auto& middle = model->groups()[0];
    CHECK(middle.name == "middle");
    CHECK(middle.begin == begin);
    CHECK(middle.end == begin + 3);
    CHECK_FALSE(middle.inference);
    REQUIRE(middle.groups.size() == 1);
    CHECK(middle.groups[0].name == "base");
    CHECK(middle.groups[0].begin == begin);
    CHECK(middle.groups[0].end == begin + 2);
    CHECK(middle.groups[0].inference);
  }
  // A layer runs for inference as long as a group around it does.
  const auto middle_alone = inference_of(row);
  row.set_inference("middle", true);
  CHECK(inference_of(row) == std::vector<bool>{true, true, true, false, false});
  row.set_inference("middle", false);
  CHECK(inference_of(row) == middle_alone);
  row.set_inference("middle", true);
  row.set_inference("base", false);
  CHECK(inference_of(row) == std::vector<bool>{true, true, true, false, false});
  row.set_trainable("base", false);
  CHECK_FALSE(row.layers()[1]->trainable);
  CHECK(row.layers()[2]->trainable);
  // Cut inside the middle model, whose base is whole; cut inside the base there is no group left.
  const Model<float> cut = std::move(graph).cut_after("batch_normalization");
  REQUIRE(cut.groups().size() == 1);
  CHECK(cut.groups()[0].name == "base");
  CHECK(cut.groups()[0].begin == 1);
  CHECK(cut.groups()[0].end == 3);
  CHECK(cut.groups()[0].inference);
  CHECK(std::move(row).cut_after("conv2d").groups().empty());
}

TEST_CASE("a graph cut inside keeps what leads there", "[nn][model]") {
  const auto graph = [](auto x) {
    auto left = x.then(Conv2D{.filters = 4, .kernel = 1, .name = "left"});
    auto right =
        x.then(Conv2D{.filters = 4, .kernel = 1, .name = "right"}, Conv2D{.filters = 4, .kernel = 1, .name = "b"});
    return left + right;
  };
  const auto x = random_tensor<float>({2, 3, 3, 2}, 3);
  const Sequential<float> right{{3, 3, 2}, Conv2D{.filters = 4, .kernel = 1, .name = "right"}};
  const Model<float> cut = Model<float>({3, 3, 2}, graph).cut_after("right");
  REQUIRE(cut.layers().size() == 1);
  CHECK(same_bits(cut.predict(x), right.predict(x)));
}

TEST_CASE("what cannot be meant in a graph is refused by name", "[nn][model]") {
  using M = Model<float>;
  CHECK_THROWS_WITH((M{{4},
                       [](auto x) {
                         x.then(Dense{3});
                         return x.then(Dense{2});
                       }}),
                    Contains("Dense \"dense\" gives is read by nothing"));
  CHECK_THROWS_WITH((M{{4},
                       [](auto x) {
                         auto y = x.then(Dense{3});
                         y.then(Dense{2});
                         return y;
                       }}),
                    Contains("Dense \"dense_1\" gives is read by nothing"));
  CHECK_THROWS_WITH((M{{4}, [](auto x) { return x; }}), Contains("the graph gives its input"));
  CHECK_THROWS_WITH((M{{4}, [](auto x) { return x + x.then(Dense{3}); }}),
                    Contains("Add \"add\": expected values of one shape, got (None, 4) and (None, 3)"));
  CHECK_THROWS_WITH((M{{4, 4, 3},
                       [](auto x) {
                         return x * x.then(Conv2D{2, 1});
                       }}),
                    Contains("Multiply \"multiply\": (None, 4, 4, 3) and (None, 4, 4, 2) cannot be multiplied"));
  CHECK_THROWS_WITH((M{{4, 4, 3},
                       [](auto x) {
                         return concatenate(x, x.then(Conv2D{2, 3}));
                       }}),
                    Contains("Concatenate \"concatenate\": expected values that differ along axis 3 only"));
  CHECK_THROWS_WITH((Sequential<float>{{4, 4, 3}, Dropout{0.5, {1, 1, 1}}}),
                    Contains("the name of a Dropout has characters that cannot be printed"));
  CHECK_THROWS_WITH((Sequential<float>{{4}, Add{}}), Contains("Add \"add\": expected two values or more, got one"));
  CHECK_THROWS_WITH((Sequential<float>{{4}, Multiply{}}), Contains("Multiply \"multiply\": expected two values"));
  M base{{5}, [](auto x) { return x.then(Dense{1}); }};
  CHECK_THROWS_WITH((M{{4}, [&](auto x) { return x.then(std::move(base)); }}),
                    Contains("takes (None, 5), the value in front of it is (None, 4)"));
  M other{{4}, [](auto x) { return x.then(Dense{.units = 4, .name = "d"}); }};
  CHECK_THROWS_WITH((M{{4}, [&](auto x) { return x.then(Dense{.units = 4, .name = "d"}, std::move(other)); }}),
                    Contains("two layers are named \"d\""));
  M model{Shape{4}};
  CHECK_THROWS_WITH(model.add(Dense{2}.make<float, Cpu>(), "", {3}), Contains("reads value 3, there are 0 to 0"));
  CHECK_THROWS_WITH(model.add(Dense{2}.make<float, Cpu>(), "", {0, 0}), Contains("reads one value, got 2"));
}

TEST_CASE("a frozen branch is left out of the backward pass", "[nn][model]") {
  Model<float> model{{8, 8, 4}, [](auto x) {
                       auto frozen =
                           x.then(Conv2D{.filters = 4, .kernel = 3, .padding = Padding::same, .name = "frozen"});
                       auto learns = x.then(Conv2D{.filters = 4, .kernel = 1, .name = "learns"});
                       return (frozen + learns).then(Flatten{}, Dense{1});
                     }};
  model.layer("frozen").trainable = false;
  const Plan<float, Cpu> plan(model.device(), model.graph(), {.batch = 2, .training = true, .backward = true});
  for (const auto& step : plan.steps()) {
    INFO(step.layer->name);
    CHECK(step.backward == (step.layer->name != "frozen"));
  }
}

TEST_CASE("a wide graph runs in slices of the batch, with the bits of the whole", "[nn][model]") {
  const Model<float> model{{150, 150, 3}, [](auto x) {
                             const Conv2D wide{
                                 .filters = 64, .kernel = 3, .activation = relu, .padding = Padding::same};
                             auto a = x.then(wide);
                             auto b = a.then(wide);
                             auto kept = (a + b).then(MaxPool2D{2});
                             return concatenate(kept, kept.then(wide, Conv2D{8, 1})).then(MaxPool2D{15});
                           }};
  Plan<float, Cpu> whole(model.device(), model.graph(), {.batch = 5});
  CHECK(whole.bytes() < 3 * 150 * 150 * 64 * 4 * 3);
  const auto x = random_tensor<float>({5, 150, 150, 3}, 7);
  const Tensor<float> alone = model.predict(x, 1);
  for (const std::int64_t n : {5, 3, 1}) {
    const auto y = whole.forward(x.view().slice(0, n));
    CHECK(std::memcmp(y.data, alone.data(), static_cast<std::size_t>(y.size()) * 4) == 0);
  }
}
