// SPDX-License-Identifier: MIT
#include "brindle/report/layer_table.hpp"

#include <catch2/catch.hpp>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

TEST_CASE("the table of layers shows type, name and what is frozen, of a model or of one group", "[report]") {
  Sequential<float> base{{8, 8, 3}, Conv2D{2, 3, relu}, MaxPool2D{2}};
  base.set_name("base");
  Sequential<float> model{std::move(base), Flatten{}, Dense{1, sigmoid}};
  model.set_trainable("base", false);
  CHECK(report::layer_table(model, "base") ==
        "type          name           trainable\n"
        "Conv2D        conv2d         no\n"
        "MaxPooling2D  max_pooling2d  no\n");
  CHECK_THAT(report::layer_table(model), Contains("Dense         dense          yes\n"));
  CHECK_THROWS_WITH(report::layer_table(model, "vgg16"), Contains("\"vgg16\""));
}

TEST_CASE("the table of layers says what each reads where one does not read the layer before it", "[report]") {
  Model<float> base{{4, 4, 2}, [](auto x) { return x + x.then(Conv2D{2, 1}); }};
  base.set_name("base");
  Sequential<float> model{std::move(base), Flatten{}, Dense{1}};
  CHECK(report::layer_table(model) ==
        "type     name     trainable  connected to\n"
        "Conv2D   conv2d   yes        input_layer\n"
        "Add      add      yes        input_layer, conv2d\n"
        "Flatten  flatten  yes        add\n"
        "Dense    dense    yes        flatten\n");
  CHECK(report::layer_table(model, "base") ==
        "type    name    trainable  connected to\n"
        "Conv2D  conv2d  yes        input_layer\n"
        "Add     add     yes        input_layer, conv2d\n");
}

TEST_CASE("a new head is drawn from a seed and the layers in front keep their weights", "[nn][sequential]") {
  Sequential<float> model{{4}, Dense{.units = 3, .name = "base"}, Dense{.units = 2, .name = "head"}};
  const float before = model.layer("base").parameters()[0].value[0];
  const float head = model.layer("head").parameters()[0].value[0];
  model.initialize(9, "head");
  CHECK(model.layer("base").parameters()[0].value[0] == before);
  CHECK(model.layer("head").parameters()[0].value[0] != head);
}
