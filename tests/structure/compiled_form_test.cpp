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

// The lists that the compiled form is made from: a header with definitions that is in none of them would be found by
// the linker only, in somebody's program.

namespace {

/// "brindle/nn/dense_inl.hpp", all of them.
std::vector<std::string> definitions() {
  std::vector<std::string> found;
  for (const fs::path& header : headers()) {
    const std::string name = fs::relative(header, root.parent_path()).generic_string();
    if (declarations_of(name) != name) found.push_back(name);
  }
  return found;
}

bool lists(const std::vector<std::string>& listed, const std::string& header) {
  return std::count(listed.begin(), listed.end(), header) == 1;
}

/// The rooms with definitions.
std::set<std::string> rooms() {
  std::set<std::string> found;
  for (const std::string& header : definitions()) found.insert(room(header));
  return found;
}

}  // namespace

TEST_CASE("a header with definitions beside it includes them at its end, header-only", "[structure][compiled]") {
  const std::vector<std::string> all = definitions();
  REQUIRE(all.size() > 80);
  for (const std::string& header : all) {
    INFO(header);
    const fs::path declarations = root.parent_path() / declarations_of(header);
    REQUIRE(fs::exists(declarations));
    std::string end = "#ifndef BRINDLE_COMPILED\n";
    for (const std::string& other : all)
      if (declarations_of(other) == declarations_of(header)) end += "#include \"" + other + "\"\n";
    end += "#endif\n";
    const std::string text = read(declarations);
    REQUIRE(text.size() > end.size());
    CHECK(text.substr(text.size() - end.size()) == end);
  }
}

TEST_CASE("definitions include no header that needs what they define", "[structure][compiled]") {
  // Header-only, a program that includes such a header first would reach the definitions before the header's own lines.
  std::map<std::string, std::vector<std::string>> declared;  // what a header includes but its own definitions
  for (const fs::path& header : headers()) {
    const std::string name = fs::relative(header, root.parent_path()).generic_string();
    for (const std::string& included : includes(header))
      if (included.rfind("brindle/", 0) == 0 && included == declarations_of(included))
        declared[name].push_back(included);
  }
  const auto reached = [&](const std::string& from) {
    std::set<std::string> found;
    std::vector<std::string> open{from};
    while (!open.empty()) {
      const std::string header = open.back();
      open.pop_back();
      for (const std::string& included : declared[header])
        if (found.insert(included).second) open.push_back(included);
    }
    return found;
  };
  for (const std::string& header : definitions())
    for (const std::string& included : reached(header)) {
      INFO(header << " includes " << included << ", perhaps through others, which includes "
                  << declarations_of(header));
      CHECK((included == declarations_of(header) || reached(included).count(declarations_of(header)) == 0));
    }
}

TEST_CASE("each room's unit of the library has all definitions of the room", "[structure][compiled]") {
  for (const std::string& header : definitions()) {
    INFO(header << " has to be included by brindle/compiled/" << room(header) << ".hpp");
    REQUIRE(fs::exists(root / "compiled" / (room(header) + ".hpp")));
    CHECK(lists(includes(root / "compiled" / (room(header) + ".hpp")), header));
  }
}

TEST_CASE("the compiled form in one file, and that of CMake, have every unit of the library", "[structure][compiled]") {
  const auto listed = includes(root / "compiled.hpp");
  const std::string cmake = read(root.parent_path().parent_path() / "cmake" / "compiled.cmake");
  std::smatch units;
  REQUIRE(std::regex_search(cmake, units, std::regex(R"(set\(BRINDLE_COMPILED_ROOMS ([\w ]+)\))")));
  for (const auto& unit : fs::directory_iterator(root / "compiled")) {
    const std::string name = unit.path().filename().string();
    // Parts of ops.hpp and inference.hpp; what definitions.hpp is made from, for programs.
    if (name == "processor.hpp" || name == "classifier.hpp" || name == "definitions.hpp") continue;
    INFO(name);
    CHECK(lists(listed, "brindle/compiled/" + name));
    if (name != "kernels.hpp")  // a unit for each instruction set
      CHECK((" " + units[1].str() + " ").find(" " + unit.path().stem().string() + " ") != std::string::npos);
  }
}

TEST_CASE("programs with models of double can have the definitions of all templates over type and device",
          "[structure][compiled]") {
  // The rooms below these hold their templates for float and for double.
  const std::set<std::string> above{"nn", "io", "train", "models", "report"};
  const auto listed = includes(root / "compiled" / "definitions.hpp"),
             listed_io = includes(root / "io" / "definitions.hpp");
  const std::regex over_type_or_device(R"((^|\n)template <class (T|Device)\b)");
  std::int64_t count = 0;
  for (const std::string& header : definitions()) {
    if (!above.count(room(header)) || !std::regex_search(read(root.parent_path() / header), over_type_or_device))
      continue;
    INFO(header << " has to be included by brindle/" << (room(header) == "io" ? "io" : "compiled")
                << "/definitions.hpp");
    CHECK(lists(room(header) == "io" ? listed_io : listed, header));
    ++count;
  }
  CHECK(count > 30);
}

TEST_CASE("what the library holds of a room's templates is instantiated, and extern where the definitions are seen",
          "[structure][compiled]") {
  for (const std::string& name : rooms()) {
    const std::string list = "brindle/" + name + "/instantiations.inc";
    if (!fs::exists(root.parent_path() / list)) continue;
    INFO(list);
    CHECK(lists(includes(root / "compiled" / (name + ".hpp")), list));
    if (name == "image" || name == "data") continue;  // for float and double: there is nothing else to define
    const fs::path where = name == "io" ? root / "io" / "definitions.hpp" : root / "compiled" / "definitions.hpp";
    CHECK(lists(includes(where), list));
  }
}

TEST_CASE("the library makes every layer, loss and optimizer", "[structure][compiled]") {
  const std::string held = read(root / "nn" / "instantiations.inc");
  const std::regex make(R"(std::unique_ptr<(Layer|Loss|Optimizer)<T, Device>> make\(\) const;)"),
      described(R"(\nstruct (\w+) \{)");
  std::int64_t count = 0;
  for (const auto& file : fs::directory_iterator(root / "nn")) {
    const std::string text = read(file.path());
    std::smatch kind;
    if (!std::regex_search(text, kind, make)) continue;
    std::string name;  // of the last struct before it
    const std::string before = kind.prefix();
    for (std::sregex_iterator i(before.begin(), before.end(), described), end; i != end; ++i) name = (*i)[1];
    INFO(name << "::make() has to have its line in brindle/nn/instantiations.inc");
    CHECK(held.find("template std::unique_ptr<" + kind[1].str() + "<float, Cpu>> " + name + "::make() const;") !=
          std::string::npos);
    ++count;
  }
  CHECK(count > 10);
}
