// SPDX-License-Identifier: MIT
// Before experiment 1: 5,000 photos out of Kaggle's 25,000, in three folders.
//
// The data set "Dogs vs. Cats" (https://www.kaggle.com/c/dogs-vs-cats, train.zip) has 12,500 photos of each, named
// cat.0.jpg to cat.12499.jpg and dog.0.jpg to dog.12499.jpg in one folder. A small part of them is enough to see what a
// small network can do, and how transfer learning does more with the same photos. Each class is shuffled by the seed
// and dealt out: the first 1,500 to train with, the next 500 to validate with, the next 500 to test with, none twice.
//
//     prepare_data --from train --out cats-vs-dogs           then: baseline --data cats-vs-dogs
//     prepare_data --smoke --out out/tiny                    draws a tiny folder in Kaggle's form and prepares that
//
// It prints how many photos of each class went where:
//     Cat datasets: (1500,) (500,) (500,)
//     Dog datasets: (1500,) (500,) (500,)
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/random.hpp"
#include "command_line.hpp"
#include "drawn_pets.hpp"

namespace fs = std::filesystem;
using brindle::DataError;
using brindle::FileError;

namespace {

struct Part {
  const char* folder;
  std::int64_t count;  // of each class
};

/// cat.0.jpg, cat.1.jpg, ... in the order of their numbers: what is picked must not depend on how a disk lists them.
std::vector<fs::path> photos_of(const std::string& kind, const fs::path& folder) {
  std::vector<std::pair<std::int64_t, fs::path>> numbered;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::string start = kind + ".", end = ".jpg";
    if (name.size() <= start.size() + end.size() || !name.starts_with(start) || !name.ends_with(end)) continue;
    const std::string number = name.substr(start.size(), name.size() - start.size() - end.size());
    if (number.size() > 9 || number.find_first_not_of("0123456789") != std::string::npos) continue;
    numbered.emplace_back(std::stoll(number), entry.path());
  }
  std::sort(numbered.begin(), numbered.end());
  std::vector<fs::path> photos;
  for (auto& [number, path] : numbered) photos.push_back(std::move(path));
  return photos;
}

/// Deals the photos of one class out to the parts.
void deal(const std::string& kind, const std::vector<fs::path>& photos, const std::vector<Part>& parts,
          const fs::path& out, std::uint64_t seed) {
  const auto order = brindle::permutation(static_cast<std::int64_t>(photos.size()),
                                          {.seed = seed, .what = brindle::stream_id("prepare_data", kind)});
  std::size_t next = 0;
  for (const Part& part : parts)
    for (std::int64_t i = 0; i < part.count; ++i) {
      const fs::path& photo = photos[static_cast<std::size_t>(order[next++])];
      fs::copy_file(photo, out / part.folder / photo.filename(), fs::copy_options::overwrite_existing);
    }
}

void prepare(const fs::path& from, const fs::path& out, const std::vector<Part>& parts, std::uint64_t seed,
             bool force) {
  if (!fs::is_directory(from))
    throw FileError(from.string() + ": no such folder; give Kaggle's folder of 25,000 photos with --from");

  // Everything is checked before the first file is written.
  std::int64_t needed = 0;
  for (const Part& part : parts) needed += part.count;
  const std::vector<fs::path> cats = photos_of("cat", from), dogs = photos_of("dog", from);
  for (const auto& [kind, photos] : {std::pair{"cat", &cats}, {"dog", &dogs}})
    if (static_cast<std::int64_t>(photos->size()) < needed)
      throw DataError(from.string() + ": has " + std::to_string(photos->size()) + " photos named " + kind +
                      ".N.jpg, but " + std::to_string(needed) +
                      " are needed; ask for fewer with --training, --validation and --test");
  for (const Part& part : parts) {
    const fs::path folder = out / part.folder;
    if (!fs::exists(folder)) continue;
    if (fs::equivalent(folder, from))
      throw FileError(folder.string() + ": is the folder that the photos come from; choose another one with --out");
    if (!fs::is_directory(folder)) throw FileError(folder.string() + ": is a file; choose another folder with --out");
    if (fs::is_empty(folder)) continue;
    if (!force)
      throw FileError(folder.string() + ": is not empty; choose another folder with --out, or replace it with --force");
  }

  for (const Part& part : parts) {
    fs::remove_all(out / part.folder);
    fs::create_directories(out / part.folder);
  }
  deal("cat", cats, parts, out, seed);
  deal("dog", dogs, parts, out, seed);

  // Counted again from the folders, so that the lines say what is there.
  for (const auto& [name, kind] : {std::pair{"Cat", "cat"}, {"Dog", "dog"}}) {
    std::printf("%s datasets:", name);
    for (const Part& part : parts) std::printf(" (%zu,)", photos_of(kind, out / part.folder).size());
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  example::CommandLine line{
      "brindle example: prepare_data. Picks photos from Kaggle's \"Dogs vs. Cats\" for the experiments."};
  fs::path from, out = "cats-vs-dogs";
  std::int64_t training = 1500, validation = 500, test = 500;
  std::uint64_t seed = 42;
  bool force = false, smoke = false;
  line.add("--from", from, "folder with cat.0.jpg .. and dog.0.jpg ..");
  line.add("--out", out, "folder that gets training_data/, validation_data/ and test_data/").show_default();
  line.add("--training", training, "photos of each class to train with").positive().show_default();
  line.add("--validation", validation, "to validate with").not_negative().show_default();
  line.add("--test", test, "to test with").not_negative().show_default();
  line.add("--seed", seed, "of the pick").show_default();
  line.flag("--force", force, "replace what is in the three folders");
  line.flag("--smoke", smoke, "draw 24 small pictures in Kaggle's form and prepare those");
  if (const auto code = line.parse(argc, argv)) return *code;

  try {
    if (smoke) {
      std::printf("--smoke: drawing 12 cats and 12 dogs in place of Kaggle's photos.\n");
      from = out / "kaggle";
      fs::remove_all(from);
      brindle::example_pets::draw_pets(from, 12, seed, 64);
      training = 6, validation = 3, test = 3;
      force = true;
    }
    if (from.empty())
      throw FileError(
          "--from is missing: it names Kaggle's folder of 25,000 photos (train.zip of "
          "https://www.kaggle.com/c/dogs-vs-cats); --smoke runs without them");
    prepare(from, out, {{"training_data", training}, {"validation_data", validation}, {"test_data", test}}, seed,
            force);
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "prepare_data: %s\n", e.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
