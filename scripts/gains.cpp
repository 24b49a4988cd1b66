// SPDX-License-Identifier: MIT
// What each way of training brings: the tables of docs/results.md that scripts/gains_results.py writes.
//
//     flags="-std=c++20 -O3 -march=native -Iinclude -Iexamples -isystem /usr/include/eigen3 -pthread"
//     g++ $flags scripts/gains.cpp -o gains
//     ./gains WEIGHTS CATS_AND_DOGS CLOTHES docs/results/gains.csv [PHOTOS NETWORK]
//
// WEIGHTS are EfficientNet-Lite0's, CATS_AND_DOGS has training_data and test_data, CLOTHES train and validation. Every
// technique is one change of the same plain training, run with three seeds, and judged by photos that no run has seen,
// after its last epoch: nothing is chosen by them. A run is a line of the file, written when it ends; one that is there
// already is not run again, so the program goes on where it was stopped. PHOTOS (cats and dogs, clothes) and NETWORK
// (small, lite0): these alone.
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <brindle/models/pretrained.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "small_network.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

/// How a network is trained: a technique changes some of it.
struct Recipe {
  Augment augment = {.flip_horizontal = true};
  double mixup = 0, cutmix = 0, label_smoothing = 0;
  bool focal = false, balanced = false, distilled = false, adamw = false;
  bool batch_statistics = false;  ///< BatchNormalization of the trained base goes by the batches, else as in prediction
  double rate_factor = 1;         ///< of the learning rate
  TrainerOptions trainer = {};
  std::function<Callback()> schedule = {};
  std::function<std::vector<LayerRate>(const Model<float>&)> layer_rates = {};
  std::vector<Size2> sides = {};  ///< of the photos, one after the other, before the last
};

struct Technique {
  std::string name;
  std::function<void(Recipe&)> change;
  bool small = true, lite0 = true;  ///< the networks that it is tried with
};

const std::vector<Technique>& techniques() {
  static const std::vector<Technique> all = {
      {"plain", [](Recipe&) {}},
      {"photos as they are", [](Recipe& r) { r.augment = {}; }},
      {"rotation, shifts, zoom",
       [](Recipe& r) {
         r.augment.rotation = 20;
         r.augment.width_shift = r.augment.height_shift = 0.1;
         r.augment.zoom = 0.15;
       }},
      {"resized crop", [](Recipe& r) { r.augment.resized_crop.least = 0.35; }},
      {"colour jitter",
       [](Recipe& r) { r.augment.color_jitter = {.brightness = 0.3, .contrast = 0.3, .saturation = 0.3}; }},
      {"RandAugment", [](Recipe& r) { r.augment.rand_augment.num_ops = 2; }},
      {"random erasing", [](Recipe& r) { r.augment.random_erasing.probability = 0.25; }, true, false},
      {"mixup", [](Recipe& r) { r.mixup = 0.2; }},
      {"cutmix", [](Recipe& r) { r.cutmix = 1; }},
      {"label smoothing", [](Recipe& r) { r.label_smoothing = 0.1; }},
      {"focal loss", [](Recipe& r) { r.focal = true; }, true, false},
      {"balanced batches", [](Recipe& r) { r.balanced = true; }, true, false},
      {"AdamW, decay 0.05", [](Recipe& r) { r.adamw = true; }, true, false},
      {"averaged weights", [](Recipe& r) { r.trainer = {.use_ema = true, .swap_ema_weights = true}; }},
      {"norm of gradients at most 1", [](Recipe& r) { r.trainer = {.global_clipnorm = 1}; }, true, false},
      {"cosine decay", [](Recipe& r) { r.schedule = [] { return cosine_decay(); }; }},
      {"one cycle, thrice the rate",
       [](Recipe& r) {
         r.rate_factor = 3;
         r.schedule = [] { return one_cycle(); };
       }},
      {"rates by layer, 0.9",
       [](Recipe& r) { r.layer_rates = [](const Model<float>& m) { return decayed_rates(m, 0.9); }; }, false, true},
      {"statistics of batches", [](Recipe& r) { r.batch_statistics = true; }, false, true},
      {"progressive resizing", [](Recipe& r) { r.sides = {112}; }, false, true},
      {"labels of EfficientNet-Lite0", [](Recipe& r) { r.distilled = true; }, true, false},
      {"several at once",
       [](Recipe& r) {
         r.augment.rotation = 20;
         r.augment.width_shift = r.augment.height_shift = 0.1;
         r.augment.zoom = 0.15;
         r.label_smoothing = 0.1;
         r.rate_factor = 3;
         r.schedule = [] { return one_cycle(); };
       }},
  };
  return all;
}

