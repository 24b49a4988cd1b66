// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/nn/config.hpp"
#include "brindle/nn/definitions_of.hpp"
#include "brindle/nn/layer.hpp"

namespace brindle {

/// Makes layers from their type and settings, as they stand in saved models. A header of its own: a program that only
/// trains need not compile every layer there is.
template <class T, class Device>
class LayerRegistry {
 public:
  using Make = std::unique_ptr<Layer<T, Device>> (*)(const Config&);  ///< makes a layer of its config()

  /// All layers of the library: a new one adds its line here.
  LayerRegistry() {
    detail::expect_definitions<T, Device>();
    add_library_layers();
  }

  /// Adds a layer of the user's own; of two of one type the last one counts.
  void add(const std::string& type, Make function) { makers_.emplace_back(type, function); }

  /// Throws ValueError with the types there are.
  std::unique_ptr<Layer<T, Device>> make(const std::string& type, const Config& config) const;

 private:
  void add_library_layers();

  std::vector<std::pair<std::string, Make>> makers_;
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/registry_inl.hpp"
#endif
