// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"

// Kernels cut their work into blocks, panels, packets and parts, and a size at which two of these meet for the first
// time is one that nobody wrote down. So sizes are drawn: case number n of a test is always the same one, and a test
// runs cases 0, 1, 2, ... See CONTRIBUTING.md for how to run one case alone, or for as long as one likes.
namespace brindle::test {

#if defined(__SANITIZE_ADDRESS__)
#define BRINDLE_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BRINDLE_TEST_ASAN 1
#endif
#endif
#ifdef BRINDLE_TEST_ASAN
inline constexpr std::size_t guard_bytes = 0, wide_guard_bytes = 0;  // the sanitizer guards an allocation itself
#else
inline constexpr std::size_t guard_bytes = 1024, wide_guard_bytes = 65536;
#endif

/// Memory of exactly so many bytes, all 0xFF (NaN as numbers), in an allocation of its own. Bytes in front of it and
/// behind it are 0xFF, too: what reads them by mistake gets NaN, what writes them is found by is_intact().
class Guarded {
 public:
  /// shift: bytes from a multiple of 64 to the first one, below 64. guard: bytes behind the last one.
  Guarded(std::size_t bytes, std::size_t shift, std::size_t guard = guard_bytes)
      : bytes_(bytes), front_(guard_bytes + shift), whole_(front_ + bytes + guard), memory_(allocated(whole_)) {
    std::memset(memory_.get(), 0xFF, whole_);
  }

  std::byte* data() { return memory_.get() + front_; }
  const std::byte* data() const { return memory_.get() + front_; }
  std::size_t bytes() const { return bytes_; }

  bool is_intact() const {
    const auto untouched = [](const std::byte* from, std::size_t count) {
      return count == 0 || (*from == std::byte{0xFF} && std::memcmp(from, from + 1, count - 1) == 0);
    };
    return untouched(memory_.get(), front_) && untouched(data() + bytes_, whole_ - front_ - bytes_);
  }

 private:
  struct Release {
    void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };
  using Owned = std::unique_ptr<std::byte[], Release>;
  static Owned allocated(std::size_t bytes) {
    return Owned(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{64})));
  }

  std::size_t bytes_, front_, whole_;
  Owned memory_;
};

/// What one call of an op writes, by name.
class Outputs {
 public:
  explicit Outputs(std::size_t shift) : shift_(shift) {}

  /// To be written as a whole: NaN so far.
  template <class T>
  TensorView<T> tensor(const std::string& name, const Shape& shape) {
    all_.emplace_back(name, std::make_unique<Guarded>(static_cast<std::size_t>(shape.size()) * sizeof(T),
                                                      shift_ / sizeof(T) * sizeof(T)));
    return {reinterpret_cast<T*>(all_.back().second->data()), shape};
  }
  /// A copy, to be changed in place.
  template <class T>
  TensorView<T> copy(const std::string& name, TensorView<const T> of) {
    const TensorView<T> to = tensor<T>(name, of.shape);
    std::copy_n(of.data, of.size(), to.data);
    return to;
  }
  /// Bytes at a multiple of 64.
  TensorView<std::byte> bytes(const std::string& name, std::int64_t count) {
    all_.emplace_back(name, std::make_unique<Guarded>(static_cast<std::size_t>(count), 0));
    return {all_.back().second->data(), Shape{count}};
  }
  /// As many bytes as an op asks for, all NaN, at the worst place for what takes cache lines from it: none to spare.
  TensorView<std::byte> workspace(std::int64_t bytes) {
    spaces_.push_back(std::make_unique<Guarded>(static_cast<std::size_t>(bytes), 1, wide_guard_bytes));
    return {spaces_.back()->data(), Shape{bytes}};
  }
  /// The same for an op that wants numbers.
  template <class T>
  TensorView<T> numbers(std::int64_t count) {
    spaces_.push_back(std::make_unique<Guarded>(static_cast<std::size_t>(count) * sizeof(T), sizeof(T)));
    return {reinterpret_cast<T*>(spaces_.back()->data()), Shape{count}};
  }

