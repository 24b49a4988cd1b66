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
  Sequential<float> model{std::move(base),           Dense{.units = 512, .activation = relu, .name = "dense_1"},
                          Dropout{0.3, "dropout_1"}, Dense{.units = 512, .activation = relu, .name = "dense_2"},
                          Dropout{0.3, "dropout_2"}, Dense{.units = 1, .activation = sigmoid, .name = "dense_3"}};
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
