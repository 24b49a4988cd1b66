// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what picture_classifier.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/classification.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/folded.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/cpu.hpp"

namespace brindle::models::detail {

/// Left and right change places. x (n, H, W, C)
inline void mirror(TensorView<float> x) {
  const std::int64_t rows = x.shape[0] * x.shape[1], w = x.shape[2], c = x.shape[3];
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t left = 0, right = w - 1; left < right; ++left, --right)
      std::swap_ranges(x.data + (row * w + left) * c, x.data + (row * w + left + 1) * c,
                       x.data + (row * w + right) * c);
}

}  // namespace brindle::models::detail

namespace brindle::models {

template <class Device>
PictureClassifier<Device>::PictureClassifier(const std::filesystem::path& path, const Device& on,
                                             const PictureClassifierOptions& options)
    : PictureClassifier(io::load_model(path, on), options, path.string() + ": ") {}

template <class Device>
Tensor<float> PictureClassifier<Device>::input(const image::Picture& picture) const {
  Tensor<float> x(saved_.model.input_shape().batch(1));
  write_input(picture, x.data());
  return x;
}

template <class Device>
std::vector<Classification> PictureClassifier<Device>::classify(std::span<const image::Picture> pictures) const {
  const Shape& shape = saved_.model.input_shape();
  const auto n = static_cast<std::int64_t>(pictures.size());
  std::vector<Classification> all;
  if (n == 0) return all;
  Tensor<float> x = Tensor<float>::uninitialized(shape.batch(n));
  for (std::int64_t i = 0; i < n; ++i) write_input(pictures[static_cast<std::size_t>(i)], x.data() + i * shape.size());
  const Familiarity& familiarity = saved_.info.familiarity;
  Tensor<float> features(Shape{familiarity ? n : 0, familiarity.width});
  Tensor<float> y = probabilities(predict(x, features));
  if (options_.mirrored) {
    detail::mirror(x.view());
    Tensor<float> unused(features.shape());
    const Tensor<float> other = probabilities(predict(x, unused));
    for (std::int64_t i = 0; i < y.size(); ++i) y[i] = (y[i] + other[i]) / 2;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    all.push_back(classification(y.view().slice(i, i + 1).span()));
    if (!familiarity) continue;
    all.back().distance = familiarity.distance(features.view().slice(i, i + 1).span());
    all.back().unlike_training = *all.back().distance > familiarity.threshold;
  }
  return all;
}

template <class Device>
Classification PictureClassifier<Device>::classify_file(const std::filesystem::path& path) const {
  return classify(image::read_picture(path, picture_input()));
}

template <class Device>
PictureClassifier<Device>::PictureClassifier(io::SavedModel<float, Device> saved,
                                             const PictureClassifierOptions& options, const std::string& where)
    : saved_(std::move(saved)), options_(options), where_(where) {
  saved_.model = folded(std::move(saved_.model));
  const Shape& x = saved_.model.input_shape();
  const std::string who = where + "PictureClassifier: ";
  if (x.rank() != 3 || (x[2] != 1 && x[2] != 3))
    brindle::detail::raise<ShapeError>(who + "the model takes " + to_string_batch(x) +
                                       ", expected pictures (None, H, W, 1) or (None, H, W, 3)");
  if (!saved_.info.input)
    brindle::detail::raise<ValueError>(who +
                                       "the model does not say how a picture becomes its input; save it with the data "
                                       "that it was trained on, save_model(model, path, photos), or with .input");
  const Shape& y = saved_.model.output_shape();
  if (y.rank() != 1)
    brindle::detail::raise<ShapeError>(who + "the model gives " + to_string_batch(y) +
                                       ", expected (None, classes); end it with Flatten{} and Dense{classes, softmax}");
  const LastActivation last = brindle::detail::last_activation(saved_.model);
  const bool squashes = last.function == ActivationFunction::sigmoid || last.function == ActivationFunction::softmax;
  if (saved_.info.from_logits && squashes)
    brindle::detail::raise<ValueError>(who + last.layer + " ends in " + to_string(last.function) +
                                       ", but the model was saved as one of logits (from_logits)");
  if (!saved_.info.from_logits && !squashes && last.known)
    brindle::detail::raise<ValueError>(
        who + last.layer +
        " ends without sigmoid or softmax, so its outputs are no probabilities; if they are "
        "logits, save the model with .from_logits = true");
  if (last.function == ActivationFunction::softmax && y.size() == 1)
    brindle::detail::raise<ValueError>(
        who + last.layer +
        " is a softmax of one output, which is always 1; end the model with Dense{1, sigmoid} "
        "or Dense{2, softmax}");
  if (!saved_.info.familiarity) return;
  feature_value_ = brindle::detail::feature_value(where + "PictureClassifier", saved_.model);
  const std::int64_t width = brindle::detail::feature_width(saved_.model, feature_value_);
  if (width != saved_.info.familiarity.width)
    brindle::detail::raise<ShapeError>(who + "the features of training pictures have " +
                                       std::to_string(saved_.info.familiarity.width) + " numbers, the model's have " +
                                       std::to_string(width));
}

template <class Device>
AnswerThreshold PictureClassifier<Device>::answer_threshold(double accuracy) const {
  const AnswerTable& table = saved_.info.answers;
  const std::string who = where_ + "PictureClassifier: ";
  if (table.rows.empty())
    brindle::detail::raise<ValueError>(who +
                                       "the model has no table of thresholds; make one of its validation pictures with "
                                       "answer_table() and save it with the model, as train does");
  const auto row = table.at_least(accuracy);
  if (!row)
    brindle::detail::raise<ValueError>(
        who + "no threshold made the model right in " + brindle::detail::number_text(accuracy) + " of its answers to " +
        std::to_string(table.samples) + " validation pictures; at most it was in " +
        std::to_string(table.rows.back().right) + " of " + std::to_string(table.rows.back().answered) +
        "; ask for less, or train it further");
  return *row;
}

template <class Device>
void PictureClassifier<Device>::write_input(const image::Picture& picture, float* x) const {
  const PictureInput& how = picture_input();
  const image::Picture levels = image::fit(picture, how);
  image::preprocess(how.preprocessing, how.size.h * how.size.w, how.channels(), levels.pixels.data(), x);
}

template <class Device>
Tensor<float> PictureClassifier<Device>::predict(const Tensor<float>& x, Tensor<float>& features) const {
  if (saved_.info.familiarity) {
    Tensor<float> y = Tensor<float>::uninitialized(saved_.model.output_shape().batch(x.shape()[0]));
    brindle::detail::predict_with_features<float, Device>(saved_.model, feature_value_, x.view(), 32, y.view(),
                                                          features.view());
    return y;
  }
  if constexpr (std::is_same_v<Device, Cpu>)
    return saved_.model.predict(x);
  else
    return saved_.model.predict(x.template to<Device>()).template to<Cpu>();
}

template <class Device>
Tensor<float> PictureClassifier<Device>::probabilities(Tensor<float> y) const {
  if (saved_.info.from_logits) {
    const bool each = y.shape()[1] == 1 || saved_.info.each_output;
    ops::activate<float>(Cpu(1), each ? ActivationFunction::sigmoid : ActivationFunction::softmax, y.view(), y.view());
  }
  for (const float p : y.span())
    if (!(p >= 0 && p <= 1.0001f))
      brindle::detail::raise<NumericsError>("PictureClassifier: the model gives " + brindle::detail::number_text(p) +
                                            " where a probability is expected; check its weights and its last layer");
  return y;
}

template <class Device>
Classification PictureClassifier<Device>::classification(std::span<const float> y) const {
  Classification c;
  if (y.size() == 1)
    c.probabilities = {1 - y[0], y[0]};
  else
    c.probabilities.assign(y.begin(), y.end());
  // One output counts as class 0 at exactly one half; of several the first largest is taken.
  c.number = y.size() == 1 ? (y[0] > 0.5f ? 1 : 0) : std::max_element(y.begin(), y.end()) - y.begin();
  c.probability = static_cast<double>(c.probabilities[static_cast<std::size_t>(c.number)]);
  const auto& names = saved_.info.class_names;
  const auto number = static_cast<std::size_t>(c.number);
  c.name = number < names.size() ? names[number] : std::to_string(c.number);
  return c;
}

}  // namespace brindle::models
