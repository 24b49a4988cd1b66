// SPDX-License-Identifier: MIT
#pragma once

// The command line of a program: its options, its --help, and what is wrong with what was typed. The library that reads
// it is compiled once, in command_line.cpp.
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace example {

/// What the value of an option may be, said where the option is added: add(...).one_of({"small", "vgg16"}).
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option& show_default();  ///< --help says what the value is without the option
  Option& one_of(const std::vector<std::string>& values);
  Option& between(int least, int most);
  Option& positive();
  Option& not_negative();

 private:
  CLI::Option* option_;
};

/// The options of a program, in the order of its --help.
///
///     CommandLine line{"says what is on photos"};
///     line.add("--model", model, "a saved model, .safetensors");
///     if (const auto code = line.parse(argc, argv)) return *code;
class CommandLine {
 public:
  explicit CommandLine(const std::string& description);
  ~CommandLine();

  /// An option whose value goes into `value`, which must stay; "--name", or "name" for what stands without one. T is
  /// int, std::int64_t, std::uint64_t, double, std::string, std::filesystem::path or a vector of paths.
  template <class T>
  Option add(const std::string& name, T& value, const std::string& meaning);

  /// An option without a value: "--name" makes it true, "!--name" makes it false.
  void flag(const std::string& name, bool& value, const std::string& meaning);

  /// Reads what was typed. The exit code if the program is to end: 0 after --help, another one after a mistake, which
  /// it prints.
  std::optional<int> parse(int argc, char** argv);

  bool given(const std::string& name) const;  ///< whether this option was typed

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace example
