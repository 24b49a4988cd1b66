// Trains a classifier on a folder of pictures, of any number of classes.
//
//     train --data flowers --base efficientnet_lite0 --weights efficientnet_lite0.safetensors --out flowers.safetensors
//     train --data flowers --base small --epochs 40 --out flowers.safetensors      without weights of somebody else
//     classify --model flowers.safetensors photo.jpg
//     train --smoke --out out/smoke.safetensors        a few steps on three classes that it draws itself
//
// Photos are turned upright as their cameras noted (EXIF), and made smaller by an antialiased bilinear filter, to a square
// (--aspect-ratio says how); the saved model keeps how, and classify and evaluate do the same.
//
// The folder has one subfolder a class, or pictures named like cat.12.jpg. A fifth of each class is set aside to validate
// with, unless --validation names another folder. With a base, a network that was trained on ImageNet, it goes in three
// stages: what the base sees in each picture is computed once, and shows photos that stand twice or in both sets, or whose
// label is probably wrong (a page beside the model, as `check` writes it); a head learns the classes from that, which
// takes seconds; then the base learns, too, slowly, on pictures that are turned, moved and mirrored anew each time (of a large one the
// last layers alone). The model is written after the head and once more if that made it better. `small` is a network of
// four convolutions that is trained from nothing. Classes with fewer pictures weigh more. A stage ends when the
// validation loss has not fallen for some epochs, and the best weights are kept. Then a temperature, found on the
// validation pictures, makes the probabilities mean what they say (docs/howto/sure.md). Beside the model lie a page with curves,
// confusion matrix, the photos behind its mistakes and figures (.html), the table of the epochs (.csv), a card for people
// (.card.md), and what `verify` needs to run all of it again (.run.json).
//
// docs/results.md has what it reaches on the walkthrough's photos with several bases.
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bases.hpp"
#include "command_line.hpp"
#include "device.hpp"
#include "drawn_pets.hpp"
#include "trained.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

struct Options {
  fs::path data = {}, validation = {}, weights = {}, onnx = {};
  fs::path out = "model.safetensors";
  std::string base = "small", fine_tuned_from = {}, aspect_ratio = "stretch";
  std::int64_t epochs = 40, fine_tuning_epochs = 5, batch = 32, side = 0, patience = 8;
  double share = 0.2, learning_rate = 1e-3, fine_tuning_rate = 3e-5, alpha = 1;
  std::uint64_t seed = 42;
  example::DeviceOptions device = {};
  bool augment = true, class_weights = true, calibrate = true, check = true, smoke = false;
};

/// Two classes of drawn pets and one of balls, of unequal size, one subfolder a class.
void draw_three_classes(const fs::path& folder, std::uint64_t seed) {
  fs::remove_all(folder);
  example_pets::draw_pets(folder / "drawn", 20, seed, 60);
  const auto move = [&](const std::string& kind, int count) {
    fs::create_directories(folder / kind);
    for (int i = 0; i < count; ++i) {
      const std::string name = kind + "." + std::to_string(i) + ".jpg";
      fs::rename(folder / "drawn" / name, folder / kind / name);
    }
  };
  move("cat", 20);
  move("dog", 15);
  fs::remove_all(folder / "drawn");
  fs::create_directories(folder / "ball");
  for (int i = 0; i < 10; ++i) {
    image::Picture ball(60, 60, 3);
    for (std::int64_t y = 0; y < 60; ++y)
      for (std::int64_t x = 0; x < 60; ++x) {
        const bool inside = (y - 30) * (y - 30) + (x - 25 - i) * (x - 25 - i) < 300 + 10 * i;
        ball.pixels[static_cast<std::size_t>((y * 60 + x) * 3)] = inside ? 220 : 40;
      }
    image::write_png(folder / "ball" / (std::to_string(i) + ".png"), ball);
  }
}

