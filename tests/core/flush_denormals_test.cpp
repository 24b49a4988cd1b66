// SPDX-License-Identifier: MIT
#include "brindle/core/flush_denormals.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <stdexcept>

#include "brindle/core/thread_pool.hpp"

using namespace brindle;

namespace {

/// Half of the smallest normal float, which the compiler cannot know.
float half_of_smallest() {
  volatile float smallest = 1.17549435e-38f;
  return smallest * 0.5f;
}

}  // namespace

#if defined(__SSE__) || defined(__aarch64__)

TEST_CASE("denormals are flushed while a FlushDenormals lives, and the mode from before comes back",
          "[core][denormals]") {
  REQUIRE_FALSE(detail::FlushDenormals::active());
  CHECK(half_of_smallest() > 0);
  {
    const detail::FlushDenormals outer;
    CHECK(detail::FlushDenormals::active());
    CHECK(half_of_smallest() == 0);
    { const detail::FlushDenormals inner; }
    CHECK(detail::FlushDenormals::active());
  }
  CHECK_FALSE(detail::FlushDenormals::active());
  CHECK(half_of_smallest() > 0);
}

TEST_CASE("every task of a pool flushes denormals, and outside of it the calling thread has its own mode again",
          "[core][denormals][threads]") {
  for (const int threads : {1, 2, 3, 64}) {
    detail::ThreadPool pool(threads);
    for (const std::int64_t tasks : {1, 2, 200}) {
      std::atomic<int> flushed{0};
      pool.run(tasks, [&](std::int64_t, int) {
        if (detail::FlushDenormals::active() && half_of_smallest() == 0) ++flushed;
        pool.run(2, [&](std::int64_t, int) {
          if (detail::FlushDenormals::active()) ++flushed;
        });
      });
      CHECK(flushed == 3 * tasks);
      CHECK_FALSE(detail::FlushDenormals::active());
      CHECK(half_of_smallest() > 0);
    }
    CHECK_THROWS_AS(pool.run(3, [](std::int64_t, int) { throw std::runtime_error("stop"); }), std::runtime_error);
    CHECK_FALSE(detail::FlushDenormals::active());
  }
}

#endif
