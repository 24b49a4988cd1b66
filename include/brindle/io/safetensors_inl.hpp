// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what safetensors.hpp declares.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/bit_cast.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/parse_json.hpp"
#include "brindle/io/safetensors.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE std::int64_t safetensors_element(const std::string& dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  if (dtype == "U8" || dtype == "I8" || dtype == "BOOL") return 1;
  return 0;
}

BRINDLE_INLINE float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  std::uint32_t exponent = (half >> 10) & 0x1Fu, fraction = half & 0x3FFu;
  if (exponent == 0x1F) return bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -value : value;
  }
  return bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

}  // namespace brindle::io::detail

namespace brindle::io {

BRINDLE_INLINE SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path.string()), file_(path_) {
  if (file_.size() < 8)
    file_.fail(0, "a safetensors file begins with 8 bytes, this one has " + std::to_string(file_.size()));
  std::uint64_t length = 0;
  file_.read(0, 8, &length, "the length of the header");
  brindle::detail::swap_little_endian(&length, 8, 8);
  if (length > most_header_bytes || static_cast<std::int64_t>(length) > file_.size() - 8)
    file_.fail(0, "the header would have " + std::to_string(length) +
                      " bytes: this is no safetensors file, or it is cut short");
  read_header(file_.text(8, static_cast<std::int64_t>(length), "the header"), static_cast<std::int64_t>(length) + 8);
}

BRINDLE_INLINE auto SafetensorsFile::entry(const std::string& name) const -> const Entry& {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return found->second;
  std::string names;
  for (const auto& [known, unused] : entries_) names += (names.empty() ? "" : ", ") + known;
  detail::raise<FileError>(path_ + ": has no tensor \"" + name + "\"; there are: " + names);
}

template <class T>
void SafetensorsFile::read_into(const std::string& name, TensorView<T> to) {
  const Entry& e = entry(name);
  if (!(e.shape == to.shape))
    detail::raise<FileError>(path_ + ": tensor \"" + name + "\" has shape " + to_string(e.shape) + ", expected " +
                             to_string(to.shape));
  if (e.dtype == detail::safetensors_dtype<T>()) {
    file_.read(e.begin, e.bytes, to.data, "tensor \"" + name + "\"");
    brindle::detail::swap_little_endian(to.data, static_cast<std::size_t>(e.bytes), sizeof(T));
    return;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (e.dtype == "F32") return convert<float>(e, name, to, [](float v) { return v; });
    if (e.dtype == "F64") return convert<double>(e, name, to, [](double v) { return v; });
    if (e.dtype == "F16") return convert<std::uint16_t>(e, name, to, detail::half_to_float);
    if (e.dtype == "BF16")
      return convert<std::uint16_t>(
          e, name, to, [](std::uint16_t v) { return detail::bit_cast<float>(static_cast<std::uint32_t>(v) << 16); });
  }
  detail::raise<FileError>(path_ + ": tensor \"" + name + "\" holds " + e.dtype + ", expected " +
                           detail::safetensors_dtype<T>());
}

template <class T>
Tensor<T> SafetensorsFile::read(const std::string& name) {
  Tensor<T> tensor = Tensor<T>::uninitialized(entry(name).shape);
  read_into<T>(name, tensor.view());
  return tensor;
}