struct Photos {
  std::string name;
  fs::path training, test;
};

struct Outcome {
  double accuracy = 0, loss = 0;  ///< of the photos as they are; loss: mean negative log-likelihood
  double looks = 0;               ///< accuracy of the means over photo and mirror image
};

Outcome judge(const Tensor<float>& y, const Tensor<float>& averaged, TensorView<const float> labels) {
  const std::int64_t n = y.shape()[0], classes = y.shape()[1];
  Outcome of;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto label = static_cast<std::int64_t>(labels[i]);
    const auto right = [&](const Tensor<float>& from) {
      const float* row = from.data() + i * classes;
      return std::max_element(row, row + classes) - row == label ? 1.0 : 0.0;
    };
    of.accuracy += right(y) / static_cast<double>(n);
    of.looks += right(averaged) / static_cast<double>(n);
    of.loss -= std::log(std::max(1e-7f, y.data()[i * classes + label])) / static_cast<double>(n);
  }
  return of;
}

/// A network that is trained from nothing on the photos, or EfficientNet-Lite0 with its best linear head, trained on.
class Study {
 public:
  Study(const Photos& photos, bool small, const fs::path& weights)
      : photos_(photos), small_(small), weights_(weights), side_(small ? 96 : 160) {}

  std::int64_t epochs() const {
    return small_ ? (photos_.name == "clothes" ? 30 : 10) : photos_.name == "clothes" ? 4 : 2;
  }
  std::int64_t side() const { return side_; }

  Outcome run(const Recipe& recipe, std::uint64_t seed) {
    const data::Pictures& test = read(side_, false);
    Model<float> model =
        small_ ? example::small_network(Cpu(), side_, classes(), seed) : with_head(!recipe.batch_statistics);
    const double rate = (small_ ? 1e-3 : 1e-4) * recipe.rate_factor;
    if (recipe.sides.empty()) {
      train(model, recipe, side_, rate, seed, epochs());
    } else {
      const auto each = epochs() / static_cast<std::int64_t>(recipe.sides.size() + 1);
      progressive_resizing(model, recipe.sides,
                           [&](Model<float>& at, Size2 size) { train(at, recipe, size.h, rate, seed, each); });
    }
    const data::OneHot rows(test);
    const data::Augmented mirrored(test, {.flip_horizontal = true}, {.seed = 1});
    Trainer trainer{model, Adam{}, CategoricalCrossentropy{}};
    return judge(trainer.predict(test), trainer.predict_averaged(mirrored, 4), test.labels());
  }

 private:
  const data::Pictures& read(std::int64_t side, bool training) {
    auto& kept = kept_[{side, training}];
    if (!kept) {
      const Preprocessing preprocessing = small_ ? Preprocessing::unit_rgb : Preprocessing::efficientnet_lite;
      kept = std::make_unique<data::Pictures>(data::image_folder(training ? photos_.training : photos_.test,
                                                                 {.size = {side, side},
                                                                  .interpolation = image::Interpolation::bilinear,
                                                                  .orientation = Orientation::exif,
                                                                  .preprocessing = preprocessing}));
    }
    return *kept;
  }

  std::int64_t classes() { return static_cast<std::int64_t>(read(side_, false).class_names().size()); }

  Model<float> base() const { return models::efficientnet_lite0<float>(weights_, Shape{side_, side_, 3}); }

  /// folds: BatchNormalization stands in the convolutions, as `train` has it.
  Model<float> with_head(bool folds) {
    if (!head_) {
      Model<float> network = folded(base());
      const io::Features seen = io::extract(network, read(side_, true));
      head_ = linear_head(Cpu(), seen.x, seen.labels);
    }
    Model<float> model{{side_, side_, 3}, [&](auto x) {
                         return x.then(folds ? folded(base()) : base(), Dense{classes(), softmax});
                       }};
    set_linear_head(model, *head_);
    return model;
  }

  /// What the linear head on EfficientNet-Lite0's features says of the training photos.
  Tensor<float> teacher_rows() {
    Study teacher({photos_.name, photos_.training, photos_.test}, false, weights_);
    Model<float> large = teacher.with_head(true);
    const data::Pictures& photos = teacher.read(teacher.side_, true);
    return distilled_labels(Trainer{large, Adam{}, SparseCategoricalCrossentropy{}}.predict(photos), photos.labels());
  }

