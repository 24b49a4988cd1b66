// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what features.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/for_each_batch.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/path_of.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/data/source.hpp"
#include "brindle/io/config_json.hpp"
#include "brindle/io/features.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

BRINDLE_INLINE data::InMemory Features::in_memory() && {
  data::InMemory samples(std::move(x), std::move(labels), std::move(class_names));
  samples.set_picture_input(std::move(picture_input));
  return samples;
}

}  // namespace brindle::io

namespace brindle::io::detail {

BRINDLE_INLINE void ContentHash::add(const void* data, std::size_t bytes, std::size_t element) {
  brindle::detail::LittleEndianBytes numbers;
  const char* at = numbers.of(data, bytes, element).data();
  mix(bytes);
  for (; bytes >= 8; at += 8, bytes -= 8) mix(brindle::detail::load_little_endian<std::uint64_t>(at));
  std::uint64_t rest = 0;
  if (bytes > 0) std::memcpy(&rest, at, bytes);
  mix(brindle::detail::load_little_endian<std::uint64_t>(&rest));
}

BRINDLE_INLINE std::string ContentHash::text() const {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(finish(a_)),
                static_cast<unsigned long long>(finish(b_)));
  return digits;
}

BRINDLE_INLINE void ContentHash::mix(std::uint64_t word) {
  a_ = (a_ ^ word) * 0xBF58476D1CE4E5B9u;
  a_ ^= a_ >> 29;
  b_ = (b_ + word) * 0xFF51AFD7ED558CCDu;
  b_ ^= b_ >> 32;
}

BRINDLE_INLINE std::uint64_t ContentHash::finish(std::uint64_t h) {
  h = (h ^ h >> 30) * 0x94D049BB133111EBu;
  return h ^ h >> 31;
}

BRINDLE_INLINE std::vector<data::Draw> rows_of(std::int64_t begin, std::int64_t end) {
  std::vector<data::Draw> draws;
  for (std::int64_t i = begin; i < end; ++i) draws.push_back({i, static_cast<std::uint64_t>(i)});
  return draws;
}

template <class T, class Device>
void add_model(const Model<T, Device>& model, ContentHash& to) {
  to.add(model.input_shape().begin(), sizeof(std::int64_t) * static_cast<std::size_t>(model.input_shape().rank()),
         sizeof(std::int64_t));
  for (const auto& pointer : model.layers()) {
    const Layer<T, Device>& layer = *pointer;  // to read alone: its prepared filters stay
    to.add(layer.type() + to_json(layer.config()).dump());
    for (const auto& p : layer.parameters())
      to.add(brindle::detail::HostCopy<T, Device>(p.value.view()).data(), p.value.bytes(), sizeof(T));
  }
  if (model.graph().is_row()) return;  // caches of rows were named so before there were graphs
  for (const std::vector<std::size_t>& inputs : model.graph().inputs) {
    std::string numbers;
    for (const std::size_t value : inputs) numbers.append(std::to_string(value)).append(" ");
    to.add("reads " + numbers);
  }
}

/// Calls work(begin, x) with the source's samples from `begin` on, in their order, `batch` at a time; x is overwritten
/// by the next ones.
template <class T, class Work>
void for_each_read_batch(const Cpu& on, const data::Source& source, std::int64_t batch, const Work& work) {
  const std::int64_t n = source.size();
  Tensor<T> x = Tensor<T>::uninitialized(source.sample_shape().batch(std::min(batch, n)));
  brindle::detail::for_each_batch(n, batch, [&](std::int64_t begin, std::int64_t end) {
    const TensorView<T> part = x.view().slice(0, end - begin);
    source.read(on, rows_of(begin, end), part);
    work(begin, part);
  });
}

/// Names, labels and the samples: pictures by their bytes and their preprocessing, others as the network takes them.
BRINDLE_INLINE void add_source(const Cpu& on, const data::Source& source, std::int64_t batch, ContentHash& to) {
  const Shape shape = source.sample_shape();
  to.add(shape.begin(), sizeof(std::int64_t) * static_cast<std::size_t>(shape.rank()), sizeof(std::int64_t));
  const TensorView<const float> labels = source.labels();
  to.add(labels.data, static_cast<std::size_t>(labels.size()) * sizeof(float), sizeof(float));
  for (const std::string& name : source.class_names()) to.add(name);
  const std::int64_t n = source.size();
  for (std::int64_t i = 0; i < n; ++i) to.add(brindle::detail::path_of(source.describe(i)).filename().string());
  if (const auto* pictures = dynamic_cast<const data::PictureSource*>(&source)) {
    to.add(to_string(pictures->preprocessing()));
    if (const auto input = pictures->picture_input()) to.add(to_string(*input));
    // Each picture by itself on all threads, then their hashes in order.
    std::vector<std::string> hashes(static_cast<std::size_t>(n));
    on.parallel(n, [&](std::int64_t i, int) {
      pictures->with_pixels(i, [&](const std::uint8_t* pixels) {
        ContentHash one;
        one.add(pixels, static_cast<std::size_t>(shape.size()), 1);
        hashes[static_cast<std::size_t>(i)] = one.text();
      });
    });
    for (const std::string& hash : hashes) to.add(hash);
    return;
  }
  for_each_read_batch<float>(on, source, batch, [&](std::int64_t, TensorView<const float> x) {
    to.add(x.data, static_cast<std::size_t>(x.size()) * sizeof(float), sizeof(float));
  });
}

