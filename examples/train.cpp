// SPDX-License-Identifier: MIT
// Trains a classifier on a folder of pictures, of any number of classes.
//
//     train --data flowers --base efficientnet_lite0 --weights efficientnet_lite0.safetensors --out flowers.safetensors
//     train --data flowers --base small --epochs 40 --out flowers.safetensors      without weights of somebody else
//     classify --model flowers.safetensors photo.jpg
//     mpirun -n 4 train --data flowers --leaves 4 ...  four processes, the same model: docs/howto/several-machines.md
//     train --smoke --out out/smoke.safetensors        a few steps on three classes that it draws itself
//
// Photos are turned upright as their cameras noted (EXIF), and made smaller by an antialiased bilinear filter, to a
// square (--aspect-ratio says how); the saved model keeps how, and classify and evaluate do the same.
//
// The folder has one subfolder a class, or pictures named like cat.12.jpg. A fifth of each class is set aside to
// validate with, unless --validation names another folder. With a base, a network that was trained on ImageNet, it goes
// in three stages: what the base sees in each picture is computed once, and shows photos that stand twice or in both
// sets, or whose label is probably wrong (a page beside the model, as `check` writes it); a head learns the classes
// from that, which takes seconds; then the base learns, too, slowly, on pictures that are turned, moved and mirrored
// anew each time (of a large one the last layers alone). The model is written after the head and once more if that made
// it better, the page at the end. `small` is a network of four convolutions that is trained from nothing. Which stages
// there are, the batch and the learning rate are chosen by rules, printed with their reasons, unless an option says
// them; then, before it learns, how long it will take, how much memory, and what accuracy is to be expected
// (docs/howto/forecast.md). Classes with fewer pictures weigh more. A stage ends when the validation loss has not
// fallen for some epochs, and the best weights are kept. Then a temperature, found on the validation pictures, makes
// the probabilities mean what they say (docs/howto/sure.md). Beside the model lie a page with curves, confusion matrix,
// the photos behind its mistakes and figures (.html), the table of the epochs (.csv), a card for people (.card.md), and
// what `verify` needs to run all of it again (.run.json).
//
// docs/results.md has what it reaches on the walkthrough's photos with several bases.
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <brindle/train/linear_head.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bases.hpp"
#include "before_training.hpp"
#include "command_line.hpp"
#include "device.hpp"
#include "drawn_pets.hpp"
#include "processes.hpp"
#include "small_network.hpp"
#include "three_classes.hpp"
#include "train_options.hpp"
#include "trained.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

/// What a stage learns from, and what it is judged by.
struct Stage {
  const char* name;  ///< "Head"
  const data::Source& training;
  const data::Source& validation;
  const std::map<std::int64_t, double>& weights;  ///< of the classes
  std::int64_t epochs;                            ///< at most
  double learning_rate;
  Callback schedule = {};  ///< of the learning rate
};

/// Trains the model and keeps its best weights. The epochs are added to the run.
template <class Device>
example::Kept learn(const example::TrainOptions& o, Model<float, Device>& model, const Stage& stage,
                    example::Run& run) {
  std::printf("\n%s: %lld of %lld parameters learn, for at most %lld epochs\n", stage.name,
              static_cast<long long>(model.trainable_parameter_count()),
              static_cast<long long>(model.parameter_count()), static_cast<long long>(stage.epochs));
  Trainer trainer{model,
                  Adam{.learning_rate = stage.learning_rate},
                  SparseCategoricalCrossentropy{},
                  {.seed = o.seed, .leaves = o.leaves, .group = o.processes->group(model.device())}};
  const History epochs =
      trainer.fit(stage.training, {.batch = std::min(o.batch, stage.training.size()),
                                   .epochs = stage.epochs,
                                   .validation = stage.validation,
                                   .class_weight = stage.weights,
                                   .callbacks = {report::progress_line(), stage.schedule, keep_best(model),
                                                 early_stopping({.patience = o.patience})}});
  if (static_cast<std::int64_t>(epochs.epochs()) < stage.epochs)
    std::printf("the validation loss has not fallen for %lld epochs: ended\n", static_cast<long long>(o.patience));
  run.append(stage.name, epochs);
  const double seconds = std::accumulate(epochs.seconds.begin(), epochs.seconds.end(), 0.0);
  if (o.processes->size() > 1 && seconds > 0)
    std::printf("%d processes exchanged and waited for each other for %.1f%% of that time\n", o.processes->size(),
                100 * trainer.exchange_seconds() / seconds);
  return {trainer.evaluate(stage.validation), trainer.predict(stage.validation)};
}

