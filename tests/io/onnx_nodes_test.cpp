// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/definitions.hpp"
#include "brindle/io/load_onnx.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/golden_folders.hpp"
#include "support/tensors.hpp"

// The tests of single operators that ONNX has (onnx/backend/test/data/node of its package, version 1.17.0): each has a
// model, its inputs and its output. scripts/fetch_onnx_nodes.sh fetches all of them, a few stand in tests/goldens.

namespace fs = std::filesystem;
using namespace brindle;
using namespace brindle::test;
using namespace brindle::io::detail;

namespace {

WireFile file_at(const fs::path& path) { return {path.string(), read_file(path)}; }

/// A tensor of a file of its own.
struct StoredInput {
  explicit StoredInput(const fs::path& path)
      : file(file_at(path)), tensor(read_tensor(WireReader(file, 0, file.bytes.size()))) {}
  WireFile file;
  OnnxTensor tensor;

  /// Its numbers in an order of a sample's axes.
  Tensor<float> batch(const std::vector<int>& order) const {
    const OnnxTensors tensors(file);
    std::vector<int> axes{0};
    std::vector<std::int64_t> sizes{tensor.dims.at(0)};
    for (const int axis : order) {
      axes.push_back(axis + 1);
      sizes.push_back(tensor.dims.at(static_cast<std::size_t>(axis) + 1));
    }
    Tensor<float> x(Shape(sizes.begin(), sizes.end()));
    tensors.read(tensors.constant(tensor), tensor.dims, axes, 1, x.data());
    return x;
  }
};

/// "pass", "wrong: ..." or "refused: ...".
std::string outcome(const fs::path& test) {
  const WireFile file = file_at(test / "model.onnx");
  OnnxModel model = read_onnx_model(file);
  std::vector<std::unique_ptr<StoredInput>> stored;
  const fs::path data = test / "test_data_set_0";
  if (model.inputs.empty() || !fs::exists(data / "input_0.pb") || !fs::exists(data / "output_0.pb"))
    return "refused: no input or output";
  try {
    for (std::size_t i = 0; i < model.inputs.size(); ++i) {
      stored.push_back(std::make_unique<StoredInput>(data / ("input_" + std::to_string(i) + ".pb")));
      if (i > 0) model.initializers[model.inputs[i].name] = stored.back()->tensor;  // numbers of the test
    }
    const OnnxPlan plan = OnnxTranslator(file, model, {}, model.outputs.at(0).name).plan();
    StoredInput expected(data / "output_0.pb");
    if (model.outputs[0].type == OnnxType::bfloat16) expected.tensor.type = OnnxType::bfloat16;  // written as uint16
    if (expected.tensor.dims.size() != plan.output_order.size() + 1) return "wrong: another number of axes";
    const Tensor<float> x = stored[0]->batch(plan.input_order), y = expected.batch(plan.output_order);
    const Cpu on(1);
    const Model<float> made = made_of_plan<float, Cpu>(plan, OnnxTensors(file), file.path, on);
    const Tensor<float> got = made.predict(x);
    if (!(got.shape() == y.shape())) return "wrong: " + to_string(got.shape()) + ", expected " + to_string(y.shape());
    double difference = 0, largest = 1e-3;
    for (std::int64_t i = 0; i < y.size(); ++i) {
      if (!std::isfinite(y[i]) && (got[i] == y[i] || (std::isnan(got[i]) && std::isnan(y[i])) ||
                                   std::abs(got[i]) > 3.39e38f))  // infinite as bfloat16
        continue;
      difference = std::max(difference, std::abs(static_cast<double>(got[i]) - static_cast<double>(y[i])));
      largest = std::max(largest, std::abs(static_cast<double>(y[i])));
    }
    const double share = expected.tensor.type == OnnxType::float32 || expected.tensor.type == OnnxType::float64
                             ? 1e-5
                             : 5e-3;  // of half precision
    if (!(difference <= share * largest)) return "wrong: differs by " + std::to_string(difference);
    return "pass";
  } catch (const FileError& e) {
    return std::string("refused: ") + e.what();
  }
}

std::vector<fs::path> tests_in(const fs::path& folder) {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::exists(entry.path() / "model.onnx")) all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

std::set<std::string> listed_passes() {
  std::set<std::string> names;
  std::ifstream in(onnx_goldens / "node_passes.txt");
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') names.insert(line);
  return names;
}

}  // namespace

TEST_CASE("of ONNX's tests of operators, those that are kept here pass", "[io][onnx]") {
  const std::vector<fs::path> tests = tests_in(onnx_goldens / "nodes");
  REQUIRE(tests.size() > 20);
  for (const fs::path& test : tests) {
    INFO(test.filename().string());
    CHECK(outcome(test) == "pass");
  }
}

TEST_CASE("of all of ONNX's tests of operators none gives wrong numbers, and those that are listed pass",
          "[io][onnx]") {
  const char* const folder = std::getenv("BRINDLE_ONNX_NODES");
  if (!folder) {
    WARN("skipped: BRINDLE_ONNX_NODES is not set; scripts/fetch_onnx_nodes.sh fetches ONNX's tests and says how");
    return;
  }
  const std::set<std::string> listed = listed_passes();
  std::set<std::string> passed;
  std::ofstream log;
  if (const char* const to = std::getenv("BRINDLE_ONNX_NODES_LOG")) log.open(to);
  for (const fs::path& test : tests_in(folder)) {
    const std::string name = test.filename().string(), result = outcome(test);
    INFO(name << ": " << result);
    CHECK(result.rfind("wrong", 0) != 0);
    CHECK((result == "pass" || listed.count(name) == 0));
    if (result == "pass") passed.insert(name);
    log << name << ": " << result << "\n";
  }
  CHECK(passed.size() >= listed.size());
  for (const std::string& name : passed) {
    INFO(name << " passes: add it to tests/goldens/onnx/node_passes.txt");
    CHECK(listed.count(name) == 1);
  }
}
