// SPDX-License-Identifier: MIT
// Runs a training again and tells whether it gives the same bits.
//
//     verify --run pets.run.json                            as `train` wrote it beside the model
//     verify --run pets.run.json --data elsewhere/pets      where the pictures lie somewhere else now
//     verify --smoke --out out/verify                       trains on three classes that it draws, then verifies that
//
// First it compares the pictures and the base's weights with what the manifest says of them, byte by byte (SHA-256),
// and names what is missing, changed or added; then version, compiler and instruction set, which may change bits. Then
// `train`, the program beside this one, does the same again, into a folder of its own, and the histories and weights
// are compared. The number of threads changes nothing. Exit code 0: the same bits; 1: something differs, and what
// differs first is said.
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/run_manifest.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "run_program.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

/// The value of an option in a list of arguments, "--data x" or "--data=x"; set: what it becomes, or is added as.
void set_option(std::vector<std::string>& arguments, const std::string& name, const std::string& value) {
  for (std::size_t i = 0; i < arguments.size();) {
    const bool alone = arguments[i] == name;
    if (alone || arguments[i].starts_with(name + "="))
      arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i),
                      arguments.begin() + static_cast<std::ptrdiff_t>(std::min(i + (alone ? 2 : 1), arguments.size())));
    else
      ++i;
  }
  if (value.empty()) return;
  arguments.push_back(name);
  arguments.push_back(value);
}

/// Where `train` is unless the command line says so: beside this program, whose name ends as that of this one.
fs::path beside(const fs::path& self) {
  fs::path train = self.parent_path() / "train";
#ifdef _WIN32
  train += ".exe";
#endif
  return train;
}

/// Whether pictures and files are those of the run; says what is not.
bool same_data(const io::RunManifest& run, const fs::path& data, const fs::path& validation, const fs::path& weights) {
  bool same = true;
  for (const io::RecordedFolder& recorded : run.folders) {
    const fs::path& moved = recorded.name == "data" ? data : validation;
    const fs::path folder = moved.empty() ? fs::path(run.folder) / recorded.contents.folder : moved;
    // Of a second folder the classes are those of the first, as for train.
    const bool first = &recorded == &run.folders.front();
    const std::vector<std::string> classes =
        first ? std::vector<std::string>{} : run.folders.front().contents.class_names;
    const data::FolderDifference d = data::difference(recorded.contents, data::folder_contents(folder, classes));
    same = same && d.none();
    if (d.none())
      std::printf("%s: the same %zu files\n", folder.string().c_str(), recorded.contents.files.size());
    else
      std::printf("%s: other pictures than those of the run: %s\n", folder.string().c_str(), d.text().c_str());
  }
  for (const io::RecordedFile& recorded : run.files) {
    const fs::path path = weights.empty() ? fs::path(run.folder) / recorded.contents.path : weights;
    const bool equal = data::file_contents(path).sha256 == recorded.contents.sha256;
    same = same && equal;
    std::printf("%s: %s\n", path.string().c_str(), equal ? "the same file" : "another file than that of the run");
  }
  return same;
}

}  // namespace

int main(int argc, char** argv) {
  fs::path run_path, data, validation, weights, out = "verified", train = beside(argv[0]);
  int threads = 0;
  bool smoke = false;
  example::CommandLine line{"runs a training again and tells whether it gives the same bits"};
  line.add("--run", run_path, "the manifest that train wrote, MODEL.run.json");
  line.add("--data", data, "where the pictures of --data are now, if they were moved");
  line.add("--validation", validation, "where those of --validation are now");
  line.add("--weights", weights, "where the base's weights are now");
  line.add("--threads", threads, "of the processor; 0: all cores; changes no bit").show_default();
  line.add("--train", train, "the program train").show_default();
  line.add("--out", out, "folder for the model of the second run").show_default();
  line.flag("--smoke", smoke, "a short run first, to see that it runs");
  if (const auto code = line.parse(argc, argv)) return *code;

  try {
    train = fs::absolute(train);
    if (!fs::exists(train))
      detail::raise<FileError>(train.string() + ": is missing; say where the program train is with --train");
    out = fs::absolute(out);
    fs::create_directories(out);
    if (smoke) {
      run_path = out / "smoke.run.json";
      if (const int code = example::run_program(
              train, {"--smoke", "--threads", "1", "--out", (out / "smoke.safetensors").string()}, out))
        return code;
    }
    if (run_path.empty()) detail::raise<ValueError>("name the manifest of a run: verify --run MODEL.run.json");
    const io::RunManifest recorded = io::read_run_manifest(run_path);
    if (recorded.program != "train")
      detail::raise<ValueError>(run_path.string() + ": is of the program " + recorded.program +
                                ", and this one runs train");
    if (!same_data(recorded, data, validation, weights)) return EXIT_FAILURE;
    const std::vector<std::string> surroundings = io::different_surroundings(recorded, io::run_manifest("train", {}));
    for (const std::string& text : surroundings) std::printf("other bits may come of it: %s\n", text.c_str());

    std::vector<std::string> arguments = recorded.arguments;
    for (const auto& [name, path] : {std::pair("--data", data), {"--validation", validation}, {"--weights", weights}})
      if (!path.empty()) set_option(arguments, name, fs::absolute(path).string());
    set_option(arguments, "--onnx", "");
    set_option(arguments, "--threads", threads > 0 ? std::to_string(threads) : "");
    set_option(arguments, "--out", (out / "again.safetensors").string());
    if (const int code = example::run_program(train, arguments,
                                              fs::is_directory(recorded.folder) ? fs::path(recorded.folder) : out)) {
      std::printf("train ended with exit code %d: nothing to compare\n", code);
      return EXIT_FAILURE;
    }
    const io::RunManifest again = io::read_run_manifest(out / "again.run.json");
    const std::string different = io::first_difference(recorded, again);
    if (different.empty()) {
      std::printf("\nthe same bits: %zu %s, %zu parameters\n", again.stages.size(),
                  again.stages.size() == 1 ? "stage" : "stages", again.weights.size());
      return EXIT_SUCCESS;
    }
    std::printf("\nnot the same bits. What differs first: %s\n",
                (surroundings.empty() ? different : surroundings.front() + "; in the results: " + different).c_str());
    return EXIT_FAILURE;
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "verify: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
