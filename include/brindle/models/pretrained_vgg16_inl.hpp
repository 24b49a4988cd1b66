// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what pretrained_vgg16.hpp declares.
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/torch_weights.hpp"
#include "brindle/io/weight_format.hpp"
#include "brindle/models/base_weights.hpp"
#include "brindle/models/pretrained_vgg16.hpp"
#include "brindle/models/vgg16.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models::detail {

/// The layers that the modules of torchvision's VGG16 and of timm's are.
BRINDLE_INLINE std::map<std::string, std::string> torch_vgg16_names() {
  std::map<std::string, std::string> names{{"classifier.0", "fc1"},         {"pre_logits.fc1", "fc1"},
                                           {"classifier.3", "fc2"},         {"pre_logits.fc2", "fc2"},
                                           {"classifier.6", "predictions"}, {"head.fc", "predictions"}};
  constexpr int convolutions[] = {2, 2, 3, 3, 3};
  for (int block = 0, number = 0; block < 5; ++block, ++number)  // behind a block stands its pool
    for (int c = 0; c < convolutions[block]; ++c, number += 2)   // behind a convolution its relu
      names["features." + std::to_string(number)] =
          "block" + std::to_string(block + 1) + "_conv" + std::to_string(c + 1);
  return names;
}

/// The modules of their tops.
BRINDLE_INLINE std::vector<std::string> torch_vgg16_top() {
  return {"classifier.0", "classifier.3", "classifier.6", "pre_logits.fc1", "pre_logits.fc2", "head.fc"};
}

/// Throws FileError where the file is by the other house, as far as its kind and names tell.
BRINDLE_INLINE void check_vgg16_house(const std::filesystem::path& path, bool torch, VGG16Variant asked) {
  using io::detail::WeightFormat;
  const WeightFormat format = io::detail::weight_format(path);
  const bool keras = format == WeightFormat::hdf5 || format == WeightFormat::keras;
  if (torch && asked == VGG16Variant::keras)
    brindle::detail::raise<FileError>(
        path.string() + ": vgg16: its tensors are named as in PyTorch, whose weights want pictures as " +
        "Preprocessing::imagenet_mean_std; prepare them so and ask for .variant = VGG16Variant::torchvision");
  if (keras && asked == VGG16Variant::torchvision)
    brindle::detail::raise<FileError>(
        path.string() + ": vgg16: is a file of Keras's, whose weights want pictures as " +
        "Preprocessing::caffe; prepare them so and ask for .variant = VGG16Variant::keras");
}

/// Throws FileError, the path first, where the options ask for another network than the file's weights are of: what
/// the file has, what was asked for, what to do. What else does not fit is said by load_weights.
BRINDLE_INLINE void check_vgg16_file(const io::WeightFile& file, const Shape& input, const VGG16Options& options) {
  using brindle::detail::raise;
  if (input.rank() != 3) return;  // vgg16() says so
  const std::string who = file.path + ": vgg16: ";
  const Shape* first = stored_kernel(file, "block1_conv1", 4);
  if (first != nullptr && (*first)[3] == options.filters[0]) check_base_channels(file.path, "vgg16", *first, input);
  const Shape* top = stored_kernel(file, "fc1", 2);
  if (top == nullptr || !options.include_top) return;
  const std::int64_t features = input[0] / 32 * (input[1] / 32) * options.filters[4];
  if ((*top)[0] != features)
    raise<FileError>(who + "its top (fc1) wants " + std::to_string((*top)[0]) + " features" +
                     ((*top)[0] == 25088 ? ", which pictures of 224x224 give" : "") + ", got input " +
                     to_string(input) + ", which gives " + std::to_string(features) +
                     "; make the input as large, or .include_top = false");
  const Shape* classes = stored_kernel(file, "predictions", 2);
  if (classes != nullptr) check_base_classes(who, (*classes)[1], options.classes);
}

}  // namespace brindle::models::detail

namespace brindle::models {

template <class T, class Device>
Model<T, Device> vgg16(const Device& on, const std::filesystem::path& weights, const Shape& input,
                       VGG16Options options) {
  options.initialize = false;
  const bool torch = io::detail::has_torch_names(weights);
  detail::check_vgg16_house(weights, torch, options.variant);
  if (torch) {
    const io::TorchWeightsOptions of_file{.leave = options.include_top ? std::vector<std::string>()
                                                                       : detail::torch_vgg16_top()};
    const auto tensors = io::detail::torch_tensors(weights, of_file);
    const auto names = detail::torch_vgg16_names();
    // Seen in the file before 138 million weights take memory.
    detail::check_vgg16_file(io::detail::torch_weights(weights.string(), tensors, names, {{"fc1", {"Dense"}}}, of_file),
                             input, options);
    auto model = vgg16<T, Device>(on, input, options);
    io::load_weights(
        model, io::detail::torch_weights(weights.string(), tensors, names, io::detail::torch_layers(model), of_file));
    return model;
  }
  detail::check_vgg16_file(io::weight_file(weights), input, options);
  auto model = vgg16<T, Device>(on, input, options);
  io::load_weights(model, weights);
  return model;
}

template <class T, class Device>
Model<T, Device> vgg16(const std::filesystem::path& weights, const Shape& input, const VGG16Options& options) {
  return vgg16<T, Device>(Device{}, weights, input, options);
}

}  // namespace brindle::models
