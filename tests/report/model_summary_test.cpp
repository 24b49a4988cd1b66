// SPDX-License-Identifier: MIT
#include "brindle/report/model_summary.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "brindle/models/vgg16.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"

using namespace brindle;

namespace {

std::string golden_table(const std::string& name) {
  std::ifstream in(std::string(BRINDLE_GOLDENS) + "/tables/" + name);
  REQUIRE(in);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Sequential<float> baseline() {
  const auto conv = [](std::int64_t filters, const char* name) {
    return Conv2D{.filters = filters, .kernel = 3, .activation = relu, .name = name};
  };
  return Sequential<float>{{150, 150, 3},
                           conv(16, "conv2d_1"),
                           MaxPooling2D{.pool_size = 2, .name = "max_pooling2d_1"},
                           conv(64, "conv2d_2"),
                           MaxPooling2D{.pool_size = 2, .name = "max_pooling2d_2"},
                           conv(128, "conv2d_3"),
                           MaxPooling2D{.pool_size = 2, .name = "max_pooling2d_3"},
                           Flatten{.name = "flatten_1"},
                           Dense{.units = 512, .activation = relu, .name = "dense_1"},
                           Dense{.units = 1, .activation = sigmoid, .name = "dense_2"}};
}

}  // namespace

TEST_CASE("the summary of the baseline is Keras's, in both styles", "[report][summary]") {
  auto model = baseline();
  model.set_name("sequential_1");
  CHECK(report::summary(model) == golden_table("summary_1_baseline.keras3.txt"));
  CHECK(report::summary(model, report::SummaryStyle::keras2) == golden_table("summary_1_baseline.keras2.txt"));
}

TEST_CASE("a model in front of layers is one line of the summary, as in Keras", "[report][summary]") {
  auto base = models::vgg16<float>({150, 150, 3});
  base.add(Flatten{});
  base.set_name("model_1");
  base.set_trainable(false);
  Sequential<float> model{std::move(base),
                          Dense{.units = 512, .activation = relu, .name = "dense_1"},
                          Dropout{.rate = 0.3, .name = "dropout_1"},
                          Dense{.units = 512, .activation = relu, .name = "dense_2"},
                          Dropout{.rate = 0.3, .name = "dropout_2"},
                          Dense{.units = 1, .activation = sigmoid, .name = "dense_3"}};
  model.set_name("sequential_1");
  CHECK(report::summary(model) == golden_table("summary_5_transfer_frozen.keras3.txt"));
  CHECK(report::summary(model, report::SummaryStyle::keras2) == golden_table("summary_5_transfer_frozen.keras2.txt"));
  model.freeze_before("block4_conv1");
  CHECK(report::summary(model) == golden_table("summary_6_transfer_finetune.keras3.txt"));
  CHECK(report::summary(model, report::SummaryStyle::keras2) == golden_table("summary_6_transfer_finetune.keras2.txt"));
}

TEST_CASE("the summary counts frozen parameters as not trainable", "[report][summary]") {
  auto model = baseline();
  model.freeze_before("dense_1");
  const std::string table = report::summary(model, report::SummaryStyle::keras2);
  CHECK(table.find("Trainable params: 18,940,929\nNon-trainable params: 83,584") != std::string::npos);
}

TEST_CASE("the summary of a graph is Keras's, with what each layer is connected to", "[report][summary]") {
  const auto conv = [](std::int64_t filters, std::int64_t kernel, std::int64_t stride = 1, const char* name = "") {
    return Conv2D{.filters = filters, .kernel = kernel, .stride = stride, .padding = Padding::same, .name = name};
  };
  Model<float> residual{
      {12, 10, 3}, [&](auto x) {
        x = x.then(Rescaling{}, Conv2D{.filters = 4, .kernel = 3, .padding = Padding::same, .use_bias = false},
                   BatchNormalization{}, ReLU{});
        for (const std::int64_t stride : {1, 2}) {
          auto y = x.then(conv(6, 3, stride), BatchNormalization{.scale = false}, Activation{relu}, conv(6, 1));
          x = x.then(conv(6, 1, stride, stride == 1 ? "shortcut_1" : "shortcut_2"));
          x = (x + y.then(BatchNormalization{.center = false})).then(ReLU{});
        }
        return x.then(GlobalAveragePooling2D{}, Dropout{0.3}, Dense{3, softmax});
      }};
  residual.set_name("residual");
  CHECK(report::summary(residual) == golden_table("graph_residual.keras3.txt"));
  CHECK(report::summary(residual, report::SummaryStyle::keras2) == golden_table("graph_residual.keras2.txt"));
}

TEST_CASE("the summary of a graph has a model inside as one line, which others read by its name", "[report][summary]") {
  Model<float> base{{10, 10, 3}, [](auto x) {
                      x = x.then(Conv2D{4, 3}, BatchNormalization{});
                      auto y = x.then(Conv2D{4, 1}, BatchNormalization{});
                      return decltype(x)::merge({x, y}, Add{.name = "sum"}).then(ReLU{});
                    }};
  base.set_name("base");
  Model<float> model{{10, 10, 3}, [&](auto image) {
                       auto x = image.then(std::move(base));
                       x = x +
                           image.then(Conv2D{.filters = 4, .kernel = 3, .name = "a_convolution_with_a_very_long_name"});
                       return (x * x).then(Flatten{}, Dense{.units = 1200, .name = "head"});
                     }};
  model.set_name("beside");
  model.set_trainable("base", false);
  CHECK(report::summary(model) == golden_table("graph_beside.keras3.txt"));
  CHECK(report::summary(model, report::SummaryStyle::keras2) == golden_table("graph_beside.keras2.txt"));
}

TEST_CASE("a base that branches in front of layers in a row has the summary of a row", "[report][summary]") {
  Model<float> base{{4, 4, 2}, [](auto x) { return (x + x.then(Conv2D{2, 1})).then(ReLU{}); }};
  const Sequential<float> model{std::move(base), Flatten{}, Dense{2}};
  const auto rows = report::summary_rows(model);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].type == "Functional");
  CHECK(rows[0].parameters == 6);
  CHECK(rows[1].inputs.empty());
  CHECK(report::summary(model).find("Connected") == std::string::npos);
}
