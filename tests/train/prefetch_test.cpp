// SPDX-License-Identifier: MIT
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "brindle/data/augmented.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/step_allocations.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::Pictures read_pictures(std::int64_t n = 50) {
  data::Pictures::Parts p;
  p.pixels = converted<std::uint8_t>(random_tensor<double>({n, 12, 12, 3}, 5, 0, 200));
  for (std::int64_t i = 0; i < n; ++i) {
    p.classes.push_back(i % 2);
    for (std::int64_t k = 0; k < 432; k += 3)
      p.pixels[i * 432 + k] = static_cast<std::uint8_t>(p.pixels[i * 432 + k] + 55 * (i % 2));
  }
  p.class_names = {"cat", "dog"};
  return data::Pictures(std::move(p));
}

const Augment settings{.rotation = 50, .width_shift = 0.2, .height_shift = 0.2, .zoom = 0.3, .flip_horizontal = true};

Sequential<float> read_network(int threads = 2) {
  return Sequential<float>{Cpu{threads}, {12, 12, 3},     Conv2D{8, 3, relu}, MaxPool2D{2},
                           Flatten{},    Dense{16, relu}, Dropout{0.3},       Dense{1, sigmoid}};
}

std::vector<float> read_weights(const Sequential<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.insert(all.end(), p.value.span().begin(), p.value.span().end());
  return all;
}

/// Hands on another source's samples, late, and fails at a use.
class SlowPictures : public data::Source {
 public:
  explicit SlowPictures(const data::Source& source, int delay, std::int64_t fails_at = -1)
      : source_(&source), delay_(delay), fails_at_(fails_at) {}
  std::int64_t size() const override { return source_->size(); }
  Shape sample_shape() const override { return source_->sample_shape(); }
  TensorView<const float> labels() const override { return source_->labels(); }
  using Source::read;
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_));
    for (const data::Draw& d : draws)
      if (static_cast<std::int64_t>(d.use) == fails_at_) detail::raise<DataError>("the disk is gone");
    source_->read(on, draws, x);
    ++reads;
  }
  mutable std::atomic<int> reads{0};

 private:
  const data::Source* source_;
  int delay_;
  std::int64_t fails_at_;
};

}  // namespace

TEST_CASE("reading ahead changes no bit of what is trained", "[train][prefetch]") {
  const data::Pictures photos = read_pictures();
  const data::Augmented augmented(photos, settings, {.seed = 3});
  const auto train = [&](std::int64_t prefetch, int threads, bool shuffle = true) {
    auto model = read_network(threads);
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}, {.seed = 8}};
    trainer.fit(augmented, {.batch = 16,
                            .epochs = 4,
                            .steps_per_epoch = 3,
                            .shuffle = shuffle,
                            .prefetch = prefetch,
                            .validation = photos});
    return read_weights(model);
  };
  const auto without = train(0, 1);
  for (const std::int64_t prefetch : {0, 1, 2, 20})
    for (const int threads : {1, 2}) CHECK(without == train(prefetch, threads));
  CHECK(without != train(2, 2, false));
  CHECK(train(0, 1, false) == train(3, 2, false));
}

TEST_CASE("a fit that was stopped early goes on with the samples that it had not used", "[train][prefetch]") {
  const data::Pictures photos = read_pictures();
  const data::Augmented augmented(photos, settings);
  const auto train = [&](std::int64_t prefetch, int threads) {
    auto model = read_network(threads);
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    const History h =
        trainer.fit(augmented, {.batch = 16, .epochs = 5, .prefetch = prefetch, .callbacks = {{.step = [](FitState& s) {
                                                                                  s.stop = s.epoch == 2 && s.step == 2;
                                                                                }}}});
    CHECK(h.epochs() == 2);
    trainer.fit(augmented, {.batch = 16, .prefetch = prefetch});
    return read_weights(model);
  };
  CHECK(train(0, 2) == train(2, 2));
  CHECK(train(0, 2) == train(7, 1));
}

TEST_CASE("no batch is read that no step needs", "[train][prefetch]") {
  const data::Pictures photos = read_pictures();
  const SlowPictures source(photos, 0);
  auto model = read_network();
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  trainer.fit(source, {.batch = 16, .epochs = 3, .prefetch = 5});
  CHECK(source.reads == 12);
  trainer.fit(source, {.batch = 16, .epochs = 3, .steps_per_epoch = 1, .prefetch = 5});
  CHECK(source.reads == 15);
}

TEST_CASE("what a source throws while it reads ahead ends fit", "[train][prefetch]") {
  const data::Pictures photos = read_pictures();
  const SlowPictures source(photos, 0, 40);  // in the third batch
  for (const std::int64_t prefetch : {0, 1, 2, 5}) {
    auto model = read_network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    CHECK_THROWS_WITH(trainer.fit(source, {.batch = 16, .epochs = 3, .prefetch = prefetch}), "the disk is gone");
    CHECK(trainer.steps() == 2);
  }
}

TEST_CASE("what a callback throws ends fit while it reads ahead", "[train][prefetch]") {
  const data::Pictures photos = read_pictures();
  const SlowPictures source(photos, 3);
  auto model = read_network();
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(source, {.batch = 16,
                                         .prefetch = 4,
                                         .callbacks = {{.step = [](FitState&) { detail::raise<Error>("enough"); }}}}),
                    "enough");
}

TEST_CASE("training waits for a slow source, and says how long", "[train][prefetch]") {
  const data::Pictures photos = read_pictures();
  const SlowPictures source(photos, 30);
  for (const std::int64_t prefetch : {0, 2}) {
    auto model = read_network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    double last = 0;
    Callback look;
    look.step = [&](FitState& s) {
      CHECK((s.waited > 0 && s.waited <= s.seconds));
      last = s.waited;
    };
    const History h = trainer.fit(source, {.batch = 16, .epochs = 2, .prefetch = prefetch, .callbacks = {look}});
    REQUIRE(h.waited.size() == 2);
    CHECK(h.waited[1] == last);
    // Read ahead, the wait is shorter by what the steps take, which is any time on a busy machine.
    CHECK(h.waited[0] > (prefetch == 0 ? 0.06 : 0.0));
    CHECK(h.waited[0] <= h.seconds[0]);
  }
}

TEST_CASE("a training step on augmented pictures that are read ahead allocates nothing", "[train][prefetch]") {
  const data::Pictures photos = read_pictures(48);
  for (const bool levels : {false, true}) {
    Augment all = settings;
    if (levels) all.brightness = {0.5, 1.5}, all.channel_shift = 20;
    const data::Augmented augmented(photos, all);
    auto model = read_network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    StepAllocations counted;
    trainer.fit(augmented, {.batch = 15, .epochs = 3, .callbacks = {counted.callback(2)}});
    CHECK(counted.in_steps == 0);
  }
}

TEST_CASE("fit refuses to read less than nothing ahead", "[train][prefetch]") {
  const data::Pictures photos = read_pictures();
  auto model = read_network();
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(photos, {.batch = 16, .prefetch = -1}), Contains("prefetch must be 0 to 1024"));
}
