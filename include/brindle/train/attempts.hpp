// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <utility>

#include "brindle/train/team.hpp"

namespace brindle::detail {

/// Pieces of work between exchanges through which a process has to come even if it has failed, since the others wait
/// for its part. What the first of them throws is kept until throw_together().
///
///     Attempts attempt(team);
///     attempt([&] { half(); });
///     row.gather();                  // in all processes
///     row.finish(team);
///     if (!attempt.failed()) attempt([&] { other_half(); });
///     attempt.throw_together();      // in all processes, if one has failed
class Attempts {
 public:
  /// error: what has been caught before, or null.
  explicit Attempts(Team& team, std::exception_ptr error = nullptr) : team_(team), error_(std::move(error)) {}

  template <class Work>
  void operator()(const Work& work) {
    try {
      work();
    } catch (...) {
      if (!error_) error_ = std::current_exception();
    }
  }

  /// In this process.
  bool failed() const { return error_ != nullptr; }
  /// Team::rethrow_together() of what has failed; alone, it is the exception itself.
  void throw_together() { team_.rethrow_together(error_); }

 private:
  Team& team_;
  std::exception_ptr error_;
};

}  // namespace brindle::detail
