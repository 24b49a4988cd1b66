#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/nn/sequential.hpp"

namespace brindle::io {

/// The weights of a safetensors file, whose tensors are named layer/parameter, layer/parameter:0 or layer.parameter.
inline WeightFile safetensors_weights(const std::filesystem::path& path) {
  const auto file = std::make_shared<SafetensorsFile>(path);
  WeightFile weights{file->path(), {}};
  for (const auto& [name, entry] : file->entries()) {
    const std::size_t cut = name.find('/') != std::string::npos ? name.rfind('/') : name.rfind('.');
    const std::string layer = cut == std::string::npos ? name : name.substr(0, cut);
    const std::string parameter = cut == std::string::npos ? std::string() : name.substr(cut + 1);
    if (weights.layers.empty() || weights.layers.back().name != layer) weights.layers.push_back({layer, {}});
    weights.layers.back().tensors.push_back({name, detail::parameter_of(parameter), entry.shape,
                                             [file, tensor = name](TensorView<float> to) {
                                               file->read_into<float>(tensor, to);
                                             }});
  }
  return weights;
}

/// Sets the weights of a model from a file of any format that is known by its ending: .safetensors.
/// Throws FileError that begins with the path; see load_weights(model, WeightFile).
template <class T>
void load_weights(Sequential<T, Cpu>& model, const std::filesystem::path& path) {
  if (path.extension() == ".safetensors") return load_weights(model, safetensors_weights(path));
  brindle::detail::raise<FileError>(path.string() + ": weights are read from .safetensors files, by the file's ending");
}

}  // namespace brindle::io
