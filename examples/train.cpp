// Trains a classifier on a folder of pictures, of any number of classes.
//
//     train --data flowers --base small --epochs 40 --out flowers.safetensors
//     train --data flowers --base vgg16 --weights vgg16_notop.h5 --epochs 40 --out flowers.safetensors
//     classify --model flowers.safetensors photo.jpg
//     train --smoke --out out/smoke.safetensors        a few steps on three classes that it draws itself
//
// The folder has one subfolder a class, or pictures named like cat.12.jpg. A fifth of each class is set aside to validate
// with, unless --validation names another folder. `small` is a network of four convolutions, trained from nothing on
// pictures that are turned, moved and mirrored anew each time; `vgg16` trains a head on what VGG16 sees, and needs its
// weights. Classes with fewer pictures weigh more. Training ends when the validation loss has not fallen for some epochs,
// and the best weights are kept. Beside the model lie a page with curves, confusion matrix and figures (.html) and the
// table of the epochs (.csv).
//
// Result on 400 photos of cats, 250 of dogs and 120 drawn pets, on two busy cores of a Zen 5: --base vgg16 is right for all
// 154 validation pictures, by which its epoch was chosen, and for 286 of 300 other photos, after 30 epochs in seven
// minutes; --base small --size 96 for 0.58 of the validation pictures, in 40 s.
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <brindle/io/saved_model.hpp>
#include <brindle/models/pretrained_vgg16.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "copy_weights.hpp"
#include "device.hpp"
#include "drawn_pets.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

