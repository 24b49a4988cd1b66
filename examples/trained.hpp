// SPDX-License-Identifier: MIT
#pragma once

// What `train` makes of a model that it has trained: calibrated probabilities, the model's file with its card, a page,
// a table, and the manifest that `verify` reads.
#include <brindle/brindle.hpp>
#include <brindle/io/run_manifest.hpp>
#include <brindle/io/save_onnx.hpp>
#include <brindle/io/saved_model.hpp>
#include <brindle/report/model_card.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace example {

/// A file beside another: pets.safetensors, ".run.json" -> pets.run.json.
inline std::filesystem::path beside(std::filesystem::path file, const std::string& ending) {
  return file.replace_extension(ending);
}

/// Throws ValueError where the model's file would be overwritten by what is written beside it.
inline void check_out(const std::filesystem::path& out, const std::filesystem::path& onnx) {
  for (const char* ending : {".html", ".csv", ".card.md", ".run.json", ".check.html", ".check.csv"})
    if (beside(out, ending) == out)
      brindle::detail::raise<brindle::ValueError>(out.string() + ": is written beside the model; end --out in " +
                                                  ".safetensors");
  if (!onnx.empty() && onnx.lexically_normal() == out.lexically_normal())
    brindle::detail::raise<brindle::ValueError>(out.string() + ": is the name of --out and of --onnx; give them two");
}

/// What the kept weights give for the validation pictures.
struct Kept {
  brindle::Evaluation evaluation;
  brindle::Tensor<float> outputs;
  std::optional<brindle::Temperature> temperature = {};  ///< that the weights were divided by
};

/// A run of `train`: what it began with, what it measured, where its files go.
struct Run {
  std::filesystem::path out, onnx = {};
  std::uint64_t seed = 0;
  bool writes = true;  ///< of several processes the first one only
  std::int64_t batch = 32;
  std::vector<brindle::report::Entry> settings = {};
  brindle::History history = {};           ///< of all stages
  brindle::io::RunManifest manifest = {};  ///< with the weights of the model that was written last

  /// Notes what the program was started with, and the pictures and weights as they are now.
  void begin(const std::vector<std::string>& arguments, const std::filesystem::path& data,
             const std::filesystem::path& validation, const std::filesystem::path& weights) {
    manifest = brindle::io::run_manifest("train", arguments);
    manifest.folders.push_back({"data", brindle::data::folder_contents(data)});
    const std::vector<std::string> classes = manifest.folders[0].contents.class_names;
    if (!validation.empty())
      manifest.folders.push_back({"validation", brindle::data::folder_contents(validation, classes)});
    if (!weights.empty()) manifest.files.push_back({"weights", brindle::data::file_contents(weights)});
  }

  /// Of training steps and predictions, where it is chosen late.
  void set_batch(std::int64_t chosen) {
    batch = chosen;
    settings.push_back({"batch", std::to_string(chosen)});
  }

  /// Adds a stage.
  void append(const std::string& name, const brindle::History& epochs) {
    history.append(epochs);
    manifest.stages.push_back({name,
                               {{"loss", epochs.loss},
                                {"accuracy", epochs.accuracy},
                                {"val_loss", epochs.val_loss},
                                {"val_accuracy", epochs.val_accuracy}}});
  }

  void write_manifest() const {
    if (!writes) return;
    const std::filesystem::path path = beside(out, ".run.json");
    brindle::io::write_run_manifest(manifest, path);
    std::printf("to run it again and compare the bits: verify --run %s\n", path.string().c_str());
  }
};

