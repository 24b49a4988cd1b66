// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/preprocessing.hpp"

namespace brindle::data {

/// Samples that are pictures, a byte a channel, and become floats when they are read, by their preprocessing.
class PictureSource : public Source {
 public:
  /// Hands the pixels of picture `row`, (H, W, C), 0..255, to `use`, for the length of the call. From several threads
  /// at a time. row must be in [0, size()).
  virtual void with_pixels(std::int64_t row, FunctionRef<void(const std::uint8_t* pixels)> use) const = 0;

  /// What makes the network's numbers of the pixels.
  virtual Preprocessing preprocessing() const = 0;

  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override;
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override;

  /// Throws ShapeError unless x has room for the draws, ValueError for a row that there is not; `who` is named.
  void check_read(const std::string& who, std::span<const Draw> draws, const Shape& x) const;

 protected:
  /// The name in messages: "data::Pictures".
  virtual std::string who() const = 0;

  /// Throws ValueError, beginning with `by`, unless 0 <= row < size().
  void check_row(const std::string& by, std::int64_t row) const;

 private:
  template <class T>
  void read_as(const Cpu& on, std::span<const Draw> draws, const TensorView<T>& x) const;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/picture_source_inl.hpp"
#endif
