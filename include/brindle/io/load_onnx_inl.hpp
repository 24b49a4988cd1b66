// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what load_onnx.hpp declares.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/checked_specs.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/load_onnx.hpp"
#include "brindle/io/model_info_json.hpp"
#include "brindle/io/onnx_messages.hpp"
#include "brindle/io/onnx_translator.hpp"
#include "brindle/io/parse_json.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/io/saved_model_inl.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/ops/cpu.hpp"

namespace brindle::io::detail {

/// Bytes of an ONNX file that are read: protobuf's own limit. Larger models have their weights in another file.
inline constexpr std::uint64_t most_onnx_bytes = std::uint64_t{1} << 31;

/// The layers of a plan, with the weights that the file has.
template <class T, class Device>
Model<T, Device> made_of_plan(OnnxPlan plan, const OnnxTensors& tensors, const std::string& path, const Device& on) {
  const LayerRegistry<T, Device> registry;
  Model<T, Device> model(on, plan.input);
  std::string where = "the model";
  const auto fail = [&](const std::string& what) {
    brindle::detail::raise<FileError>(path + ": " + where + ": " + what);
  };
  // A tensor may serve several layers, but not make a small file's model a huge one.
  std::set<const OnnxTensor*> counted;
  std::int64_t stored = 0, needed = 0;
  for (const OnnxLayer& planned : plan.layers)
    for (const OnnxWeight& weight : planned.weights) {
      if (counted.insert(weight.constant.stored).second || !weight.constant.stored) stored += weight.constant.size();
      needed += weight.constant.size();
      if (needed > 16 * stored + (std::int64_t{1} << 22))
        fail("its layers have more than 16 times the weights that the file has");
    }
  try {
    for (OnnxLayer& planned : plan.layers) {
      where = "node \"" + planned.node;
      std::unique_ptr<Layer<T, Device>> layer = registry.make(planned.type, planned.config);
      layer->name = planned.name;
      const std::vector<ParameterSpec> specs = checked_specs(model, *layer, planned.inputs);
      if (specs.size() != planned.weights.size())
        fail("has " + std::to_string(planned.weights.size()) + " weights, expected " + std::to_string(specs.size()));
      for (std::size_t p = 0; p < specs.size(); ++p) {
        const OnnxWeight& weight = planned.weights[p];
        std::vector<std::int64_t> sizes;
        for (const int axis : weight.axes) sizes.push_back(weight.sizes[static_cast<std::size_t>(axis)]);
        std::int64_t elements = 1;
        for (const std::int64_t size : sizes) elements *= size;
        if (specs[p].shape.size() != elements || weight.constant.size() != elements ||
            specs[p].name != weight.parameter)
          fail("\"" + specs[p].name + "\" is " + to_string(specs[p].shape) + ", the file has " +
               onnx_sizes_text(weight.constant.shape));
      }
      model.add_uninitialized(std::move(layer), planned.name, planned.inputs);
      auto& parameters = model.layers().back()->parameters();
      for (std::size_t p = 0; p < specs.size(); ++p) {
        const OnnxWeight& weight = planned.weights[p];
        if constexpr (std::is_same_v<Device, Cpu>) {
          tensors.read(weight.constant, weight.sizes, weight.axes, weight.factor, parameters[p].value.data());
        } else {
          Tensor<T> read = Tensor<T>::uninitialized(parameters[p].value.shape());
          tensors.read(weight.constant, weight.sizes, weight.axes, weight.factor, read.data());
          brindle::detail::copy_between_devices<T, Cpu, Device>(read.view(), parameters[p].value.view());
        }
      }
    }
    where = "the model";
    model.check_output(model.layers().size());
  } catch (const ShapeError& e) {
    fail(e.what());
  } catch (const ValueError& e) {
    fail(e.what());
  }
  return model;
}

/// The model of a file that has been read.
template <class T, class Device>
Model<T, Device> onnx_model(const WireFile& file, const OnnxModel& description, const LoadOnnxOptions& options,
                            const Device& on) {
  Model<T, Device> model = made_of_plan<T, Device>(
      OnnxTranslator(file, description, options.input, options.output).plan(), OnnxTensors(file), file.path, on);
  if (!description.graph_name.empty()) model.set_name(description.graph_name);
  return model;
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
Model<T, Device> load_onnx(const std::filesystem::path& path, const LoadOnnxOptions& options, const Device& on) {
  const detail::WireFile file{path.string(), read_file(path, detail::most_onnx_bytes)};
  return detail::onnx_model<T, Device>(file, detail::read_onnx_model(file), options, on);
}

template <class T, class Device>
SavedModel<T, Device> load_onnx_with_info(const std::filesystem::path& path, const LoadOnnxOptions& options,
                                          const Device& on) {
  const detail::WireFile file{path.string(), read_file(path, detail::most_onnx_bytes)};
  const detail::OnnxModel description = detail::read_onnx_model(file);
  const std::string who = file.path + ": metadata \"brindle\"";
  ModelInfo info;
  try {
    const auto found = description.metadata.find("brindle");
    if (found != description.metadata.end()) info = detail::model_info_from_json(detail::parse_json(found->second));
    SavedModel<T, Device> saved{detail::onnx_model<T, Device>(file, description, options, on), std::move(info)};
    detail::check_info("its info", saved.model.input_shape(), saved.model.output_shape(), saved.info);
    return saved;
  } catch (const nlohmann::json::exception& e) {
    brindle::detail::raise<FileError>(who + " cannot be understood: " + e.what());
  } catch (const ValueError& e) {
    brindle::detail::raise<FileError>(who + ": " + e.what());
  }
}

}  // namespace brindle::io