/// Training and validation pictures, the same classes in both.
std::pair<data::Pictures, data::Pictures> load(const Options& o) {
  const data::ImageFolderOptions how{
      .size = {o.side, o.side},
      .interpolation = image::Interpolation::bilinear,  // antialiased
      .aspect_ratio = o.aspect_ratio == "crop"  ? AspectRatio::crop
                      : o.aspect_ratio == "pad" ? AspectRatio::pad
                                                : AspectRatio::stretch,
      .orientation = Orientation::exif,
      .preprocessing = o.base == "small" ? Preprocessing::unit_rgb : example::base_of(o.base).preprocessing,
      .on_bad_file = data::BadFile::skip};
  data::Pictures all = data::image_folder(o.data, how);
  if (const std::string lost = data::lost_text(all.skipped()); !lost.empty()) std::fprintf(stderr, "%s\n", lost.c_str());
  if (o.validation.empty()) return all.split(o.share, o.seed);
  data::ImageFolderOptions same = how;
  same.classes = all.class_names();
  return {std::move(all), data::image_folder(o.validation, same)};
}

/// Weights with which every class counts the same: pictures / (classes * pictures of the class).
std::map<std::int64_t, double> balancing_weights(const data::Pictures& pictures) {
  std::map<std::int64_t, double> weights;
  const auto counts = pictures.class_counts();
  for (std::size_t c = 0; c < counts.size(); ++c)
    weights[static_cast<std::int64_t>(c)] = static_cast<double>(pictures.size()) /
                                            static_cast<double>(counts.size() * static_cast<std::size_t>(counts[c]));
  return weights;
}

void describe(const char* what, const data::Pictures& pictures, const std::map<std::int64_t, double>& weights) {
  std::printf("%s: %lld pictures\n", what, static_cast<long long>(pictures.size()));
  const auto counts = pictures.class_counts();
  for (std::size_t c = 0; c < counts.size(); ++c) {
    std::printf("  %6lld %s", static_cast<long long>(counts[c]), pictures.class_names()[c].c_str());
    const auto weight = weights.find(static_cast<std::int64_t>(c));
    if (weight != weights.end()) std::printf(", weight %.3f", weight->second);
    std::printf("\n");
  }
}

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
example::Kept learn(const Options& o, Model<float, Device>& model, const Stage& stage, example::Run& run) {
  std::printf("\n%s: %lld of %lld parameters learn, for at most %lld epochs\n", stage.name,
              static_cast<long long>(model.trainable_parameter_count()),
              static_cast<long long>(model.parameter_count()), static_cast<long long>(stage.epochs));
  Trainer trainer{model, Adam{.learning_rate = stage.learning_rate}, SparseCategoricalCrossentropy{}, {.seed = o.seed}};
  const History epochs = trainer.fit(
      stage.training,
      {.batch = std::min(o.batch, stage.training.size()),
       .epochs = stage.epochs,
       .validation = stage.validation,
       .class_weight = stage.weights,
       .callbacks = {report::progress_line(), stage.schedule, keep_best(model), early_stopping({.patience = o.patience})}});
  if (static_cast<std::int64_t>(epochs.epochs()) < stage.epochs)
    std::printf("the validation loss has not fallen for %lld epochs: ended\n", static_cast<long long>(o.patience));
  run.append(stage.name, epochs);
  return {trainer.evaluate(stage.validation), trainer.predict(stage.validation)};
}

/// The pictures, changed at random each time unless the user wants them as they are.
template <class Device>
auto shown(const Options& o, const Device& on, const data::Pictures& training) {
  const Augment augment{.rotation = 20, .width_shift = 0.1, .height_shift = 0.1, .zoom = 0.15, .flip_horizontal = true};
  return data::augmented(on, training, o.augment ? augment : Augment{}, {.seed = o.seed});
}

/// Four convolutions, trained from nothing.
template <class Device>
void train_small(const Options& o, const Device& on, const data::Pictures& training, const data::Pictures& validation,
                 const std::map<std::int64_t, double>& weights, example::Run& run) {
  Sequential model{on, {o.side, o.side, 3},
                   Conv2D{16, 3, relu}, MaxPool2D{2},
                   Conv2D{32, 3, relu}, MaxPool2D{2},
                   Conv2D{64, 3, relu}, MaxPool2D{2},
                   Conv2D{128, 3, relu}, MaxPool2D{2},
                   Flatten{}, Dropout{0.3},
                   Dense{256, relu}, Dropout{0.3},
                   Dense{static_cast<std::int64_t>(training.class_names().size()), softmax}};
  model.initialize(o.seed);
  std::printf("\n%s", report::summary(model).c_str());
  const auto pictures = shown(o, on, training);
  example::Kept kept = learn(o, model, {"Training", pictures, validation, weights, o.epochs, o.learning_rate}, run);
  if (o.calibrate) example::calibrate(model, validation, o.batch, kept);
  example::write(run, model, training, validation, kept);
}

