// SPDX-License-Identifier: MIT
#include "brindle/nn/batch_normalization.hpp"

#include <brindle/compiled/definitions.hpp>
#include <catch2/catch.hpp>

#include "brindle/nn/nn.hpp"
#include "support/double_models.hpp"
#include "support/layer.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEST_CASE("batch normalization keeps its contract", "[nn][batch_normalization]") {
  check_layer(BatchNormalization{}, {4, 5, 6}, {4, 5, 6}, 24);
  check_layer(BatchNormalization{.momentum = 0.5, .epsilon = 1e-5, .center = false}, {19}, {19}, 57, 5);
  check_layer(BatchNormalization{.scale = false}, {3, 17}, {3, 17}, 51);
  check_layer(BatchNormalization{.center = false, .scale = false}, {3, 8}, {3, 8}, 16);
}

TEST_CASE("moving averages are counted, but not as trainable", "[nn][batch_normalization]") {
  const Sequential<float> model{{8, 8, 3}, Conv2D{4, 3}, BatchNormalization{}};
  CHECK(model.parameter_count() == 112 + 16);
  CHECK(model.trainable_parameter_count() == 112 + 8);
  const auto& p = model.layers()[1]->parameters();
  for (int c = 0; c < 4; ++c) {
    CHECK(p[0].value[c] == 1);
    CHECK(p[1].value[c] == 0);
    CHECK(p[2].value[c] == 0);
    CHECK(p[3].value[c] == 1);
  }
}

TEST_CASE("settings of batch normalization that mean nothing are refused by name", "[nn][batch_normalization]") {
  CHECK_THROWS_WITH((Sequential<float>{{4, 3}, BatchNormalization{.epsilon = 0}}),
                    Contains("BatchNormalization \"batch_normalization\": epsilon must be more than 0, got 0"));
  CHECK_THROWS_WITH((Sequential<float>{{4, 3}, BatchNormalization{.momentum = 1.5}}),
                    Contains("momentum must be from 0 to 1, got 1.5"));
  CHECK_THROWS_WITH((BatchNormalizationLayer<float, Cpu>::from({{"renorm", true}})), Contains("renorm"));
  Model<float> model{Shape{4, 3}};
  CHECK_THROWS_WITH(model.add(BatchNormalizationLayer<float, Cpu>::from({{"axis", std::int64_t{1}}}), "bn"),
                    Contains("BatchNormalization \"bn\": axis must be the last one, -1, got 1"));
}
