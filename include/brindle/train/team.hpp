// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/train/process_group.hpp"

namespace brindle::detail {

/// What processes that train together do with each other, made of ProcessGroup::exchange(); one process alone is a team
/// as well, and exchanges nothing. Every member calls the same functions in the same order.
///
/// Where values of all are combined, it is by a binary tree over the numbers of the processes, 0 with 1 and 2 with 3
/// first, the lower one on the left: whoever computes a part of the tree, the result has the same bits.
class Team {
 public:
  /// null: alone. Throws ValueError unless the size is a power of two.
  explicit Team(std::shared_ptr<ProcessGroup> group = nullptr);

  int rank() const { return group_ ? group_->rank() : 0; }  ///< 0 to size() - 1
  int size() const { return group_ ? group_->size() : 1; }  ///< a power of two
  bool alone() const { return size() == 1; }                ///< there is nobody to exchange with
  bool first() const { return rank() == 0; }                ///< the one that writes files and reports

  /// Whether there are several, and all are on this machine.
  bool on_one_machine() const { return !alone() && group_->local_size() == size(); }

  /// Null: alone.
  ProcessGroup* group() const { return group_.get(); }

  /// Seconds of waiting in exchanges so far: for the others, and for the bytes to come.
  double seconds() const { return seconds_; }

  /// combine(left, right) over the values of all processes, for all.
  template <class V, class Combine>
  V combined(V value, const Combine& combine) {
    static_assert(std::is_trivially_copyable_v<V>);
    for (int step = 1; step < size(); step *= 2) {
      V other = value;
      const int partner = rank() ^ step;
      exchange(partner, std::as_bytes(std::span(&value, 1)), std::as_writable_bytes(std::span(&other, 1)));
      value = rank() < partner ? combine(value, other) : combine(other, value);
    }
    return value;
  }

  /// combined(), where all say which call they are in. If it is not the same one, all throw ValueError with who is in
  /// which, and from then on whatever they exchange, in all teams of the group. V: 64 bytes at most.
  template <class V, class Combine>
  V met(const char* call, const V& value, const Combine& combine) {
    static_assert(std::is_trivially_copyable_v<V> && sizeof(V) <= sizeof(Meeting::value));
    if (alone()) return value;
    Meeting own;
    std::strncpy(own.call, call, sizeof own.call - 1);
    own.rank = rank();
    std::memcpy(own.value, &value, sizeof value);
    const Meeting all = combined(own, [&](const Meeting& a, const Meeting& b) {
      Meeting both = a.apart() ? a : b.apart() ? b : a;
      if (!both.apart() && std::strcmp(a.call, b.call) != 0) {
        std::memcpy(both.other_call, b.call, sizeof b.call);
        both.other_rank = b.rank;
      }
      if (both.apart()) return both;
      V left = value, right = value;
      std::memcpy(&left, a.value, sizeof left);
      std::memcpy(&right, b.value, sizeof right);
      const V result = combine(left, right);
      std::memcpy(both.value, &result, sizeof result);
      return both;
    });
    if (all.apart()) part(all);
    V result = value;
    std::memcpy(&result, all.value, sizeof result);
    return result;
  }

  /// All enter the same call, as "evaluate()", with work(); what that throws in one process is thrown by all. See
  /// met().
  template <class Work>
  void meet(const char* call, const Work& work) {
    std::exception_ptr error;
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
    if (met(call, error != nullptr, [](bool a, bool b) { return a || b; })) rethrow_together(error);
  }
  /// The same without work.
  void meet(const char* call) {
    meet(call, [] {});
  }

  /// Whether it is true for one of them.
  bool any(bool value);
  /// Whether work() is, and what it throws in one process is thrown by all.
  template <class Work>
  bool any_of(const Work& work) {
    std::exception_ptr error;
    int found = 0;  // 1: yes, 2: somebody has failed
    try {
      found = work() ? 1 : 0;
    } catch (...) {
      error = std::current_exception();
      found = 2;
    }
    found = combined(found, [](int a, int b) { return a > b ? a : b; });
    if (found == 2) rethrow_together(error);
    return found == 1;
  }

  /// Process 0's bytes, for all. Throws in all where one has no memory for them.
  void broadcast(std::string& bytes);

  /// The texts of all, by rank.
  std::vector<std::string> gather(const std::string& text);

  /// Bytes [end(r - 1), end(r)) of `all` are those of process r; afterwards everybody has all of them.
  void gather(std::span<std::byte> all, FunctionRef<std::size_t(int)> end);

  /// ProcessGroup::start() and ended(); see TeamRow.
  /// @{
  void start(int partner, std::span<const std::byte> send, std::span<std::byte> receive) {
    expect_together();
    group_->start(partner, send, receive);
  }
  bool ended(bool waits);
  /// @}

  /// ProcessGroup::share(); null alone.
  std::shared_ptr<const SharedMemory> share(std::size_t bytes) { return alone() ? nullptr : group_->share(bytes); }

  /// error: what this process has caught, or null. If one has caught something, the same exception leaves in all of
  /// them: of the first one's kind and message, followed by what others have caught, if that is something else. Alone,
  /// it is the exception itself.
  void rethrow_together(const std::exception_ptr& error);

  /// work(), and what it throws in one process is thrown by all.
  template <class Work>
  void together(const Work& work) {
    if (alone()) return work();
    std::exception_ptr error;
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
    rethrow_together(error);
  }

 private:
  /// What is exchanged where they meet.
  struct Meeting {
    char call[32] = {}, other_call[32] = {};
    int rank = 0, other_rank = -1;  ///< who is in call, and who is in other_call; -1: nobody
    unsigned char value[64] = {};

    bool apart() const { return other_rank >= 0; }
  };

  void exchange(int partner, std::span<const std::byte> send, std::span<std::byte> receive);
  [[noreturn]] void part(const Meeting& where);
  /// Throws if they have parted.
  void expect_together() const;

  std::shared_ptr<ProcessGroup> group_;
  double seconds_ = 0;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/team_inl.hpp"
#endif
