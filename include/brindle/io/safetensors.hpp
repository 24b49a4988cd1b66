// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/file_bytes.hpp"

namespace brindle::io {

/// A tensor to be written: a name and the bytes of a dense row-major array.
struct SafetensorsEntry {
  std::string name;            ///< unique in the file
  std::string dtype;           ///< "F32", "F64", "I64", "U8"
  Shape shape;                 ///< of the array
  const void* data = nullptr;  ///< the elements; must outlive the writing
  std::int64_t bytes = 0;      ///< of the elements
};

namespace detail {

using brindle::detail::FileBytes;
using brindle::detail::raise;

template <class T>
constexpr const char* safetensors_dtype() {
  if constexpr (std::is_same_v<T, float>)
    return "F32";
  else if constexpr (std::is_same_v<T, double>)
    return "F64";
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return "I64";
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return "U8";
  else
    static_assert(!sizeof(T), "no safetensors type for this element");
}

/// Bytes of an element, 0 for a type that is not known.
std::int64_t safetensors_element(const std::string& dtype);

/// IEEE half precision to float, exactly.
float half_to_float(std::uint16_t half);

}  // namespace detail

/// A safetensors file: named arrays behind a JSON header (github.com/huggingface/safetensors, format 0.x).
///
/// The whole header is checked when the file is opened: types, sizes, that the arrays lie inside the file and do not
/// overlap. Errors are FileErrors that begin with the path.
class SafetensorsFile {
 public:
  struct Entry {
    std::string dtype;       ///< as the file has it: "F32", "BF16"
    Shape shape;             ///< of the array
    std::int64_t begin = 0;  ///< of the elements, in the file
    std::int64_t bytes = 0;  ///< of the elements
  };

  /// Reads and checks the header.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::string& path() const { return path_; }  ///< as it was given
  /// By name, sorted.
  const std::map<std::string, Entry>& entries() const { return entries_; }
  bool contains(const std::string& name) const { return entries_.count(name) != 0; }  ///< an array of this name
  /// Texts that the writer put beside the arrays.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Throws FileError with the names there are.
  const Entry& entry(const std::string& name) const;

  /// Reads an array of any floating type into `to`, whose shape it must have.
  template <class T>
  void read_into(const std::string& name, TensorView<T> to);

  /// The same into a tensor of its own.
  template <class T>
  Tensor<T> read(const std::string& name);

 private:
  static constexpr std::uint64_t most_header_bytes = 100'000'000;  // the format's own limit

  template <class Stored, class T, class Convert>
  void convert(const Entry& e, const std::string& name, TensorView<T> to, Convert&& value) {
    std::vector<Stored> piece(std::min<std::size_t>(static_cast<std::size_t>(to.size()), 65536));
    for (std::int64_t i = 0; i < to.size();) {
      const std::int64_t count = std::min<std::int64_t>(static_cast<std::int64_t>(piece.size()), to.size() - i);
      const auto size = static_cast<std::int64_t>(sizeof(Stored));
      file_.read(e.begin + i * size, count * size, piece.data(), "tensor \"" + name + "\"");
      brindle::detail::swap_little_endian(piece.data(), static_cast<std::size_t>(count * size), sizeof(Stored));
      for (std::int64_t k = 0; k < count; ++k)
        to.data[i + k] = static_cast<T>(value(piece[static_cast<std::size_t>(k)]));
      i += count;
    }
  }

  void read_header(const std::string& text, std::int64_t data);

  template <class Json>
  std::vector<std::int64_t> whole_numbers(const Json& value, const char* key, const std::string& tensor,
                                          std::size_t most) const;

  std::string path_;
  brindle::detail::FileBytes file_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

/// Writes a safetensors file, whole or not at all. Arrays lie in the given order, the first one 64-byte aligned.
/// Throws FileError that begins with the path; an older file of that name is then as it was.
void write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> entries,
                       const std::map<std::string, std::string>& metadata = {}, const ReplaceFileOptions& options = {});

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/safetensors_inl.hpp"
#endif
