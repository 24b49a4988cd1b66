// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace brindle {

/// valid: windows lie inside the picture. same: zeros (minus infinity for a maximum) around it, so that the output has
/// ceil(in / stride) rows; of an odd number of them the extra one is at the bottom and right, as in Keras.
enum class Padding { valid, same };

/// Rows and columns of zeros around a picture.
///
///     Border(1), Border(1, 2), Border(top, bottom, left, right), Border({top, bottom}, {left, right})
struct Border {
  /// Before the first row or column and behind the last one.
  struct Edges {
    std::int64_t before = 0;  ///< above, or to the left
    std::int64_t after = 0;   ///< below, or to the right
  };

  std::int64_t top = 0;     ///< rows
  std::int64_t bottom = 0;  ///< rows
  std::int64_t left = 0;    ///< columns
  std::int64_t right = 0;   ///< columns

  constexpr Border() = default;
  constexpr Border(std::int64_t all) : Border(all, all, all, all) {}  ///< as many on each side
  /// So many rows above and below, and columns left and right.
  constexpr Border(std::int64_t rows, std::int64_t columns) : Border(rows, rows, columns, columns) {}
  /// In Keras's order, ((top, bottom), (left, right)).
  constexpr Border(const Edges& rows, const Edges& columns)
      : Border(rows.before, rows.after, columns.before, columns.after) {}
  /// Not checked.
  constexpr Border(std::int64_t top_, std::int64_t bottom_, std::int64_t left_, std::int64_t right_)
      : top(top_), bottom(bottom_), left(left_), right(right_) {}

  /// No side has less than none.
  constexpr bool is_possible() const { return top >= 0 && bottom >= 0 && left >= 0 && right >= 0; }
  friend constexpr bool operator==(const Border&, const Border&) = default;  ///< same on each side
};

/// "((1, 0), (1, 0))", as Keras writes it.
inline std::string to_string(const Border& b) {
  return "((" + std::to_string(b.top) + ", " + std::to_string(b.bottom) + "), (" + std::to_string(b.left) + ", " +
         std::to_string(b.right) + "))";
}

/// How a convolution pads: by a rule, or by so many zeros on each side.
///
///     Conv2D{.padding = Padding::same}, Conv2D{.padding = {top, bottom, left, right}}, Conv2D{.padding = Border(1)}
struct Conv2DPadding {
  Padding rule = Padding::valid;  ///< where `zeros` are not given
  bool given = false;             ///< `zeros` count, not the rule
  Border zeros;                   ///< those that are given

  constexpr Conv2DPadding() = default;
  constexpr Conv2DPadding(Padding by) : rule(by) {}                      ///< by the rule
  constexpr Conv2DPadding(const Border& by) : given(true), zeros(by) {}  ///< so many
  /// The same. Not checked.
  constexpr Conv2DPadding(std::int64_t top, std::int64_t bottom, std::int64_t left, std::int64_t right)
      : Conv2DPadding(Border(top, bottom, left, right)) {}

  friend constexpr bool operator==(const Conv2DPadding&, const Conv2DPadding&) = default;  ///< the same setting
};

/// "same", "valid" or "((1, 0), (1, 0))".
inline std::string to_string(const Conv2DPadding& p) {
  if (p.given) return to_string(p.zeros);
  return p.rule == Padding::same ? "same" : "valid";
}

namespace ops {

/// Where windows of one axis lie.
struct WindowAxis {
  std::int64_t out = 0;     ///< number of windows; 0 when none fits
  std::int64_t before = 0;  ///< padding in front of the first element

  /// in, window, stride >= 1.
  static constexpr WindowAxis of(std::int64_t in, std::int64_t window, std::int64_t stride, Padding padding) {
    if (padding == Padding::valid) return {in < window ? 0 : (in - window) / stride + 1, 0};
    const std::int64_t out = (in + stride - 1) / stride;
    return {out, std::max<std::int64_t>((out - 1) * stride + window - in, 0) / 2};
  }

  /// So many elements of padding before and after.
  static constexpr WindowAxis of(std::int64_t in, std::int64_t window, std::int64_t stride, std::int64_t before,
                                 std::int64_t after) {
    const std::int64_t padded = before + in + after;
    return {padded < window ? 0 : (padded - window) / stride + 1, before};
  }

  /// The rows of a convolution.
  static constexpr WindowAxis rows(std::int64_t in, std::int64_t window, std::int64_t stride, const Conv2DPadding& p) {
    return p.given ? of(in, window, stride, p.zeros.top, p.zeros.bottom) : of(in, window, stride, p.rule);
  }
  /// The columns of a convolution.
  static constexpr WindowAxis columns(std::int64_t in, std::int64_t window, std::int64_t stride,
                                      const Conv2DPadding& p) {
    return p.given ? of(in, window, stride, p.zeros.left, p.zeros.right) : of(in, window, stride, p.rule);
  }
};

}  // namespace ops
}  // namespace brindle
