// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "structure/header_text.hpp"

namespace fs = std::filesystem;
using namespace brindle::test;

namespace {

// From the bottom. nn and image do not know each other; nn and data neither.
const std::map<std::string, std::set<std::string>> may_include = {
    {"core", {"core"}},
    {"ops", {"core", "ops"}},
    {"nn", {"core", "ops", "nn"}},
    {"testing", {"core", "ops", "nn", "testing"}},
    {"image", {"core", "image"}},
    {"data", {"core", "image", "data"}},
    {"io", {"core", "ops", "nn", "image", "data", "io"}},
    {"train", {"core", "ops", "nn", "image", "data", "io", "train"}},
    {"models", {"core", "ops", "nn", "image", "data", "io", "train", "models"}},
    {"report", {"core", "ops", "nn", "image", "data", "io", "train", "models", "report"}},
    {"compiled", {"core", "ops", "nn", "image", "data", "io", "train", "models", "report", "compiled"}}};

}  // namespace

TEST_CASE("headers include only rooms at or below their own", "[structure]") {
  REQUIRE(headers().size() > 20);
  for (const fs::path& header : headers()) {
    const std::string own = room(header.string());
    if (own.empty()) continue;  // an umbrella
    REQUIRE(may_include.count(own) == 1);
    for (const std::string& included : includes(header))
      if (included.rfind("brindle/", 0) == 0) {
        INFO(header.string() << " includes " << included);
        if (own == "compiled" && included == "brindle/inference.hpp") continue;  // what it has the definitions of
        CHECK(may_include.at(own).count(room(included)) == 1);
        CHECK(fs::exists(root.parent_path() / included));
      }
  }
}

TEST_CASE("third parties stay in their corner", "[structure]") {
  for (const fs::path& header : headers()) {
    const std::string own = room(header.string());
    for (const std::string& included : includes(header)) {
      INFO(header.string() << " includes " << included);
      if (included.rfind("Eigen/", 0) == 0 || included.rfind("unsupported/", 0) == 0) CHECK(own == "ops");
      if (included.find("stb") != std::string::npos) CHECK(own == "image");
      if (included.rfind("webp/", 0) == 0) CHECK(own == "image");
      const bool ours = included.rfind("brindle/", 0) == 0;
      if (included.find("nlohmann") != std::string::npos || (included.find("hdf5") != std::string::npos && !ours))
        CHECK(own == "io");
      if (included.find("cud") == 0 || included.find("cublas") == 0)
        CHECK(header.filename().string().rfind("cuda", 0) == 0);
      CHECK(included.find("CLI/") == std::string::npos);
      CHECK(included != "iostream");
    }
  }
}

TEST_CASE("no header names Eigen outside ops", "[structure]") {
  for (const fs::path& header : headers())
    if (room(header.string()) != "ops") {
      INFO(header.string());
      CHECK(read(header).find("Eigen::") == std::string::npos);
    }
}

TEST_CASE("every header begins with its licence and #pragma once", "[structure]") {
  for (const fs::path& header : headers()) {
    INFO(header.string());
    CHECK(read(header).rfind("// SPDX-License-Identifier: MIT\n#pragma once\n", 0) == 0);
  }
}

TEST_CASE("the list of CPU kernels is complete", "[structure]") {
  const auto listed = includes(root / "ops" / "cpu_kernels.hpp");
  for (const auto& op : fs::directory_iterator(root / "ops"))
    if (fs::exists(op.path() / "cpu.hpp")) {
      INFO(op.path().string());
      CHECK(std::count(listed.begin(), listed.end(), "brindle/ops/" + op.path().filename().string() + "/cpu.hpp") == 1);
    }
}

