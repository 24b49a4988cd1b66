// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what run_manifest.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/sha256.hpp"
#include "brindle/core/version.hpp"
#include "brindle/io/bit_cast.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/parse_json.hpp"
#include "brindle/io/run_manifest.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/ops/cpu_simd.hpp"

namespace brindle::io::detail {

inline constexpr std::uint64_t most_manifest_bytes = std::uint64_t{256} << 20;

/// "g++ 12.2.0".
BRINDLE_INLINE std::string compiler_text() {
#if defined(__clang__)
  return "clang++ " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#elif defined(__GNUC__)
  return "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." +
         std::to_string(__GNUC_PATCHLEVEL__);
#else
  return "not known";
#endif
}

BRINDLE_INLINE std::string version_text() {
  return std::to_string(BRINDLE_VERSION_MAJOR) + "." + std::to_string(BRINDLE_VERSION_MINOR) + "." +
         std::to_string(BRINDLE_VERSION_PATCH);
}

BRINDLE_INLINE nlohmann::ordered_json json_of(const data::FileContents& file) {
  return {{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}};
}

template <class Json>
data::FileContents stored_file(const Json& json) {
  return {json.at("path").template get<std::string>(), whole_number<std::uint64_t>(json.at("bytes")),
          json.at("sha256").template get<std::string>()};
}

/// Numbers that are no finite ones, which JSON lacks, are null.
template <class Json>
std::vector<double> stored_values(const Json& json) {
  std::vector<double> values;
  for (const auto& value : json)
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.template get<double>());
  return values;
}

template <class Json>
RunManifest stored_manifest(const Json& json) {
  RunManifest run{.program = json.at("program").template get<std::string>(),
                  .arguments = json.at("arguments").template get<std::vector<std::string>>(),
                  .folder = json.at("folder").template get<std::string>(),
                  .version = json.at("version").template get<std::string>(),
                  .compiler = json.at("compiler").template get<std::string>(),
                  .instruction_set = json.at("instruction_set").template get<std::string>()};
  for (const auto& folder : json.at("folders")) {
    RecordedFolder read{folder.at("name").template get<std::string>(),
                        {.folder = folder.at("folder").template get<std::string>(),
                         .class_names = folder.at("classes").template get<std::vector<std::string>>()}};
    for (const auto& file : folder.at("files")) read.contents.files.push_back(stored_file(file));
    if (read.contents.sha256() != folder.at("sha256").template get<std::string>())
      brindle::detail::raise<ValueError>("the files of folder \"" + read.name + "\" do not have its SHA-256");
    run.folders.push_back(std::move(read));
  }
  for (const auto& file : json.at("files"))
    run.files.push_back({file.at("name").template get<std::string>(), stored_file(file)});
  for (const auto& stage : json.at("stages")) {
    RecordedStage read{stage.at("name").template get<std::string>()};
    for (const auto& figure : stage.at("figures"))
      read.figures.push_back({figure.at("name").template get<std::string>(), stored_values(figure.at("values"))});
    run.stages.push_back(std::move(read));
  }
  for (const auto& weights : json.at("weights"))
    run.weights.push_back({weights.at("layer").template get<std::string>(),
                           weights.at("parameter").template get<std::string>(),
                           weights.at("sha256").template get<std::string>()});
  return run;
}

/// Of two lists by name what the other lacks, in words; empty: nothing.
template <class List, class Name>
std::string different_names(const char* what, const List& recorded, const List& replayed, const Name& name) {
  for (std::size_t i = 0; i < std::max(recorded.size(), replayed.size()); ++i) {
    const std::string before = i < recorded.size() ? name(recorded[i]) : "",
                      now = i < replayed.size() ? name(replayed[i]) : "";
    if (before != now)
      return std::string(what) + " " + std::to_string(i + 1) + " is " + (now.empty() ? "missing" : now) +
             ", recorded was " + (before.empty() ? "none" : before);
  }
  return {};
}

/// Of two parts of a run of one name.
BRINDLE_INLINE std::string first_difference(const RecordedStage& recorded, const RecordedStage& replayed) {
  const auto name = [](const RecordedFigure& f) { return f.name; };
  const std::string who = "history of " + recorded.name;
  if (const std::string text = different_names("figure", recorded.figures, replayed.figures, name); !text.empty())
    return who + ": " + text;
  std::size_t epochs = 0;
  for (const auto* stage : {&recorded, &replayed})
    for (const RecordedFigure& f : stage->figures) epochs = std::max(epochs, f.values.size());
  for (std::size_t e = 0; e < epochs; ++e)
    for (std::size_t i = 0; i < recorded.figures.size(); ++i) {
      const std::vector<double>&before = recorded.figures[i].values, &now = replayed.figures[i].values;
      const std::string at = who + " at epoch " + std::to_string(e + 1) + ": " + recorded.figures[i].name + " is ";
      if (e >= before.size() && e >= now.size()) continue;
      if (e >= now.size()) return at + "missing, recorded was " + brindle::detail::number_text(before[e]);
      if (e >= before.size()) return at + brindle::detail::number_text(now[e]) + ", recorded were no more epochs";
      const bool both_nan = std::isnan(before[e]) && std::isnan(now[e]);
      if (!both_nan && bit_cast<std::uint64_t>(before[e]) != bit_cast<std::uint64_t>(now[e]))
        return at + brindle::detail::number_text(now[e]) + ", recorded was " + brindle::detail::number_text(before[e]);
    }
  return {};
}

}  // namespace brindle::io::detail