  void train(Model<float>& model, const Recipe& recipe, std::int64_t side, double rate, std::uint64_t seed,
             std::int64_t passes) {
    const data::Pictures& photos = read(side, true);
    const data::Augmented augmented(photos, recipe.augment, {.seed = seed});
    std::optional<data::WithLabels> taught;
    std::optional<data::Subset> balanced;
    if (recipe.distilled) {
      if (rows_.size() == 0) rows_ = teacher_rows();
      taught.emplace(augmented, rows_.clone());
    }
    if (recipe.balanced) balanced.emplace(data::balanced(augmented, seed));
    const data::Source& from = balanced ? static_cast<const data::Source&>(*balanced) : augmented;
    std::optional<data::Mixed> mixed;
    std::optional<data::OneHot> rows;
    if (recipe.mixup > 0 || recipe.cutmix > 0)
      mixed.emplace(from, data::MixedOptions{.mixup = recipe.mixup, .cutmix = recipe.cutmix, .seed = seed});
    else if (!taught)
      rows.emplace(from, classes());
    const data::Source& samples = taught  ? static_cast<const data::Source&>(*taught)
                                  : mixed ? static_cast<const data::Source&>(*mixed)
                                          : *rows;
    TrainerOptions options = recipe.trainer;
    options.seed = seed;
    FitOptions fit{.batch = 32, .epochs = passes};
    if (recipe.schedule) fit.callbacks.push_back(recipe.schedule());
    const auto go = [&](auto optimizer) {
      if (recipe.focal)
        Trainer{model, optimizer, CategoricalFocalCrossentropy{}, options}.fit(samples, fit);
      else
        Trainer{model, optimizer, CategoricalCrossentropy{.label_smoothing = recipe.label_smoothing}, options}.fit(
            samples, fit);
    };
    if (recipe.layer_rates)
      go(LayerRates{Adam{.learning_rate = rate}, recipe.layer_rates(model)});
    else if (recipe.adamw)
      go(AdamW{.learning_rate = rate, .weight_decay = 0.05, .exclude_from_weight_decay = {"bias", "gamma", "beta"}});
    else
      go(Adam{.learning_rate = rate});
  }

  Photos photos_;
  bool small_;
  fs::path weights_;
  std::int64_t side_;
  std::map<std::pair<std::int64_t, bool>, std::unique_ptr<data::Pictures>> kept_;
  std::optional<LinearHead> head_;
  Tensor<float> rows_;
};

std::string key(const std::string& photos, const std::string& network, const std::string& technique,
                std::uint64_t seed) {
  return photos + ";" + network + ";" + technique + ";" + std::to_string(seed) + ";";
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5 && argc != 7)
    return std::fprintf(stderr, "gains WEIGHTS CATS_AND_DOGS CLOTHES CSV [PHOTOS NETWORK]\n"), EXIT_FAILURE;
  const fs::path weights = argv[1], cats = argv[2], clothes = argv[3], out = argv[4];
  std::set<std::string> done;
  if (!fs::exists(out))
    std::ofstream(out)
        << "photos;network;technique;seed;accuracy;loss;mirrored_accuracy;epochs;side;processor_seconds\n";
  std::ifstream kept(out);
  for (std::string line; std::getline(kept, line);) {
    std::size_t end = 0;
    for (int field = 0; field < 4 && end != std::string::npos; ++field) end = line.find(';', end) + 1;
    done.insert(line.substr(0, end));
  }
  const std::vector<Photos> sets = {{"clothes", clothes / "train", clothes / "validation"},
                                    {"cats and dogs", cats / "training_data", cats / "test_data"}};
  for (const Photos& photos : sets)
    for (const std::string network : {"small", "lite0"}) {
      if (argc == 7 && (photos.name != argv[5] || network != argv[6])) continue;
      Study study(photos, network == "small", weights);
      for (const std::uint64_t seed : {42, 43, 44})
        for (const Technique& technique : techniques()) {
          if (!(network == "small" ? technique.small : technique.lite0)) continue;
          const std::string which = key(photos.name, network, technique.name, seed);
          if (done.contains(which)) continue;
          Recipe recipe;
          technique.change(recipe);
          const std::clock_t begin = std::clock();
          const Outcome of = study.run(recipe, seed);
          const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
          char line[400];
          std::snprintf(line, sizeof line, "%s%.4f;%.4f;%.4f;%lld;%lld;%.1f\n", which.c_str(), of.accuracy, of.loss,
                        of.looks, static_cast<long long>(study.epochs()), static_cast<long long>(study.side()),
                        seconds);
          std::ofstream(out, std::ios::app) << line;
          std::printf("%s", line);
          std::fflush(stdout);
        }
    }
  return EXIT_SUCCESS;
} catch (const std::exception& e) {
  std::fprintf(stderr, "gains: %s\n", e.what());
  return EXIT_FAILURE;
}
