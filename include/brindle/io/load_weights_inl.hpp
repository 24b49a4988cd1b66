// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what load_weights.hpp declares.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/keras_weights.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/saved_tensors.hpp"
#include "brindle/io/torch_weights.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/io/weight_format.hpp"
#include "brindle/io/zip.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE void add_named_tensor(WeightFile& weights, const std::string& name, const Shape& shape,
                                     std::function<void(TensorView<float>)> read) {
  const std::size_t cut = name.find('/') != std::string::npos ? name.rfind('/') : name.rfind('.');
  const std::string layer = cut == std::string::npos ? name : name.substr(0, cut);
  const std::string parameter = cut == std::string::npos ? std::string() : name.substr(cut + 1);
  const std::string bare = parameter.substr(0, parameter.find(':'));
  if (bare == "weight")
    brindle::detail::raise<FileError>(
        weights.path + ": tensor \"" + name +
        "\" is named as PyTorch names it, whose axes are (out, in, rows, columns) " +
        "or (out, in) and whose features go channels first; load_torch_weights turns them, or turn it " +
        "(weight.permute(2, 3, 1, 0) of a convolution, weight.T of a dense layer, behind a Flatten with its rows "
        "from " +
        "(C, H, W) to (H, W, C)) and name it \"" + layer + "/kernel\"");
  const std::string known = parameter_of(parameter);
  if (weights.layers.empty() || weights.layers.back().name != layer) weights.layers.push_back({layer, {}});
  weights.layers.back().tensors.push_back(
      {name, known.empty() ? (bare.empty() ? name : bare) : known, shape, std::move(read)});
}

}  // namespace brindle::io::detail

namespace brindle::io {

BRINDLE_INLINE WeightFile safetensors_weights(const std::filesystem::path& path) {
  const auto file = std::make_shared<SafetensorsFile>(path);
  WeightFile weights{file->path(), {}};
  // A model that brindle saved may have tensors beside its weights.
  const bool saved_model = file->metadata().contains("brindle");
  for (const auto& [name, entry] : file->entries()) {
    if (saved_model && detail::lies_beside_weights(name)) continue;
    detail::add_named_tensor(weights, name, entry.shape,
                             [file, tensor = name](TensorView<float> to) { file->read_into<float>(tensor, to); });
  }
  return weights;
}

BRINDLE_INLINE WeightFile npz_weights(const std::filesystem::path& path) {
  const auto file = std::make_shared<NpzFile>(path.string());
  WeightFile weights{file->path(), {}};
  for (const std::string& name : file->names())
    detail::add_named_tensor(weights, name, file->shape(name), [file, name](TensorView<float> to) {
      if (file->dtype(name) == "<f8") {
        const Tensor<double> read = file->read<double>(name);
        for (std::int64_t i = 0; i < read.size(); ++i) to.data[i] = static_cast<float>(read[i]);
      } else {
        const Tensor<float> read = file->read<float>(name);
        std::copy(read.data(), read.data() + read.size(), to.data);
      }
    });
  return weights;
}

BRINDLE_INLINE WeightFile weight_file(const std::filesystem::path& path) {
  switch (detail::weight_format(path)) {
    case detail::WeightFormat::pt:
      brindle::detail::raise<FileError>(
          path.string() + ": is a file by torch.save, whose axes depend on the layers " +
          "that they are of; load it into a model: load_torch_weights(model, path, names)");
    case detail::WeightFormat::npz:
      return npz_weights(path);
    case detail::WeightFormat::hdf5:
      return keras_weights(open_hdf5(path));
    case detail::WeightFormat::keras: {
      const detail::ZipFile zip(path.string());
      return keras_weights(detail::keras_archive_weights(zip),
                           zip.contains("config.json") ? zip.read("config.json") : "");
    }
    case detail::WeightFormat::safetensors:
      break;
  }
  return safetensors_weights(path);
}

template <class T, class Device>
std::vector<std::string> load_weights(Model<T, Device>& model, const std::filesystem::path& path,
                                      const LoadWeightsOptions& options) {
  if (detail::weight_format(path) == detail::WeightFormat::pt)
    return load_weights(
        model,
        detail::torch_weights(path.string(), detail::torch_tensors(path, {}), {}, detail::torch_layers(model), {}),
        options);
  WeightFile file = weight_file(path);
  detail::name_counted_layers(model, file);
  return load_weights(model, file, options);
}

}  // namespace brindle::io
