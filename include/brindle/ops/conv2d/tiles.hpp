// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "brindle/core/cpu.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/cpu_packets.hpp"
#include "brindle/ops/eigen.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops::kernel {

/// Where a kernel reads a picture (N, H, W, C): the picture itself, or the gradient dz of a convolution that a 2x2 max
/// pool follows, kept as the pool's dy and code (N, H / 2, W / 2, C): dz is dy at the pixel that the code names (0 to
/// 3, row by row) and 0 elsewhere. dz is never stored: tiles of it are made where they are needed.
template <class T>
struct Picture {
  const T* data = nullptr;             ///< x or dz; with a code, dy
  const std::uint8_t* code = nullptr;  ///< null: no pool
  std::int64_t h = 0, w = 0, c = 0;    ///< of the picture, before the pool
  /// Done to each pixel as it is read, but not to the zeros around; null: nothing is. With a code it is null.
  const Prologue<T, Cpu>* prologue = nullptr;
  const GradientPrologue<T, Cpu>* behind = nullptr;  ///< what makes dz of data, dy, as it is read; null: data is dz

  /// The same pixels, without a pool, as pictures of another height and width.
  Picture reshaped(std::int64_t height, std::int64_t width) const {
    return {data, nullptr, height, width, c, prologue, behind};
  }
};

/// One packet of channels of the gradient behind a pool, at `count` pixels of a window that follow each other from
/// `place` on and are `step` elements apart: to = dy where the code is the pixel's place, else 0.
template <class T>
[[gnu::always_inline]] inline void unpool_packet(const T* dy, const std::uint8_t* code, int place, int count, T* to,
                                                 std::int64_t step) {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  using namespace Eigen::internal;
  constexpr int width = packet_traits<T>::size;
  std::uint8_t bytes[width];  // a copy: bytes may alias anything, which would keep the compiler from using packets
  std::memcpy(bytes, code, width);
  alignas(64) T at[width];
  widen(bytes, at);
  const Packet value = ploadu<Packet>(dy), which = pload<Packet>(at), zero = pset1<Packet>(T(0));
  for (int i = 0; i < count; ++i, to += step)
    pstoreu(to, which == pset1<Packet>(static_cast<T>(place + i)) ? value : zero);
}

/// A square of `side` x `side` pixels, zeros outside the picture, a packet of channels at a time. Move with at() and
/// channels(), then take the packets of its pixels by load(). Channels that the picture does not have read as anything.
template <class T, int side>
class TileReader {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  static constexpr int width = Eigen::internal::packet_traits<T>::size, pixels = side * side;

 public:
  /// zeros: as many as the picture has channels.
  TileReader(const Picture<T>& picture, const T* zeros) : from_(picture), zeros_(zeros) {
    if (from_.code)
      for (int i = 0; i < pixels; ++i) pixel_[i] = copy_ + i * width;
  }
  TileReader(const TileReader&) = delete;  // it points to its own copies

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
    std::memcpy(pixel_, pixel_of_picture_, sizeof pixel_);
  }

  /// To channels [c, c + width).
  void channels(std::int64_t c) {
    const std::int64_t count = std::min<std::int64_t>(width, from_.c - c);
    channel_ = 0;
    if (from_.code) {
      for (int i = 0; i < windows_; ++i) expand(window_[i], c, count);
    } else if (count == width) {
      channel_ = c;
    } else {  // the last channels: a copy, so that no load goes beyond the picture
      for (int i = 0; i < pixels; ++i) {
        std::memcpy(copy_ + i * width, pixel_of_picture_[i] + c, static_cast<std::size_t>(count) * sizeof(T));
        pixel_[i] = copy_ + i * width;
      }
    }
  }

  Packet load(int row, int column) const {
    return Eigen::internal::ploadu<Packet>(pixel_[row * side + column] + channel_);
  }

  /// Calls for channels [c, c + width) of a tile to the right, or, down, below, of which the first columns or rows have
  /// been read already when tiles are `step` pixels apart: no processor foresees so many streams. The fewer channels,
  /// the sooner it is needed.
  void prefetch(std::int64_t step, std::int64_t c, bool down) const {
    if (from_.code) return;
    const std::int64_t ahead = std::max<std::int64_t>(step, step * 4 * width / from_.c);  // pixels
    const std::int64_t to = ahead * (down ? from_.w : 1) * from_.c + c;
    for (int i = 0; i < side; ++i)
      for (std::int64_t j = side - step; j < side; ++j)
        brindle::detail::prefetch(pixel_of_picture_[down ? j * side + i : i * side + j] + to);
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

  /// A window's dy goes to the pixel that its code names, and 0 to the other three.
  void expand(const Window& window, std::int64_t c, std::int64_t count) {
    using namespace Eigen::internal;
    // Copies: bytes may alias anything, which would keep the compiler from using packets.
    std::uint8_t bytes[width] = {};
    alignas(64) T at[width], values[width];
    const T* dy = from_.data + window.offset + c;
    if (count == width) {
      std::memcpy(bytes, from_.code + window.offset + c, width);
    } else {
      std::memcpy(bytes, from_.code + window.offset + c, static_cast<std::size_t>(count));
      std::memcpy(values, dy, static_cast<std::size_t>(count) * sizeof(T));
      dy = values;
    }
    widen(bytes, at);
    const Packet value = ploadu<Packet>(dy), which = pload<Packet>(at), zero = pset1<Packet>(T(0));
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) pstore(copy_ + window.place[q] * width, which == pset1<Packet>(T(q)) ? value : zero);
  }

  static constexpr int most_windows = (side / 2 + 1) * (side / 2 + 1);

  Picture<T> from_;
  const T* zeros_;
  const T* pixel_of_picture_[pixels];
  const T* pixel_[pixels];  // those, or copies
  Window window_[most_windows];
  int windows_ = 0;
  std::int64_t channel_ = 0;
  alignas(64) T copy_[(pixels + 1) * width];
};

