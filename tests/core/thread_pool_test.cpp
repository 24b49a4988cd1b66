// SPDX-License-Identifier: MIT
#include "brindle/core/thread_pool.hpp"

#include <atomic>
#include <brindle/core/error.hpp>
#include <catch2/catch.hpp>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include "brindle/core/cpu.hpp"

using namespace brindle;
using Catch::Contains;

TEST_CASE("a thread pool does every task once, by a worker that has no other at the time", "[core][threads]") {
  for (const int threads : {1, 2, 3, 64}) {
    detail::ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    std::vector<std::atomic<int>> busy(64);
    for (const std::int64_t tasks : {0, 1, 2, 3, 100, 1000}) {
      std::vector<std::atomic<int>> done(1000);
      std::atomic<bool> overlap{false};
      for (int again = 0; again < 20; ++again)
        pool.run(tasks, [&](std::int64_t i, int worker) {
          if (worker < 0 || worker >= threads || busy[static_cast<std::size_t>(worker)].exchange(1)) overlap = true;
          ++done[static_cast<std::size_t>(i)];
          busy[static_cast<std::size_t>(worker)] = 0;
        });
      CHECK_FALSE(overlap);
      for (std::int64_t i = 0; i < 1000; ++i) REQUIRE(done[static_cast<std::size_t>(i)] == (i < tasks ? 20 : 0));
    }
  }
}

TEST_CASE("a task's exception comes out of run, and the pool goes on working", "[core][threads]") {
  for (const int threads : {1, 2, 3, 64}) {
    detail::ThreadPool pool(threads);
    for (int again = 0; again < 10; ++again) {
      CHECK_THROWS_WITH(pool.run(100,
                                 [](std::int64_t i, int) {
                                   if (i == 17) throw std::runtime_error("task 17");
                                 }),
                        Contains("task 17"));
      std::atomic<int> done{0};
      pool.run(100, [&](std::int64_t, int) { ++done; });
      CHECK(done == 100);
    }
  }
}

TEST_CASE("run inside a task does its tasks on the same thread", "[core][threads]") {
  for (const int threads : {1, 3}) {
    detail::ThreadPool pool(threads), other(threads);
    std::atomic<int> done{0};
    std::atomic<bool> elsewhere{false};
    pool.run(20, [&](std::int64_t, int) {
      const std::thread::id here = std::this_thread::get_id();
      for (detail::ThreadPool* inner : {&pool, &other})
        inner->run(10, [&](std::int64_t, int) {
          if (std::this_thread::get_id() != here) elsewhere = true;
          ++done;
        });
    });
    CHECK(done == 400);
    CHECK_FALSE(elsewhere);
  }
}

TEST_CASE("threads of the user may call run at the same time", "[core][threads]") {
  detail::ThreadPool pool(3);
  std::atomic<int> done{0};
  std::vector<std::thread> users;
  for (int user = 0; user < 4; ++user)
    users.emplace_back([&] {
      for (int again = 0; again < 200; ++again) pool.run(13, [&](std::int64_t, int) { ++done; });
    });
  for (std::thread& user : users) user.join();
  CHECK(done == 4 * 200 * 13);
}

TEST_CASE("pools come and go, used or not", "[core][threads]") {
  for (int i = 0; i < 50; ++i) {
    detail::ThreadPool unused(4), used(4);
    std::atomic<int> done{0};
    used.run(8, [&](std::int64_t, int) { ++done; });
    REQUIRE(done == 8);
  }
}

TEST_CASE("a pool has 1 to 1024 threads", "[core][threads][errors]") {
  CHECK_THROWS_WITH(detail::ThreadPool(0), Contains("got 0"));
  CHECK_THROWS_WITH(detail::ThreadPool(1025), Contains("1025"));
  CHECK_THROWS_AS(Cpu(-1), ValueError);
}

TEST_CASE("ranges cover everything once, in pieces of the size asked for", "[core][cpu]") {
  for (const int threads : {1, 3}) {
    const Cpu on(threads);
    for (const std::int64_t count : {0, 1, 9, 10, 11, 95}) {
      std::vector<std::atomic<int>> done(100);
      std::atomic<bool> odd{false};
      on.parallel_ranges(count, 10, [&](std::int64_t begin, std::int64_t end) {
        if (begin % 10 != 0 || end - begin > 10 || end <= begin) odd = true;
        for (std::int64_t i = begin; i < end; ++i) ++done[static_cast<std::size_t>(i)];
      });
      CHECK_FALSE(odd);
      for (std::int64_t i = 0; i < 100; ++i) REQUIRE(done[static_cast<std::size_t>(i)] == (i < count ? 1 : 0));
    }
  }
}

TEST_CASE("a Cpu's copies share its threads and its precision", "[core][cpu]") {
  const Cpu on(Cpu::Options{.threads = 3, .precise = true});
  const Cpu copy = on;
  CHECK(copy.threads() == 3);
  CHECK(copy.precise());
  CHECK_FALSE(Cpu(1).precise());
  CHECK(Cpu().threads() >= 1);
}
