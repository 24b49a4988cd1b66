#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "brindle/ops/conv2d/geometry.hpp"

namespace brindle::ops::kernel {

/// Where a kernel reads a picture (N, H, W, C): the picture itself, or the gradient dz of a convolution that a 2x2 max
/// pool follows, kept as the pool's dy and code (N, H / 2, W / 2, C): dz is dy at the pixel that the code names (0 to
/// 3, row by row) and 0 elsewhere. dz is never stored: tiles of it are made where they are needed.
template <class T>
struct Picture {
  const T* data = nullptr;             ///< x or dz; with a code, dy
  const std::uint8_t* code = nullptr;  ///< null: no pool
  std::int64_t h = 0, w = 0, c = 0;    ///< of the picture, before the pool
};

/// A square of `side` x `side` pixels, zeros outside the picture, `width` channels at a time. Move with at(), then read
/// channels [c, c + width) of pixel i at pixel[i] + offset with the offset that channels(c) gives. Channels that the
/// picture does not have read as anything.
template <class T, int side, int width>
class TileReader {
 public:
  static constexpr int pixels = side * side;
  const T* pixel[pixels];

  /// zeros: as many as the picture has channels.
  TileReader(const Picture<T>& picture, const T* zeros) : from_(picture), zeros_(zeros) {
    if (from_.code)
      for (int i = 0; i < pixels; ++i) pixel[i] = copy_ + i * width;
  }

  void at(std::int64_t n, std::int64_t row, std::int64_t column) {
    if (from_.code) return at_pooled(n, row, column);
    for (int i = 0; i < side; ++i) {
      const std::int64_t r = row + i;
      const bool inside = r >= 0 && r < from_.h;
      const T* line = from_.data + ((n * from_.h + r) * from_.w + column) * from_.c;
      for (int j = 0; j < side; ++j)
        pixel_of_picture_[i * side + j] =
            inside && column + j >= 0 && column + j < from_.w ? line + j * from_.c : zeros_;
    }
    std::memcpy(pixel, pixel_of_picture_, sizeof pixel);
  }

  std::int64_t channels(std::int64_t c) {
    const std::int64_t count = std::min<std::int64_t>(width, from_.c - c);
    if (from_.code) {
      for (int i = 0; i < windows_; ++i) count == width ? expand<true>(i, c, width) : expand<false>(i, c, count);
      return 0;
    }
    if (count == width) return c;
    // The last channels: a copy, so that no load goes beyond the picture.
    for (int i = 0; i < pixels; ++i) {
      std::memcpy(copy_ + i * width, pixel_of_picture_[i] + c, static_cast<std::size_t>(count) * sizeof(T));
      pixel[i] = copy_ + i * width;
    }
    return 0;
  }

 private:
  /// A window of the pool that touches the square, and the places of its four pixels in it (`pixels`: outside).
  struct Window {
    std::int64_t offset;
    int place[4];
  };

  void at_pooled(std::int64_t n, std::int64_t row, std::int64_t column) {
    std::memset(copy_, 0, sizeof copy_);
    windows_ = 0;
    const std::int64_t ph = from_.h / 2, pw = from_.w / 2;
    for (std::int64_t r = std::max<std::int64_t>(row, 0) / 2; r < ph && 2 * r < row + side; ++r)
      for (std::int64_t c = std::max<std::int64_t>(column, 0) / 2; c < pw && 2 * c < column + side; ++c) {
        Window& window = window_[windows_++];
        window.offset = ((n * ph + r) * pw + c) * from_.c;
        for (int q = 0; q < 4; ++q) {
          const std::int64_t i = 2 * r + q / 2 - row, j = 2 * c + q % 2 - column;
          window.place[q] = i >= 0 && i < side && j >= 0 && j < side ? static_cast<int>(i * side + j) : pixels;
        }
      }
  }

  template <bool whole>
  void expand(int i, std::int64_t c, std::int64_t count) {
    const Window& window = window_[i];
    const T* dy = from_.data + window.offset + c;
    const std::uint8_t* code = from_.code + window.offset + c;
    const int channels = whole ? width : static_cast<int>(count);
    for (int q = 0; q < 4; ++q) {
      T* to = copy_ + window.place[q] * width;
      for (int l = 0; l < channels; ++l) to[l] = code[l] == q ? dy[l] : T(0);
    }
  }

  static constexpr int most_windows = (side / 2 + 1) * (side / 2 + 1);

  Picture<T> from_;
  const T* zeros_;
  const T* pixel_of_picture_[pixels];
  Window window_[most_windows];
  int windows_ = 0;
  alignas(64) T copy_[(pixels + 1) * width];
};

/// Where a kernel writes y (N, OH, OW, CO): bias, relu and a 2x2 max pool on the way out.
template <class T>
struct PictureOutput {
  T* y = nullptr;                ///< (N, OH, OW, CO), or (N, OH / 2, OW / 2, CO) if pooled
  std::uint8_t* code = nullptr;  ///< of the pool; may be null
  const T* bias = nullptr;       ///< CO; may be null
  bool relu = false;
  bool pooled = false;
};

/// Maximum and code of `count` windows whose four values are z0 to z3 (the channels of a window of pixels). The first
/// of equal values counts; with relu a maximum of 0 has code 4.
template <class T, int count>
void pool_window(const T* z0, const T* z1, const T* z2, const T* z3, bool relu, T* y, std::uint8_t* code) {
  using Index = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;
  T best[count];
  Index which[count];
  for (int l = 0; l < count; ++l) {
    const T top = z1[l] > z0[l] ? z1[l] : z0[l], low = z3[l] > z2[l] ? z3[l] : z2[l];
    const Index top_at = z1[l] > z0[l] ? 1 : 0, low_at = z3[l] > z2[l] ? 3 : 2;
    best[l] = low > top ? low : top;
    which[l] = low > top ? low_at : top_at;
  }
  if (relu)
    for (int l = 0; l < count; ++l) {
      which[l] = best[l] > 0 ? which[l] : 4;
      best[l] = best[l] < 0 ? T(0) : best[l];
    }
  for (int l = 0; l < count; ++l) y[l] = best[l];
  if (code)
    for (int l = 0; l < count; ++l) code[l] = static_cast<std::uint8_t>(which[l]);
}

}  // namespace brindle::ops::kernel
