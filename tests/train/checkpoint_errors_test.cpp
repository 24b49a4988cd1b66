// SPDX-License-Identifier: MIT
// Checkpoints that are damaged, of another run or cannot be written.
#include <brindle/core/file.hpp>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/augmented.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "brindle/train/trainer.hpp"
#include "support/checkpointed_run.hpp"
#include "support/file_content.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

void flip_bit(const std::filesystem::path& path, std::size_t at) {
  std::string bytes = content(path);
  bytes.at(at) = static_cast<char>(bytes[at] ^ 4);
  replace_file(path, bytes);
}

/// What a run goes on with; each thing in turn is another one's.
struct Changes {
  std::uint64_t pictures = 5, holdout = 6, augmentation = 1;
  std::int64_t holdout_label = 0;  // of its first picture
  double rotation = 20, factor = 0.5;
  std::vector<std::string> class_names = {"cat", "dog"};
  std::optional<PictureInput> input = {};
};

data::Pictures pictures_of(const Changes& c, std::int64_t n, std::uint64_t seed, std::int64_t label = 0) {
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>({n, 6, 6, 3});
  for (std::int64_t i = 0; i < parts.pixels.size(); ++i)
    parts.pixels[i] = static_cast<std::uint8_t>(Random{seed, 1, 2}.below(static_cast<std::uint64_t>(i), 256));
  for (std::int64_t i = 0; i < n; ++i) parts.classes.push_back((i + label) % 2);
  parts.class_names = c.class_names;
  parts.input = c.input;
  return data::Pictures(std::move(parts));
}