/// Looks for what would spoil the training, or make its accuracy look better than it is, and says where it is shown.
void check_pictures(const Options& o, const data::Pictures& training, const data::Pictures& validation,
                    const io::Features& seen, const io::Features& unseen) {
  std::vector<report::CheckedSet> sets;
  sets.push_back({"training", data::examine_pictures(training), seen.x.clone()});
  sets.push_back({"validation", data::examine_pictures(validation), unseen.x.clone()});
  const report::DataCheck found = report::check_data(sets, {.seed = o.seed});
  for (const std::string& text : found.classes) std::printf("%s\n", text.c_str());
  if (const std::int64_t twice = found.across_sets(); twice > 0)
    std::printf("%lld photos stand in both sets, or nearly the same: the validation accuracy will look better than it is\n",
                static_cast<long long>(twice));
  if (found.findings.empty()) return;
  fs::path page = o.out, table = o.out;
  page.replace_extension(".check.html");
  table.replace_extension(".check.csv");
  report::data_check_page(found).write(page);
  report::data_check_csv(found, table);
  std::printf("pictures to look at (%s): %s\n", found.text().c_str(), page.string().c_str());
}

/// A head on what a base sees, computed once; then the base with it.
template <class Device>
void train_on_base(const Options& o, const Device& on, const data::Pictures& training, const data::Pictures& validation,
                   const std::map<std::int64_t, double>& weights, example::Run& run) {
  const example::Base& base = example::base_of(o.base);
  Model<float, Device> network = folded(example::load_base(
      base, on, {.weights = o.weights, .side = o.side, .alpha = o.alpha, .random = o.smoke}));
  std::printf("\ncomputing what %s sees in %lld pictures ...\n", base.name.c_str(),
              static_cast<long long>(training.size() + validation.size()));
  std::fflush(stdout);
  io::Features seen_features = io::extract(network, training), unseen_features = io::extract(network, validation);
  if (o.check) check_pictures(o, training, validation, seen_features, unseen_features);
  const data::InMemory seen = std::move(seen_features).in_memory(), unseen = std::move(unseen_features).in_memory();

  Sequential<float, Device> head(on, network.output_shape());
  head.set_name("head");
  if (base.hidden > 0) head.add(Dense{base.hidden, relu});
  head.add(Dropout{base.hidden > 0 ? 0.5 : 0.2});
  head.add(Dense{static_cast<std::int64_t>(training.class_names().size()), softmax});
  head.initialize(o.seed);
  const double head_rate = base.hidden > 0 ? o.learning_rate / 10 : o.learning_rate;
  example::Kept before = learn(o, head, {"Head", seen, unseen, weights, o.epochs, head_rate}, run);
  const double loss_before = before.evaluation.loss;
  if (o.calibrate) example::calibrate(head, unseen, o.batch, before);

  Model model{on, {o.side, o.side, 3}, [&](auto x) { return x.then(std::move(network), std::move(head)); }};
  example::write(run, model, training, validation, before);
  if (o.fine_tuning_epochs == 0) return;

  if (before.temperature) divide_logits(model, 1 / before.temperature->value);  // it goes on from what was learned
  model.freeze_before(o.fine_tuned_from.empty() ? base.fine_tuned_from : o.fine_tuned_from);
  const auto pictures = shown(o, on, training);
  const Stage fine_tuning{"Fine-tuning", pictures, validation, weights, o.fine_tuning_epochs, o.fine_tuning_rate,
                          cosine_decay({})};  // small steps at the end
  example::Kept after = learn(o, model, fine_tuning, run);
  const double loss_after = after.evaluation.loss;
  if (loss_after < loss_before) {
    if (o.calibrate) example::calibrate(model, validation, o.batch, after);
    example::write(run, model, training, validation, after);
  } else {
    std::printf("Fine-tuning did not lower the validation loss (%.4f, before %.4f): %s stays as it was written\n",
                loss_after, loss_before, o.out.string().c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  std::vector<std::string> names = {"small"};
  for (const example::Base& base : example::bases()) names.push_back(base.name);
  example::CommandLine line{"trains a classifier on a folder of pictures"};
  line.add("--data", o.data, "folder with one subfolder a class, or pictures named like cat.12.jpg");
  line.add("--validation", o.validation, "another such folder to validate with; else a share of --data is");
  line.add("--validation-share", o.share, "of each class, without --validation").show_default();
  line.add("--base", o.base, "a trained network to go on from, with --weights; small: one that is trained from nothing")
      .show_default()
      .one_of(names);
  line.add("--weights", o.weights, "the base's ImageNet weights: docs/howto/bases.md says whose");
  line.add("--alpha", o.alpha, "width of mobilenet_v1 or mobilenet_v2, that of the weights").show_default();
  line.add("--epochs", o.epochs, "at most so many passes over the pictures").show_default();
  line.add("--patience", o.patience, "end when the validation loss has not fallen for so many epochs").show_default();
  line.add("--batch", o.batch, "pictures a step").show_default();
  line.add("--size", o.side, "rows and columns that pictures get; 150 for small and vgg16, else 224").between(46, 2048);
  line.add("--aspect-ratio", o.aspect_ratio, "how photos that are no squares become square: stretched, or what is too long "
           "cut off on both sides, or black added")
      .show_default()
      .one_of({"stretch", "crop", "pad"});
  line.add("--learning-rate", o.learning_rate, "of Adam; a tenth of it for the head on vgg16").show_default();
  line.add("--fine-tuning-epochs", o.fine_tuning_epochs, "at most so many of the last stage; 0: none").show_default();
  line.add("--fine-tuning-rate", o.fine_tuning_rate, "of Adam in the last stage").show_default();
  line.add("--fine-tuned-from", o.fine_tuned_from, "the first layer of the base that learns in the last stage; else the base's own");
  line.add("--seed", o.seed, "of weights, shuffling, dropout and the split").show_default();
  example::add_device_options(line, o.device);
  line.flag("!--no-augment", o.augment, "show every picture as it is");
  line.flag("!--no-class-weights", o.class_weights, "let classes with more pictures count more");
  line.flag("!--no-check", o.check, "do not look for doubled, wrongly labelled, blurred and dark photos; needs a base");
  line.flag("!--no-calibration", o.calibrate, "leave the probabilities as they were trained, without a temperature");
  line.add("--out", o.out, "the model; page, card and tables are written beside it").show_default();
  line.add("--onnx", o.onnx, "write the model for onnxruntime and other programs, too");
  line.flag("--smoke", o.smoke, "two epochs on three drawn classes, to see that it runs");
  if (const auto code = line.parse(argc, argv)) return *code;

  try {
    for (const fs::path& file : {o.out, o.onnx})
      if (file.has_parent_path()) fs::create_directories(file.parent_path());
    if (o.smoke) {
      o.data = o.out.parent_path() / "three_classes";
      draw_three_classes(o.data, o.seed);
      o.epochs = 2;
      o.fine_tuning_epochs = 1;
      o.side = 64;
    }
    if (o.side == 0) o.side = o.base == "small" ? 150 : example::base_of(o.base).side;
    if (o.data.empty()) detail::raise<ValueError>("name a folder of pictures: train --data FOLDER");

    const auto [training, validation] = load(o);
    std::map<std::int64_t, double> weights;
    if (o.class_weights) weights = balancing_weights(training);
    describe("training", training, weights);
    describe("validation", validation, {});

    example::Run run{.out = o.out, .onnx = o.onnx, .seed = o.seed, .batch = o.batch};
    run.settings = {{"base", o.base}, {"batch", std::to_string(o.batch)}, {"seed", std::to_string(o.seed)}};
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
    std::fflush(stdout);
    std::fprintf(stderr, "train: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
