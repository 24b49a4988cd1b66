// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what inference.hpp declares: of the library's unit (compiled/inference.hpp), and of header-only
// programs (inference_implementation.hpp).
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/pixels.hpp"
#include "brindle/inference.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/ops/cpu.hpp"

namespace brindle {

Classifier::Classifier(const std::filesystem::path& model, int threads)
    : classifier_(std::make_unique<const models::PictureClassifier<Cpu>>(model, Cpu(threads))) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

const std::vector<std::string>& Classifier::class_names() const { return classifier_->info().class_names; }
const Shape& Classifier::input_shape() const { return classifier_->model().input_shape(); }

models::Classification Classifier::classify(std::span<const std::uint8_t> pixels, std::int64_t height,
                                            std::int64_t width) const {
  const bool grey = classifier_->picture_input().color_mode == ColorMode::grayscale;
  return classify(image::Pixels{.bytes = pixels,
                                .height = height,
                                .width = width,
                                .format = grey ? image::PixelFormat::grayscale : image::PixelFormat::rgb});
}
models::Classification Classifier::classify(const image::Pixels& pixels) const {
  return classify(image::picture_of("Classifier", pixels));
}
models::Classification Classifier::classify(const image::Picture& picture) const {
  return classifier_->classify(picture);
}
std::vector<models::Classification> Classifier::classify(std::span<const image::Picture> pictures) const {
  return classifier_->classify(pictures);
}
models::Classification Classifier::classify_file(const std::filesystem::path& picture) const {
  return classifier_->classify_file(picture);
}

}  // namespace brindle
