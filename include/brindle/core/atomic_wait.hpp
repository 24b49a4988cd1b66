// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace brindle::detail {

// Sleeping until an atomic number has changed. std::atomic::wait() does that where the system waits for addresses.
// Elsewhere, as on Windows, libstdc++ compares the number before it takes its lock, so that a thread that is woken
// between the two sleeps for ever: there a lock of ours is held around both.
#if !defined(__GLIBCXX__) || defined(_GLIBCXX_HAVE_PLATFORM_WAIT)

inline void wait_while(const std::atomic<int>& number, int old) { number.wait(old); }
inline void wake_all(std::atomic<int>& number) { number.notify_all(); }

#else

struct Sleepers {
  std::mutex lock;
  std::condition_variable changed;

  static Sleepers& all() {
    static Sleepers sleepers;
    return sleepers;
  }
};

inline void wait_while(const std::atomic<int>& number, int old) {
  std::unique_lock<std::mutex> lock(Sleepers::all().lock);
  Sleepers::all().changed.wait(lock, [&] { return number.load() != old; });
}

/// To be called after the number has changed.
inline void wake_all(std::atomic<int>&) {
  { const std::lock_guard<std::mutex> after_those_who_compare(Sleepers::all().lock); }
  Sleepers::all().changed.notify_all();
}

#endif

}  // namespace brindle::detail
