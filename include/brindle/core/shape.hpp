// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include "brindle/core/error.hpp"

namespace brindle {

// The letters of sizes, everywhere in the library: N pictures or samples in a batch, H rows, W columns, C channels
// (channels last); KH, KW rows and columns of a filter, CI input channels, CO output channels.

/// Sizes of a dense row-major tensor, the last one contiguous. At most six; each at least 0; their product fits 63
/// bits.
class Shape {
 public:
  static constexpr int max_rank = 6;  ///< sizes

  constexpr Shape() = default;

  /// Throws ShapeError for more than six sizes, a negative one, or a product over 2^63 - 1.
  constexpr Shape(std::initializer_list<std::int64_t> sizes) : Shape(sizes.begin(), sizes.end()) {}

  /// The same of a range.
  template <class Iterator>
  constexpr Shape(Iterator first, Iterator last) {
    for (; first != last; ++first) append(static_cast<std::int64_t>(*first));
  }

  constexpr int rank() const { return rank_; }  ///< number of sizes
  /// 0 <= axis < rank(), not checked.
  constexpr std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  constexpr const std::int64_t* begin() const { return sizes_.data(); }        ///< the first size
  constexpr const std::int64_t* end() const { return sizes_.data() + rank_; }  ///< behind the last
  /// The last size; rank() >= 1.
  constexpr std::int64_t back() const { return sizes_[static_cast<std::size_t>(rank_ - 1)]; }

  /// Number of elements; 1 for rank 0.
  constexpr std::int64_t size() const {
    std::int64_t product = 1;
    for (const std::int64_t s : *this) product *= s;
    return product;
  }

  /// (n, sizes...): the shape of n samples of this shape.
  constexpr Shape batch(std::int64_t n) const {
    Shape s{n};
    for (const std::int64_t size : *this) s.append(size);
    return s;
  }

  /// The shape without its first size: of one sample, when this is a batch.
  constexpr Shape sample() const { return rank_ == 0 ? Shape{} : Shape(begin() + 1, end()); }

  /// Same rank, same sizes.
  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }

 private:
  constexpr void append(std::int64_t size) {
    if (rank_ == max_rank) detail::raise<ShapeError>("shape: more than 6 sizes");
    if (size < 0) detail::raise<ShapeError>("shape: size " + std::to_string(size) + " is negative");
    const std::int64_t before = this->size();
    if (size > 0 && before > std::numeric_limits<std::int64_t>::max() / size)
      detail::raise<ShapeError>("shape: the number of elements does not fit 63 bits");
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }

  std::array<std::int64_t, max_rank> sizes_{};
  int rank_ = 0;
};

/// "(30, 150, 150, 3)".
inline std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (int i = 0; i < shape.rank(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

/// "(None, 150, 150, 3)": the shape of a batch of samples, as Keras writes it.
inline std::string to_string_batch(const Shape& sample) {
  std::string text = "(None";
  for (const std::int64_t size : sample) text += ", " + std::to_string(size);
  return text + ")";
}

/// A batch of pictures.
struct Shape4 {
  std::int64_t n = 0;  ///< pictures
  std::int64_t h = 0;  ///< rows
  std::int64_t w = 0;  ///< columns
  std::int64_t c = 0;  ///< channels

  constexpr Shape4() = default;
  /// Not checked.
  constexpr Shape4(std::int64_t n_, std::int64_t h_, std::int64_t w_, std::int64_t c_) : n(n_), h(h_), w(w_), c(c_) {}

  /// Throws ShapeError unless the shape has four sizes.
  constexpr Shape4(const Shape& s) {
    if (s.rank() != 4) detail::raise<ShapeError>("expected pictures (N, H, W, C), got " + to_string(s));
    n = s[0], h = s[1], w = s[2], c = s[3];
  }

  constexpr operator Shape() const { return Shape{n, h, w, c}; }             ///< (n, h, w, c)
  constexpr std::int64_t size() const { return n * h * w * c; }              ///< number of elements
  friend constexpr bool operator==(const Shape4&, const Shape4&) = default;  ///< same sizes
  /// False for another rank.
  friend constexpr bool operator==(const Shape& a, const Shape4& b) { return a == Shape{b.n, b.h, b.w, b.c}; }
};

/// "(30, 150, 150, 3)".
inline std::string to_string(const Shape4& s) { return to_string(Shape{s.n, s.h, s.w, s.c}); }

/// Rows and columns of a filter, a window or a step; one number stands for both.
struct Size2 {
  std::int64_t h = 1;  ///< rows
  std::int64_t w = 1;  ///< columns

  constexpr Size2() = default;
  constexpr Size2(std::int64_t side) : h(side), w(side) {}                 ///< a square
  constexpr Size2(std::int64_t h_, std::int64_t w_) : h(h_), w(w_) {}      ///< rows first
  friend constexpr bool operator==(const Size2&, const Size2&) = default;  ///< same sizes
};

/// "(3, 5)".
inline std::string to_string(const Size2& s) {
  return std::string("(").append(std::to_string(s.h)).append(", ").append(std::to_string(s.w)).append(")");
}

}  // namespace brindle