/// The same for the gradient behind a pool where squares begin with a window and channels fill packets: pixels are made
/// in registers, twice as fast.
template <class T, int side>
class WindowReader {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  static constexpr int width = Eigen::internal::packet_traits<T>::size, across = side / 2, windows = across * across;

 public:
  /// Whether it can read the picture in squares whose first row and column are these, or whole windows away.
  static bool can_read(const Picture<T>& picture, std::int64_t row, std::int64_t column) {
    return picture.code && picture.c % width == 0 && row % 2 == 0 && column % 2 == 0;
  }

  WindowReader(const Picture<T>& picture, const T* zeros) : from_(picture), zeros_(zeros) {}

  void at(std::int64_t n, std::int64_t row, std::int64_t column) {
    const std::int64_t ph = from_.h / 2, pw = from_.w / 2;
    for (int i = 0; i < across; ++i)
      for (int j = 0; j < across; ++j) {
        const std::int64_t r = row / 2 + i, q = column / 2 + j, offset = ((n * ph + r) * pw + q) * from_.c;
        const bool inside = r >= 0 && r < ph && q >= 0 && q < pw;
        dy_[i * across + j] = inside ? from_.data + offset : zeros_;
        code_[i * across + j] = inside ? from_.code + offset : reinterpret_cast<const std::uint8_t*>(zeros_);
      }
  }

  void channels(std::int64_t c) {
    channel_ = c;
#pragma GCC unroll 9
    for (int k = 0; k < windows; ++k) {
      std::uint8_t bytes[width];  // a copy: bytes may alias anything, which would keep the compiler from using packets
      std::memcpy(bytes, code_[k] + c, width);
      alignas(64) T numbers[width];
      widen(bytes, numbers);
      std::memcpy(place_ + k * width, numbers, sizeof numbers);
    }
  }

  Packet load(int row, int column) const {
    using namespace Eigen::internal;
    const int k = row / 2 * across + column / 2;
    const Packet dy = ploadu<Packet>(dy_[k] + channel_), place = pload<Packet>(place_ + k * width);
    return place == pset1<Packet>(static_cast<T>(row % 2 * 2 + column % 2)) ? dy : pset1<Packet>(T(0));
  }

  /// Windows are few streams: processors foresee them.
  void prefetch(std::int64_t, std::int64_t, bool) const {}

 private:
  Picture<T> from_;
  const T* zeros_;
  const T* dy_[windows];
  const std::uint8_t* code_[windows];
  std::int64_t channel_ = 0;
  alignas(64) T place_[windows * width];
};

/// work(reader) with the reader for squares of the picture whose first row and column are these, or an even number
/// away.
template <int side, class T, class F>
void with_reader(const Picture<T>& picture, const T* zeros, std::int64_t row, std::int64_t column, F&& work) {
  if constexpr (side % 2 == 0)
    if (WindowReader<T, side>::can_read(picture, row, column)) {
      WindowReader<T, side> windows(picture, zeros);
      return work(windows);
    }
  TileReader<T, side> pixels(picture, zeros);
  work(pixels);
}

/// Where a kernel writes y (N, OH, OW, CO): bias, a residual, activation and a 2x2 max pool on the way out.
template <class T>
struct PictureOutput {
  T* y = nullptr;                ///< (N, OH, OW, CO), or (N, OH / 2, OW / 2, CO) if pooled
  std::uint8_t* code = nullptr;  ///< of the pool; may be null
  const T* bias = nullptr;       ///< CO; may be null
  ActivationFunction activation = ActivationFunction::linear;  ///< linear or relu if pooled; never softmax
  bool pooled = false;
  const T* residual = nullptr;  ///< (N, OH, OW, CO), added before the activation; null if pooled, and may be null
  const ChannelNormalization<T, Cpu>* normalization = nullptr;  ///< before that; null if pooled, and may be null

  bool relu() const { return activation == ActivationFunction::relu; }
};

/// Maximum and code of a window of four pixels, `width` channels of them at z0 to z3. The first
/// of equal values counts, and a NaN, which stays one; with relu a maximum of 0 has code 4.
template <class T, int width>
void pool_window(const T* z0, const T* z1, const T* z2, const T* z3, bool relu, T* y, std::uint8_t* code) {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  using namespace Eigen::internal;
  static_assert(width == packet_traits<T>::size);
  const Packet zero = pset1<Packet>(T(0));
  Packet best = ploadu<Packet>(z0), at = zero;
  int q = 0;
  for (const T* z : {z1, z2, z3}) {
    const Packet value = ploadu<Packet>(z), place = pset1<Packet>(T(++q));
    const auto larger = (value > best) | (value != value);
    at = larger ? place : at;
    best = larger ? value : best;
  }
  if (relu) {
    at = best <= zero ? pset1<Packet>(T(4)) : at;
    best = best < zero ? zero : best;
  }
  pstoreu(y, best);
  if (!code) return;
  store_codes<T>(at, code);
}

}  // namespace brindle::ops::kernel
