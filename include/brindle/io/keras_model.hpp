// SPDX-License-Identifier: MIT
#pragma once

#include <cctype>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/nn/config.hpp"

namespace brindle::io::detail {

/// A layer as a model's configuration by Keras describes it, in the terms of LayerRegistry.
struct KerasLayer {
  std::string type;                 ///< "Conv2D"
  std::string name;                 ///< as Keras has it
  std::string where;                ///< what messages call it: layer 3 "conv2d_1" (Conv2D) of model "sequential_1"
  Config config;                    ///< by Keras's names
  bool trainable = true;            ///< with those of the models around it
  std::vector<std::string> models;  ///< names of the nested models that it stands in, the outermost first
  std::vector<std::string> kinds;   ///< and Keras 3's kind and number of each: "functional", "sequential_1"
  std::map<std::string, double> l2 = {};    ///< penalties by parameter: "kernel"
  std::vector<std::string> left_out = {};   ///< what training would need and we have not: "kernel_regularizer L1"
  std::string key = {};                     ///< Keras 3's kind and number within its model: "conv2d_1"
  std::vector<std::size_t> inputs = {};     ///< the values it reads: 0 is the model's input, i + 1 what layer i gives
  bool inference = false;                   ///< called with training=False, itself or a model around it
  std::vector<bool> models_inference = {};  ///< of each of `models`, whether it is called so itself

  /// With the nested models around it: "wrapper/inner/conv2d_1".
  std::string path() const {
    std::string all;
    for (const std::string& model : models) all += model + "/";
    return all + name;
  }
};

/// A model's configuration, flat: the layers of nested models stand among the others, in an order in which they can be
/// computed. The last one gives the output.
struct KerasModel {
  std::string name;                       ///< as Keras has it
  Shape input;                            ///< of one sample; rank 0 where the file leaves it open
  std::string open_input;                 ///< the input's sizes as the file has them, where some are open
  std::vector<KerasLayer> layers;         ///< from the input on
  std::vector<std::string> dropped = {};  ///< layers that act in training only: RandomFlip "augmentation/random_flip"

  /// One line that says what of the model was left out, with the layers' names; empty: nothing.
  std::string left_out() const {
    std::string all;
    for (const KerasLayer& layer : layers) {
      if (layer.left_out.empty()) continue;
      all += all.empty() ? "" : "; ";
      for (std::size_t i = 0; i < layer.left_out.size(); ++i) all += (i ? ", " : "") + layer.left_out[i];
      all += " of layer \"" + layer.path() + "\"";
    }
    return all.empty() ? all : "left out: " + all + "; predictions are the same, training on goes without them";
  }

  /// One line that names the layers that were dropped; empty: none.
  std::string dropped_layers() const {
    std::string all;
    for (const std::string& layer : dropped) all += (all.empty() ? "" : ", ") + layer;
    return all.empty() ? all
                       : "dropped: " + all +
                             ", which act in training only; predictions are the same, training on goes without "
                             "them, or with data::Augmented";
  }
};

/// Keras 3's name of a class in its files: "MaxPooling2D" is "max_pooling2d" (utils/naming.py, to_snake_case).
inline std::string snake_case(const std::string& name) {
  const auto is = [&](std::size_t i, int (*kind)(int)) {
    return i < name.size() && kind(static_cast<unsigned char>(name[i])) != 0;
  };
  std::string all;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is(i, std::isupper) && (is(i + 1, std::islower) || is(i - 1, std::islower))) all += '_';
    all += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return all;
}

/// Layers that give what they are given, but in training.
inline bool acts_in_training_only(const std::string& kind) {
  static const std::set<std::string> all{"RandomFlip",
                                         "RandomRotation",
                                         "RandomZoom",
                                         "RandomContrast",
                                         "RandomTranslation",
                                         "RandomBrightness",
                                         "RandomHeight",
                                         "RandomWidth",
                                         "RandomShear",
                                         "RandomSharpness",
                                         "RandomHue",
                                         "RandomSaturation",
                                         "RandomColorJitter",
                                         "RandomGrayscale",
                                         "RandomErasing",
                                         "RandomPerspective",
                                         "RandomColorDegeneration",
                                         "RandomPosterization",
                                         "RandomGaussianBlur",
                                         "RandomInvert",
                                         "RandomElasticTransform",
                                         "RandAugment",
                                         "AugMix",
                                         "CutMix",
                                         "MixUp",
                                         "GaussianNoise",
                                         "GaussianDropout"};
  return all.count(kind) > 0;
}

}  // namespace brindle::io::detail