BRINDLE_INLINE void SafetensorsFile::read_header(const std::string& text, std::int64_t data) {
  const auto json = detail::parse_json(text);
  if (!json.is_object()) file_.fail(8, "the header is no JSON object");
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [name, value] : json.items()) {
    const std::string tensor = "tensor \"" + name + "\"";
    if (!value.is_object()) file_.fail(8, tensor + " is described by no JSON object");
    if (name == "__metadata__") {
      for (const auto& [key, entry] : value.items()) {
        if (!entry.is_string()) file_.fail(8, "metadata \"" + key + "\" is no text");
        metadata_[key] = entry.template get<std::string>();
      }
      continue;
    }
    Entry e;
    if (!value.contains("dtype") || !value["dtype"].is_string()) file_.fail(8, tensor + " has no dtype");
    e.dtype = value["dtype"].template get<std::string>();
    const std::int64_t element = detail::safetensors_element(e.dtype);
    if (element == 0) file_.fail(8, tensor + " has dtype " + e.dtype + ", which is not known");
    const auto sizes = whole_numbers(value, "shape", tensor, Shape::max_rank);
    const auto offsets = whole_numbers(value, "data_offsets", tensor, 2);
    if (offsets.size() != 2 || offsets[1] < offsets[0]) file_.fail(8, tensor + " has no two data_offsets in order");
    try {
      e.shape = Shape(sizes.begin(), sizes.end());
    } catch (const ShapeError& error) {
      file_.fail(8, tensor + ": " + error.what());
    }
    e.begin = data + offsets[0];
    e.bytes = offsets[1] - offsets[0];
    if (offsets[1] > file_.size() - data)
      file_.fail(8, tensor + " ends at byte " + std::to_string(data + offsets[1]) + ", after the end of the file (" +
                        std::to_string(file_.size()) + "): the file is cut short");
    if (e.shape.size() > e.bytes || e.shape.size() * element != e.bytes)
      file_.fail(8, tensor + " " + to_string(e.shape) + " of " + e.dtype + " does not fill its " +
                        std::to_string(e.bytes) + " bytes");
    if (e.bytes > 0) order.emplace_back(e.begin, name);  // an empty array begins where the next one does
    entries_.emplace(name, std::move(e));
  }
  std::sort(order.begin(), order.end());
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Entry& before = entries_.at(order[i - 1].second);
    if (before.begin + before.bytes > order[i].first)
      file_.fail(8, "tensors \"" + order[i - 1].second + "\" and \"" + order[i].second + "\" overlap");
  }
}

template <class Json>
std::vector<std::int64_t> SafetensorsFile::whole_numbers(const Json& value, const char* key, const std::string& tensor,
                                                         std::size_t most) const {
  if (!value.contains(key) || !value[key].is_array() || value[key].size() > most)
    file_.fail(8, tensor + " has no " + key + ", or one that is too long");
  std::vector<std::int64_t> numbers;
  for (const auto& n : value[key]) {
    if (!n.is_number_unsigned() ||
        n.template get<std::uint64_t>() > static_cast<std::uint64_t>(file_.size()) + (std::uint64_t{1} << 40))
      file_.fail(8, tensor + ": " + key + " must hold whole numbers of a sane size");
    numbers.push_back(n.template get<std::int64_t>());
  }
  return numbers;
}

BRINDLE_INLINE void write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> entries,
                                      const std::map<std::string, std::string>& metadata,
                                      const ReplaceFileOptions& options) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::int64_t offset = 0;
  for (const SafetensorsEntry& e : entries) {
    if (header.contains(e.name)) detail::raise<FileError>(path.string() + ": two tensors are named \"" + e.name + "\"");
    header[e.name] = {{"dtype", e.dtype},
                      {"shape", std::vector<std::int64_t>(e.shape.begin(), e.shape.end())},
                      {"data_offsets", {offset, offset + e.bytes}}};
    offset += e.bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception& e) {
    detail::raise<FileError>(path.string() + ": cannot be written: a name or a text for its header is no UTF-8 (" +
                             e.what() + "); rename classes and layers");
  }
  text.append((64 - (8 + text.size()) % 64) % 64, ' ');
  const std::uint64_t length = text.size();
  brindle::detail::LittleEndianBytes numbers;
  std::vector<std::string_view> parts{numbers.of(&length, 8, 8), text};
  for (const SafetensorsEntry& e : entries)
    parts.push_back(numbers.of(e.data, static_cast<std::size_t>(e.bytes),
                               static_cast<std::size_t>(detail::safetensors_element(e.dtype))));
  replace_file(path, parts, options);
}

}  // namespace brindle::io