TEST_CASE("every op of the processor is there for the GPU, with the functions that its contract calls", "[structure]") {
  const auto listed = includes(root / "ops" / "cuda.hpp");
  for (const auto& op : fs::directory_iterator(root / "ops")) {
    if (!fs::exists(op.path() / "cpu.hpp")) continue;
    const std::string name = op.path().filename().string();
    INFO(name);
    CHECK(std::count(listed.begin(), listed.end(), "brindle/ops/" + name + "/cuda.hpp") == 1);
    REQUIRE(fs::exists(op.path() / "cuda.hpp"));
    const std::string contract = read(op.path() / (name + ".hpp")), cpu = read(op.path() / "cpu.hpp"),
                      cuda = read(op.path() / "cuda.hpp");
    const std::regex call("kernel::" + name + R"(<T, Device>::(\w+)\()");
    std::int64_t calls = 0;
    for (std::sregex_iterator i(contract.begin(), contract.end(), call), end; i != end; ++i, ++calls) {
      INFO((*i)[1].str());
      const std::regex function(R"(static [\w:]+ )" + (*i)[1].str() + R"(\()");
      CHECK(std::regex_search(cuda, function));
      if ((*i)[1].str() != "step_all") CHECK(std::regex_search(cpu, function));  // the Cpu steps one by one
    }
    CHECK(calls > 0);
  }
}

TEST_CASE("what the GPU's kernels are made of compiles without CUDA", "[structure]") {
  for (const fs::path& header : headers())
    if (header.filename() == "cuda_kernels.hpp")
      for (const std::string& included : includes(header)) {
        INFO(header.string() << " includes " << included);
        CHECK(included.find("core/cuda.hpp") == std::string::npos);
        CHECK(included.find("cuda_launch") == std::string::npos);
      }
}

TEST_CASE("the list of everything a model is written with is complete", "[structure]") {
  const auto listed = includes(root / "nn" / "nn.hpp");
  const std::regex description(R"(std::unique_ptr<(Layer|Loss|Optimizer)<T, Device>> make\(\) const;)");
  for (const auto& file : fs::directory_iterator(root / "nn"))
    if (std::regex_search(read(file.path()), description)) {
      INFO(file.path().string());
      CHECK(std::count(listed.begin(), listed.end(), "brindle/nn/" + file.path().filename().string()) == 1);
    }
}

TEST_CASE("every layer is in the registry", "[structure]") {
  const std::string registry = read(root / "nn" / "registry_inl.hpp");
  const std::regex type(R"re(std::string type\(\) const override \{ return "(\w+)"; \})re");
  for (const auto& file : fs::directory_iterator(root / "nn")) {
    const std::string text = read(file.path());
    std::smatch match;
    if (!std::regex_search(text, std::regex("public [\\w:]*Layer<T, Device>")) || !std::regex_search(text, match, type))
      continue;
    INFO(file.path().string());
    CHECK(registry.find("add(\"" + match[1].str() + "\", ") != std::string::npos);
  }
}

TEST_CASE("the umbrella header has every room, and that of tests its own", "[structure]") {
  std::set<std::string> reached;
  std::vector<std::string> open{"brindle/brindle.hpp", "brindle/testing.hpp"};
  while (!open.empty()) {
    const std::string header = open.back();
    open.pop_back();
    if (!reached.insert(header).second) continue;
    for (const std::string& included : includes(root.parent_path() / header))
      if (included.rfind("brindle/", 0) == 0) open.push_back(included);
  }
  // Headers that are left out on purpose: what loads every kind of layer, what needs a package of its own, and the
  // other umbrella with what only it shows.
  const std::set<std::string> apart{"brindle/nn/registry.hpp",
                                    "brindle/train/checkpoint.hpp",
                                    "brindle/report/model_card.hpp",
                                    "brindle/models/base_weights.hpp",
                                    "brindle/models/pretrained.hpp",
                                    "brindle/models/pretrained_efficientnet_lite0.hpp",
                                    "brindle/models/pretrained_vgg16.hpp",
                                    "brindle/models/picture_classifier.hpp",
                                    "brindle/models/classification.hpp",
                                    "brindle/models/suggest_pictures.hpp",
                                    "brindle/report/suggestions.hpp",
                                    "brindle/inference.hpp",
                                    "brindle/inference_implementation.hpp",
                                    "brindle/compiled.hpp",
                                    "brindle/definitions.hpp",
                                    "brindle/distributed.hpp"};
  for (const fs::path& header : headers()) {
    const std::string name = fs::relative(header, root.parent_path()).generic_string();
    if (apart.count(declarations_of(name)) || room(name) == "io" || room(name) == "compiled" ||
        name.find("cuda") != std::string::npos)
      continue;
    INFO(name);
    CHECK(reached.count(name) == 1);
  }
}

