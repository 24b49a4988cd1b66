// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for image/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/image/affine_inl.hpp"
#include "brindle/image/apply_op_inl.hpp"
#include "brindle/image/augment_inl.hpp"
#include "brindle/image/decode_inl.hpp"
#include "brindle/image/encode_inl.hpp"
#include "brindle/image/orientation_inl.hpp"
#include "brindle/image/picture_inl.hpp"
#include "brindle/image/picture_input_inl.hpp"
#include "brindle/image/picture_quality_inl.hpp"
#include "brindle/image/pixels_inl.hpp"
#include "brindle/image/preprocessing_inl.hpp"
#include "brindle/image/read_picture_inl.hpp"
#include "brindle/image/reduced_copy_inl.hpp"
#include "brindle/image/resize_inl.hpp"
#include "brindle/image/turbojpeg_inl.hpp"
#include "brindle/image/webp_inl.hpp"

#define BRINDLE_INSTANTIATION
#include "brindle/image/instantiations.inc"
#undef BRINDLE_INSTANTIATION
