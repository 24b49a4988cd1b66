// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what base_weights.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/io/keras_weights.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/torch_weights.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/io/weight_format.hpp"
#include "brindle/models/base_weights.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models::detail {

BRINDLE_INLINE void check_base_channels(const std::string& path, const std::string& function, const Shape& kernel,
                                        const Shape& input) {
  const std::int64_t channels = kernel[2];
  if (channels == input[2]) return;
  const bool grey = channels == 3 && input[2] == 1;
  brindle::detail::raise<FileError>(
      path + ": " + function + ": its weights want pictures of " + std::to_string(channels) + " channels" +
      (channels == 3 ? " (RGB)" : "") + ", got input " + to_string(input) + "; " +
      (grey ? "read grey pictures as RGB, which repeats the one channel, and make the input " : "make the input ") +
      to_string(Shape{input[0], input[1], channels}) + ", or begin with random weights: " + function + "(input)");
}

BRINDLE_INLINE void check_base_classes(const std::string& who, std::int64_t in_file, std::int64_t asked) {
  if (in_file != asked)
    brindle::detail::raise<FileError>(who + "its top has " + std::to_string(in_file) +
                                      " classes, got .classes = " + std::to_string(asked) +
                                      "; ask for those, or for .include_top = false and add a Dense of your own");
}

BRINDLE_INLINE const Shape* stored_kernel(const io::WeightFile& file, const std::string& layer, int rank) {
  for (const io::StoredLayer& stored : file.layers)
    for (const io::StoredTensor& tensor : stored.tensors)
      if (stored.is(layer) && tensor.shape.rank() == rank) return &tensor.shape;
  return nullptr;
}

BRINDLE_INLINE io::WeightFile base_weight_file(const std::filesystem::path& path,
                                               const std::map<std::string, io::detail::TorchLayer>& layers,
                                               const BaseWeights& base) {
  const std::string who = path.string() + ": " + base.function + ": ";
  if (!io::detail::has_torch_names(path)) {
    io::WeightFile file = io::weight_file(path);
    if (!base.other_first.empty() && stored_kernel(file, base.first, 4) == nullptr &&
        stored_kernel(file, base.other_first, 4) != nullptr)
      brindle::detail::raise<FileError>(who + "its layers are named as in Keras; ask for " + base.other);
    return file;
  }
  if (base.torch.empty())
    brindle::detail::raise<FileError>(who + "its tensors are named as in PyTorch; " +
                                      (base.other.empty()
                                           ? "this base reads files of Keras, whose network differs in detail"
                                           : "ask for " + base.other));
  const std::vector<io::detail::TorchTensor> tensors = io::detail::torch_tensors(path, {});
  for (const TorchHouse& house : base.torch)
    if (std::any_of(tensors.begin(), tensors.end(),
                    [&](const auto& tensor) { return tensor.name == house.first + ".weight"; }))
      return io::detail::torch_weights(path.string(), tensors, house.names, layers, {});
  std::string known, there;
  for (const TorchHouse& house : base.torch) known += (known.empty() ? "\"" : " or \"") + house.first + ".weight\"";
  for (std::size_t i = 0; i < tensors.size() && i < 5; ++i) there += (i ? ", \"" : "\"") + tensors[i].name + "\"";
  brindle::detail::raise<FileError>(
      who + "it has no tensor " + known + ", the first of this network by the names that are known; it has " +
      std::to_string(tensors.size()) + ": " + there + (tensors.size() > 5 ? ", ..." : ""));
}

BRINDLE_INLINE void fit_base_file(io::WeightFile& file, const BaseWeights& base, const Shape& input, const Shape& first,
                                  const Shape& top) {
  const std::string who = file.path + ": " + base.function + ": ";
  const Shape* kernel = stored_kernel(file, base.first, 4);
  if (kernel != nullptr) {
    if ((*kernel)[3] != first[3] && !base.width.empty())
      brindle::detail::raise<FileError>(who + "its first layer has " + std::to_string((*kernel)[3]) +
                                        " filters, the one asked for " + std::to_string(first[3]) + "; make " +
                                        base.width + " that of the file");
    check_base_channels(file.path, base.function, *kernel, input);
  }
  if (!base.include_top) {
    std::erase_if(file.layers, [&](const io::StoredLayer& stored) { return stored.is(base.top); });
    return;
  }
  const Shape* in_file = stored_kernel(file, base.top, top.rank());
  if (in_file == nullptr && kernel == nullptr) return;  // of another network: load_weights lists what it lacks
  if (in_file == nullptr)
    brindle::detail::raise<FileError>(who + "the file has no top (\"" + base.top +
                                      "\"); ask for .include_top = false and add a Dense of your own");
  check_base_classes(who, in_file->back(), top.back());
}

template <class T, class Device>
Model<T, Device> with_weights(Model<T, Device> model, const std::filesystem::path& path, const BaseWeights& base) {
  io::WeightFile file = base_weight_file(path, io::detail::torch_layers(model), base);
  io::detail::name_counted_layers(model, file);
  const auto kernel = [&](const std::string& layer) { return model.layer(layer).parameters()[0].value.shape(); };
  const Shape top = base.include_top ? kernel(base.top) : Shape{1};
  fit_base_file(file, base, model.input_shape(), kernel(base.first), top);
  io::load_weights(model, file);
  return model;
}

}  // namespace brindle::models::detail
