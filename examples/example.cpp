// SPDX-License-Identifier: MIT
#include "example.hpp"

#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/saved_model.hpp>
#include <brindle/models/pretrained_vgg16.hpp>
#include <brindle/train/checkpoint.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "device.hpp"
#include "drawn_pets.hpp"

namespace example {
namespace {

/// Thrown where Ctrl-C ended the training.
struct Paused {
  brindle::FitState at;
};

/// Fills the options with what was typed; the exit code if the program is to end.
std::optional<int> parse(int argc, char** argv, Options& o) {
  CommandLine line{"brindle example: " + o.name};
  std::int64_t epochs = 0;
  o.out = std::filesystem::path("out") / o.name;
  line.add("--data", o.data, "folder with training_data/ and validation_data/; without it pets are drawn");
  line.add("--epochs", epochs,
           "passes over the data (" + std::to_string(o.epochs) + " on photos, " + std::to_string(o.drawn_epochs) +
               " on drawn pets)");
  line.add("--steps", o.steps, "steps an epoch instead of a whole pass");
  line.add("--batch", o.batch, "pictures a step").show_default();
  line.add("--seed", o.seed, "of weights, shuffling and dropout").show_default();
  add_device_options(line, o.device);
  if (!o.compares) {
    line.flag("--resume", o.resume, "go on with the run whose checkpoint is in --out");
    line.add("--checkpoint-seconds", o.checkpoint_seconds, "from one checkpoint to the next; 0: one an epoch")
        .show_default();
  }
  line.add("--out", o.out, "folder for what the program writes").show_default();
  line.add("--expect", o.expect, "fail unless an epoch reaches this validation accuracy");
  line.flag("--smoke", o.smoke, "a few steps on a few drawn pictures, to see that it runs");
  if (!o.base.empty()) {
    line.add("--weights", o.weights, o.base + "'s ImageNet weights: .safetensors, those of VGG16 .h5, too");
    if (o.base == "VGG16")
      line.add("--preprocess", o.preprocess,
               "unit_rgb: pixels / 255, as the walkthrough; caffe: as the weights were trained")
          .show_default()
          .one_of({"unit_rgb", "caffe"});
    line.add("--limit", o.limit, "at most so many training photos, and a third as many for validation");
  }
  if (o.compares) {
    line.add("--models", o.models, "saved models, .safetensors, as the experiments write them");
    line.flag("--page", o.page, "write a page for each model, whose confusion matrix leads to the photos behind it");
  }
  if (const auto code = line.parse(argc, argv)) return code;
  if (line.given("--epochs"))
    o.epochs = epochs;
  else if (o.data.empty())
    o.epochs = o.smoke ? 2 : o.drawn_epochs;
  for (int i = 0; i < argc; ++i) {
    const std::string word = argv[i];
    if (word != "--resume") o.command += (word.find(' ') == word.npos ? word : "'" + word + "'") + " ";
  }
  return std::nullopt;
}

/// Every so many-th picture, so that at most `limit` remain; all of them without a limit.
brindle::data::Pictures limited(brindle::data::Pictures pictures, std::int64_t limit) {
  if (limit <= 0 || limit >= pictures.size()) return pictures;
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < limit; ++i) rows.push_back(i * pictures.size() / limit);
  return pictures.subset(rows);
}

}  // namespace

int parse_and_run(int argc, char** argv, Options& o, const DeviceProgram& program) {
  if (const auto code = parse(argc, argv, o)) return *code;
  try {
    std::filesystem::create_directories(o.out);
    o.interrupt = std::make_shared<brindle::Interrupt>();
    return run_on(o.device, program);
  } catch (const Paused& p) {
    std::printf("\nstopped after step %lld of %lld in epoch %lld of %lld; to go on:\n\n    %s--resume\n",
                static_cast<long long>(p.at.step), static_cast<long long>(p.at.steps),
                static_cast<long long>(p.at.epoch), static_cast<long long>(p.at.epochs), o.command.c_str());
    return 130;  // as a program that Ctrl-C ended
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s: %s\n", o.name.c_str(), e.what());
    return EXIT_FAILURE;
  }
}

Data open_data(const Options& o) {
  if (!o.data.empty()) {
    for (const char* part : {"training_data", "validation_data"})
      if (!std::filesystem::is_directory(o.data / part))
        brindle::detail::raise<brindle::FileError>(
            o.data.string() + ": expected the folders training_data and validation_data in it, " + part +
            " is missing; the program prepare_data deals photos out so, and train takes any folder with a subfolder a "
            "class");
    return {o.data / "training_data", o.data / "validation_data"};
  }
  const std::filesystem::path folder = o.out / "drawn_pets";
  const int training = o.smoke ? 30 : 400, validation = o.smoke ? 10 : 100;
  std::printf(
      "No --data given: drawing %d cats and dogs into %s.\nThey show that everything works; what a network is worth, "
      "photos tell.\n",
      2 * (training + validation), folder.string().c_str());
  std::filesystem::remove_all(folder);
  brindle::example_pets::draw_pets(folder / "training_data", training, o.seed, 150);
  brindle::example_pets::draw_pets(folder / "validation_data", validation, o.seed + 1, 150);
  return {folder / "training_data", folder / "validation_data"};
}

