// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

struct ExtractOptions {
  std::int64_t batch = 32;           ///< samples at a time; changes no result
  std::filesystem::path cache = {};  ///< a .safetensors file that keeps the features; empty: none
};

/// What a model gives for the samples of a source, with their labels.
struct Features {
  Tensor<float> x;                                 ///< (N, output shape of the model)
  Tensor<float> labels;                            ///< (N, K), as the source has them
  std::vector<std::string> class_names;            ///< as the source has them
  bool from_cache = false;                         ///< nothing was computed
  std::string note;                                ///< why a cache that was there was not used, or could not be written
  std::optional<PictureInput> picture_input = {};  ///< how the pictures became samples, as the source has it

  /// As a source to train on.
  data::InMemory in_memory() &&;
};

namespace detail {

/// A hash of 128 bits of everything that is added, in order. To tell contents apart, not to withstand an attacker.
class ContentHash {
 public:
  /// element: bytes of a number. The hash is of the numbers as files hold them.
  void add(const void* data, std::size_t bytes, std::size_t element);
  void add(const std::string& text) { add(text.data(), text.size(), 1); }

  std::string text() const;

 private:
  // Multipliers of SplitMix64 and MurmurHash3; both lanes see every word.
  void mix(std::uint64_t word);
  static std::uint64_t finish(std::uint64_t h);

  std::uint64_t a_ = 0x9E3779B97F4A7C15u, b_ = 0xC4CEB9FE1A85EC53u;
};

/// Layers, settings and weights, and of a model that is no row what each layer reads.
template <class T, class Device>
void add_model(const Model<T, Device>& model, ContentHash& to);

}  // namespace detail

/// What the model gives for each sample of a source, in order, as inference.
///
///     source of N samples  ->  features (N, model.output_shape())
///
/// With a cache file the second run reads them: the file holds a hash of the model's layers and weights and of the
/// samples with their names, labels and preprocessing, and counts only where that is the same. A cache of something
/// else, or a damaged one, is computed anew and replaced, and the note says so; one that cannot be written is no error
/// either. A random source (data::Augmented) gives the uses 0 to N - 1. Throws ShapeError if the samples are not what
/// the model takes, ValueError for batch < 1.
template <class T, class Device>
Features extract(const Model<T, Device>& model, const data::Source& source, const ExtractOptions& options = {});

}  // namespace brindle::io

namespace brindle::io::detail {

std::vector<data::Draw> rows_of(std::int64_t begin, std::int64_t end);

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/features_inl.hpp"
#endif
