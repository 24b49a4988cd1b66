// SPDX-License-Identifier: MIT
#include "brindle/train/shared_image_folder.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "brindle/data/folder_stream.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/trainer.hpp"
#include "support/from_all.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// Eleven small pictures of two classes.
void write_pictures(const fs::path& folder) {
  for (std::size_t i = 0; i < 11; ++i) {
    image::Picture p(6, 5, 3);
    for (std::size_t k = 0; k < p.pixels.size(); ++k) p.pixels[k] = static_cast<std::uint8_t>(20 * i + k % 7);
    image::write_png(folder / ((i % 3 == 0 ? "dog." : "cat.") + std::to_string(i) + ".png"), p);
  }
}

std::string text_of(const data::Pictures& pictures) {
  std::string text = pictures.fingerprint(Cpu{1}) + to_string(pictures.pixels().shape);
  for (std::int64_t i = 0; i < pictures.size(); ++i)
    text += pictures.describe(i) + std::to_string(pictures.labels().data[i]);
  for (const data::SkippedFile& file : pictures.skipped()) text += file.path + ": " + file.reason;
  return text;
}

/// The one message with which all processes end.
template <class Work>
std::string failed(int processes, const Work& work) {
  std::set<std::string> messages;
  for (const auto& error : run_group(processes, work)) {
    if (!error) return "no error in one of them";
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      messages.insert(e.what());
    }
  }
  return messages.size() == 1 ? *messages.begin() : "several messages";
}

const data::ImageFolderOptions small{.size = {4, 4}}, skipping{.size = {4, 4}, .on_bad_file = data::BadFile::skip};

}  // namespace

TEST_CASE("a folder that processes share is that of one process, with what was left out", "[train][group]") {
  const TemporaryFolder folder;
  write_pictures(folder.path());
  for (const bool broken : {false, true}) {
    if (broken)
      for (const char* name : {"cat.1.png", "dog.9.png"}) std::ofstream(folder / name) << "no picture";
    const std::string alone = text_of(data::image_folder(folder.path(), skipping, Cpu{1}));
    CHECK(text_of(shared_image_folder(nullptr, folder.path(), skipping, Cpu{1})) == alone);
    for (const int processes : {2, 4, 16})  // more than pictures, too
      CHECK(from_all(processes, [&](const Group& group) {
              return text_of(shared_image_folder(group, folder.path(), skipping, Cpu{1}));
            }) == alone);
  }
}

TEST_CASE("each process decodes its share of a folder", "[train][group]") {
  const TemporaryFolder folder;
  write_pictures(folder.path());
  for (const auto& file : fs::directory_iterator(folder.path()))  // a cache keeps none that has just been written
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  const TemporaryFolder caches;
  for (const auto& error : run_group(4, [&](const Group& group) {
         data::ImageFolderOptions own = small;
         own.cache = caches / std::to_string(group->rank());
         shared_image_folder(group, folder.path(), own, Cpu{1});
       }))
    CHECK(!error);
  std::vector<std::ptrdiff_t> decoded;
  for (int rank = 0; rank < 4; ++rank) {
    const fs::recursive_directory_iterator files(caches / std::to_string(rank));
    decoded.push_back(std::count_if(begin(files), end(files), [](const auto& e) { return e.is_regular_file(); }));
  }
  CHECK(decoded == std::vector<std::ptrdiff_t>{2, 3, 3, 3});
}

TEST_CASE("a picture that cannot be read is named once by processes that share a folder", "[train][group]") {
  const TemporaryFolder folder;
  write_pictures(folder.path());
  std::ofstream(folder / "dog.9.png") << "no picture";
  const std::string message =
      failed(4, [&](const Group& group) { shared_image_folder(group, folder.path(), small, Cpu{1}); });
  CHECK_THAT(message, Contains("1 of 11 pictures cannot be read") && Contains("dog.9.png") && !Contains("[rank"));
  CHECK(message.find("dog.9.png") == message.rfind("dog.9.png"));
}

TEST_CASE("processes that find other folders under a path, or none, are told so", "[train][group]") {
  const TemporaryFolder folder, other;
  write_pictures(folder.path());
  write_pictures(other.path());
  fs::remove(other / "cat.1.png");
  const auto reads = [&](const fs::path& path) {
    return failed(2, [&](const Group& group) {
      shared_image_folder(group, group->rank() == 1 ? path : folder.path(), small, Cpu{1});
    });
  };
  CHECK_THAT(reads(folder / "nowhere"), Contains("nowhere") && Contains("[rank 1 of 2]"));
  CHECK_THAT(reads(other.path()), Contains("other files are here than in rank 0: 10 pictures of 2 classes") &&
                                      Contains("there 11 pictures") && Contains("[rank 1 of 2]"));
  fs::rename(other / "cat.2.png", other / "cat.1.png");
  write_pictures(other.path());
  fs::rename(other / "cat.1.png", other / "cat.77.png");
  CHECK_THAT(reads(other.path()), Contains("11 pictures of 2 classes, (4, 4, 3), checksum of their names"));
  fs::remove(other / "cat.77.png");
  write_pictures(other.path());
  image::write_png(other / "cat.2.png", image::Picture(9, 9, 3));  // another photo of the same name
  CHECK_THAT(reads(other.path()), Contains("checksum of their names and sizes"));
}

TEST_CASE("processes that stream a folder train to the bits of one that has it in memory", "[train][group]") {
  const TemporaryFolder folder;
  write_pictures(folder.path());
  const auto trained = [](const Group& group, const data::Source& photos) {
    Sequential<float> model{Cpu{1}, {4, 4, 3}, Conv2D{4, 3, relu}, Flatten{}, Dense{1, sigmoid}};
    model.initialize(5);
    Trainer trainer{model, Adam{.learning_rate = 0.01}, BinaryCrossentropy{}, {.seed = 2, .leaves = 4, .group = group}};
    const History h = trainer.fit(photos, {.batch = 6, .epochs = 3, .validation = photos});
    return detail::weights_checksum(model) + " " + std::to_string(h.val_loss.back());
  };
  const std::string alone = trained(nullptr, data::image_folder(folder.path(), small, Cpu{1}));
  for (const int processes : {1, 2, 4})
    CHECK(from_all(processes, [&](const Group& group) {
            return trained(group, data::FolderStream(folder.path(), small, Cpu{1}));
          }) == alone);
  std::ofstream(folder / "dog.9.png") << "no picture";
  const std::string message =
      failed(2, [&](const Group& group) { trained(group, data::FolderStream(folder.path(), small, Cpu{1})); });
  CHECK_THAT(message, Contains("dog.9.png"));
  CHECK(message.find("dog.9.png") == message.rfind("dog.9.png"));
}