struct Options {
  fs::path data = {}, validation = {}, weights = {};
  fs::path out = "model.safetensors";
  std::string base = "small";
  std::int64_t epochs = 40, batch = 32, side = 150, patience = 8;
  double share = 0.2, learning_rate = 0;
  std::uint64_t seed = 42;
  example::DeviceOptions device = {};
  bool augment = true, class_weights = true, smoke = false;
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
      .preprocessing = o.base == "vgg16" ? Preprocessing::caffe : Preprocessing::unit_rgb,
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

/// Trains the model, writes page and table, and says how well it does.
template <class Device>
void fit(const Options& o, Sequential<float, Device>& model, double learning_rate, const data::Source& training,
         const data::Source& validation, const std::map<std::int64_t, double>& weights) {
  std::printf("\n%s\n", report::summary(model).c_str());
  Trainer trainer{model, RMSprop{.learning_rate = o.learning_rate > 0 ? o.learning_rate : learning_rate},
                  SparseCategoricalCrossentropy{}, {.seed = o.seed}};
  const History history = trainer.fit(
      training, {.batch = std::min(o.batch, training.size()),
                 .epochs = o.epochs,
                 .validation = validation,
                 .class_weight = weights,
                 .callbacks = {report::progress_line(), keep_best(model), early_stopping({.patience = o.patience})}});
  if (static_cast<std::int64_t>(history.loss.size()) < o.epochs)
    std::printf("the validation loss has not fallen for %lld epochs: ended\n", static_cast<long long>(o.patience));

  const std::vector<std::string> classes = validation.class_names();
  const ConfusionMatrix matrix = confusion_matrix(trainer.predict(validation).view(), validation.labels());
  std::printf("\nThe kept weights on the validation pictures:\n%s\n",
              report::classification_report(matrix, classes).c_str());

  fs::path page_path = o.out, table_path = o.out;
  page_path.replace_extension(".html");
  table_path.replace_extension(".csv");
  report::RunPage page{.title = o.out.stem().string()};
  page.add_history(history, trainer.evaluate(validation));  // of the weights that are kept
  page.add_settings({{"pictures", o.data.filename().string()},
                     {"base", o.base},
                     {"batch", std::to_string(o.batch)},
                     {"epochs at most", std::to_string(o.epochs)},
                     {"seed", std::to_string(o.seed)}});
  page.add_confusion_matrix(matrix, classes);
  page.add_classification_report(matrix, classes);
  page.add_summary(model);
  page.write(page_path);
  report::history_csv(history, table_path);
  std::printf("page and table: %s, %s\n", page_path.string().c_str(), table_path.string().c_str());
}

/// Four convolutions, trained from nothing.
template <class Device>
Sequential<float, Device> train_small(const Options& o, const Device& on, const data::Pictures& training,
                                      const data::Pictures& validation, const std::map<std::int64_t, double>& weights) {
  Sequential model{on, {o.side, o.side, 3},
                   Conv2D{16, 3, relu}, MaxPool2D{2},
                   Conv2D{32, 3, relu}, MaxPool2D{2},
                   Conv2D{64, 3, relu}, MaxPool2D{2},
                   Conv2D{128, 3, relu}, MaxPool2D{2},
                   Flatten{}, Dropout{0.3},
                   Dense{256, relu}, Dropout{0.3},
                   Dense{static_cast<std::int64_t>(training.class_names().size()), softmax}};
  model.initialize(o.seed);
  const auto learn = [&](const data::Source& source) { fit(o, model, 1e-3, source, validation, weights); };
  if (o.augment)
    learn(data::augmented(on, training, {.rotation = 20, .width_shift = 0.1, .height_shift = 0.1, .zoom = 0.15,
                                         .flip_horizontal = true}, {.seed = o.seed}));
  else
    learn(training);
  return model;
}

/// A head on VGG16's features, which are computed once; then both as one model.
template <class Device>
Sequential<float, Device> train_vgg16(const Options& o, const Device& on, const data::Pictures& training,
                                      const data::Pictures& validation, const std::map<std::int64_t, double>& weights) {
  const Shape input{o.side, o.side, 3};
  if (o.weights.empty() && !o.smoke)
    detail::raise<ValueError>("--base vgg16 needs --weights FILE: VGG16's ImageNet weights without the top, as Keras "
                              "publishes them (vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5)");
  Sequential<float, Device> base = o.weights.empty() ? models::vgg16<float>(on, input, {.filters = {4, 4, 8, 8, 8}})
                                                     : models::vgg16<float>(on, o.weights, input);
  base.set_trainable(false);
  base.add(Flatten{});
  std::printf("computing what VGG16 sees in %lld pictures ...\n",
              static_cast<long long>(training.size() + validation.size()));
  std::fflush(stdout);
  const data::InMemory seen = io::extract(base, training).in_memory(), unseen = io::extract(base, validation).in_memory();

  const auto classes = static_cast<std::int64_t>(training.class_names().size());
  const Dense hidden{256, relu}, last{classes, softmax};
  Sequential head{on, base.output_shape(), hidden, Dropout{0.5}, last};
  head.initialize(o.seed);
  fit(o, head, 1e-4, seen, unseen, weights);

  Sequential<float, Device> model{std::move(base), hidden, Dropout{0.5}, last};
  example::copy_weights(head, model);
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  example::CommandLine line{"trains a classifier on a folder of pictures"};
  line.add("--data", o.data, "folder with one subfolder a class, or pictures named like cat.12.jpg");
  line.add("--validation", o.validation, "another such folder to validate with; else a share of --data is");
  line.add("--validation-share", o.share, "of each class, without --validation").show_default();
  line.add("--base", o.base, "small: trained from nothing; vgg16: a head on VGG16, needs --weights")
      .show_default()
      .one_of({"small", "vgg16"});
  line.add("--weights", o.weights, "VGG16's ImageNet weights without the top: .h5 or .safetensors");
  line.add("--epochs", o.epochs, "at most so many passes over the pictures").show_default();
  line.add("--patience", o.patience, "end when the validation loss has not fallen for so many epochs").show_default();
  line.add("--batch", o.batch, "pictures a step").show_default();
  line.add("--size", o.side, "rows and columns that pictures get").show_default().between(46, 2048);
  line.add("--learning-rate", o.learning_rate, "of RMSprop; 0: 1e-3 for small, 1e-4 for the head on vgg16");
  line.add("--seed", o.seed, "of weights, shuffling, dropout and the split").show_default();
  example::add_device_options(line, o.device);
  line.flag("!--no-augment", o.augment, "show the small network every picture as it is");
  line.flag("!--no-class-weights", o.class_weights, "let classes with more pictures count more");
  line.add("--out", o.out, "the model; page and table are written beside it").show_default();
  line.flag("--smoke", o.smoke, "two epochs on three drawn classes, to see that it runs");
  if (const auto code = line.parse(argc, argv)) return *code;

  try {
    if (o.out.has_parent_path()) fs::create_directories(o.out.parent_path());
    if (o.smoke) {
      o.data = o.out.parent_path() / "three_classes";
      draw_three_classes(o.data, o.seed);
      o.epochs = 2;
      o.side = 64;
    }
    if (o.data.empty()) detail::raise<ValueError>("name a folder of pictures: train --data FOLDER");

    const auto [training, validation] = load(o);
    std::map<std::int64_t, double> weights;
    if (o.class_weights) weights = balancing_weights(training);
    describe("training", training, weights);
    describe("validation", validation, {});

    return example::run_on(o.device, [&](const auto& on) {
      const auto model = o.base == "small" ? train_small(o, on, training, validation, weights)
                                           : train_vgg16(o, on, training, validation, weights);
      io::save_model(model, o.out, training);
      std::printf("model: %s\n", o.out.string().c_str());
      return EXIT_SUCCESS;
    });
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "train: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
