// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "support/checkpointed_run.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

bool same_bits(const Tensor<float>& a, const Tensor<float>& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

/// Samples that cannot all be read.
class Broken : public data::Source {
 public:
  explicit Broken(std::int64_t bad) : labels_({20, 1}), bad_(bad) {
    for (std::int64_t i = 0; i < 20; ++i) labels_[i] = static_cast<float>(i % 2);
  }
  std::int64_t size() const override { return 20; }
  Shape sample_shape() const override { return {6}; }
  TensorView<const float> labels() const override { return labels_; }
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    on.parallel(static_cast<std::int64_t>(draws.size()), [&](std::int64_t i, int) {
      const std::int64_t row = draws[static_cast<std::size_t>(i)].row;
      if (row == bad_) throw std::runtime_error("sample " + std::to_string(row) + " cannot be read");
      std::fill_n(x.data + 6 * i, 6, static_cast<float>(row));
    });
  }

 private:
  Tensor<float> labels_;
  std::int64_t bad_;
};

Sequential<float> small_network(int threads) {
  return Sequential<float>{Cpu{threads}, {6}, Dense{8, relu}, Dropout{0.3}, Dense{1, sigmoid}};
}

}  // namespace

TEST_CASE("one model predicts from eight threads at once with the bits of one", "[reliability][threads]") {
  CheckpointedRun run({.epochs = 1});
  run.fit({});
  const Sequential<float>& model = run.model();
  std::vector<Tensor<float>> x, expected;
  for (std::uint64_t i = 0; i < 8; ++i) {
    x.push_back(random_tensor<float>(Shape{static_cast<std::int64_t>(5 + 3 * i), 12, 12, 3}, i, 0, 1));
    expected.push_back(model.predict(x.back(), 4));
  }
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int again = 0; again < 10; ++again)
        if (!same_bits(model.predict(x[i], 4), expected[i])) ++different;
    });
  for (std::thread& t : threads) t.join();
  CHECK(different == 0);
}

TEST_CASE("two models train in two threads, each with the bits that it has alone", "[reliability][threads]") {
  std::string alone[2], together[2];
  const auto train = [](std::uint64_t seed, std::string& outcome) {
    CheckpointedRun run({.epochs = 2, .seed = seed});
    outcome = run.outcome(run.fit({}));
  };
  for (std::uint64_t i = 0; i < 2; ++i) train(i, alone[i]);
  std::thread other([&] { train(1, together[1]); });
  train(0, together[0]);
  other.join();
  CHECK(together[0] == alone[0]);
  CHECK(together[1] == alone[1]);
  CHECK(alone[0] != alone[1]);
}

TEST_CASE("two models that share their threads train in two threads, with the same bits", "[reliability][threads]") {
  const auto data = random_pictures(24, 12, 9);
  const auto train = [&](const Cpu& on) {
    Sequential<float> model{on, {12, 12, 3}, Conv2D{6, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    return trainer.fit(data, {.batch = 8, .epochs = 3}).loss;
  };
  const std::vector<double> alone = train(Cpu{1});
  const Cpu shared{3};
  std::vector<double> first, second;
  std::thread other([&] { second = train(shared); });
  first = train(shared);
  other.join();
  CHECK(first == alone);
  CHECK(second == alone);
}

TEST_CASE("training has the same bits with 1 to 64 threads", "[reliability][threads]") {
  std::string expected;
  for (const int threads : {1, 2, 3, 5, 8, 16, 33, 64}) {
    CheckpointedRun run({.epochs = 2, .threads = threads});
    const std::string outcome = run.outcome(run.fit({}));
    if (expected.empty()) expected = outcome;
    INFO(threads << " threads");
    CHECK(outcome == expected);
  }
}

TEST_CASE("what a callback throws comes out of fit, and training can go on", "[reliability][threads][errors]") {
  for (const int threads : {1, 3, 64})
    for (auto Callback::*when : {&Callback::begin, &Callback::step, &Callback::epoch, &Callback::end}) {
      CheckpointedRun run({.epochs = 2, .threads = threads});
      Callback bad;
      bad.*when = [](FitState&) { throw std::runtime_error("the callback's own"); };
      CHECK_THROWS_WITH(run.fit({}, {bad}), "the callback's own");
      CHECK(run.fit({}).epochs() == 2);
    }
}

TEST_CASE("what a source throws comes out of fit, evaluate and predict", "[reliability][threads][errors]") {
  for (const int threads : {1, 3})
    for (const std::int64_t prefetch : {0, 1, 4}) {
      const Broken good(-1), bad(13);
      auto model = small_network(threads);
      Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
      for (int again = 0; again < 5; ++again) {
        CHECK_THROWS_WITH(trainer.fit(bad, {.batch = 4, .epochs = 2, .prefetch = prefetch}), Contains("sample 13"));
        CHECK_THROWS_WITH(trainer.evaluate(bad), Contains("sample 13"));
        CHECK_THROWS_WITH(trainer.predict(bad), Contains("sample 13"));
      }
      CHECK(trainer.fit(good, {.batch = 4, .epochs = 2, .prefetch = prefetch}).epochs() == 2);
    }
}
