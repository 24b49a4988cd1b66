// SPDX-License-Identifier: MIT
// Times the experiments' workloads, a JSON line for each figure, named as the peers' programs name them:
//
//     W1 baseline, training step of 30 photos, and inference
//     W2 regularised, training step of 30 photos, and inference
//     W3 VGG16 at 150x150, inference of 30 photos and of one
//     W4 the head on VGG16's features, training step of 30
//     W5 fine-tuning from block4_conv1 on, training step of 20 photos
//     W6 augmentation of 30 photos: drawn anew, warped (bilinear), scaled to floats
//     W7 decoding and resizing photos (--photos DIR)
//
//     experiments_bench [W1 W2 W3 W4 W5 W6] [--photos DIR] [--threads 2] [--seconds 8]
//
// One workload a process gives the peak memory of that workload. Medians, best and worst are of single calls.
#include <CLI/CLI.hpp>
#include <brindle/brindle.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "support/measure.hpp"
#include "support/networks.hpp"

using namespace brindle;

namespace {

struct Settings : bench::Timing {
  std::vector<std::string> works;
  std::filesystem::path photos;
};

void train(const Settings& s, const std::string& work, Sequential<float>& model, std::int64_t batch, double rate,
           double gflop) {
  Trainer trainer{model, RMSprop{.learning_rate = rate}, BinaryCrossentropy{}};
  const Tensor<float> x = bench::random_batch(model.input_shape().batch(batch));
  Tensor<float> y({batch, 1});
  for (std::int64_t i = 0; i < batch; ++i) y[i] = static_cast<float>(i % 2);
  bench::measure(s, work + " train step", static_cast<double>(batch), gflop * static_cast<double>(batch),
                 [&] { trainer.train_on_batch(x.view(), y.view()); });
}

void infer(const Settings& s, const std::string& work, const Model<float>& model, std::int64_t batch, double gflop) {
  const Tensor<float> x = bench::random_batch(model.input_shape().batch(batch));
  bench::measure(s, work + " inference", static_cast<double>(batch), gflop * static_cast<double>(batch),
                 [&] { model.predict(x, batch); });
}

// Multiply-adds times two, a photo; see the experiments' table of networks.
constexpr double gflop_w1 = 0.3228, gflop_w1_step = 0.9476, gflop_w2 = 0.358, gflop_w2_step = 1.06, gflop_vgg16 = 13.23,
                 gflop_w4_step = 0.0178, gflop_w5_step = 22.4;

void run(const Settings& s, const std::string& work) {
  const Cpu on{s.threads};
  if (work == "W1") {
    Sequential<float> model = bench::baseline(on);
    train(s, work, model, 30, 1e-3, gflop_w1_step);
    infer(s, work, model, 30, gflop_w1);
  } else if (work == "W2") {
    Sequential<float> model = bench::regularised(on);
    train(s, work, model, 30, 1e-3, gflop_w2_step);
    infer(s, work, model, 30, gflop_w2);
  } else if (work == "W3") {
    const auto model = folded(models::vgg16<float>(on, {150, 150, 3}));  // fixed weights
    infer(s, "W3 batch 1", model, 1, gflop_vgg16);                       // first: memory only grows
    infer(s, "W3 batch 30", model, 30, gflop_vgg16);
  } else if (work == "W4") {
    Sequential<float> model = bench::head(on);
    train(s, work, model, 30, 1e-4, gflop_w4_step);
  } else if (work == "W5") {
    Sequential<float> model = bench::fine_tuned(on);
    train(s, work, model, 20, 1e-5, gflop_w5_step);
  } else if (work == "W6") {
    data::Pictures::Parts parts;
    parts.pixels = Tensor<std::uint8_t>({30, 150, 150, 3});
    const Random random{0, stream_id("benchmark"), 0};
    for (std::int64_t i = 0; i < parts.pixels.size(); ++i)
      parts.pixels[i] = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i), 256));
    parts.classes.assign(30, 0);
    parts.class_names = {"photo"};
    const data::Pictures photos(std::move(parts));
    const data::Augmented augmented(
        photos,
        {.rotation = 50, .width_shift = 0.2, .height_shift = 0.2, .shear = 0.2, .zoom = 0.3, .flip_horizontal = true});
    Tensor<float> x({30, 150, 150, 3});
    std::vector<data::Draw> draws(30);
    bench::measure(s, "W6 augmentation bilinear", 30, 0, [&] {
      for (std::int64_t i = 0; i < 30; ++i)
        draws[static_cast<std::size_t>(i)] = {
            i, draws[static_cast<std::size_t>(i)].use + 1 + static_cast<std::uint64_t>(i)};
      augmented.read(on, draws, x.view());
    });
  } else if (work == "W7") {
    if (s.photos.empty()) detail::raise<ValueError>("W7 decodes photos: name their folder with --photos");
    const auto load = [&] { return data::image_folder(s.photos, {.size = {150, 150}}, on); };
    const double photos = static_cast<double>(load().size());
    bench::measure(s, "W7 decode + nearest, " + std::to_string(s.threads) + " threads", photos, 0, load);
  } else {
    detail::raise<ValueError>("no workload is named " + work + "; there are W1 to W7");
  }
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app{"times the experiments' workloads"};
  app.add_option("works", s.works, "W1 to W7; without any, W1 to W6");
  app.add_option("--photos", s.photos, "folder of pictures for W7");
  app.add_option("--threads", s.threads)->capture_default_str();
  app.add_option("--seconds", s.seconds, "for each figure")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (s.works.empty()) s.works = {"W1", "W2", "W3", "W4", "W5", "W6"};
  try {
    for (const std::string& work : s.works) run(s, work);
  } catch (const Error& e) {
    std::fprintf(stderr, "experiments_bench: %s\n", e.what());
    return 1;
  }
}
