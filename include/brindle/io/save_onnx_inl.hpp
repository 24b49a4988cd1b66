// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what save_onnx.hpp declares.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/model_info_json.hpp"
#include "brindle/io/onnx_graph_writer.hpp"
#include "brindle/io/onnx_layer_writer.hpp"
#include "brindle/io/save_onnx.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/io/saved_model_inl.hpp"
#include "brindle/nn/folded.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle::io::detail {

/// A model of the same layers and weights on the Cpu. Throws ValueError for a layer that is not the library's.
template <class T, class Device>
Model<T, Cpu> copied_to_host(const Model<T, Device>& model) {
  Model<T, Cpu> copy(model.input_shape());
  const LayerRegistry<T, Cpu> registry;
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const Layer<T, Device>& layer = *model.layers()[i];
    std::unique_ptr<Layer<T, Cpu>> made;
    try {
      made = registry.make(layer.type(), layer.config());
    } catch (const ValueError& e) {
      brindle::detail::raise<ValueError>("save_onnx: " + layer.who() + " cannot be written: " + e.what());
    }
    copy.add_uninitialized(std::move(made), layer.name, model.inputs(i));
    auto& to = copy.layers().back()->parameters();
    for (std::size_t p = 0; p < to.size(); ++p)
      brindle::detail::copy_between_devices<T, Device, Cpu>(layer.parameters()[p].value.view(), to[p].value.view());
  }
  copy.set_name(model.name());
  return copy;
}

/// The numbers as floats, on the Cpu.
template <class T, class Device>
Tensor<float> floats_of(const Tensor<T, Device>& values) {
  Tensor<float> floats(values.shape());
  const brindle::detail::HostCopy<T, Device> host(values.view());
  for (std::int64_t i = 0; i < floats.size(); ++i) floats[i] = static_cast<float>(host.data()[i]);
  return floats;
}

/// The sizes of a sample as the file has them.
BRINDLE_INLINE std::vector<std::int64_t> onnx_sample_sizes(const Shape& s, bool channels_last) {
  if (s.rank() != 3 || channels_last) return {s.begin(), s.end()};
  return {s[2], s[0], s[1]};
}

template <class T, class Device>
void write_onnx(const Model<T, Device>& model, const std::filesystem::path& path, const SaveOnnxOptions& options) {
  OnnxGraphWriter graph;
  OnnxLayerWriter layers(graph);
  const std::string input = graph.free_name("input");
  std::vector<std::string> values{input};
  const bool turned = options.channels_last_input && model.input_shape().rank() == 3;
  if (turned) values[0] = layers.channels_first(input);
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const Layer<T, Device>& layer = *model.layers()[i];
    OnnxSource source{layer.type(), layer.name, layer.config(), {}, {}, model.output_shape(i), {}};
    for (const std::size_t value : model.inputs(i)) {
      source.inputs.push_back(values[value]);
      source.x.push_back(model.graph().value_shape(value));
    }
    for (const auto& p : layer.parameters()) source.parameters.push_back(floats_of(p.value));
    values.push_back(layers.add(source));
  }
  const std::string output = graph.add("Identity", "output", {values.back()});
  graph.write(path, model.name(), input, onnx_sample_sizes(model.input_shape(), turned), output,
              onnx_sample_sizes(model.output_shape(), false), {{"brindle", to_json(options.info).dump()}});
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
void save_onnx(const Model<T, Device>& model, const std::filesystem::path& path, const SaveOnnxOptions& options) {
  detail::check_info("save_onnx", model.input_shape(), model.output_shape(), options.info);
  if (options.fold)
    detail::write_onnx(folded(detail::copied_to_host(model)), path, options);
  else
    detail::write_onnx(model, path, options);
}

}  // namespace brindle::io