/// The pictures, changed at random each time unless the user wants them as they are.
template <class Device>
auto shown(const example::TrainOptions& o, const Device& on, const data::Pictures& training) {
  const Augment augment{.rotation = 20, .width_shift = 0.1, .height_shift = 0.1, .zoom = 0.15, .flip_horizontal = true};
  return data::augmented(on, training, o.augment ? augment : Augment{}, {.seed = o.seed});
}

/// The small network, trained from nothing.
template <class Device>
void train_small(example::TrainOptions o, const Device& on, const data::Pictures& training,
                 const data::Pictures& validation, const std::map<std::int64_t, double>& weights, example::Run& run) {
  auto model = example::small_network(on, o.side, static_cast<std::int64_t>(training.class_names().size()), o.seed);
  std::printf("\n%s", report::summary(model).c_str());
  const auto pictures = shown(o, on, training);
  o.batch = example::Forecast::batch(model, o.batch, training.size(), o.memory);
  o.learning_rate = example::Forecast::rate(model, pictures,
                                            {.of = "network",
                                             .option = "--learning-rate",
                                             .typed = o.learning_rate,
                                             .find = o.find_rates,
                                             .why = "the usual one of Adam",
                                             .batch = o.batch,
                                             .seed = o.seed,
                                             .weights = weights});
  example::Forecast forecast(*o.processes, o.leaves);
  forecast.add_pictures(training, validation, o.validation.empty());
  forecast.add_memory("weights", 4 * model.parameter_count(), true);
  forecast.add_stage("training", pictures, validation, model, o.batch, o.epochs);
  forecast.print();
  run.set_batch(o.batch);
  example::Kept kept = learn(o, model, {"Training", pictures, validation, weights, o.epochs, o.learning_rate}, run);
  if (o.calibrate) example::calibrate(model, validation, o.batch, kept);
  example::write_model(run, model, training, validation, kept);
  example::write_page(run, model, training, validation, kept);
  forecast.print_end();
}

/// The best linear head on features x, as a stage of one epoch.
template <class Device>
example::Kept fit_linear_head(const example::TrainOptions& o, Model<float, Device>& head, const Tensor<float>& x,
                              const data::Source& seen, const data::Source& unseen,
                              const std::map<std::int64_t, double>& weights, example::Run& run) {
  const auto start = std::chrono::steady_clock::now();
  const LinearHead best = linear_head(Cpu(), x, seen.labels(), {.class_weight = weights});
  set_linear_head(head, best);
  Trainer trainer{head, Adam{}, SparseCategoricalCrossentropy{}, {.seed = o.seed}};
  const Evaluation training = trainer.evaluate(seen), validation = trainer.evaluate(unseen);
  run.append("Head", {.loss = {training.loss},
                      .accuracy = {training.accuracy},
                      .val_loss = {validation.loss},
                      .val_accuracy = {validation.accuracy},
                      .seconds = {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()},
                      .waited = {0}});
  std::printf("\nLinear head, after %lld steps: loss %.4f  accuracy %.4f  val_loss %.4f  val_accuracy %.4f\n",
              static_cast<long long>(best.steps), training.loss, training.accuracy, validation.loss,
              validation.accuracy);
  return {validation, trainer.predict(unseen)};
}

