#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/nn/activation.hpp"
#include "brindle/nn/conv2d.hpp"
#include "brindle/nn/dense.hpp"
#include "brindle/nn/dropout.hpp"
#include "brindle/nn/flatten.hpp"
#include "brindle/nn/max_pool2d.hpp"

namespace brindle {

/// Makes layers from their type and settings, as they stand in saved models. A header of its own: a program that only
/// trains need not compile every layer there is.
template <class T, class Device>
class LayerRegistry {
 public:
  using Make = std::unique_ptr<Layer<T, Device>> (*)(const Config&);  ///< makes a layer of its config()

  /// All layers of the library: a new one adds its line here.
  LayerRegistry()
      : makers_{{"Activation", ActivationLayer<T, Device>::from}, {"Conv2D", Conv2DLayer<T, Device>::from},
                {"Dense", DenseLayer<T, Device>::from},           {"Dropout", DropoutLayer<T, Device>::from},
                {"Flatten", FlattenLayer<T, Device>::from},       {"MaxPooling2D", MaxPool2DLayer<T, Device>::from}} {}

  /// Adds a layer of the user's own.
  void add(const std::string& type, Make function) { makers_.emplace_back(type, function); }

  /// Throws ValueError with the types there are.
  std::unique_ptr<Layer<T, Device>> make(const std::string& type, const Config& config) const {
    std::string types;
    for (const auto& [known, function] : makers_) {
      if (known == type) return function(config);
      types += (types.empty() ? "" : ", ") + known;
    }
    detail::raise<ValueError>("layer type \"" + type + "\" is not known; there are: " + types +
                              "; a layer of your own is made known by LayerRegistry::add");
  }

 private:
  std::vector<std::pair<std::string, Make>> makers_;
};

}  // namespace brindle