  template <class T>
  std::span<const T> of(const std::string& name) const {
    for (const auto& [its_name, memory] : all_)
      if (its_name == name) return {reinterpret_cast<const T*>(memory->data()), memory->bytes() / sizeof(T)};
    throw std::logic_error("no output " + name);
  }

 private:
  friend class RandomCase;
  std::size_t shift_;
  std::vector<std::pair<std::string, std::unique_ptr<Guarded>>> all_;
  std::vector<std::unique_ptr<Guarded>> spaces_;
};

/// A bound of errors as a share of what a result should be, by element type.
struct Share {
  double single, twice;
  template <class T>
  double of() const {
    return std::is_same_v<T, float> ? single : twice;
  }
};

/// For sums of so many terms in any order: rounding errors grow with the root of their number.
inline Share share_of_sum(double terms, double more = 1) {
  const double share = more * (2e-6 + 2e-7 * std::sqrt(terms));
  return {share, share * 4e-9};
}

/// Sizes of one case, what is computed with them, and what is wrong with that.
class RandomCase {
 public:
  RandomCase(const std::string& name, std::uint64_t number)
      : random_{number, stream_id("random sizes", name), 0}, shift_(static_cast<std::size_t>(below(16)) * 4) {}

  // ---- drawing

  std::int64_t below(std::int64_t bound) { return random_.below(next_++, bound); }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool chance(double p) { return random_.uniform(next_++) < p; }
  double uniform(double low, double high) { return random_.uniform(next_++, low, high); }
  /// Each order of magnitude as often as the others.
  std::int64_t spread(std::int64_t low, std::int64_t high) {
    const double x =
        std::log(double(low)) + random_.uniform(next_++) * (std::log(double(high) + 1) - std::log(double(low)));
    return std::clamp(static_cast<std::int64_t>(std::exp(x)), low, high);
  }
  template <class V>
  V pick(std::initializer_list<V> of) {
    return of.begin()[below(static_cast<std::int64_t>(of.size()))];
  }
  /// 1 to most: one, tiny, a multiple of a packet or of one of the limits (at which the kernel in question begins
  /// another block), with one more or less, an odd prime, or anything.
  std::int64_t size(std::int64_t most, std::initializer_list<std::int64_t> limits = {}) {
    const auto near = [&](std::int64_t unit) {
      const std::int64_t times = spread(1, std::max<std::int64_t>(most / unit, 1));
      return unit * times + pick<std::int64_t>({-1, 0, 0, 0, 0, 1});
    };
    std::int64_t s = 1;
    switch (below(12)) {
      case 0:
        break;
      case 1:
        s = between(2, 9);
        break;
      case 2:
      case 3:
      case 4:
        s = near(pick<std::int64_t>({2, 4, 8, 16, 32}));
        break;
      case 5:
        s = pick<std::int64_t>({3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 53, 61, 67, 97, 127, 131, 251, 257});
        break;
      case 6:
      case 7:
        s = spread(1, most);
        break;
      default:
        s = limits.size() > 0 ? near(limits.begin()[below(static_cast<std::int64_t>(limits.size()))]) : spread(1, most);
    }
    return std::clamp<std::int64_t>(s, 1, most);
  }
  /// A size to be drawn: up to `most`, with the limits of size().
  struct Axis {
    std::int64_t* at;
    std::int64_t most;
    std::initializer_list<std::int64_t> limits;
  };
  /// Draws the sizes so that work(), which grows with each of them, is at most `bound` and, where they may grow so far,
  /// not far below it.
  template <class Work>
  void sizes(std::initializer_list<Axis> axes, double bound, Work&& work) {
    for (const Axis& a : axes) *a.at = size(a.most, a.limits);
    const auto any = [&]() -> const Axis& { return axes.begin()[below(static_cast<std::int64_t>(axes.size()))]; };
    for (int tries = 0; tries < 12 && static_cast<double>(work()) < bound / 3; ++tries) {
      const Axis& a = any();
      *a.at = std::max(*a.at, size(a.most, a.limits));
    }
    const auto can_shrink = [&] {
      return std::any_of(axes.begin(), axes.end(), [](const Axis& a) { return *a.at > 1; });
    };
    while (static_cast<double>(work()) > bound && can_shrink()) {
      const Axis& a = any();
      if (*a.at > 1) *a.at = chance(0.3) ? size(*a.at - 1, a.limits) : *a.at - (*a.at + 3) / 4;
    }
  }

