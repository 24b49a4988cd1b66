#pragma once

// The unit of the library for models/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/models/classification_inl.hpp"
#include "brindle/models/picture_classifier_inl.hpp"
#include "brindle/models/pretrained_vgg16_inl.hpp"
#include "brindle/models/vgg16_inl.hpp"
#include "brindle/ops/cpu.hpp"  // first: the calls into the kernels

#define BRINDLE_INSTANTIATION
#include "brindle/compiled/models_instantiations.inc"
#undef BRINDLE_INSTANTIATION
