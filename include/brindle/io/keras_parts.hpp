// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/io/json.hpp"
#include "brindle/nn/config.hpp"

namespace brindle::io::detail {

/// A model as it is about to be written, whatever its type and device.
struct ModelToWrite {
  struct Variable {
    std::string name;  ///< "kernel"
    Shape shape;
    const void* data = nullptr;
    bool learned = true;
    double l2 = 0;                        ///< of its penalty
    std::vector<const void*> slots = {};  ///< what the optimizer remembers of it, in its order
  };
  struct Layer {
    std::string who, type, name;
    Config config;
    bool trainable = true, inference = false, merges = false;  ///< merges: reads a list
    Shape output;
    std::vector<std::size_t> inputs;  ///< values: 0 is the model's input, i + 1 what layer i gives
    std::vector<Variable> variables;
  };
  struct Group {
    std::string name;
    std::size_t begin = 0, end = 0;
    bool inference = false;
    std::vector<Group> groups;
  };

  std::string name;
  Shape input;
  std::int64_t element = 4;  ///< bytes of a weight
  std::vector<Layer> layers;
  std::vector<Group> groups;
};

/// A layer, or a model with the layers in it, as Keras has them.
struct KerasPart {
  std::string kind;  ///< "Conv2D", "Sequential", "Functional"
  std::string name;
  nlohmann::ordered_json config = {};    ///< of a layer
  std::vector<std::size_t> inputs = {};  ///< of the model it stands in: 0 is its input, i + 1 what part i gives
  Shape input = {};                      ///< of a sample of a model
  Shape output = {};                     ///< of a sample
  bool trainable = true;
  bool inference = false;  ///< called with training=False
  bool merges = false;     ///< is called with a list
  std::vector<ModelToWrite::Variable> variables = {};
  std::vector<KerasPart> parts = {};  ///< of a model, an InputLayer apart
  std::string input_name = {};        ///< of a model's InputLayer

  bool is_model() const { return !parts.empty(); }
};

/// The model in Keras's terms. A convolution with zeros of its own becomes a ZeroPadding2D and the convolution.
/// Throws ValueError with the layer's name for what Keras has not: a layer, a name, a group that is no model.
KerasPart keras_parts(const ModelToWrite& model);

/// The parts of a model in the order in which Keras will have them, InputLayer (number 0) among them where Keras counts
/// it as a layer; part i is number i + 1.
std::vector<std::size_t> keras_order(const KerasPart& model);

/// The configuration of a model. legacy: as HDF5 has it; dtype: "float32".
nlohmann::ordered_json keras_model_json(const KerasPart& model, bool legacy, const std::string& dtype);

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/keras_parts_inl.hpp"
#endif
