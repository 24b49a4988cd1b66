// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for models/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/ops/cpu.hpp"
// After the calls into the kernels, in any order.
#include "brindle/models/base_inl.hpp"
#include "brindle/models/base_weights_inl.hpp"
#include "brindle/models/classification_inl.hpp"
#include "brindle/models/efficientnet_lite0_inl.hpp"
#include "brindle/models/mobilenet_v1_inl.hpp"
#include "brindle/models/mobilenet_v2_inl.hpp"
#include "brindle/models/picture_classifier_inl.hpp"
#include "brindle/models/pretrained_efficientnet_lite0_inl.hpp"
#include "brindle/models/pretrained_inl.hpp"
#include "brindle/models/pretrained_vgg16_inl.hpp"
#include "brindle/models/resnet_inl.hpp"
#include "brindle/models/squeezenet1_1_inl.hpp"
#include "brindle/models/suggest_pictures_inl.hpp"
#include "brindle/models/vgg16_inl.hpp"

#define BRINDLE_INSTANTIATION
#include "brindle/models/instantiations.inc"
#undef BRINDLE_INSTANTIATION
