// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "cuda/gpu.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

data::Pictures pictures(std::int64_t n) {
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>({n, 14, 12, 3});
  const Random random{3, stream_id("test"), 0};
  for (std::int64_t i = 0; i < n; ++i) {
    parts.classes.push_back(i % 2);
    for (std::int64_t k = 0; k < 14 * 12 * 3; ++k)
      parts.pixels[i * 14 * 12 * 3 + k] =
          static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i * 1000 + k), 128) + 100 * (i % 2));
  }
  parts.class_names = {"dark", "bright"};
  return data::Pictures(std::move(parts));
}

const Augment augment{.rotation = 30, .width_shift = 0.1, .zoom = 0.2, .flip_horizontal = true};

}  // namespace

TEST_CASE("the GPU augments its own pictures as the processor does", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const data::Pictures photos = pictures(5);
  const data::Augmented here(photos, augment, {.seed = 9});
  const data::CudaAugmented there(on, photos, augment, {.seed = 9});
  std::vector<data::Draw> draws;
  for (std::uint64_t use = 0; use < 70; ++use) draws.push_back({static_cast<std::int64_t>(use % 5), use});
  Tensor<float> x({70, 14, 12, 3});
  Tensor<float, Cuda> gpu_x({70, 14, 12, 3});
  here.read(Cpu{1}, draws, x.view());
  there.read(on, draws, gpu_x.view());
  check_gpu("augmented", gpu_x, x, 1e-4);
  const data::CudaAugmented plain(on, photos, {});
  photos.read(Cpu{1}, draws, x.view());
  plain.read(on, draws, gpu_x.view());
  check_gpu("as they are", gpu_x, x, 1e-6);
  CHECK_THROWS_WITH(data::CudaAugmented(on, photos, {.channel_shift = 3}), Contains("use data::Augmented"));
  for (const Augment& a : {Augment{.brightness = {0.5, 2}, .keras2 = true},
                           Augment{.brightness = {0.5, 2}, .fill = Fill::constant, .cval = -1}})
    CHECK_THROWS_WITH(data::CudaAugmented(on, photos, a), Contains("use data::Augmented"));
}

TEST_CASE("the GPU changes brightness as the processor does", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const data::Pictures photos = pictures(3);
  const Augment brightness{.flip_horizontal = true, .brightness = {0.3, 1.7}};
  std::vector<data::Draw> draws;
  for (std::uint64_t use = 0; use < 9; ++use) draws.push_back({static_cast<std::int64_t>(use % 3), use});
  Tensor<float> x({9, 14, 12, 3});
  Tensor<float, Cuda> gpu_x({9, 14, 12, 3});
  data::Augmented(photos, brightness, {.seed = 1}).read(Cpu{1}, draws, x.view());
  data::CudaAugmented(on, photos, brightness, {.seed = 1}).read(on, draws, gpu_x.view());
  check_gpu("brightness", gpu_x, x, 1e-6);
}

TEST_CASE("the GPU changes colours and whole pictures and erases parts as the processor does", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const data::Pictures photos = pictures(5);
  std::vector<data::Draw> draws;
  for (std::uint64_t use = 0; use < 130; ++use) draws.push_back({static_cast<std::int64_t>(use % 5), use});
  Tensor<float> x({130, 14, 12, 3});
  Tensor<float, Cuda> gpu_x({130, 14, 12, 3});
  const Augment all[] = {{.color_jitter = {.brightness = 0.4, .contrast = 0.5, .saturation = 0.7, .hue = 0.3}},
                         {.flip_horizontal = true, .rand_augment = {.num_ops = 3, .magnitude = 12}},
                         {.random_erasing = {.probability = 0.6, .value = -3}},
                         {.rotation = 20,
                          .color_jitter = {.contrast = 0.5},
                          .rand_augment = {.num_ops = 2},
                          .resized_crop = {.least = 0.3, .least_ratio = 0.75, .most_ratio = 1.33},
                          .random_erasing = {.probability = 0.5}}};
  for (const Augment& a : all) {
    const data::Augmented here(photos, a, {.seed = 9});
    const data::CudaAugmented there(on, photos, a, {.seed = 9});
    INFO(here.augmentation());
    here.read(Cpu{1}, draws, x.view());
    there.read(on, draws, gpu_x.view());
    // A real GPU rounds products with sums once, so that a level in a thousand may be another.
    const Tensor<float> got = gpu_x.to<Cpu>();
    std::int64_t others = 0;
    for (std::int64_t i = 0; i < x.size(); ++i) others += std::abs(got[i] - x[i]) > 1e-4f ? 1 : 0;
    CHECK(others <= x.size() / 1000);
  }
}

TEST_CASE("training on the GPU's own pictures is training on the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const data::Pictures photos = pictures(18);
  const auto train = [&](const auto& device, const data::Source& source) {
    Sequential model{device, Shape{14, 12, 3}, Conv2D{8, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
    model.initialize(1);
    Trainer trainer{model, SGD{.learning_rate = 0.02}, BinaryCrossentropy{}};
    const History history = trainer.fit(source, {.batch = 8, .epochs = 3, .validation = source});
    return std::pair{history.loss, history.val_loss};
  };
  const auto here = data::augmented(Cpu{1}, photos, augment, {.seed = 2});
  const auto there = data::augmented(on, photos, augment, {.seed = 2});
  static_assert(std::is_base_of_v<data::CudaSource, std::remove_const_t<decltype(there)>>);
  const auto expected = train(Cpu{1}, here), got = train(on, there), fed = train(on, here);
  for (std::size_t e = 0; e < 3; ++e) {
    CHECK(got.first[e] == Approx(expected.first[e]).epsilon(1e-3));
    CHECK(got.second[e] == Approx(expected.second[e]).epsilon(1e-3));
    CHECK(fed.first[e] == Approx(expected.first[e]).epsilon(1e-3));
  }
  CHECK(train(Cpu{1}, there) == expected);  // the same source, read by the processor
}
