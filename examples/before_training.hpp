// SPDX-License-Identifier: MIT
#pragma once

// What `train` does before it learns: it looks at the pictures, says what it has chosen, with the reason of each choice
// and the option that sets it by hand, and what the run will take and give. For a Device the library's, Cpu or Cuda.
#include <algorithm>
#include <brindle/data/examined_folder.hpp>
#include <brindle/data/image_folder.hpp>
#include <brindle/data/pictures.hpp>
#include <brindle/io/features.hpp>
#include <brindle/nn/adam.hpp>
#include <brindle/nn/model.hpp>
#include <brindle/nn/sparse_categorical_crossentropy.hpp>
#include <brindle/report/data_check.hpp>
#include <brindle/report/number_text.hpp>
#include <brindle/report/progress_line.hpp>
#include <brindle/report/run_forecast.hpp>
#include <brindle/train/learning_rate_range.hpp>
#include <brindle/train/run_choices.hpp>
#include <brindle/train/training_cost.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bases.hpp"
#include "processes.hpp"

namespace example {

/// The pictures of a run.
struct PictureFolders {
  std::filesystem::path data, validation;  ///< validation: empty: a share of data
  double share = 0.2;
  std::uint64_t seed = 0;  ///< of the split
  std::int64_t side = 224;
  std::string aspect_ratio, decoder;
  std::filesystem::path cache = {};  ///< of reduced copies; empty: none
  brindle::Preprocessing preprocessing = brindle::Preprocessing::unit_rgb;
  int threads = 0;  ///< of each process; 0: all cores
};

/// The decoder of JPEG that is called so.
inline brindle::Decoder decoder_named(const std::string& name) {
  using brindle::Decoder;
  for (const Decoder decoder : {Decoder::libjpeg_turbo, Decoder::libjpeg_turbo_reduced})
    if (to_string(decoder) == name) return decoder;
  return Decoder::stb;
}

/// Training and validation pictures, the same classes in both. All processes call it.
inline std::pair<brindle::data::Pictures, brindle::data::Pictures> load_pictures(const PictureFolders& from,
                                                                                 Processes& processes) {
  const brindle::data::ImageFolderOptions how{.size = {from.side, from.side},
                                              .interpolation = brindle::image::Interpolation::bilinear,  // antialiased
                                              .aspect_ratio = from.aspect_ratio == "crop" ? brindle::AspectRatio::crop
                                                              : from.aspect_ratio == "pad"
                                                                  ? brindle::AspectRatio::pad
                                                                  : brindle::AspectRatio::stretch,
                                              .orientation = brindle::Orientation::exif,
                                              .preprocessing = from.preprocessing,
                                              .decoder = decoder_named(from.decoder),
                                              .on_bad_file = brindle::data::BadFile::skip,
                                              .cache = from.cache};
  const brindle::Cpu on(from.threads);
  const auto read = [&](const std::filesystem::path& folder, const brindle::data::ImageFolderOptions& as) {
    brindle::data::Pictures pictures = processes.image_folder(folder, as, on);
    if (const std::string lost = brindle::data::lost_text(pictures.skipped()); !lost.empty())
      std::fprintf(stderr, "%s\n", lost.c_str());  // to be seen in the first process alone
    return pictures;
  };
  brindle::data::Pictures all = read(from.data, how);
  if (from.validation.empty()) return all.split(from.share, from.seed);
  brindle::data::ImageFolderOptions same = how;
  same.classes = all.class_names();
  brindle::data::Pictures other = read(from.validation, same);
  return {std::move(all), std::move(other)};
}

/// Prints how many pictures of each class there are, with the weights that the classes have.
inline void describe(const char* what, const brindle::data::Pictures& pictures,
                     const std::map<std::int64_t, double>& weights) {
  std::printf("%s: %lld pictures\n", what, static_cast<long long>(pictures.size()));
  const auto counts = pictures.class_counts();
  for (std::size_t c = 0; c < counts.size(); ++c) {
    std::printf("  %6lld %s", static_cast<long long>(counts[c]), pictures.class_names()[c].c_str());
    const auto weight = weights.find(static_cast<std::int64_t>(c));
    if (weight != weights.end()) std::printf(", weight %.3f", weight->second);
    std::printf("\n");
  }
}

/// Looks for what would spoil the training, or make its accuracy look better than it is, and says where it is shown:
/// beside `out`, if it is not empty. How often labels of the training pictures were found.
inline brindle::report::CheckedAnswers check_pictures(const std::filesystem::path& out, std::uint64_t seed,
                                                      const brindle::data::Pictures& training,
                                                      const brindle::data::Pictures& validation,
                                                      const brindle::io::Features& seen,
                                                      const brindle::io::Features& unseen) {
  namespace report = brindle::report;
  std::vector<report::CheckedSet> sets;
  sets.push_back({"training", brindle::data::examine_pictures(training), seen.x.clone()});
  sets.push_back({"validation", brindle::data::examine_pictures(validation), unseen.x.clone()});
  const report::DataCheck found = report::check_data(sets, {.seed = seed});
  for (const std::string& text : found.classes) std::printf("%s\n", text.c_str());
  if (const std::int64_t twice = found.across_sets(); twice > 0)
    std::printf(
        "%lld photos stand in both sets, or nearly the same: the validation accuracy will look better than it is\n",
        static_cast<long long>(twice));
  if (found.findings.empty() || out.empty()) return found.answers.front();
  std::filesystem::path page = out, table = out;
  page.replace_extension(".check.html");
  table.replace_extension(".check.csv");
  report::data_check_page(found).write(page);
  report::data_check_csv(found, table);
  std::printf("pictures to look at (%s): %s\n", found.text().c_str(), page.string().c_str());
  return found.answers.front();
}

/// Where a learning rate comes from.
struct RateChoice {
  const char* of;      ///< "head"
  const char* option;  ///< that sets it
  double typed = 0;    ///< by the user; 0: not
  bool find = false;   ///< by a range test
  double usual = 1e-3;
  const char* why = "";  ///< the usual one
  std::int64_t batch = 32;
  std::uint64_t seed = 0;
  const std::map<std::int64_t, double>& weights;  ///< of the classes
};

/// Choices and expectations of a run, which are printed before it learns.
class Forecast {
 public:
  Forecast(Processes& processes, std::int64_t leaves) : processes_(processes), leaves_(leaves) {}