namespace brindle::io {

BRINDLE_INLINE RunManifest run_manifest(const std::string& program, const std::vector<std::string>& arguments) {
  std::error_code none;
  return {.program = program,
          .arguments = arguments,
          .folder = std::filesystem::current_path(none).string(),
          .version = detail::version_text(),
          .compiler = detail::compiler_text(),
          .instruction_set = ops::cpu_isa(Cpu(1)) + " (" + ops::cpu_simd() + ")"};
}

template <class T, class Device>
std::vector<RecordedParameter> recorded_weights(const Model<T, Device>& model) {
  std::vector<RecordedParameter> weights;
  for (const auto& pointer : model.layers()) {
    const Layer<T, Device>& layer = *pointer;  // to read alone
    for (const auto& p : layer.parameters()) {
      const brindle::detail::HostCopy<T, Device> values(p.value.view());
      Sha256 sum;
      brindle::detail::LittleEndianBytes numbers;
      sum.add(numbers.of(values.data(), static_cast<std::size_t>(p.value.bytes()), sizeof(T)));
      weights.push_back({layer.name, p.name, sum.text()});
    }
  }
  return weights;
}

BRINDLE_INLINE std::vector<std::string> different_surroundings(const RunManifest& recorded, const RunManifest& now) {
  std::vector<std::string> all;
  const auto add = [&](const char* what, const std::string& before, const std::string& is) {
    if (before != is) all.push_back(std::string("the ") + what + " is " + is + ", recorded was " + before);
  };
  add("version of brindle", recorded.version, now.version);
  add("compiler", recorded.compiler, now.compiler);
  add("instruction set", recorded.instruction_set, now.instruction_set);
  return all;
}

BRINDLE_INLINE std::string first_difference(const RunManifest& recorded, const RunManifest& replayed) {
  const auto stage_name = [](const RecordedStage& s) { return s.name; };
  const std::size_t stages = std::min(recorded.stages.size(), replayed.stages.size());
  for (std::size_t i = 0; i < stages && recorded.stages[i].name == replayed.stages[i].name; ++i)
    if (const std::string text = detail::first_difference(recorded.stages[i], replayed.stages[i]); !text.empty())
      return text;
  if (const std::string text = detail::different_names("stage", recorded.stages, replayed.stages, stage_name);
      !text.empty())
    return text;
  const auto of = [](const RecordedParameter& w) { return w.parameter + " of layer \"" + w.layer + "\""; };
  if (const std::string text = detail::different_names("parameter", recorded.weights, replayed.weights, of);
      !text.empty())
    return text;
  for (std::size_t i = 0; i < recorded.weights.size(); ++i)
    if (!(recorded.weights[i] == replayed.weights[i])) return "weights: " + of(recorded.weights[i]) + " has other bits";
  return {};
}

BRINDLE_INLINE void write_run_manifest(const RunManifest& run, const std::filesystem::path& path) {
  nlohmann::ordered_json json{{"brindle_run", 1},
                              {"program", run.program},
                              {"arguments", run.arguments},
                              {"folder", run.folder},
                              {"version", run.version},
                              {"compiler", run.compiler},
                              {"instruction_set", run.instruction_set}};
  for (const char* list : {"folders", "files", "stages", "weights"}) json[list] = nlohmann::ordered_json::array();
  for (const RecordedFolder& folder : run.folders) {
    json["folders"].push_back({{"name", folder.name},
                               {"folder", folder.contents.folder},
                               {"classes", folder.contents.class_names},
                               {"sha256", folder.contents.sha256()},
                               {"files", nlohmann::ordered_json::array()}});
    for (const data::FileContents& file : folder.contents.files)
      json["folders"].back()["files"].push_back(detail::json_of(file));
  }
  for (const RecordedFile& file : run.files) {
    json["files"].push_back({{"name", file.name}});
    json["files"].back().update(detail::json_of(file.contents));
  }
  for (const RecordedStage& stage : run.stages) {
    json["stages"].push_back({{"name", stage.name}, {"figures", nlohmann::ordered_json::array()}});
    for (const RecordedFigure& figure : stage.figures)
      json["stages"].back()["figures"].push_back({{"name", figure.name}, {"values", figure.values}});
  }
  for (const RecordedParameter& w : run.weights)
    json["weights"].push_back({{"layer", w.layer}, {"parameter", w.parameter}, {"sha256", w.sha256}});
  try {
    replace_file(path, json.dump(1) + "\n");
  } catch (const nlohmann::json::exception& e) {
    brindle::detail::raise<ValueError>("write_run_manifest: " + path.string() + ": " + e.what() +
                                       "; names of files and arguments are to be UTF-8");
  }
}

BRINDLE_INLINE RunManifest read_run_manifest(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path, detail::most_manifest_bytes);
  const auto fail = [&](const std::string& what) { brindle::detail::raise<FileError>(path.string() + ": " + what); };
  const auto json = detail::parse_json(std::string(bytes.begin(), bytes.end()));
  if (!json.is_object() || !json.contains("brindle_run"))
    fail("is no manifest of a run; train writes one beside the model, MODEL.run.json");
  try {
    const auto version = detail::whole_number<std::int64_t>(json.at("brindle_run"));
    if (version != 1)
      fail("is of version " + std::to_string(version) +
           " of manifests, this library reads version 1; update the library");
    return detail::stored_manifest(json);
  } catch (const nlohmann::json::exception& e) {
    fail(std::string("the manifest cannot be understood: ") + e.what());
  } catch (const ValueError& e) {
    fail(e.what());
  }
  return {};
}

}  // namespace brindle::io
