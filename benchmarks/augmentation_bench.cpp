// SPDX-License-Identifier: MIT
// Photos a second that data::Augmented and data::Mixed make of 224x224 pictures in memory, in batches of 32: a JSON
// line a kind. The peers: peers/bench_augmentation.py.
//
//     augmentation_bench [--threads 2] [--seconds 2]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <brindle/brindle.hpp>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace brindle;

namespace {

constexpr std::int64_t side = 224, count = 256, batch = 32;

data::Pictures pictures() {
  data::Pictures::Parts p;
  p.pixels = Tensor<std::uint8_t>({count, side, side, 3});
  const Random random{1, stream_id("noise"), 0};
  for (std::int64_t i = 0; i < p.pixels.size(); ++i) {
    const double x = static_cast<double>(i / 3 % side), y = static_cast<double>(i / 3 / side % side);
    const double base[] = {120 + 90 * std::sin(x / 17), 255 * y / static_cast<double>(side), 200 - x / 2};
    const double noise = random.uniform(static_cast<std::uint64_t>(i), -20, 20);
    p.pixels[i] = static_cast<std::uint8_t>(std::clamp(base[i % 3] + noise, 0.0, 255.0));
  }
  for (std::int64_t i = 0; i < count; ++i) p.classes.push_back(i % 2);
  p.class_names = {"cat", "dog"};
  return data::Pictures(std::move(p));
}

double photos_per_second(const data::Source& source, const Cpu& on, double seconds) {
  Tensor<float> x(source.sample_shape().batch(batch));
  std::uint64_t use = 0;
  using Clock = std::chrono::steady_clock;
  const auto read = [&] {
    std::vector<data::Draw> draws;
    for (std::int64_t i = 0; i < batch; ++i, ++use) draws.push_back({static_cast<std::int64_t>(use % count), use});
    source.read(on, draws, x.view());
  };
  read();
  std::vector<double> rates;
  const auto start = Clock::now();
  while (rates.size() < 5 || std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    const auto begin = Clock::now();
    read();
    rates.push_back(static_cast<double>(batch) / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"times augmentation"};
  int threads = 2;
  double seconds = 2;
  app.add_option("--threads", threads)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--seconds", seconds, "a figure")->capture_default_str()->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  const data::Pictures photos = pictures();
  const Cpu on(threads);
  const auto report = [&](const char* what, const data::Source& source) {
    std::printf("{\"peer\": \"brindle\", \"work\": \"augment: %s\", \"value\": %.5g, \"unit\": \"photos/s\"}\n", what,
                photos_per_second(source, on, seconds));
    std::fflush(stdout);
  };
  const std::pair<const char*, Augment> kinds[] = {
      {"flip", {.flip_horizontal = true}},
      {"rotation, shift, shear, zoom, flip",
       {.rotation = 50, .width_shift = 0.2, .height_shift = 0.2, .shear = 10, .zoom = 0.3, .flip_horizontal = true}},
      {"resized crop", {.resized_crop = {.least = 0.08, .least_ratio = 0.75, .most_ratio = 4.0 / 3}}},
      {"colour jitter", {.color_jitter = {0.4, 0.4, 0.4, 0.1}}},
      {"rand_augment", {.rand_augment = {.num_ops = 2}}},
      {"random erasing", {.random_erasing = {.probability = 1}}}};
  for (const auto& [what, augment] : kinds) report(what, data::Augmented(photos, augment));
  report("mixup", data::Mixed(photos, {.mixup = 0.2}));
  report("cutmix", data::Mixed(photos, {.cutmix = 1}));
}