  /// What is drawn, for messages.
  template <class... Parts>
  void says(const Parts&... parts) {
    std::ostringstream text;
    (text << ... << parts);
    text_ += text.str();
  }
  const std::string& text() const { return text_; }

  // ---- computing

  /// Numbers in [low, high), others for each name, in memory that nothing else shares.
  template <class T>
  TensorView<const T> input(const Shape& shape, double low = -1, double high = 1) {
    inputs_.push_back(
        std::make_unique<Guarded>(static_cast<std::size_t>(shape.size()) * sizeof(T), shift_ / sizeof(T) * sizeof(T)));
    T* to = reinterpret_cast<T*>(inputs_.back()->data());
    const std::uint64_t first = (std::uint64_t{random_.words(next_).word[0]} << 32) | random_.words(next_).word[1];
    ++next_;
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      std::uint64_t z = first + static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15u;  // splitmix64
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
      to[i] = static_cast<T>(low + (high - low) * static_cast<double>((z ^ (z >> 31)) >> 40) * 0x1p-24);
    }
    return {to, shape};
  }
  /// Whole numbers in [0, bound).
  template <class I>
  TensorView<const I> whole_numbers(const Shape& shape, std::int64_t bound) {
    inputs_.push_back(
        std::make_unique<Guarded>(static_cast<std::size_t>(shape.size()) * sizeof(I), shift_ / sizeof(I) * sizeof(I)));
    I* to = reinterpret_cast<I*>(inputs_.back()->data());
    for (std::int64_t i = 0; i < shape.size(); ++i) to[i] = static_cast<I>(below(bound));
    return {to, shape};
  }

  /// call(on, outputs) with one thread and with several: what it writes must have the same bits.
  template <class Call>
  void compute(Call&& call, bool precise = false) {
    results_.reset();
    const int left_out = pick({2, 3, 5});
    for (const int threads : {1, 2, 3, 5}) {
      if (threads == left_out) continue;
      auto out = std::make_unique<Outputs>(shift_);
      call(cpu(threads, precise), *out);
      for (const auto& [name, memory] : out->all_)
        expect(memory->is_intact(), name, ": memory beside it was written, ", threads, " threads");
      for (const auto& memory : out->spaces_)
        expect(memory->is_intact(), "memory beside the workspace was written, ", threads, " threads");
      if (!results_) {
        results_ = std::move(out);
        continue;
      }
      for (std::size_t i = 0; i < out->all_.size(); ++i) {
        const Guarded &a = *results_->all_[i].second, &b = *out->all_[i].second;
        expect(a.bytes() == b.bytes() && std::memcmp(a.data(), b.data(), a.bytes()) == 0, out->all_[i].first,
               ": other bits with ", threads, " threads");
      }
    }
    for (const auto& memory : inputs_) expect(memory->is_intact(), "memory beside an input was written");
  }

  /// The same threads for all cases.
  static const Cpu& cpu(int threads, bool precise = false) {
    static std::map<std::pair<int, bool>, Cpu> all;
    return all.try_emplace({threads, precise}, Cpu::Options{.threads = threads, .precise = precise}).first->second;
  }

  // ---- checking

  template <class... Parts>
  void expect(bool right, const Parts&... parts) {
    if (right) return;
    std::ostringstream text;
    (text << ... << parts);
    if (problems_.size() < 12) problems_.push_back(text.str());
  }

  /// What compute() gave.
  template <class T>
  std::span<const T> result(const std::string& name) const {
    return results_->of<T>(name);
  }

  /// Elements from `first` on are what is expected: |error| <= share (max(|expected|, size) + floor).
  template <class T>
  void close_from(const std::string& name, std::int64_t first, std::span<const double> expected, const Share& share,
                  double size) {
    const std::span<const T> all = result<T>(name);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double got = static_cast<double>(all[static_cast<std::size_t>(first) + i]), e = expected[i];
      if (std::abs(got - e) <= share.of<T>() * std::max(std::abs(e), size)) continue;
      if (std::isinf(e) && got == e) continue;
      return expect(false, name, "[", first + static_cast<std::int64_t>(i), "] of ", all.size(), ": got ", got,
                    ", expected ", e);
    }
  }
  template <class T>
  void close(const std::string& name, std::span<const double> expected, const Share& share, double size) {
    expect(result<T>(name).size() == expected.size(), name, " has ", result<T>(name).size(), " elements");
    close_from<T>(name, 0, expected, share, size);
  }
  /// The same bits.
  template <class T>
  void same(const std::string& what, const T* a, const T* b, std::int64_t count) {
    if (count == 0 || std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(T)) == 0) return;
    std::int64_t i = 0;
    while (std::memcmp(a + i, b + i, sizeof(T)) == 0) ++i;
    expect(false, what, ": other bits from element ", i, " of ", count, " on: ", static_cast<double>(a[i]), " and ",
           static_cast<double>(b[i]));
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  Random random_;
  std::uint64_t next_ = 0;
  std::size_t shift_;  // of tensors, from a cache line
  std::string text_;
  std::vector<std::unique_ptr<Guarded>> inputs_;
  std::unique_ptr<Outputs> results_;
  std::vector<std::string> problems_;
};

