// SPDX-License-Identifier: MIT
// Arithmetic on sizes that load_onnx does while it reads a file.
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "brindle/io/load_onnx.hpp"
#include "brindle/io/onnx_graph_writer.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using brindle::io::detail::OnnxGraphWriter;
using brindle::io::detail::OnnxSetting;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

// Numbers of torch's F.pad (left, right, top, bottom, ...) as it writes them for a Pad: in pairs, the last axis first.
Model<float> padded(const std::vector<std::int64_t>& numbers, std::int64_t begin, std::int64_t end, std::int64_t step) {
  const TemporaryFolder folder;
  OnnxGraphWriter g;
  g.free_name("x");
  const std::string zeros =
      g.add("Concat", "all", {g.add_integers("pads", numbers), g.add_integers("rest", {0, 0, 0, 0})},
            {OnnxSetting::of("axis", std::int64_t{0})});
  const std::string pairs = g.add("Reshape", "pairs", {zeros, g.add_integers("two", {-1, 2})},
                                  {OnnxSetting::of("allowzero", std::int64_t{0})});
  const std::string turned = g.add("Slice", "backwards",
                                   {pairs, g.add_integers("begin", {begin}), g.add_integers("end", {end}),
                                    g.add_integers("axis", {0}), g.add_integers("step", {step})});
  const std::string row =
      g.add("Reshape", "row",
            {g.add("Transpose", "turned", {turned}, {OnnxSetting::of("perm", std::vector<std::int64_t>{1, 0})}),
             g.add_integers("one", {-1})});
  const std::string pads = g.add("Cast", "cast", {row}, {OnnxSetting::of("to", std::int64_t{7})});
  const std::string y = g.add("Pad", "pad", {"x", pads}, {OnnxSetting::of("mode", "constant")});
  g.write(folder / "m.onnx", "m", "x", {3, 5, 4}, y, {}, {});
  return io::load_onnx(folder / "m.onnx");
}

}  // namespace

TEST_CASE("a Pad whose numbers are turned round as PyTorch writes them pads the sides that are meant", "[io][onnx]") {
  const Model<float> model = padded({0, 1, 2, 3}, -1, least, -1);
  CHECK(model.output_shape() == Shape{10, 5, 3});
  Sequential<float> expected{{5, 4, 3}, ZeroPadding2D{.padding = {{2, 3}, {0, 1}}}};
  Tensor<float> x({2, 5, 4, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i + 1);
  CHECK(same_bits(model.predict(x), expected.predict(x)));
}

TEST_CASE("a Slice of sizes with any bounds ends at their edges", "[io][onnx]") {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(padded({0, 1, 2, 3}, most, least, -1).output_shape() == Shape{10, 5, 3});
  CHECK(padded({0, 1, 2, 3}, 3, -5, -1).output_shape() == Shape{10, 5, 3});
  // Forwards the pairs are of other axes, the batch among them.
  CHECK_THROWS_WITH(padded({0, 1, 2, 3}, 0, most, 1), Contains("node \"pad\" (Pad)"));
  for (const std::int64_t step : {std::int64_t{-2}, least, std::int64_t{0}})
    CHECK_THROWS_WITH(padded({0, 1, 2, 3}, -1, least, step), Contains("node \"backwards\" (Slice)"));
}

TEST_CASE("padding that a file computes with Ceil, Floor and Clip, as TensorFlow's same, is the padding that is meant",
          "[io][onnx]") {
  const auto shape_with = [](float above, float left) {
    const TemporaryFolder folder;
    OnnxGraphWriter g;
    g.free_name("x");
    const auto number = [&](const std::string& name, float value) { return g.add_floats(name, {1}, {value}); };
    const std::string low = g.add_floats("low", {}, {0}), high = g.add_floats("high", {}, {4});
    const std::string up = g.add("Clip", "up", {g.add("Ceil", "ceil", {number("a", above)}), low, high});
    const std::string aside = g.add("Clip", "aside", {g.add("Floor", "floor", {number("l", left)}), low, high});
    const std::string zero = number("zero", 0);
    const std::string all = g.add("Concat", "all", {zero, zero, up, aside, zero, zero, zero, zero},
                                  {OnnxSetting::of("axis", std::int64_t{0})});
    const std::string pads = g.add("Cast", "cast", {all}, {OnnxSetting::of("to", std::int64_t{7})});
    const std::string y = g.add("Pad", "pad", {"x", pads}, {OnnxSetting::of("mode", "constant")});
    g.write(folder / "m.onnx", "m", "x", {3, 5, 4}, y, {}, {});
    return io::load_onnx(folder / "m.onnx").output_shape();
  };
  CHECK(shape_with(1.25f, 1.75f) == Shape{7, 5, 3});
  CHECK(shape_with(9, -3) == Shape{9, 4, 3});
}

TEST_CASE("whole numbers between limits are those of Clip", "[io][onnx]") {
  const TemporaryFolder folder;
  OnnxGraphWriter g;
  g.free_name("x");
  const std::string pads = g.add(
      "Clip", "limits",
      {g.add_integers("pads", {0, 0, 7, -2, 0, 0, 1, 0}), g.add_integers("low", {0}), g.add_integers("high", {2})});
  const std::string y = g.add("Pad", "pad", {"x", pads}, {OnnxSetting::of("mode", "constant")});
  g.write(folder / "m.onnx", "m", "x", {3, 5, 4}, y, {}, {});
  CHECK(io::load_onnx(folder / "m.onnx").output_shape() == Shape{8, 4, 3});
}