TEST_CASE("every function of the CPU kernels that an op's contract calls is in the table", "[structure]") {
  const std::string table = read(root / "ops" / "kernel_table.hpp");
  for (const auto& op : fs::directory_iterator(root / "ops")) {
    if (!fs::exists(op.path() / "cpu.hpp")) continue;
    const std::string name = op.path().filename().string();
    const std::string contract = read(op.path() / (name + ".hpp")), cpu = read(op.path() / "cpu.hpp");
    const std::regex call("kernel::" + name + R"(<T, Device>::(\w+)\()");
    for (std::sregex_iterator i(contract.begin(), contract.end(), call), end; i != end; ++i) {
      const std::string function = (*i)[1].str();
      INFO(name << " " << function);
      const bool on_cpu = std::regex_search(cpu, std::regex(R"(static [\w:]+ )" + function + R"(\()"));
      CHECK((table.find("KERNEL(" + name + ", " + function + ",") != std::string::npos) == on_cpu);
    }
  }
}

TEST_CASE("every op has a test", "[structure]") {
  const std::set<std::string> with_activations{"softmax"};  // shares one
  for (const auto& op : fs::directory_iterator(root / "ops"))
    if (op.is_directory() && !fs::is_empty(op.path())) {
      const std::string name = op.path().filename().string();
      INFO(name);
      CHECK(fs::exists(fs::path(BRINDLE_TEST_FOLDER) / "ops" /
                       ((with_activations.count(name) ? "activation" : name) + "_test.cpp")));
    }
}

TEST_CASE("every op is compared with plain loops at random sizes", "[structure]") {
  std::string tests;
  for (const auto& entry : fs::directory_iterator(fs::path(BRINDLE_TEST_FOLDER) / "ops"))
    if (entry.path().filename().string().rfind("random_sizes_", 0) == 0) tests += read(entry.path());
  for (const auto& op : fs::directory_iterator(root / "ops")) {
    if (!fs::exists(op.path() / "cpu.hpp")) continue;
    const std::string name = op.path().filename().string();
    INFO(name << ": its functions belong into one of tests/ops/random_sizes_*_test.cpp");
    const std::string declared = read(op.path() / (name + ".hpp"));
    const std::regex function(R"(\nvoid (\w+)\(const Device& on)");
    bool called = false;
    for (auto i = std::sregex_iterator(declared.begin(), declared.end(), function); i != std::sregex_iterator(); ++i)
      called = called || std::regex_search(tests, std::regex("ops::" + (*i)[1].str() + "\\b"));
    CHECK(called);
  }
}

TEST_CASE("no test's name has a bracket or a semicolon, which CMake's lists swallow", "[structure]") {
  const std::regex name(R"re(TEST_CASE\(\s*"([^"]*)")re");
  std::int64_t names = 0;
  for (const auto& entry : fs::recursive_directory_iterator(BRINDLE_TEST_FOLDER)) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = read(entry.path());
    for (std::sregex_iterator i(text.begin(), text.end(), name), end; i != end; ++i, ++names) {
      INFO(entry.path().string());
      CHECK((*i)[1].str().find_first_of("[];") == std::string::npos);
    }
  }
  CHECK(names > 100);
}
