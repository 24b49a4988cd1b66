#pragma once

// The unit of the library for image/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/image/affine_inl.hpp"
#include "brindle/image/augment_inl.hpp"
#include "brindle/image/decode_inl.hpp"
#include "brindle/image/encode_inl.hpp"
#include "brindle/image/orientation_inl.hpp"
#include "brindle/image/picture_inl.hpp"
#include "brindle/image/picture_input_inl.hpp"
#include "brindle/image/pixels_inl.hpp"
#include "brindle/image/preprocessing_inl.hpp"
#include "brindle/image/read_picture_inl.hpp"
#include "brindle/image/resize_inl.hpp"

namespace brindle::image {

#define BRINDLE_IMAGE_OF(T)                                                                                 \
  template void warp<T>(const Affine&, TensorView<const std::uint8_t>, TensorView<T>, Fill, double,         \
                        const Standardize*);                                                                \
  template void apply<T>(const Augment&, const AugmentDraw&, TensorView<const std::uint8_t>, TensorView<T>, \
                         const Standardize&);                                                               \
  template void preprocess<T>(const Preprocessing&, std::int64_t, std::int64_t, const std::uint8_t*, T*);
BRINDLE_IMAGE_OF(float)
BRINDLE_IMAGE_OF(double)
#undef BRINDLE_IMAGE_OF

}  // namespace brindle::image