/// Reads the features that are kept under this key. The text says why not; empty: read, or no file.
BRINDLE_INLINE bool read_cache(const std::filesystem::path& path, const std::string& key, Tensor<float>& x,
                               std::string& note) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  try {
    SafetensorsFile file(path);
    const auto found = file.metadata().find("brindle_features");
    if (found == file.metadata().end() || found->second != key) {
      note = path.string() + ": holds features of other weights, pictures or preprocessing; computed anew";
      return false;
    }
    if (!(file.entry("features").shape == x.shape())) throw FileError(path.string() + ": the features' shape is wrong");
    file.read_into<float>("features", x.view());
    ContentHash content;
    content.add(x.data(), x.bytes(), sizeof(float));
    const auto sum = file.metadata().find("brindle_content");
    if (sum == file.metadata().end() || sum->second != content.text())
      throw FileError(path.string() + ": the features are not those that were written");
    return true;
  } catch (const FileError& e) {
    note = std::string(e.what()) + "; computed anew";
    return false;
  }
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
Features extract(const Model<T, Device>& model, const data::Source& source, const ExtractOptions& options) {
  if (!(source.sample_shape() == model.input_shape()))
    brindle::detail::raise<ShapeError>("extract: the model takes samples " + to_string(model.input_shape()) +
                                       ", the source has " + to_string(source.sample_shape()));
  if (options.batch < 1)
    brindle::detail::raise<ValueError>("extract: the batch must be at least 1, got " + std::to_string(options.batch));
  data::internal::expect_unmixed("extract", source);
  Cpu on;  // that reads
  if constexpr (std::is_same_v<Device, Cpu>) on = model.device();
  const std::int64_t n = source.size();
  Features features;
  features.x = Tensor<float>::uninitialized(model.output_shape().batch(n));
  const TensorView<const float> labels = source.labels();
  features.labels = Tensor<float>::uninitialized(labels.shape);
  std::copy(labels.data, labels.data + labels.size(), features.labels.data());
  features.class_names = source.class_names();
  features.picture_input = source.picture_input();

  std::string key;
  if (!options.cache.empty()) {
    detail::ContentHash hash;
    hash.add("features 1 " + std::to_string(sizeof(T)));
    detail::add_model(model, hash);
    detail::add_source(on, source, options.batch, hash);
    key = hash.text();
    features.from_cache = detail::read_cache(options.cache, key, features.x, features.note);
    if (features.from_cache) return features;
  }

  const auto predict = [&](TensorView<T> part) {
    if constexpr (std::is_same_v<Device, Cpu>) {
      return model.predict(part, options.batch);
    } else {
      auto there = Tensor<T, Device>::uninitialized(part.shape);
      brindle::detail::copy_between_devices<T, Cpu, Device>(part, there.view());
      return model.predict(there, options.batch);
    }
  };
  detail::for_each_read_batch<T>(on, source, options.batch, [&](std::int64_t begin, TensorView<T> x) {
    const Tensor<T, Device> y = predict(x);
    const brindle::detail::HostCopy<T, Device> read(y.view());
    const TensorView<float> to = features.x.view().slice(begin, begin + x.shape[0]);
    for (std::int64_t i = 0; i < y.size(); ++i) to.data[i] = static_cast<float>(read.data()[i]);
  });

  if (!options.cache.empty()) {
    detail::ContentHash content;
    content.add(features.x.data(), features.x.bytes(), sizeof(float));
    const std::vector<SafetensorsEntry> entries{
        {"features", "F32", features.x.shape(), features.x.data(), static_cast<std::int64_t>(features.x.bytes())}};
    try {
      write_safetensors(options.cache, entries, {{"brindle_features", key}, {"brindle_content", content.text()}});
    } catch (const FileError& e) {
      features.note += (features.note.empty() ? "" : "; ") + std::string(e.what());
    }
  }
  return features;
}

}  // namespace brindle::io
