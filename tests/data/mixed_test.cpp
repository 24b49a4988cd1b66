// SPDX-License-Identifier: MIT
#include "brindle/data/mixed.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/data/one_hot.hpp"
#include "brindle/data/source_view.hpp"
#include "brindle/data/with_labels.hpp"
#include "brindle/io/features.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/train/calibrate.hpp"
#include "brindle/train/familiarity_of.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::InMemory samples(const Shape& shape) {
  Tensor<float> labels({shape[0], 1});
  for (std::int64_t i = 0; i < shape[0]; ++i) labels[i] = static_cast<float>(i % 3);
  return data::InMemory(random_tensor<float>(shape, 4), std::move(labels), {"a", "b", "c"});
}

std::vector<data::Draw> draws_of(std::int64_t n, std::uint64_t first = 0) {
  std::vector<data::Draw> draws;
  for (std::int64_t i = 0; i < n; ++i) draws.push_back({i, first + static_cast<std::uint64_t>(i)});
  return draws;
}

}  // namespace

TEST_CASE("class numbers become rows, and all else stays the source's", "[data][one_hot]") {
  const data::InMemory source = samples({5, 4});
  const data::OneHot rows(source);
  REQUIRE(rows.labels().shape == Shape{5, 3});
  for (std::int64_t i = 0; i < 5; ++i)
    for (std::int64_t k = 0; k < 3; ++k) CHECK(rows.labels().data[i * 3 + k] == (k == i % 3 ? 1.0f : 0.0f));
  CHECK(rows.class_names() == source.class_names());
  CHECK(rows.fingerprint(Cpu(1)) == source.fingerprint(Cpu(1)));
  Tensor<float> a({2, 4}), b({2, 4});
  rows.read(Cpu(1), draws_of(2), a.view());
  source.read(Cpu(1), draws_of(2), b.view());
  CHECK(same_bits(a, b));
  CHECK_THROWS_WITH(data::OneHot(source, 2),
                    Contains("data::OneHot: sample 2 has label 2, expected a class from 0 to 1"));
  const data::InMemory nameless(random_tensor<float>({2, 4}, 1), Tensor<float>({2, 1}));
  CHECK_THROWS_WITH(data::OneHot(nameless), Contains("the data have no names for classes, so say how many"));
  const data::Source& again = rows;
  CHECK_THROWS_WITH(data::OneHot(again), Contains("expected class numbers (5, 1), the labels are (5, 3)"));
}

TEST_CASE("mixup blends a sample and its label with the next one of the batch", "[data][mixed]") {
  const data::InMemory source = samples({6, 3, 4, 2});
  const data::Mixed mixed(source, {.mixup = 0.4, .seed = 5});
  const std::vector<data::Draw> draws = draws_of(6, 40);
  Tensor<float> plain({6, 3, 4, 2}), x({6, 3, 4, 2}), again({6, 3, 4, 2}), t({6, 3});
  source.read(Cpu(1), draws, plain.view());
  mixed.read(Cpu(1), draws, x.view());
  mixed.read(Cpu(3), draws, again.view());
  CHECK(same_bits(x, again));
  mixed.read_labels(draws, t.view());
  for (std::int64_t i = 0; i < 6; ++i) {
    const double share = mixed.drawn(40 + static_cast<std::uint64_t>(i)).share;
    REQUIRE((share > 0 && share < 1));
    const std::int64_t next = (i + 1) % 6;
    for (std::int64_t k = 0; k < 24; ++k)
      CHECK(static_cast<double>(x[i * 24 + k]) == Approx(share * static_cast<double>(plain[i * 24 + k]) +
                                                         (1 - share) * static_cast<double>(plain[next * 24 + k]))
                                                      .margin(1e-6));
    double sum = 0;
    for (std::int64_t c = 0; c < 3; ++c) {
      const double expected = (c == i % 3 ? share : 0) + (c == next % 3 ? 1 - share : 0);
      CHECK(static_cast<double>(t[i * 3 + c]) == Approx(expected).margin(1e-6));
      sum += static_cast<double>(t[i * 3 + c]);
    }
    CHECK(sum == Approx(1));
  }
}

TEST_CASE("cutmix puts a part of the next sample into its place, and the label has the part's share", "[data][mixed]") {
  const data::InMemory source = samples({5, 12, 16, 3});
  const data::Mixed mixed(source, {.cutmix = 1, .seed = 6});
  const std::vector<data::Draw> draws = draws_of(5, 100);
  Tensor<float> plain({5, 12, 16, 3}), x(plain.shape());
  source.read(Cpu(1), draws, plain.view());
  mixed.read(Cpu(2), draws, x.view());
  int cut = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    const data::MixDraw d = mixed.drawn(100 + static_cast<std::uint64_t>(i));
    cut += d.box.height > 0 ? 1 : 0;
    CHECK(d.share == Approx(1 - static_cast<double>(d.box.height * d.box.width) / 192));
    for (std::int64_t y = 0; y < 12; ++y)
      for (std::int64_t column = 0; column < 16; ++column) {
        const bool inside =
            y >= d.box.top && y < d.box.top + d.box.height && column >= d.box.left && column < d.box.left + d.box.width;
        const std::int64_t at = (y * 16 + column) * 3, from = inside ? (i + 1) % 5 : i;
        REQUIRE(x[i * 576 + at] == plain[from * 576 + at]);
      }
  }
  CHECK(cut >= 4);
}

