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

namespace brindle::models {
template class PictureClassifier<Cpu>;
template Sequential<float> vgg16(const Shape&, const VGG16Options&);
template Sequential<float> vgg16(const Cpu&, const std::filesystem::path&, const Shape&, VGG16Options);
template Sequential<float> vgg16(const std::filesystem::path&, const Shape&, const VGG16Options&);
}  // namespace brindle::models
