// SPDX-License-Identifier: MIT
#pragma once

// All that a program needs which runs a trained classifier, for the price of <filesystem>: no kernel, no JSON, no
// picture decoder is compiled with it. Those are in the library brindle::compiled, which the program links; one that
// does not includes inference_implementation.hpp in one source file.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/version.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/pixels.hpp"
#include "brindle/models/classification.hpp"

namespace brindle {

class Cpu;
namespace models {
template <class Device>
class PictureClassifier;
}

/// A saved model that says what is on pictures; models::PictureClassifier behind a wall.
///
///     const Classifier classifier("pets.safetensors");
///     const models::Classification c = classifier.classify_file("photo.jpg");
///     std::printf("%s, %.2f\n", c.name.c_str(), c.probability);
///
/// Pictures of any size are resized and prepared as the training pictures were. All functions but moves may run in
/// several threads at a time.
class Classifier {
 public:
  /// threads: that one picture is computed with; 0: as many as the program may use.
  /// Throws FileError that begins with the path, ShapeError if the model does not take pictures.
  explicit Classifier(const std::filesystem::path& model, int threads = 0);
  ~Classifier();
  Classifier(Classifier&&) noexcept;             ///< the other one is empty afterwards
  Classifier& operator=(Classifier&&) noexcept;  ///< and so here

  /// The class names by number; empty where the model has none.
  const std::vector<std::string>& class_names() const;
  /// Rows, columns and channels that the network sees.
  const Shape& input_shape() const;

  /// pixels (height, width, channels), 0..255, row by row without a gap, RGB or grey as the model takes them.
  /// Throws ShapeError if there are not as many bytes as pixels need.
  models::Classification classify(std::span<const std::uint8_t> pixels, std::int64_t height, std::int64_t width) const;
  /// The same of pixels in another order, or with a gap between rows. Throws ShapeError as above.
  models::Classification classify(const image::Pixels& pixels) const;
  /// The same of a picture that image::decode() gave.
  models::Classification classify(const image::Picture& picture) const;
  /// Several pictures at once, which is faster; in their order.
  std::vector<models::Classification> classify(std::span<const image::Picture> pictures) const;

  /// JPEG, PNG, BMP, GIF or WebP. Throws FileError that begins with the path.
  models::Classification classify_file(const std::filesystem::path& picture) const;

 private:
  std::unique_ptr<const models::PictureClassifier<Cpu>> classifier_;
};

}  // namespace brindle
