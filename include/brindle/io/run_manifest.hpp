// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/data/folder_contents.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

/// A folder that a run read its pictures from.
struct RecordedFolder {
  std::string name;               ///< what for: "data"
  data::FolderContents contents;  ///< its pictures
};

/// A file that a run began with.
struct RecordedFile {
  std::string name;             ///< what for: "weights"
  data::FileContents contents;  ///< path, length and hash
};

/// What was measured in each epoch of a part of a run.
struct RecordedFigure {
  std::string name;                 ///< "loss"
  std::vector<double> values = {};  ///< one an epoch, exact
};

/// A part of a run: what one call of fit() gave.
struct RecordedStage {
  std::string name;                          ///< "Head"
  std::vector<RecordedFigure> figures = {};  ///< but for times
};

/// A parameter of the model, named by its bits.
struct RecordedParameter {
  std::string layer;        ///< its name
  std::string parameter;    ///< "kernel"
  std::string sha256 = {};  ///< of its values, as files hold them, the lowest byte of each first

  friend bool operator==(const RecordedParameter&, const RecordedParameter&) = default;  ///< the same bits
};

/// What went into a run and what came out of it, bit for bit, so that somebody else can run it again and compare.
///
///     io::RunManifest run = io::run_manifest("train", arguments);
///     run.folders.push_back({"data", data::folder_contents("pets")});
///     ... train ...
///     run.weights = io::recorded_weights(model);
///     io::write_run_manifest(run, "pets.run.json");
///
/// A checkpoint asks another question: whether one fit() may go on; it compares the settings of that (docs/
/// reliability.md).
struct RunManifest {
  std::string program;                          ///< "train"
  std::vector<std::string> arguments = {};      ///< that it was started with
  std::string folder = {};                      ///< that it was started in
  std::string version = {};                     ///< of the library
  std::string compiler = {};                    ///< with its version
  std::string instruction_set = {};             ///< of the kernels, see ops::cpu_isa()
  std::vector<RecordedFolder> folders = {};     ///< of pictures
  std::vector<RecordedFile> files = {};         ///< that it began with
  std::vector<RecordedStage> stages = {};       ///< in their order
  std::vector<RecordedParameter> weights = {};  ///< of the model that was written
};

/// A manifest with what is known when a program starts: its name and arguments, where it runs, version, compiler,
/// instruction set. The number of threads is no part of it: it changes no bit.
RunManifest run_manifest(const std::string& program, const std::vector<std::string>& arguments);

/// All parameters of a model by their bits.
template <class T, class Device>
std::vector<RecordedParameter> recorded_weights(const Model<T, Device>& model);

/// What of the surroundings is not the same, a sentence each: version, compiler, instruction set. Empty: nothing.
std::vector<std::string> different_surroundings(const RunManifest& recorded, const RunManifest& now);

/// What a run gave that another did not: the first figure that differs, of the first epoch that has one, or else the
/// first parameter. Empty: both have the same bits. recorded: what is said to be right.
std::string first_difference(const RunManifest& recorded, const RunManifest& replayed);

/// Writes it as JSON, whole or not at all. Throws FileError that begins with the path, ValueError for text that is not
/// UTF-8.
void write_run_manifest(const RunManifest& run, const std::filesystem::path& path);

/// Reads what write_run_manifest() wrote. Throws FileError that begins with the path: no such file, more than 256 MiB,
/// no manifest, a later version of it, something missing or of another kind.
RunManifest read_run_manifest(const std::filesystem::path& path);

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/run_manifest_inl.hpp"
#endif