  /// Prints a choice.
  static void chosen(const std::string& what, const std::string& value, const std::string& reason,
                     const std::string& option) {
    std::printf("%s: %s (%s; %s sets it)\n", what.c_str(), value.c_str(), reason.c_str(), option.c_str());
  }

  /// The stages that were typed, or else those by the rule.
  static brindle::TrainingStages stages(const std::string& typed, const Base& base,
                                        const brindle::data::Pictures& training,
                                        const std::optional<brindle::AccuracyForecast>& expected) {
    if (!typed.empty()) return brindle::parse_training_stages(typed);
    brindle::StagesChoice choice =
        brindle::choose_stages(training.class_counts(), expected ? std::optional(expected->accuracy) : std::nullopt);
    if (base.hidden > 0 && choice.stages == brindle::TrainingStages::linear_head)
      choice = {brindle::TrainingStages::head, "a head with a hidden layer, as " + base.name + " has, is not linear"};
    chosen("stages", to_string(choice.stages), choice.reason, "--stages");
    return choice.stages;
  }

  /// The batch that was typed, or else the usual one, if training the model takes no more than so many MB with it.
  template <class Device>
  static std::int64_t batch(const brindle::Model<float, Device>& model, std::int64_t typed, std::int64_t samples,
                            std::int64_t megabytes) {
    if (typed > 0) return typed;
    const brindle::BatchChoice choice = brindle::choose_batch(
        samples, megabytes * 1000000, [&](std::int64_t b) { return brindle::training_bytes(model, b); });
    chosen("batch", std::to_string(choice.batch), choice.reason, "--batch or --memory");
    return choice.batch;
  }

  /// The learning rate of a stage with Adam.
  template <class Device>
  static double rate(brindle::Model<float, Device>& model, const brindle::data::Source& pictures, const RateChoice& c) {
    if (c.typed > 0) return c.typed;
    double value = c.usual;
    std::string reason = c.why;
    if (c.find) {
      const brindle::LearningRateRange range = brindle::learning_rate_range(
          model, brindle::Adam{}, brindle::SparseCategoricalCrossentropy{}, pictures,
          {.batch = std::min(c.batch, pictures.size()), .seed = c.seed, .class_weight = c.weights});
      reason = range.reason;
      if (range.rate > 0)
        value = range.rate;
      else
        reason += ", so the usual one";
    }
    char text[40];
    std::snprintf(text, sizeof text, "%.3g", value);
    chosen(std::string("learning rate of the ") + c.of, text, reason, c.option);
    return value;
  }

