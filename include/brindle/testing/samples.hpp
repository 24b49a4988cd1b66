// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::testing {

/// Uniform numbers in [low, high), different for each seed.
template <class T>
Tensor<T> random_tensor(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  Tensor<T> t(shape);
  const Random random{seed, stream_id("test"), 0};
  for (std::int64_t i = 0; i < t.size(); ++i)
    t[i] = static_cast<T>(random.uniform(static_cast<std::uint64_t>(i), low, high));
  return t;
}

/// Each element as another type.
template <class To, class From>
Tensor<To> converted(const Tensor<From>& from) {
  Tensor<To> to(from.shape());
  for (std::int64_t i = 0; i < to.size(); ++i) to[i] = static_cast<To>(from[i]);
  return to;
}

/// The same shape, and the same bits.
template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  return a.shape() == b.shape() && (a.size() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

namespace internal {

/// Bytes to be written, and more behind them that are to be left alone.
class GuardedBytes {
 public:
  GuardedBytes(std::int64_t bytes, std::int64_t guard) : bytes_(bytes), memory_(Shape{bytes + guard}) {
    std::fill(memory_.data() + bytes, memory_.data() + memory_.size(), guard_byte);
  }

  std::int64_t size() const { return bytes_; }
  template <class T>
  TensorView<T, Cpu> as(const Shape& shape) {
    return {reinterpret_cast<T*>(memory_.data()), shape};
  }
  /// Whether nobody has written behind them.
  bool intact() const {
    return std::all_of(memory_.data() + bytes_, memory_.data() + memory_.size(),
                       [](std::byte b) { return b == guard_byte; });
  }

 private:
  static constexpr std::byte guard_byte{0xA5};

  std::int64_t bytes_;
  Tensor<std::byte> memory_;
};

/// Collects what is wrong, each thing once; the checks go on behind a fault.
class Problems {
 public:
  explicit Problems(std::string who) : who_(std::move(who)) {}

  void expect(bool right, const std::string& what) {
    if (!right) add(what);
  }
  /// Runs a part of a check; what it throws is one problem.
  template <class Part>
  bool run(Part&& part) {
    try {
      part();
      return true;
    } catch (const Error& e) {
      add(e.what());
      return false;
    }
  }
  /// Throws what was collected as E, if anything was.
  template <class E>
  void raise() const {
    if (!lines_.empty()) detail::raise<E>(who_ + ":" + std::accumulate(lines_.begin(), lines_.end(), std::string()));
  }

 private:
  // Several parts of a check may find the same.
  void add(const std::string& what) {
    const std::string line = "\n  " + what;
    if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) lines_.push_back(line);
  }

  std::string who_;
  std::vector<std::string> lines_;
};

}  // namespace internal
}  // namespace brindle::testing
