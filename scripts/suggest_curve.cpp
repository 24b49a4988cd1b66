// SPDX-License-Identifier: MIT
// What labels are worth that suggest_samples() asks for, against labels of photos drawn at random: the figure and the
// table of docs/results.md.
//
//     g++ -std=c++20 -O2 -march=native -Iinclude -isystem /usr/include/eigen3 scripts/suggest_curve.cpp -pthread -o
//     suggest_curve suggest_curve WEIGHTS CATS_AND_DOGS CLOTHES OUT 10
//
// WEIGHTS are EfficientNet-Lite0's, CATS_AND_DOGS has training_data and test_data, CLOTHES train and validation. The
// features are computed once and kept in OUT. A seed draws the first labels, as many of each class; then each round
// doubles them: at random, by doubt alone, or as suggested, and the best linear head on all labels so far is judged by
// the test photos.
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <brindle/models/pretrained.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace brindle;
namespace fs = std::filesystem;

namespace {

struct Set {
  std::string name;
  io::Features training, test;
  std::int64_t classes;
  std::vector<std::int64_t> labels;  ///< of the rounds
};

struct Labelled {
  Tensor<float> x, labels;
};

Labelled rows_of(const io::Features& of, const std::vector<std::int64_t>& rows) {
  const std::int64_t n = static_cast<std::int64_t>(rows.size()), width = of.x.shape().sample().size();
  Labelled some{Tensor<float>({n, width}), Tensor<float>({n, 1})};
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t row = rows[static_cast<std::size_t>(i)];
    std::copy_n(of.x.data() + row * width, width, some.x.data() + i * width);
    some.labels[i] = of.labels[row];
  }
  return some;
}

/// The best linear head on the labelled photos.
Sequential<float> head_of(const Set& set, const Labelled& labelled) {
  Sequential<float> head{labelled.x.shape().sample(), Dense{set.classes, softmax}};
  set_linear_head(head, linear_head(Cpu(), labelled.x, labelled.labels));
  return head;
}

/// The accuracy on the test photos after each round. doubtful: of SuggestOptions; 0: labels are drawn at random.
std::vector<double> accuracies(const Set& set, std::uint64_t seed, double doubtful) {
  const std::int64_t n = set.training.labels.size();
  // The first labels are of all classes, as many of each; the others follow in a random order.
  std::vector<std::int64_t> order, others, begun(static_cast<std::size_t>(set.classes));
  for (const std::int64_t row : permutation(n, Random{.seed = seed, .what = stream_id("labels")})) {
    const auto label = static_cast<std::size_t>(set.training.labels[row]);
    (begun[label]++ < set.labels.front() / set.classes ? order : others).push_back(row);
  }
  order.insert(order.end(), others.begin(), others.end());
  std::vector<std::int64_t> labelled;
  std::vector<double> found;
  for (const std::int64_t size : set.labels) {
    if (labelled.empty() || doubtful == 0) {
      labelled.assign(order.begin(), order.begin() + size);
    } else {
      const std::set<std::int64_t> known(labelled.begin(), labelled.end());
      std::vector<std::int64_t> unlabelled;
      for (std::int64_t i = 0; i < n; ++i)
        if (known.count(i) == 0) unlabelled.push_back(i);
      const Labelled have = rows_of(set.training, labelled), rest = rows_of(set.training, unlabelled);
      const Tensor<float> probabilities = head_of(set, have).predict(rest.x);
      for (const Suggestion& s :
           suggest_samples(Cpu(), probabilities, rest.x, have.x,
                           {.count = size - static_cast<std::int64_t>(labelled.size()), .doubtful = doubtful}))
        labelled.push_back(unlabelled[static_cast<std::size_t>(s.row)]);
    }
    const Tensor<float> y = head_of(set, rows_of(set.training, labelled)).predict(set.test.x);
    double right = 0;
    for (std::int64_t i = 0; i < y.shape()[0]; ++i) {
      const float* row = y.data() + i * set.classes;
      right += std::max_element(row, row + set.classes) - row == static_cast<std::int64_t>(set.test.labels[i]) ? 1 : 0;
    }
    found.push_back(right / static_cast<double>(y.shape()[0]));
  }
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "suggest_curve WEIGHTS CATS_AND_DOGS CLOTHES OUT SEEDS\n"), EXIT_FAILURE;
  const fs::path cats = argv[2], clothes = argv[3], out = argv[4];
  const int seeds = std::atoi(argv[5]);
  Model<float> network = folded(models::efficientnet_lite0<float>(argv[1], Shape{224, 224, 3}));
  if (network.output_shape().rank() == 3) network.add(GlobalAveragePooling2D{});
  const auto features = [&](const fs::path& folder, const char* name) {
    const data::FolderStream photos(folder, {.size = {224, 224},
                                             .interpolation = image::Interpolation::bilinear,
                                             .orientation = Orientation::exif,
                                             .preprocessing = Preprocessing::efficientnet_lite});
    return io::extract(network, photos, {.cache = out / name});
  };
  std::vector<Set> sets;
  sets.push_back({"clothes, 10 classes",
                  features(clothes / "train", "clothes_train.safetensors"),
                  features(clothes / "validation", "clothes_test.safetensors"),
                  10,
                  {40, 80, 160, 320}});
  sets.push_back({"cats and dogs",
                  features(cats / "training_data", "cats_train.safetensors"),
                  features(cats / "test_data", "cats_test.safetensors"),
                  2,
                  {20, 40, 80, 160, 320}});
  report::Chart chart{.title = "Accuracy on test photos by labelled photos", .height = 360};
  for (const Set& set : sets) {
    report::Panel panel{.title = set.name, .x_label = "labelled photos"};
    const struct {
      const char* name;
      double doubtful;
    } ways[] = {{"suggested", SuggestOptions{}.doubtful}, {"at random", 0}, {"doubt alone", 1}};
    for (const auto& way : ways) {
      std::vector<double> sums(set.labels.size(), 0.0), squares(set.labels.size(), 0.0);
      for (int seed = 1; seed <= seeds; ++seed) {
        const std::vector<double> found = accuracies(set, static_cast<std::uint64_t>(seed), way.doubtful);
        for (std::size_t i = 0; i < found.size(); ++i) sums[i] += found[i], squares[i] += found[i] * found[i];
      }
      std::printf("%-20s %-12s", set.name.c_str(), way.name);
      report::Series line{.label = way.name, .tint = way.doubtful > 0 ? report::Tint::first : report::Tint::second};
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const double mean = sums[i] / seeds;
        const double deviation =
            std::sqrt(std::max(0.0, squares[i] / seeds - mean * mean) * seeds / std::max(1, seeds - 1));
        std::printf("  %lld: %.4f +- %.4f", static_cast<long long>(set.labels[i]), mean, deviation / std::sqrt(seeds));
        line.x.push_back(static_cast<double>(set.labels[i]));
        line.y.push_back(mean);
      }
      std::printf("\n");
      std::fflush(stdout);
      if (way.doubtful != 1) panel.series.push_back(line);
    }
    chart.panels.push_back(panel);
  }
  replace_file(out / "suggest.svg", report::chart_svg(chart));
  return EXIT_SUCCESS;
}