Photos open_photos(const Options& o) {
  const Data data = open_data(o);
  const auto load = [&](const std::filesystem::path& folder, std::int64_t limit) {
    return limited(brindle::data::image_folder(folder, {.size = {o.side, o.side},
                                                        .interpolation = o.interpolation,
                                                        .preprocessing = brindle::preprocessing(o.preprocess)}),
                   limit);
  };
  return {load(data.training, o.limit), load(data.validation, o.limit / 3)};
}

template <class Device>
brindle::Sequential<float, Device> vgg16(const Options& o, const Device& on) {
  const brindle::Shape input{150, 150, 3};
  if (o.weights.empty()) {
    if (o.smoke) return brindle::models::vgg16<float>(on, input, {.filters = {4, 4, 8, 8, 8}});
    brindle::detail::raise<brindle::ValueError>(
        "this experiment needs --weights FILE: VGG16's ImageNet weights without the top. Keras publishes them as "
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 among the releases of keras-applications; .h5 files of "
        "Keras "
        "1 to 3 and .safetensors files with the same tensors are read. With --smoke it runs on a small random network");
  }
  return brindle::models::vgg16<float>(on, o.weights, input);
}

void describe(const char* what, const brindle::data::Pictures& pictures) {
  std::string classes;
  const auto names = pictures.class_names();
  const auto counts = pictures.class_counts();
  for (std::size_t i = 0; i < names.size(); ++i)
    classes += (i ? ", " : "") + std::to_string(counts[i]) + " " + names[i];
  std::printf("%s: %s of %lld pictures (%s)\n", what, to_string_batch(pictures.sample_shape()).c_str(),
              static_cast<long long>(pictures.size()), classes.c_str());
}

void print(const std::string& text) { std::printf("\n%s\n", text.c_str()); }

std::shared_ptr<brindle::CheckpointStore> checkpoint(const Options& o) {
  if (o.smoke && !o.resume) return {};  // nothing to lose
  return brindle::checkpoint(o.out / (o.name + ".checkpoint"),
                             {.every_seconds = o.checkpoint_seconds,
                              .resume = o.resume,
                              .tell = [](const std::string& line) { std::printf("%s\n", line.c_str()); }});
}

brindle::Callback ctrl_c(const Options& o) {
  brindle::Callback callback = brindle::pause_on(*o.interrupt);
  callback.end = [](brindle::FitState& s) {
    if (s.pause) throw Paused{s};
  };
  return callback;
}

template <class Device>
brindle::report::RunPage run_page(const Options& o, const brindle::Sequential<float, Device>& model,
                                  const brindle::History& history) {
  const auto number = [](auto value) { return std::to_string(value); };
  brindle::report::RunPage page{.title = o.name};
  page.add_history(history);
  page.add_settings({{"photos", o.data.empty() ? "drawn cats and dogs" : o.data.filename().string()},
                     {"epochs", number(o.epochs)},
                     {"steps an epoch", o.steps ? number(o.steps) : "one pass"},
                     {"batch", number(o.batch)},
                     {"seed", number(o.seed)},
                     {"threads", o.device.threads ? number(o.device.threads) : "all"},
                     {"device", Device::name}});
  page.add_summary(model);
  return page;
}

template <class Device>
void save(const Options& o, const brindle::Model<float, Device>& model, const brindle::data::Source& photos) {
  brindle::io::save_model(model, o.out / (o.name + ".safetensors"), photos);
}

int finish(const Options& o, const brindle::History& history) {
  const auto best = std::max_element(history.val_accuracy.begin(), history.val_accuracy.end());
  double seconds = 0;
  for (const double s : history.seconds) seconds += s;
  std::printf("\nvalidation accuracy: %.4f at last, %.4f at best (epoch %d); training accuracy %.4f; %.0f s in all\n",
              history.val_accuracy.back(), *best, static_cast<int>(best - history.val_accuracy.begin()) + 1,
              history.accuracy.back(), seconds);
  std::printf("curves and figures: %s.html, .svg, .png, .csv\n", (o.out / o.name).string().c_str());
  if (o.expect > 0 && *best < o.expect) {
    std::fprintf(stderr, "%s: expected a validation accuracy of %.4f at least, the best epoch had %.4f\n",
                 o.name.c_str(), o.expect, *best);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

// The devices that programs use.
template brindle::Sequential<float, brindle::Cpu> vgg16(const Options&, const brindle::Cpu&);
template brindle::report::RunPage run_page(const Options&, const brindle::Sequential<float, brindle::Cpu>&,
                                           const brindle::History&);
template void save(const Options&, const brindle::Model<float, brindle::Cpu>&, const brindle::data::Source&);
#ifdef BRINDLE_EXAMPLE_CUDA
template brindle::Sequential<float, brindle::Cuda> vgg16(const Options&, const brindle::Cuda&);
template brindle::report::RunPage run_page(const Options&, const brindle::Sequential<float, brindle::Cuda>&,
                                           const brindle::History&);
template void save(const Options&, const brindle::Model<float, brindle::Cuda>&, const brindle::data::Source&);
#endif

}  // namespace example