/// Makes the model's probabilities mean what they say, by the validation pictures.
template <class Device>
void calibrate(brindle::Model<float, Device>& model, const brindle::data::Source& validation, std::int64_t batch,
               Kept& kept) {
  try {
    brindle::Calibrated c = brindle::calibrate(model, validation, {.batch = batch});
    const brindle::Temperature& t = c.temperature;
    if (t.reason == brindle::TemperatureReason::smallest)
      std::printf(
          "temperature %.3f, now in the weights of %s: negative log-likelihood %.4f instead of %.4f, expected "
          "calibration error %.4f instead of %.4f on the validation pictures\n",
          t.value, c.layer.c_str(), t.after.negative_log_likelihood, t.before.negative_log_likelihood,
          t.after.expected_calibration_error, t.before.expected_calibration_error);
    else
      std::printf("probabilities are left as they are: %s\n", to_string(t.reason).c_str());
    kept.outputs = std::move(c.probabilities);
    kept.evaluation.loss = t.after.negative_log_likelihood;
    kept.temperature = std::move(c.temperature);
  } catch (const brindle::DataError& e) {  // what was trained is worth keeping
    std::printf("probabilities are left as they are: %s\n", e.what());
  }
}

/// Writes the model with its card, and says how well it does.
template <class Device>
void write_model(Run& run, const brindle::Model<float, Device>& model, const brindle::data::Pictures& training,
                 const brindle::data::Pictures& validation, const Kept& kept) {
  if (!run.writes) return;
  namespace report = brindle::report;
  namespace io = brindle::io;
  const std::vector<std::string> classes = validation.class_names();
  const brindle::ConfusionMatrix matrix = brindle::confusion_matrix(kept.outputs.view(), validation.labels());
  std::printf("\nThe kept weights on the validation pictures:\n%s\n",
              report::classification_report(matrix, classes).c_str());
  io::ModelInfo info{
      .class_names = classes,
      .input = training.picture_input(),
      .temperature = kept.temperature ? kept.temperature->value : 1,
      .answers = brindle::answer_table(kept.outputs, validation.labels()),
      .familiarity = familiarity_of(model, training, validation, {.seed = run.seed, .batch = run.batch})};
  info.card = report::model_card({.name = run.out.stem().string(),
                                  .class_names = classes,
                                  .training = training.class_counts(),
                                  .validation = matrix,
                                  .run = run.manifest,
                                  .settings = run.settings,
                                  .temperature = kept.temperature,
                                  .answers = info.answers,
                                  .familiarity = info.familiarity});

  io::save_model(model, run.out, info);
  brindle::replace_file(beside(run.out, ".card.md"), info.card);
  run.manifest.weights = io::recorded_weights(model);
  if (!run.onnx.empty()) {
    info.familiarity = {};
    io::save_onnx(model, run.onnx, {.info = info});
    std::printf("for other programs: %s\n", run.onnx.string().c_str());
  }
  std::printf("model and card: %s, %s\n", run.out.string().c_str(), beside(run.out, ".card.md").string().c_str());
}

/// Writes the page and the table of a run, whose model was written. model: as it was then.
template <class Device>
void write_page(const Run& run, const brindle::Model<float, Device>& model, const brindle::data::Pictures& training,
                const brindle::data::Pictures& validation, const Kept& kept) {
  if (!run.writes) return;
  namespace report = brindle::report;
  report::RunPage page{.title = run.out.stem().string()};
  page.add_history(run.history, kept.evaluation);
  std::vector<report::Entry> settings = run.settings;
  for (const brindle::io::RecordedFolder& folder : run.manifest.folders)
    settings.push_back({folder.name, std::filesystem::path(folder.contents.folder).filename().string()});
  page.add_settings(settings);
  if (kept.temperature) page.add_calibration(*kept.temperature);
  page.add_answers(brindle::answer_table(kept.outputs, validation.labels()));
  const report::AnsweredPhotos answered = report::answered_photos(model, kept.outputs, validation, &training);
  report::add_answered_photos(page, answered, validation, &training);
  page.add_classification_report(brindle::confusion_matrix(kept.outputs.view(), validation.labels()),
                                 validation.class_names());
  page.add_summary(model);
  page.write(beside(run.out, ".html"));
  report::history_csv(run.history, beside(run.out, ".csv"));
  std::printf("page and table: %s, %s\n", beside(run.out, ".html").string().c_str(),
              beside(run.out, ".csv").string().c_str());
}

}  // namespace example
