// SPDX-License-Identifier: MIT
#include "brindle/core/atomic_wait.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace brindle;

TEST_CASE("two threads that wait for each other's numbers lose no wake-up", "[core][threads]") {
  constexpr int rounds = 20000;
  std::atomic<int> asked{0}, answered{0};
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      detail::LockedWait::wait_while(asked, i);
      answered.store(i + 1);
      detail::LockedWait::wake_all();
    }
  });
  for (int i = 0; i < rounds; ++i) {
    asked.store(i + 1);
    detail::LockedWait::wake_all();
    detail::LockedWait::wait_while(answered, i);
  }
  other.join();
  CHECK(answered.load() == rounds);
}