/// As double, to compute what is expected.
template <class T>
std::vector<double> doubles(const TensorView<const T>& x) {
  return std::vector<double>(x.data, x.data + x.size());
}

/// Runs run(case) for so many cases, or for those that the environment names:
///
///     BRINDLE_RANDOM_SIZES_CASE=n       case n alone
///     BRINDLE_RANDOM_SIZES_SECONDS=s    cases until s seconds are over; the number of them is printed
///     BRINDLE_RANDOM_SIZES_FIRST=n      from case n on
///     BRINDLE_RANDOM_SIZES_TRACE=1      each case is printed before it is run: for what ends a program at once
template <class Run>
void random_cases(std::uint64_t count, Run&& run) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? static_cast<std::uint64_t>(std::strtoull(text, nullptr, 10)) : otherwise;
  };
  const std::string name = Catch::getResultCapture().getCurrentTestName();
  const bool one = std::getenv("BRINDLE_RANDOM_SIZES_CASE"), trace = std::getenv("BRINDLE_RANDOM_SIZES_TRACE");
  const std::uint64_t seconds = number("BRINDLE_RANDOM_SIZES_SECONDS", 0);
  const std::uint64_t first = one ? number("BRINDLE_RANDOM_SIZES_CASE", 0) : number("BRINDLE_RANDOM_SIZES_FIRST", 0);
  const auto begin = std::chrono::steady_clock::now();
  int wrong = 0;
  std::uint64_t i = first;
  for (; wrong < 5; ++i) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    if (one ? i > first : seconds > 0 ? passed.count() >= static_cast<double>(seconds) : i >= first + count) break;
    RandomCase c(name, i);
    INFO("BRINDLE_RANDOM_SIZES_CASE=" << i << " <program> \"" << name << '"');  // where it ends by a signal
    if (trace) std::cerr << "BRINDLE_RANDOM_SIZES_CASE=" << i << " \"" << name << "\"" << std::endl;
    run(c);
    if (trace) std::cerr << "  " << c.text() << std::endl;
    if (c.problems().empty()) continue;
    ++wrong;
    std::ostringstream text;
    text << c.text();
    for (const std::string& problem : c.problems()) text << "\n  " << problem;
    text << "\n  again: BRINDLE_RANDOM_SIZES_CASE=" << i << " <program> \"" << name << "\"";
    FAIL_CHECK(text.str());
  }
  if (seconds > 0) std::cout << i - first << " cases: " << name << std::endl;
  SUCCEED();
}

}  // namespace brindle::test
