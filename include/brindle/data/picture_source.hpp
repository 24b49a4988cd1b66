#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
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

  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override {
    read_as<float>(on, draws, x);
  }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override {
    read_as<double>(on, draws, x);
  }

  /// Throws ShapeError unless x has room for the draws, ValueError for a row that there is not; `who` is named.
  void check_read(const std::string& who, std::span<const Draw> draws, const Shape& x) const {
    if (x != sample_shape().batch(static_cast<std::int64_t>(draws.size())))
      detail::raise<ShapeError>(who + ": expected x " +
                                to_string(sample_shape().batch(static_cast<std::int64_t>(draws.size()))) + ", got " +
                                to_string(x));
    for (const Draw& draw : draws) check_row(who, draw.row);
  }

 protected:
  /// The name in messages: "data::Pictures".
  virtual std::string who() const = 0;

  /// Throws ValueError, beginning with `by`, unless 0 <= row < size().
  void check_row(const std::string& by, std::int64_t row) const {
    if (row < 0 || row >= size())
      detail::raise<ValueError>(by + ": there is no picture " + std::to_string(row) + " of " + std::to_string(size()));
  }

 private:
  template <class T>
  void read_as(const Cpu& on, std::span<const Draw> draws, const TensorView<T>& x) const {
    check_read(who(), draws, x.shape);
    const Shape shape = sample_shape();
    const std::int64_t n = shape.size();
    const Preprocessing how = preprocessing();
    on.parallel(static_cast<std::int64_t>(draws.size()), [&](std::int64_t i, int) {
      T* out = x.data + i * n;
      with_pixels(draws[static_cast<std::size_t>(i)].row,
                  [&](const std::uint8_t* in) { image::preprocess(how, shape[0] * shape[1], shape[2], in, out); });
    });
  }
};

}  // namespace brindle::data
