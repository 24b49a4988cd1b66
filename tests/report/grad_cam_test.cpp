// SPDX-License-Identifier: MIT
#include "brindle/report/grad_cam.hpp"

#include <algorithm>
#include <brindle/report/colour_scale.hpp>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/image/decode.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"

using namespace brindle;
using namespace brindle::report;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

template <class T>
Sequential<T> golden_model(const Golden& golden, const std::string& name, const Dense& last) {
  Sequential<T> model{{13, 11, 3},
                      Conv2D{.filters = 4, .kernel = 3, .activation = relu, .name = "first"},
                      MaxPool2D{2},
                      Conv2D{.filters = 6, .kernel = 3, .activation = relu, .padding = Padding::same, .name = "second"},
                      MaxPool2D{2},
                      Flatten{},
                      Dense{.units = 5, .activation = relu, .name = "hidden"},
                      last};
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters()) p.value = golden.get<T>(name + "." + layer->name + "." + p.name);
  return model;
}

template <class T>
void check_model(const std::string& name, const Dense& last, int classes) {
  const Golden golden("grad_cam.npz");
  Sequential<T> model = golden_model<T>(golden, name, last);
  model.layer("second").trainable = false;  // frozen or not makes no difference
  const Tensor<T> x = golden.get<T>(name + ".x");
  for (int c = 0; c < classes; ++c) {
    const std::string expected = ".class_" + std::to_string(c);
    // The map is float whatever the model.
    check_close(name + " second" + expected, grad_cam<T>(model, x, c), golden.get<double>(name + ".second" + expected),
                dense_golden.single, 0);
    check_close(name + " first" + expected, grad_cam<T>(model, x, c, "first"),
                golden.get<double>(name + ".first" + expected), dense_golden.single, 0);
  }
}

}  // namespace

TEST_CASE("Grad-CAM agrees with TensorFlow's gradients, for softmax and for one sigmoid", "[report][grad_cam]") {
  check_model<float>("softmax", Dense{.units = 3, .activation = softmax, .name = "last"}, 3);
  check_model<double>("softmax", Dense{.units = 3, .activation = softmax, .name = "last"}, 3);
  check_model<float>("sigmoid", Dense{.units = 1, .activation = sigmoid, .name = "last"}, 2);
  check_model<double>("sigmoid", Dense{.units = 1, .activation = sigmoid, .name = "last"}, 2);
}

TEST_CASE("a last activation that is a layer of its own is left out of the score as well", "[report][grad_cam]") {
  const Golden golden("grad_cam.npz");
  Sequential<float> model = golden_model<float>(golden, "softmax", Dense{.units = 3, .name = "last"});
  model.add(Activation{softmax});
  const Tensor<float> x = golden.get<float>("softmax.x");
  check_close("softmax as a layer", grad_cam<float>(model, x, 1), golden.get<double>("softmax.second.class_1"),
              dense_golden.single, 0);
}

TEST_CASE("a last relu belongs to the score: where it gives 0 nothing speaks for the class", "[report][grad_cam]") {
  Sequential<float> model{{6, 6, 3}, Conv2D{4, 3, relu}, GlobalAveragePooling2D{}, Dense{2, relu}};
  model.initialize(1);
  auto& last = model.layers().back()->parameters();
  for (float& w : last[0].value.span()) w = 1;
  last[1].value[0] = -100;
  last[1].value[1] = 1;
  const Tensor<float> x = random_tensor<float>({1, 6, 6, 3}, 2, 0, 1);
  const auto largest = [&](std::int64_t c) {
    const Tensor<float> map = grad_cam<float>(model, x, c);
    return *std::max_element(map.span().begin(), map.span().end());
  };
  CHECK(largest(0) == 0);
  CHECK(largest(1) == 1);
}

TEST_CASE("Grad-CAM of a residual net agrees with finite differences, at layers within", "[report][grad_cam]") {
  const auto net = [](auto x) {
    x = x.then(Conv2D{.filters = 4, .kernel = 3, .name = "stem"});
    auto y = x.then(Activation{sigmoid}, Conv2D{.filters = 4, .kernel = 3, .padding = Padding::same, .name = "within"},
                    Activation{sigmoid}, Conv2D{.filters = 4, .kernel = 1, .name = "last"});
    y = y * y.then(GlobalAveragePooling2D{.keepdims = true},
                   Conv2D{.filters = 4, .kernel = 1, .activation = sigmoid, .name = "gate"});
    return (x + y).then(GlobalAveragePooling2D{}, Dense{3}, Activation{softmax});
  };
  Model<double> model{{9, 8, 3}, net};
  model.initialize(5);
  const Tensor<double> x = random_tensor<double>({1, 9, 8, 3}, 7);
  // A bias stands at all positions of its channel, so that its gradient is the sum of theirs.
  for (const std::string name : {"stem", "within", "last"}) {
    Model<double> scores = Model<double>{{9, 8, 3}, net}.cut_after("dense"),
                  map_of = Model<double>{{9, 8, 3}, net}.cut_after(name);
    scores.initialize(5);
    map_of.initialize(5);
    const Tensor<double> a = map_of.predict(x);
    Tensor<double>& bias = scores.layer(name).parameters()[1].value;
    for (int c = 0; c < 3; ++c) {
      std::vector<double> weight;
      for (std::int64_t k = 0; k < 4; ++k) {
        const double before = bias[k], step = 1e-5;
        bias[k] = before + step;
        const double up = scores.predict(x)[c];
        bias[k] = before - step;
        const double down = scores.predict(x)[c];
        bias[k] = before;
        weight.push_back((up - down) / (2 * step));
      }
      const std::int64_t h = map_of.output_shape()[0], w = map_of.output_shape()[1];
      Tensor<double> expected({h, w});
      double largest = 0;
      for (std::int64_t i = 0; i < h * w; ++i) {
        for (std::int64_t k = 0; k < 4; ++k) expected[i] += weight[static_cast<std::size_t>(k)] * a[i * 4 + k];
        expected[i] = std::max(expected[i], 0.0);
        largest = std::max(largest, expected[i]);
      }
      for (double& v : expected.span()) v /= largest > 0 ? largest : 1;
      CHECK(largest > 0);
      check_close(name + " of class " + std::to_string(c), grad_cam<double>(model, x, c, name), expected, 1e-5, 0);
    }
  }
}