/// A head on what a base sees, computed once; then the base with it.
template <class Device>
void train_on_base(example::TrainOptions o, const Device& on, const data::Pictures& training,
                   const data::Pictures& validation, const std::map<std::int64_t, double>& weights, example::Run& run) {
  const example::Base& base = example::base_of(o.base);
  const auto load = [&] {
    return folded(
        example::load_base(base, on, {.weights = o.weights, .side = o.side, .alpha = o.alpha, .random = o.smoke}));
  };
  Model<float, Device> network = load();
  const std::int64_t n = training.size(), more = validation.size();
  const double each = prediction_seconds(network, training, 16) / static_cast<double>(n);
  std::printf("\ncomputing what %s sees in %lld pictures, about %s ...\n", base.name.c_str(),
              static_cast<long long>(n + more),
              report::progress::duration_text(each * static_cast<double>(n + more) / o.processes->size()).c_str());
  std::fflush(stdout);
  io::Features seen_features = o.processes->extract(network, training),
               unseen_features = o.processes->extract(network, validation);

  example::Forecast forecast(*o.processes, o.leaves);
  if (o.check) {
    const report::CheckedAnswers a = example::check_pictures(o.processes->first() ? o.out : fs::path(), o.seed,
                                                             training, validation, seen_features, unseen_features);
    forecast.expect_accuracy(a.right, a.judged, more);
  }
  const TrainingStages stages = example::Forecast::stages(o.stages, base, training, forecast.accuracy());
  const auto make_head = [&] {
    Sequential<float, Device> head(on, network.output_shape());
    head.set_name("head");
    if (base.hidden > 0) head.add(Dense{base.hidden, relu});
    head.add(Dropout{base.hidden > 0 ? 0.5 : 0.2});
    head.add(Dense{static_cast<std::int64_t>(training.class_names().size()), softmax});
    head.initialize(o.seed);
    return head;
  };
  const bool linear = stages == TrainingStages::linear_head;
  const Tensor<float> linear_x = linear ? seen_features.x.clone() : Tensor<float>();
  const data::InMemory seen = std::move(seen_features).in_memory(), unseen = std::move(unseen_features).in_memory();
  Sequential<float, Device> head = make_head();
  const auto pictures = shown(o, on, training);

  // What is chosen, and what the run will take, by steps on models that stay as they are.
  // Familiarity and predictions, once a model; for the page training photos to compare with, and what speaks for
  // answers.
  const double wrong = forecast.accuracy() ? 1 - forecast.accuracy()->accuracy : 0.1;
  const double explained = std::min(200.0, wrong * static_cast<double>(more)) +
                           std::min(200.0, 8.0 * static_cast<double>(training.class_names().size()));
  const double of_model = each * static_cast<double>(std::min<std::int64_t>(500, n) + more);
  const double of_page = each * (static_cast<double>(std::min<std::int64_t>(20'000, n)) + 5 * explained);
  forecast.add_pictures(training, validation, o.validation.empty());
  forecast.add_base(network, head.parameter_count(), n + more, o.check);
  forecast.add_seconds(of_model + of_page);
  if (stages == TrainingStages::fine_tuning) {
    Model<float, Device> trial{on, {o.side, o.side, 3}, [&](auto x) { return x.then(load(), make_head()); }};
    trial.freeze_before(o.fine_tuned_from.empty() ? base.fine_tuned_from : o.fine_tuned_from);
    o.batch = example::Forecast::batch(trial, o.batch, n, o.memory);
    forecast.add_stage("fine-tuning", pictures, validation, trial, o.batch, o.fine_tuning_epochs);
    forecast.add_seconds(of_model + 3 * each * static_cast<double>(more));
  }
  if (linear) {
    if (o.batch == 0) o.batch = 32;  // of predictions alone
    forecast.add_seconds(linear_head_seconds(Cpu(), linear_x, seen.labels(), {.class_weight = weights}));
  } else {
    o.batch = example::Forecast::batch(head, o.batch, n, o.memory);
    const bool hidden = base.hidden > 0;
    o.learning_rate = example::Forecast::rate(head, seen,
                                              {.of = "head",
                                               .option = "--learning-rate",
                                               .typed = hidden ? o.learning_rate / 10 : o.learning_rate,
                                               .find = o.find_rates || !hidden,
                                               .usual = hidden ? 1e-4 : 1e-3,
                                               .why = "Adam's usual one for a head with a hidden layer",
                                               .batch = o.batch,
                                               .seed = o.seed,
                                               .weights = weights});
    forecast.add_stage("head", seen, unseen, head, o.batch, o.epochs);
  }
  forecast.print();

  run.set_batch(o.batch);
  example::Kept before = linear ? fit_linear_head(o, head, linear_x, seen, unseen, weights, run)
                                : learn(o, head, {"Head", seen, unseen, weights, o.epochs, o.learning_rate}, run);
  if (o.calibrate) example::calibrate(head, unseen, o.batch, before);
  const double loss_before = before.evaluation.loss;

  Model model{on, {o.side, o.side, 3}, [&](auto x) { return x.then(std::move(network), std::move(head)); }};
  example::write_model(run, model, training, validation, before);
  if (stages != TrainingStages::fine_tuning || o.fine_tuning_epochs == 0) {
    example::write_page(run, model, training, validation, before);
    return forecast.print_end();
  }

  if (before.temperature) divide_logits(model, 1 / before.temperature->value);  // it goes on from what was learned
  model.freeze_before(o.fine_tuned_from.empty() ? base.fine_tuned_from : o.fine_tuned_from);
  o.fine_tuning_rate = example::Forecast::rate(model, pictures,
                                               {.of = "fine-tuning",
                                                .option = "--fine-tuning-rate",
                                                .typed = o.fine_tuning_rate,
                                                .find = o.find_rates,
                                                .usual = 3e-5,
                                                .why = "the best of those tried in docs/results.md",
                                                .batch = o.batch,
                                                .seed = o.seed,
                                                .weights = weights});
  const Stage fine_tuning{"Fine-tuning",        pictures,           validation,      weights,
                          o.fine_tuning_epochs, o.fine_tuning_rate, cosine_decay({})};  // small steps at the end
  example::Kept after = learn(o, model, fine_tuning, run);
  if (o.calibrate) example::calibrate(model, validation, o.batch, after);
  const double loss_after = after.evaluation.loss;
  if (loss_after < loss_before) {
    example::write_model(run, model, training, validation, after);
    example::write_page(run, model, training, validation, after);
  } else {
    std::printf("Fine-tuning did not lower the validation loss (%.4f, before %.4f): %s stays as it was written\n",
                loss_after, loss_before, o.out.string().c_str());
    if (run.writes) example::write_page(run, io::load_model<float>(o.out, on).model, training, validation, before);
  }
  forecast.print_end();
}

int train(int argc, char** argv, example::Processes& processes) {
  example::TrainOptions o;
  o.processes = &processes;
  example::CommandLine line{"trains a classifier on a folder of pictures"};
  example::add_options(line, o);

  try {
    if (const auto code = processes.parsed(line.parse(argc, argv))) return *code;
    processes.begin(o.leaves);
    o.device.threads = processes.threads(o.device.threads);
    o.device.local_rank = processes.local_rank();
    if (o.smoke) o.data = o.out.parent_path() / "three_classes";
    processes.together([&] {
      if (!processes.first()) return true;
      for (const fs::path& file : {o.out, o.onnx})
        if (file.has_parent_path()) fs::create_directories(file.parent_path());
      if (o.smoke) example_pets::draw_three_classes(o.data, o.seed);
      return true;
    });
    if (o.smoke) {
      o.epochs = 2;
      o.fine_tuning_epochs = 1;
      o.side = 64;
    }
    example::check_out(o.out, o.onnx);
    example::choose_stages(line, o);
    if (o.data.empty()) detail::raise<ValueError>("name a folder of pictures: train --data FOLDER");

    const auto [training, validation] = processes.together([&] {
      return example::load_pictures(
          {.data = o.data,
           .validation = o.validation,
           .share = o.share,
           .seed = o.seed,
           .side = o.side,
           .aspect_ratio = o.aspect_ratio,
           .decoder = o.decoder,
           .cache = o.cache,
           .preprocessing = o.base == "small" ? Preprocessing::unit_rgb : example::base_of(o.base).preprocessing,
           .threads = o.device.threads},
          processes);
    });
    io::detail::check_class_names("train", training.class_names());  // rather than when the model is written
    std::map<std::int64_t, double> weights;
    if (o.class_weights) weights = balanced_class_weights(training);
    example::describe("training", training, weights);
    example::describe("validation", validation, {});

    example::Run run{.out = o.out, .onnx = o.onnx, .seed = o.seed, .writes = processes.first()};
    run.settings = {{"base", o.base}, {"seed", std::to_string(o.seed)}};
    if (o.leaves > 1) run.settings.push_back({"leaves", std::to_string(o.leaves)});
    run.begin({argv + 1, argv + argc}, o.data, o.validation, o.weights);

    return example::run_on(o.device, [&](const auto& on) {
      if (o.base == "small")
        train_small(o, on, training, validation, weights, run);
      else
        train_on_base(o, on, training, validation, weights, run);
      run.write_manifest();
      return EXIT_SUCCESS;
    });
  } catch (const std::exception& e) {
    return processes.fail("train", e);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    example::Processes processes;
    return train(argc, argv, processes);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "train: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
