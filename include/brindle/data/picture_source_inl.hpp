// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what picture_source.hpp declares.
#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/preprocessing.hpp"

namespace brindle::data {

BRINDLE_INLINE void PictureSource::read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const {
  read_as<float>(on, draws, x);
}

BRINDLE_INLINE void PictureSource::read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const {
  read_as<double>(on, draws, x);
}

BRINDLE_INLINE void PictureSource::check_read(const std::string& who, std::span<const Draw> draws,
                                              const Shape& x) const {
  if (x != sample_shape().batch(static_cast<std::int64_t>(draws.size())))
    detail::raise<ShapeError>(who + ": expected x " +
                              to_string(sample_shape().batch(static_cast<std::int64_t>(draws.size()))) + ", got " +
                              to_string(x));
  for (const Draw& draw : draws) check_row(who, draw.row);
}

BRINDLE_INLINE void PictureSource::check_row(const std::string& by, std::int64_t row) const {
  if (row < 0 || row >= size())
    detail::raise<ValueError>(by + ": there is no picture " + std::to_string(row) + " of " + std::to_string(size()));
}

template <class T>
void PictureSource::read_as(const Cpu& on, std::span<const Draw> draws, const TensorView<T>& x) const {
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

}  // namespace brindle::data