TEST_CASE("shares are Beta's, and both ways of mixing take every other sample", "[data][mixed]") {
  const data::InMemory source = samples({3, 20, 20, 1});
  for (const double alpha : {0.2, 1.0, 8.0}) {
    const data::Mixed mixed(source, {.mixup = alpha});
    double sum = 0, squares = 0;
    for (std::uint64_t use = 0; use < 4000; ++use) {
      const double share = mixed.drawn(use).share;
      sum += share, squares += (share - 0.5) * (share - 0.5);
    }
    CHECK(sum / 4000 == Approx(0.5).margin(0.03));
    CHECK(squares / 4000 == Approx(1 / (4 * (2 * alpha + 1))).epsilon(0.08));
  }
  const data::Mixed both(source, {.mixup = 0.2, .cutmix = 1, .probability = 0.6});
  int cut = 0, blended = 0;
  for (std::uint64_t use = 0; use < 2000; ++use) {
    const data::MixDraw d = both.drawn(use);
    cut += d.box.height > 0 ? 1 : 0;
    blended += d.box.height == 0 && d.share < 1 ? 1 : 0;
  }
  CHECK(cut == Approx(600).margin(80));
  CHECK(blended == Approx(600).margin(80));
}

TEST_CASE("training takes the mixture's labels", "[data][mixed][train]") {
  const data::InMemory source = samples({12, 6});
  const data::Mixed mixed(source, {.mixup = 1, .seed = 2});
  Sequential<float> model{{6}, Dense{3, softmax}};
  Trainer trainer{model, SGD{.learning_rate = 0}, CategoricalCrossentropy{}};
  const History history = trainer.fit(mixed, {.batch = 12, .shuffle = false, .validation = data::OneHot(source)});
  // The same by hand: with a rate of 0 the weights stay, and the first 12 uses are numbers 0 to 11.
  Tensor<float> x({12, 6}), t({12, 3});
  mixed.read(Cpu(1), draws_of(12), x.view());
  mixed.read_labels(draws_of(12), t.view());
  CHECK(trainer.train_on_batch(x.view(), t.view()).loss == Approx(history.loss[0]).epsilon(1e-6));
  CHECK(trainer.train_on_batch(x.view(), mixed.labels()).loss != Approx(history.loss[0]).epsilon(1e-3));
}

TEST_CASE("mixing says what it does, and refuses what it cannot", "[data][mixed]") {
  const data::InMemory source = samples({4, 6});
  CHECK(data::Mixed(source, {.mixup = 0.2, .seed = 3}).augmentation() == "mixup 0.2, cutmix 0, probability 1, seed 3");
  CHECK_THROWS_WITH(data::Mixed(source, {.cutmix = 1}),
                    Contains("data::Mixed: cutmix is of pictures, the samples are (None, 6); use mixup"));
  CHECK_THROWS_WITH(data::Mixed(source, {.mixup = -1}), Contains("data::Mixed: mixup must be 0 to 100, got -1"));
  CHECK_THROWS_WITH(data::Mixed(source, {.mixup = 1, .probability = 2}), Contains("probability must be 0 to 1, got 2"));
}

TEST_CASE("mixed samples are refused where each is to be one with its label", "[data][mixed]") {
  const data::InMemory source = samples({12, 6});
  const data::Mixed mixed(source, {.mixup = 1});
  const std::string refused =
      ": the samples are mixed with each other at each use (mixup 1, cutmix 0, probability 1, seed 0), and are none of "
      "those that their labels belong to; give the source that data::Mixed was made of";
  Sequential<float> model{{6}, Dense{4, relu}, Dense{3, softmax}};
  Trainer trainer{model, SGD{}, CategoricalCrossentropy{}};
  CHECK_THROWS_WITH(data::WithLabels(mixed, Tensor<float>({12, 3})), "data::WithLabels" + refused);
  CHECK_THROWS_WITH(trainer.predict(mixed), "predict" + refused);
  CHECK_THROWS_WITH(trainer.predict_averaged(mixed, 2), "predict_averaged" + refused);
  CHECK_THROWS_WITH(calibrate(model, mixed), "calibrate" + refused);
  CHECK_THROWS_WITH(familiarity_of(model, mixed, source), "familiarity_of" + refused);
  CHECK_THROWS_WITH(familiarity_of(model, source, mixed), "familiarity_of" + refused);
  CHECK_THROWS_WITH(io::extract(model, mixed), "extract" + refused);
  CHECK_NOTHROW(trainer.predict(data::Mixed(source, {})));
  CHECK_NOTHROW(trainer.evaluate(mixed));
}

TEST_CASE("a view of mixed samples has their mixed labels", "[data][mixed]") {
  struct View : data::SourceView {
    explicit View(const data::Source& of) : SourceView(of) {}
  };
  struct Relabelled : View {
    using View::View;
    TensorView<const float> labels() const override { return own.view(); }
    Tensor<float> own{{12, 3}};
  };
  const data::InMemory source = samples({12, 6});
  const data::Mixed mixed(source, {.mixup = 1});
  Tensor<float> expected({12, 3}), t({12, 3});
  mixed.read_labels(draws_of(12), expected.view());
  View(mixed).read_labels(draws_of(12), t.view());
  CHECK(same_bits(t, expected));
  CHECK_THROWS_WITH(Relabelled(mixed).read_labels(draws_of(12), t.view()), Contains("the samples are mixed"));
}
