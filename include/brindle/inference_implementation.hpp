#pragma once

// What inference.hpp declares. One source file of a program includes this header, and is compiled with -O3 and for the
// machine that runs it; two that do so do not link.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/picture.hpp"
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
  const std::int64_t channels = input_shape()[2];
  if (height < 1 || width < 1 || static_cast<std::int64_t>(pixels.size()) != height * width * channels)
    detail::raise<ShapeError>("Classifier: expected the " + std::to_string(channels) + " channels of " +
                              std::to_string(height) + " x " + std::to_string(width) + " pixels, got " +
                              std::to_string(pixels.size()) + " bytes");
  image::Picture picture(height, width, channels);
  picture.pixels.assign(pixels.begin(), pixels.end());
  return classify(picture);
}
models::Classification Classifier::classify(const image::Picture& picture) const {
  return classifier_->classify(picture);
}
models::Classification Classifier::classify_file(const std::filesystem::path& picture) const {
  return classify(image::decode(picture));
}

}  // namespace brindle
