// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace brindle::detail {

/// Sleeping until an atomic number has changed, by a lock that is held while the number is compared.
struct LockedWait {
  std::mutex lock;
  std::condition_variable changed;

  static LockedWait& all() {
    static LockedWait sleepers;
    return sleepers;
  }
  static void wait_while(const std::atomic<int>& number, int old) {
    std::unique_lock<std::mutex> held(all().lock);
    all().changed.wait(held, [&] { return number.load() != old; });
  }
  /// To be called after the number has changed.
  static void wake_all() {
    { const std::lock_guard<std::mutex> after_those_who_compare(all().lock); }
    all().changed.notify_all();
  }
};

// std::atomic::wait() sleeps where the system waits for addresses. Elsewhere, as on Windows, libstdc++ compares the
// number before it takes its lock: a thread that is woken between the two sleeps for ever.
#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAVE_PLATFORM_WAIT)
inline void wait_while(const std::atomic<int>& number, int old) { LockedWait::wait_while(number, old); }
inline void wake_all(std::atomic<int>&) { LockedWait::wake_all(); }
#else
inline void wait_while(const std::atomic<int>& number, int old) { number.wait(old); }
inline void wake_all(std::atomic<int>& number) { number.notify_all(); }
#endif

}  // namespace brindle::detail
