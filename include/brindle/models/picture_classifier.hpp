#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/preprocessing.hpp"
#include "brindle/image/resize.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/classification.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/ops/cpu.hpp"

namespace brindle::models {

/// A saved model that says what is on pictures of any size.
///
///     const models::PictureClassifier classifier("pets.safetensors");             // or ("pets.safetensors", Cuda{})
///     const models::Classification c = classifier.classify(image::decode("photo.jpg"));
///
/// Each picture is resized and prepared as the training pictures were: the saved model says how. classify() may run in
/// several threads at a time.
template <class Device = Cpu>
class PictureClassifier {
 public:
  /// Throws FileError that begins with the path, ShapeError if the model does not take pictures (H, W, 1 or 3).
  explicit PictureClassifier(const std::filesystem::path& path, const Device& on = Device{})
      : PictureClassifier(io::load_model(path, on)) {}

  /// Of a model that has been loaded. Throws ShapeError as above.
  explicit PictureClassifier(io::SavedModel<float, Device> saved)
      : saved_(std::move(saved)), preprocessing_(brindle::preprocessing(saved_.info.preprocessing)) {
    const Shape& input = saved_.model.input_shape();
    if (input.rank() != 3 || (input[2] != 1 && input[2] != 3))
      detail::raise<ShapeError>("PictureClassifier: the model takes " + to_string_batch(input) +
                                ", expected pictures (None, H, W, 1) or (None, H, W, 3)");
  }

  const Sequential<float, Device>& model() const { return saved_.model; }  ///< the network
  const io::ModelInfo& info() const { return saved_.info; }        ///< what the file says of it

  /// The picture as the model takes it: (1, H, W, C). Throws ShapeError for an empty picture, or one of another number
  /// of channels.
  Tensor<float> input(const image::Picture& picture) const {
    const Shape& shape = saved_.model.input_shape();
    if (picture.channels != shape[2])
      detail::raise<ShapeError>("PictureClassifier: expected a picture of " + std::to_string(shape[2]) +
                                " channels, got " + to_string(picture.shape()));
    const image::Picture sized = image::resize(picture, {shape[0], shape[1]}, image::Interpolation::nearest);
    Tensor<float> x(shape.batch(1));
    image::preprocess(preprocessing_, shape[0] * shape[1], shape[2], sized.pixels.data(), x.data());
    return x;
  }

  /// picture (H, W, C), 0..255, of any size. One output of the model is the probability of class 1.
  Classification classify(const image::Picture& picture) const {
    const Tensor<float> y = predict(input(picture));
    Classification c;
    c.number = predicted_classes<float>(y.view())[0];
    if (y.size() == 1)
      c.probabilities = {1 - y[0], y[0]};
    else
      c.probabilities.assign(y.data(), y.data() + y.size());
    c.probability = static_cast<double>(c.probabilities[static_cast<std::size_t>(c.number)]);
    const auto& names = saved_.info.class_names;
    c.name = static_cast<std::size_t>(c.number) < names.size() ? names[static_cast<std::size_t>(c.number)]
                                                                : std::to_string(c.number);
    return c;
  }

 private:
  Tensor<float> predict(const Tensor<float>& x) const {
    if constexpr (std::is_same_v<Device, Cpu>)
      return saved_.model.predict(x);
    else
      return saved_.model.predict(x.template to<Device>()).template to<Cpu>();
  }

  io::SavedModel<float, Device> saved_;
  Preprocessing preprocessing_;
};

}  // namespace brindle::models