/// Empty: it trained.
std::string run_with(const Changes& c, const std::filesystem::path& path, std::int64_t epochs) {
  const data::Pictures pictures = pictures_of(c, 100, c.pictures),
                       holdout = pictures_of(c, 9, c.holdout, c.holdout_label);
  const data::Augmented augmented(pictures, {.rotation = c.rotation}, {.seed = c.augmentation});
  Sequential<float> model{{6, 6, 3}, Flatten{}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  try {
    trainer.fit(augmented, {.batch = 50,
                            .epochs = epochs,
                            .validation = holdout,
                            .callbacks = {step_decay({.every = 1, .factor = c.factor})},
                            .checkpoint = checkpoint(path, {.resume = epochs > 1})});
  } catch (const ValueError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a damaged checkpoint is named and the one before is used", "[train][checkpoint][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.checkpoint";
  CheckpointedRun whole({.epochs = 3});
  const std::string expected = whole.outcome(whole.fit(checkpoint(path)));
  const std::string good = content(path);

  const auto resume = [&](std::vector<std::string>& lines) {
    CheckpointedRun run({.epochs = 3});
    return run.outcome(
        run.fit(checkpoint(path, {.resume = true, .tell = [&](const std::string& l) { lines.push_back(l); }})));
  };
  SECTION("a flipped bit anywhere") {
    for (const std::size_t at : {std::size_t{9}, std::size_t{300}, good.size() / 2, good.size() - 1}) {
      std::vector<std::string> lines;
      flip_bit(path, at);
      const std::string damaged = content(path);
      CHECK(resume(lines) == expected);
      CHECK(content(path.string() + ".damaged") == damaged);
      REQUIRE(lines.size() == 2);
      CHECK_THAT(lines[0], StartsWith(path.string()) && Contains("going on from the one before"));
      CHECK_THAT(lines[1], Contains(previous_file(path).string()) && Contains("epoch 2 of 3"));
    }
  }
  SECTION("cut short") {
    replace_file(path, good.substr(0, good.size() - 1));
    std::vector<std::string> lines;
    CHECK(resume(lines) == expected);
  }
  SECTION("gone") {
    std::filesystem::remove(path);
    std::vector<std::string> lines;
    CHECK(resume(lines) == expected);
  }
  SECTION("both damaged") {
    flip_bit(path, good.size() - 1);
    flip_bit(previous_file(path), content(previous_file(path)).size() - 1);
    std::vector<std::string> lines;
    CHECK_THROWS_WITH(resume(lines), Contains("damaged"));
  }
}

TEST_CASE("a full disk ends fit with a clear error, and the run goes on from the checkpoint before",
          "[train][checkpoint][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.checkpoint";
  CheckpointedRun whole({.epochs = 3});
  const std::string expected = whole.outcome(whole.fit({}));
  std::string before;
  {
    CheckpointedRun run({.epochs = 3});
    std::optional<FileSizeLimit> full;
    Callback fill;
    fill.epoch = [&](FitState& s) {
      if (s.epoch != 2) return;
      before = content(path);
      full.emplace(4096);
    };
    CHECK_THROWS_WITH(run.fit(checkpoint(path), {fill}),
                      StartsWith(path.string() + ": cannot be written") && Contains("bytes"));
  }
  CHECK(content(path) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  CheckpointedRun run({.epochs = 3});
  CHECK(run.outcome(run.fit(checkpoint(path, {.resume = true}))) == expected);
}

TEST_CASE("a checkpoint of another run is refused with what differs", "[train][checkpoint][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.checkpoint";
  CheckpointedRun first({.epochs = 1});
  first.fit(checkpoint(path));
  const auto refused = [&](const RunSettings& settings) {
    CheckpointedRun run(settings);
    const float before = run.model().layers()[3]->parameters()[0].value[0];
    std::string message = "accepted";
    try {
      run.fit(checkpoint(path, {.resume = true}));
    } catch (const ValueError& e) {
      message = e.what();
    }
    CHECK(run.model().layers()[3]->parameters()[0].value[0] == before);
    CHECK(run.trainer().steps() == 0);
    return message;
  };
  CHECK_THAT(refused({.batch = 8}), StartsWith(path.string()) && Contains("its batch is 7, here it is 8"));
  CHECK_THAT(refused({.seed = 4}), Contains("its seed is 3, here it is 4"));
  CHECK_THAT(refused({.samples = 42}), Contains("number of samples is 39, here it is 42"));
  CHECK_THAT(refused({.steps_per_epoch = 3}), Contains("number of steps an epoch is 6, here it is 3"));
  CHECK_THAT(refused({.units = 17}), Contains("layer 4") && Contains("units 16") && Contains("units 17"));

  CheckpointedRun other({.epochs = 1});
  other.model().layers()[0]->trainable = false;
  CHECK_THROWS_WITH(other.fit(checkpoint(path, {.resume = true})), Contains("layer 1") && Contains("frozen"));
  CheckpointedRun more({.epochs = 1});
  CHECK_THROWS_WITH(more.fit(checkpoint(path, {.resume = true}), {early_stopping({.patience = 3})}),
                    Contains("callback 5/early_stopping is (none), here it is val_loss, patience 3"));
  // All differences at once.
  CHECK_THAT(
      refused({.batch = 8, .seed = 4, .units = 17}),
      Contains("its batch is 7, here it is 8") && Contains("its seed is 3, here it is 4") && Contains("units 17") &&
          Contains("its augmentation is rotation 30, zoom 0.8 to 1.2, flip_horizontal, seed 3, here it is rotation "
                   "30, zoom 0.8 to 1.2, flip_horizontal, seed 4"));
  std::string later = content(path);
  const std::string version = R"("brindle_checkpoint":"2")";
  REQUIRE(later.find(version) != std::string::npos);
  replace_file(path, later.replace(later.find(version), version.size(), R"("brindle_checkpoint":"3")"));
  CheckpointedRun older({.epochs = 1});
  CHECK_THROWS_WITH(older.fit(checkpoint(path, {.resume = true})),
                    Contains("is of version 3 of the format, this library reads 2"));
  io::save_model(first.model(), path);
  std::filesystem::remove(previous_file(path));
  CheckpointedRun none({.epochs = 1});
  CHECK_THROWS_WITH(none.fit(checkpoint(path, {.resume = true})), Contains("is no checkpoint"));
}

TEST_CASE("a run goes on with its own photos, augmentation, classes and schedules only",
          "[train][checkpoint][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.checkpoint";
  REQUIRE(run_with({}, path, 1).empty());
  CHECK_THAT(run_with({.pictures = 7}, path, 2), Contains("its checksum of the samples is"));
  CHECK_THAT(run_with({.holdout = 7}, path, 2), Contains("its validation's checksum of the samples is"));
  CHECK_THAT(run_with({.holdout_label = 1}, path, 2), Contains("its validation's checksum of the labels is"));
  CHECK_THAT(run_with({.augmentation = 2}, path, 2),
             Contains("its augmentation is rotation 20, seed 1, here it is rotation 20, seed 2"));
  CHECK_THAT(run_with({.rotation = 25}, path, 2), Contains("here it is rotation 25, seed 1"));
  CHECK_THAT(run_with({.factor = 0.25}, path, 2),
             Contains("its callback 1/step_decay is every 1, factor 0.5, here it is every 1, factor 0.25"));
  CHECK_THAT(run_with({.class_names = {"dog", "cat"}}, path, 2), Contains("its list of classes is \"cat\", \"dog\""));
  CHECK_THAT(run_with({.input = PictureInput{.size = {6, 6}}}, path, 2), Contains("its picture input is not known"));
  CHECK_THAT(run_with({.pictures = 7, .augmentation = 2, .factor = 0.25}, path, 2),
             Contains("samples") && Contains("augmentation") && Contains("step_decay"));
  CHECK(run_with({}, path, 2).empty());
}

TEST_CASE("a checkpoint that cannot be written is found before the first step", "[train][checkpoint][errors]") {
  const TemporaryFolder folder;
  CheckpointedRun run({.epochs = 1});
  CHECK_THROWS_AS(run.fit(checkpoint(folder / "none" / "run.checkpoint")), FileError);
  CHECK_THROWS_AS(run.fit(checkpoint(folder / std::string(256, 'x'))), FileError);
  CHECK(run.trainer().steps() == 0);
  CHECK_NOTHROW(run.fit(checkpoint(folder / std::string(255, 'x'))));
}
