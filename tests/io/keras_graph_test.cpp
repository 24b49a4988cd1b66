// SPDX-License-Identifier: MIT
// Models of Keras 3 and Keras 2 that are graphs (goldens/make_graphs.py).
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/report/model_summary.hpp"
#include "support/golden.hpp"
#include "support/golden_folders.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

// Keras computed in float32.
constexpr Tolerance prediction_of_graph{1e-5, 1e-12};

}  // namespace

TEST_CASE("graphs of Keras 3 and 2 predict what they did there, from each format, and again when they are saved",
          "[io][keras]") {
  const Golden golden("weights/graphs.npz");
  const TemporaryFolder out;
  for (const std::string& name : golden.cases())
    for (const std::string ending : {".keras", ".h5"}) {
      INFO(name << ending);
      auto model = io::load_keras(weight_goldens + "graph_" + name + ending);
      const Tensor<float> x = golden.get<float>(name + ".x");
      const Tensor<float> y = model.predict(x);
      golden.check(name + ".y", y, prediction_of_graph);
      io::save_model(model, out / "m");
      CHECK(same_bits(io::load_model(out / "m").model.predict(x), y));
      // Weights alone, into the same model.
      for (const auto& layer : model.layers())
        for (auto& p : layer->parameters()) std::fill(p.value.data(), p.value.data() + p.value.size(), 0.5f);
      // Means and variances that adapt() found are settings here.
      const bool adapted = name == "efficientnet";
      const auto left = io::load_weights(model, weight_goldens + "graph_" + name + ending, {.skip_mismatch = adapted});
      CHECK(left ==
            (adapted ? std::vector<std::string>{"surplus: layer \"normalization\""} : std::vector<std::string>{}));
      CHECK(same_bits(model.predict(x), y));
    }
}

TEST_CASE("a base that Keras calls with training=False is a group for inference, frozen, behind augmentation",
          "[io][keras]") {
  for (const std::string file :
       {"graph_transfer.keras", "graph_transfer.h5", "graph_transfer_keras2.keras", "graph_transfer_keras2.h5"}) {
    INFO(file);
    std::vector<std::string> lines;
    const auto model =
        io::load_keras(weight_goldens + file, {.tell = [&](const std::string& line) { lines.push_back(line); }});
    REQUIRE(model.groups().size() == 1);
    const auto& base = model.groups()[0];
    CHECK(base.name == "base");
    CHECK(base.inference);
    CHECK(model.layers()[base.begin]->name == "stem");
    CHECK(model.layers()[base.end - 1]->name == "out");
    for (std::size_t i = 0; i < model.layers().size(); ++i) {
      CHECK(model.layers()[i]->inference == (i >= base.begin && i < base.end));
      CHECK(model.layers()[i]->trainable == (i < base.begin || i >= base.end));
    }
    CHECK(model.layers()[0]->type() == "Rescaling");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == weight_goldens + file +
                          ": dropped: RandomFlip \"augmentation/random_flip\", RandomRotation "
                          "\"augmentation/random_rotation\", RandomZoom \"random_zoom\", which act in training "
                          "only; predictions are the same, training on goes without them, or with data::Augmented");
  }
}

TEST_CASE("a loaded graph prints the summary that Keras prints", "[io][keras][report]") {
  std::ifstream in(std::string(BRINDLE_GOLDENS) + "/tables/graph_residual.keras3.txt");
  std::stringstream expected;
  expected << in.rdbuf();
  CHECK(report::summary(io::load_keras(weight_goldens + "graph_residual.keras")) == expected.str());
}