TEST_CASE("without a name Grad-CAM takes the last map of a graph that all ways lead through", "[report][grad_cam]") {
  const auto gated = [](auto x) { return x * x.then(GlobalAveragePooling2D{.keepdims = true}, Conv2D{3, 1, sigmoid}); };
  Model<float> model{{6, 6, 3}, [&](auto v) {
                       v = gated(v.then(Conv2D{3, 3})).then(ReLU{});
                       return v.then(GlobalAveragePooling2D{.keepdims = true}, Flatten{}, Dense{2});
                     }};
  const Tensor<float> x = random_tensor<float>({1, 6, 6, 3}, 7);
  CHECK(same_bits(grad_cam<float>(model, x, 1), grad_cam<float>(model, x, 1, "re_lu")));
  Model<float> sum{{6, 6, 3}, [](auto v) { return (v + v.then(Conv2D{3, 1})).then(Flatten{}, Dense{2}); }};
  CHECK(same_bits(grad_cam<float>(sum, x, 0), grad_cam<float>(sum, x, 0, "add")));
  Model<float> parted{{6, 6, 3}, [](auto v) {
                        v = v.then(ReLU{});
                        auto w = v.then(Conv2D{3, 3}, GlobalAveragePooling2D{});
                        return (w + v.then(GlobalAveragePooling2D{})).then(Dense{2});
                      }};
  CHECK(same_bits(grad_cam<float>(parted, x, 0), grad_cam<float>(parted, x, 0, "re_lu")));
  const Model<float> flat{{8}, [](auto v) { return v + v.then(Dense{8}); }};
  CHECK_THROWS_WITH(grad_cam<float>(flat, Tensor<float>({1, 8}), 0), Contains("that all ways lead through"));
}

TEST_CASE("Grad-CAM names what does not fit", "[report][grad_cam]") {
  Sequential<float> model{{8, 8, 3}, Conv2D{2, 3, relu}, Flatten{}, Dense{1, sigmoid}};
  const Tensor<float> x({1, 8, 8, 3}), two({2, 8, 8, 3});
  CHECK_THROWS_WITH(grad_cam<float>(model, two, 0), Contains("expected one sample x (1, 8, 8, 3), got (2, 8, 8, 3)"));
  CHECK_THROWS_WITH(grad_cam<float>(model, x, 2), Contains("class 2, expected 0 to 1"));
  CHECK_THROWS_WITH(grad_cam<float>(model, x, 0, "flatten"), Contains("\"flatten\" gives (None, 72)"));
  CHECK_THROWS_WITH(grad_cam<float>(model, x, 0, "conv"), Contains("there are: conv2d, flatten, dense"));
  const Sequential<float> flat{{8}, Dense{1, sigmoid}};
  CHECK_THROWS_WITH(grad_cam<float>(flat, Tensor<float>({1, 8}), 0), Contains("no layer with weights"));
}

TEST_CASE("a map lies over its photo: brightest where it counts most, smooth between", "[report][grad_cam]") {
  image::Picture photo(40, 80, 3);
  for (auto& level : photo.pixels) level = 100;
  Tensor<float> map({1, 2});
  map[1] = 1;
  const image::Picture only_map = grad_cam_picture(photo, map, 1);
  const auto at = [&](const image::Picture& p, std::int64_t c) {
    return Rgb{p.at(20, c)[0], p.at(20, c)[1], p.at(20, c)[2]};
  };
  CHECK(at(only_map, 0) == viridis(0));
  CHECK(at(only_map, 79) == viridis(1));
  for (std::int64_t c = 21; c < 60; ++c) CHECK(only_map.at(20, c)[1] >= only_map.at(20, c - 1)[1]);
  const image::Picture untouched = grad_cam_picture(photo, map, 0);
  CHECK(untouched == photo);
  const image::Picture grey(4, 4, 1);
  CHECK(grad_cam_picture(grey, map, 0).shape() == Shape{4, 4, 3});
  CHECK_THROWS_WITH(grad_cam_picture(photo, Tensor<float>({2}), 1), Contains("a map (h, w), got (2)"));
}

TEST_CASE("a photo and its map stand side by side at the same height", "[report][grad_cam]") {
  image::Picture photo(40, 80, 3);
  for (auto& level : photo.pixels) level = 200;
  const image::Picture both = grad_cam_beside(photo, Tensor<float>({2, 2}), 20);
  CHECK(both.shape() == Shape{20, 84, 3});
  CHECK(both.at(10, 39)[0] == 200);
  CHECK(both.at(10, 41)[0] == 255);
  CHECK(both.at(10, 44)[0] < 200);
}