  /// Epochs of a stage, by steps that are measured on a model that stays as it is.
  template <class Device>
  void add_stage(const char* name, const brindle::data::Source& pictures, const brindle::data::Source& validation,
                 brindle::Model<float, Device>& model, std::int64_t batch, std::int64_t epochs) {
    const brindle::TrainingCost cost =
        brindle::training_cost(model, brindle::Adam{}, brindle::SparseCategoricalCrossentropy{}, pictures,
                               {.batch = std::min(batch, pictures.size()),
                                .validation = validation,
                                .leaves = leaves_,
                                .group = processes_.group(model.device())});
    add_seconds(cost.epoch_seconds() * static_cast<double>(epochs));
    steps_ += (steps_.empty() ? "" : ", ") + std::to_string(cost.measured) + " steps of the " + name +
              ", of which there are " + std::to_string(epochs * cost.steps) + " at most";
    std::string steps = "steps of the " + std::string(name);
    if (processes_.size() > 1) steps += " with 1/" + std::to_string(processes_.size()) + " of Adam's memory";
    add_memory(steps, cost.bytes, false);
  }

  /// A base, what it sees in so many pictures, and the check of that.
  template <class Device>
  void add_base(const brindle::Model<float, Device>& network, std::int64_t head_parameters, std::int64_t pictures,
                bool check) {
    const std::int64_t features = pictures * 4 * network.output_shape().size();
    add_memory("features", features, true);
    add_memory("weights", 4 * (network.parameter_count() + head_parameters) + network.prepared_bytes(), true);
    add_memory("what the base computes", brindle::prediction_bytes(network), false);
    if (check) add_memory("the check", (3 + brindle::Cpu().threads()) * features, false);
  }

  /// Pictures in memory; where they were split, they were there twice.
  void add_pictures(const brindle::data::Pictures& training, const brindle::data::Pictures& validation, bool split) {
    const std::int64_t bytes = training.pixels().size() + validation.pixels().size();
    add_memory("pictures", bytes, true);
    if (split) add_memory("the split of the pictures", bytes, false);
  }

  void add_seconds(double seconds) { forecast_.seconds += seconds; }

  /// Memory that is there all the time, or at times, of which the most counts.
  void add_memory(const std::string& what, std::int64_t bytes, bool always) {
    (always ? always_ : most_) = always ? always_ + bytes : std::max(most_, bytes);
    memory_ +=
        (memory_.empty() ? "" : ", ") + brindle::report::fixed(static_cast<double>(bytes) / 1e6, 0) + " MB of " + what;
  }

  /// By the check of the pictures.
  void expect_accuracy(std::int64_t right, std::int64_t judged, std::int64_t validation) {
    if (judged == 0) return;
    forecast_.accuracy = brindle::accuracy_forecast(right, judged, validation);
    accuracy_ = "linear classifiers of what the base sees found the class of " + std::to_string(right) + " of " +
                std::to_string(judged) +
                " training pictures that they had not seen; 95 times of 100 within the bounds for " +
                std::to_string(validation) + " validation pictures";
  }
  const std::optional<brindle::AccuracyForecast>& accuracy() const { return forecast_.accuracy; }

  /// Says it all, with where it comes from.
  void print() {
    forecast_.bytes = always_ + most_;
    std::printf("%s\n", forecast_.text().c_str());
    std::printf("  seconds: measured, %s; with what the machine does besides they change\n",
                steps_.empty() ? "pictures through the base" : steps_.c_str());
    std::printf(
        "  memory%s: %s\n",
        processes_.size() > 1 ? (" of each of " + std::to_string(processes_.size()) + " processes").c_str() : "",
        memory_.c_str());
    if (!accuracy_.empty()) std::printf("  accuracy: %s\n", accuracy_.c_str());
    std::fflush(stdout);
    start_ = std::chrono::steady_clock::now();
  }

  /// Says what it was, at the end.
  void print_end() const {
    std::printf("took %s since the forecast\n",
                brindle::report::progress::duration_text(
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count())
                    .c_str());
  }

 private:
  Processes& processes_;
  std::int64_t leaves_;
  brindle::report::RunForecast forecast_;
  // Of the program itself, photos that are being read and the page of the check: what was measured beside the rest.
  std::int64_t always_ = 90000000;
  std::int64_t most_ = 0;
  std::string steps_, memory_, accuracy_;
  std::chrono::steady_clock::time_point start_ = {};
};

}  // namespace example
