// SPDX-License-Identifier: MIT
#include "brindle/data/prefetch.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// 100 samples of two numbers: the row and the use. Counts reads; may be slow, and throw at a row.
class Numbers : public data::Source {
 public:
  std::int64_t size() const override { return 100; }
  Shape sample_shape() const override { return Shape{2}; }
  TensorView<const float> labels() const override { return labels_; }
  using Source::read;
  void read(const Cpu&, std::span<const data::Draw> draws, TensorView<float> x) const override {
    ++reads;
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    for (std::size_t i = 0; i < draws.size(); ++i) {
      if (draws[i].row == bad) detail::raise<DataError>("sample " + std::to_string(bad) + " is bad");
      x.data[2 * i] = static_cast<float>(draws[i].row);
      x.data[2 * i + 1] = static_cast<float>(draws[i].use);
    }
  }

  int delay = 0;
  std::int64_t bad = -1;
  mutable std::atomic<int> reads{0};

 private:
  Tensor<float> labels_{Shape{100, 1}};
};

std::vector<data::Draw> batch(std::int64_t number) {
  std::vector<data::Draw> draws;
  for (std::int64_t i = 0; i < 1 + number % 4; ++i)
    draws.push_back({(number * 7 + i) % 100, static_cast<std::uint64_t>(number * 10 + i)});
  return draws;
}

template <class T>
void take(data::Prefetch<T>& batches, std::int64_t count) {
  std::int64_t ordered = 0;
  for (std::int64_t taken = 0; taken < count; ++taken) {
    for (; batches.room() > 0; ++ordered) batches.order(batch(ordered));
    const auto got = batches.next();
    const auto expected = batch(taken);
    REQUIRE(got.draws.size() == expected.size());
    REQUIRE(got.x.shape == Shape{static_cast<std::int64_t>(expected.size()), 2});
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(got.draws[i].row == expected[i].row);
      REQUIRE(got.x.data[2 * i] == static_cast<T>(expected[i].row));
      REQUIRE(got.x.data[2 * i + 1] == static_cast<T>(expected[i].use));
    }
  }
}

}  // namespace

TEST_CASE("batches come in the order in which they were ordered, for any number of workers", "[data][prefetch]") {
  const Numbers source;
  for (const int workers : {1, 2, 5})
    for (const std::int64_t ahead : {0, 1, 2, 7}) {
      data::Prefetch<float> batches(source, Cpu(2), 4, {.ahead = ahead, .workers = workers});
      take(batches, 200);
      data::Prefetch<double> twice(source, Cpu(2), 4, {.ahead = ahead, .workers = workers});
      take(twice, 50);
    }
}

TEST_CASE("a batch is whole when it is taken, however long its source takes", "[data][prefetch]") {
  Numbers source;
  source.delay = 2;
  for (const int workers : {1, 3}) {
    data::Prefetch<float> batches(source, Cpu(2), 4, {.ahead = 2, .workers = workers});
    take(batches, 20);
  }
}

TEST_CASE("no more than the batches ahead are read before they are needed", "[data][prefetch]") {
  const Numbers source;
  data::Prefetch<float> batches(source, Cpu(1), 4, {.ahead = 3, .workers = 2});
  CHECK(batches.room() == 4);
  for (std::int64_t i = 0; i < 4; ++i) batches.order(batch(i));
  CHECK(batches.room() == 0);
  CHECK_THROWS_WITH(batches.order(batch(4)), Contains("call next() first"));
  while (source.reads < 4) std::this_thread::yield();
  batches.next();
  CHECK(batches.room() == 1);
}

TEST_CASE("what a source throws is thrown where its batch is taken", "[data][prefetch]") {
  Numbers source;
  source.bad = 14;  // of batch 2
  for (const std::int64_t ahead : {0, 2}) {
    data::Prefetch<float> batches(source, Cpu(1), 4, {.ahead = ahead});
    std::int64_t ordered = 0;
    const auto next = [&] {
      for (; batches.room() > 0; ++ordered) batches.order(batch(ordered));
      return batches.next();
    };
    CHECK_NOTHROW(next());
    CHECK_NOTHROW(next());
    CHECK_THROWS_WITH(next(), Contains("sample 14 is bad"));
    CHECK(next().x.data[0] == 21);  // and one may go on
  }
}

TEST_CASE("reading ahead ends whenever it is told to", "[data][prefetch]") {
  Numbers source;
  source.delay = 1;
  for (std::int64_t orders = 0; orders < 20; ++orders) {
    data::Prefetch<float> batches(source, Cpu(1), 4, {.ahead = 4, .workers = 3});
    for (std::int64_t i = 0; i < orders && batches.room() > 0; ++i) batches.order(batch(i));
    if (orders % 3 == 2) batches.next();
  }
  source.delay = 200;
  const auto start = std::chrono::steady_clock::now();
  {
    data::Prefetch<float> batches(source, Cpu(1), 4, {.ahead = 50, .workers = 1});
    for (std::int64_t i = 0; i < 50; ++i) batches.order(batch(i));
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));  // not the 10 that all would take
}

TEST_CASE("the time that is waited for batches is measured", "[data][prefetch]") {
  Numbers source;
  source.delay = 20;
  data::Prefetch<float> batches(source, Cpu(1), 4, {.ahead = 2});
  batches.order(batch(0));
  batches.next();
  CHECK(batches.waited() >= 0.015);
  source.delay = 0;
  batches.order(batch(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const double before = batches.waited();
  batches.next();
  CHECK(batches.waited() - before < 0.045);
}

TEST_CASE("reading ahead refuses options and orders that cannot be", "[data][prefetch]") {
  const Numbers source;
  CHECK_THROWS_WITH(data::Prefetch<float>(source, Cpu(1), 4, {.ahead = -1}), Contains("got -1"));
  CHECK_THROWS_WITH(data::Prefetch<float>(source, Cpu(1), 4, {.workers = 0}), Contains("1 to 1024 workers, got 0"));
  CHECK_THROWS_WITH(data::Prefetch<float>(source, Cpu(1), 0), Contains("at least 1, got 0"));
  data::Prefetch<float> batches(source, Cpu(1), 2);
  CHECK_THROWS_WITH(batches.next(), Contains("call order() first"));
  CHECK_THROWS_WITH(batches.order(batch(3)), Contains("1 to 2, got 4"));
}
