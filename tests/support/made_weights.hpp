// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/crc32.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::test {

/// float32 numbers in low..high: element i by i and the checksum of the name, as goldens/made_weights.py makes them.
inline Tensor<float> made_numbers(const std::string& name, const Shape& shape, double low, double high) {
  Tensor<float> made(shape);
  const std::uint32_t seed = brindle::detail::crc32_of(std::string_view(name));
  float* to = made.data();
  for (std::uint32_t i = 0, n = static_cast<std::uint32_t>(made.size()); i < n; ++i) {
    std::uint32_t h = i * 2654435761u + seed;
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    h ^= h >> 16;
    to[i] = static_cast<float>(low + (high - low) * (h / 4294967296.0));
  }
  return made;
}

/// Weights of a tensor named as in its file: "conv1/kernel" (Keras) or "conv1.weight" (PyTorch). gamma: that of
/// normalizations is 0.7 to 1.3 times this.
inline Tensor<float> made_weights(const std::string& name, const Shape& shape, double gamma) {
  if (shape.rank() > 1) {
    const std::int64_t fan = name.ends_with(".weight") ? shape.size() / shape[0]
                             : shape.back() > 1        ? shape.size() / shape.back()
                                                       : shape[0] * shape[1];
    const double limit = std::sqrt(6.0 / static_cast<double>(fan));
    return made_numbers(name, shape, -limit, limit);
  }
  if (name.ends_with("moving_variance") || name.ends_with("running_var")) return made_numbers(name, shape, 0.5, 1.5);
  const bool factors = name.ends_with("gamma") || name.ends_with(".weight");
  return factors ? made_numbers(name, shape, 0.7 * gamma, 1.3 * gamma) : made_numbers(name, shape, -0.3, 0.3);
}

/// A table of goldens/tables: the layers and weights of a network as Keras or torchvision makes it.
struct BaseTable {
  struct Layer {
    std::string name, type;
    std::int64_t parameters;
    Shape output;
  };
  std::vector<Layer> layers;  ///< Keras's alone
  std::vector<std::pair<std::string, Shape>> tensors;

  explicit BaseTable(const std::string& network) {
    std::ifstream file(std::string(BRINDLE_GOLDENS) + "/tables/base_" + network + ".txt");
    REQUIRE(file);
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string kind, name, type;
      std::int64_t parameters = 0;
      words >> kind >> name;
      if (kind == "layer") words >> type >> parameters;
      std::vector<std::int64_t> sizes;
      for (std::int64_t size; words >> size;) sizes.push_back(size);
      const Shape shape(sizes.begin(), sizes.end());
      if (kind == "layer")
        layers.push_back({name, type, parameters, shape});
      else
        tensors.emplace_back(name, shape);
    }
  }

  /// Writes a safetensors file of made weights, without the tensors whose names begin so.
  void write(const std::filesystem::path& path, double gamma, const std::string& without = "-") const {
    std::vector<Tensor<float>> values;
    std::vector<io::SafetensorsEntry> entries;
    static constexpr std::int64_t batches = 1000;
    for (const auto& [name, shape] : tensors) {
      if (name.starts_with(without)) continue;
      if (name.ends_with("num_batches_tracked")) {
        entries.push_back({name, "I64", shape, &batches, 8});
        continue;
      }
      values.push_back(made_weights(name, shape, gamma));
      entries.push_back({name, "F32", shape, values.back().data(), shape.size() * 4});
    }
    io::write_safetensors(path, entries);
  }
};

/// Layers, their order, types, parameters and shapes are those of the table.
inline void check_layers(const Model<float>& model, const BaseTable& table) {
  REQUIRE(model.layers().size() == table.layers.size());
  for (std::size_t i = 0; i < table.layers.size(); ++i) {
    INFO(i << " " << table.layers[i].name);
    CHECK(model.layers()[i]->name == table.layers[i].name);
    CHECK(model.layers()[i]->type() == table.layers[i].type);
    CHECK(model.layers()[i]->parameter_count() == table.layers[i].parameters);
    CHECK(model.output_shape(i) == table.layers[i].output);
  }
}

}  // namespace brindle::test
