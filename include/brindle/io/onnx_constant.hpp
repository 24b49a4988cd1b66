// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/path_of.hpp"
#include "brindle/io/bit_cast.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/onnx_messages.hpp"
#include "brindle/io/safetensors.hpp"

namespace brindle::io::detail {

/// What stands for the number of samples among the sizes that Shape gives: it is not known, and nothing is computed
/// with it.
inline constexpr std::int64_t onnx_batch = std::numeric_limits<std::int64_t>::min() / 2;

/// "(64, 3, 7, 7)"; the number of samples is N.
inline std::string onnx_sizes_text(const std::vector<std::int64_t>& sizes) {
  std::string text;
  for (const std::int64_t size : sizes)
    text += (text.empty() ? "" : ", ") + (size == onnx_batch ? std::string("N") : std::to_string(size));
  return "(" + text + ")";
}

/// A tensor whose numbers do not depend on the model's input: one of the file, which is not read yet, or one that was
/// computed.
struct OnnxConstant {
  std::vector<std::int64_t> shape = {};
  bool integer = false;                ///< whole numbers, or true and false
  const OnnxTensor* stored = nullptr;  ///< where it is not read yet
  std::vector<double> numbers = {};    ///< else; of floats
  std::vector<std::int64_t> integers = {};

  /// Of a tensor that was checked.
  std::int64_t size() const {
    std::int64_t product = 1;
    for (const std::int64_t s : shape) product *= s;
    return product;
  }
};

/// The numbers of a file's tensors: in the file itself, or in one beside it.
class OnnxTensors {
 public:
  /// Of tensors; more are refused, so that their sizes can be multiplied.
  static constexpr std::int64_t most_elements = std::int64_t{1} << 40;

  explicit OnnxTensors(const WireFile& file) : file_(&file) {}

  /// A tensor of the file. Throws FileError, beginning with path and name, for one that is not whole.
  OnnxConstant constant(const OnnxTensor& t) const {
    std::int64_t elements = 1;
    if (t.dims.size() > 8) fail(t, "has " + std::to_string(t.dims.size()) + " axes, expected at most 8");
    for (const std::int64_t size : t.dims) {
      if (size < 0) fail(t, "has a size of " + std::to_string(size));
      if (size > 0 && elements > most_elements / size) fail(t, "has more than 2^40 elements");
      elements *= size;
    }
    const std::size_t bytes = bytes_of(t.type);
    if (bytes == 0)
      fail(t, "is of type " + std::to_string(static_cast<std::int64_t>(t.type)) +
                  ", expected floats, doubles, float16, bfloat16 or whole numbers");
    const auto wanted = static_cast<std::size_t>(elements);
    if (t.external) {
      check_external(t);
    } else {
      const std::size_t there = t.raw ? t.raw->size() : typed_elements(t);
      if (there != (t.raw ? wanted * bytes : wanted))
        fail(t, "is " + onnx_sizes_text(t.dims) + ", which is " + std::to_string(t.raw ? wanted * bytes : wanted) +
                    (t.raw ? " bytes" : " numbers") + "; there are " + std::to_string(there));
    }
    return {.shape = t.dims, .integer = is_integer(t.type), .stored = &t};
  }

  /// The same with its numbers. Throws FileError for more than `most`.
  OnnxConstant loaded(OnnxConstant c, std::int64_t most = std::int64_t{1} << 26) const {
    if (!c.stored) return c;
    const OnnxTensor& t = *c.stored;
    if (c.size() > most) fail(t, "has " + std::to_string(c.size()) + " elements, too many to compute with");
    const auto size = static_cast<std::size_t>(c.size());
    visit(t, [&](const auto& at) {
      if (c.integer) {
        for (std::size_t i = 0; i < size; ++i) c.integers.push_back(static_cast<std::int64_t>(at(i)));
      } else {
        for (std::size_t i = 0; i < size; ++i) c.numbers.push_back(static_cast<double>(at(i)));
      }
    });
    c.stored = nullptr;
    return c;
  }

  /// All numbers times `factor`, under the sizes `sizes`, to's axis i being axis axes[i] of these.
  template <class T>
  void read(const OnnxConstant& c, const std::vector<std::int64_t>& sizes, const std::vector<int>& axes, double factor,
            T* to) const {
    const auto copy = [&](const auto& at) {
      const std::size_t rank = sizes.size();
      std::vector<std::size_t> step(rank, 1), count(rank), stride(rank), index(rank, 0);
      for (std::size_t i = rank; i-- > 1;) step[i - 1] = step[i] * static_cast<std::size_t>(sizes[i]);
      std::size_t elements = 1;
      for (std::size_t i = 0; i < rank; ++i) {
        count[i] = static_cast<std::size_t>(sizes[static_cast<std::size_t>(axes[i])]);
        stride[i] = step[static_cast<std::size_t>(axes[i])];
        elements *= count[i];
      }
      for (std::size_t i = 0, from = 0; i < elements; ++i) {
        if (factor == 1)
          to[i] = static_cast<T>(at(from));
        else
          to[i] = static_cast<T>(factor * static_cast<double>(at(from)));
        for (std::size_t axis = rank; axis-- > 0;) {
          from += stride[axis];
          if (++index[axis] < count[axis]) break;
          from -= stride[axis] * count[axis];
          index[axis] = 0;
        }
      }
    };
    if (c.stored)
      visit(*c.stored, copy);
    else if (c.integer)
      copy([&](std::size_t i) { return c.integers[i]; });
    else
      copy([&](std::size_t i) { return c.numbers[i]; });
  }

  /// Whole numbers and truth values, of which sizes and axes are made.
  static bool is_integer(OnnxType type) {
    return type != OnnxType::float32 && type != OnnxType::float64 && type != OnnxType::float16 &&
           type != OnnxType::bfloat16;
  }

 private:
  [[noreturn]] void fail(const OnnxTensor& t, const std::string& what) const {
    brindle::detail::raise<FileError>(file_->path + ": tensor \"" + t.name + "\" " + what);
  }

  static std::size_t bytes_of(OnnxType type) {
    switch (type) {
      case OnnxType::uint8:
      case OnnxType::int8:
      case OnnxType::boolean:
        return 1;
      case OnnxType::float16:
      case OnnxType::bfloat16:
      case OnnxType::int16:
      case OnnxType::uint16:
        return 2;
      case OnnxType::float32:
      case OnnxType::int32:
      case OnnxType::uint32:
        return 4;
      case OnnxType::float64:
      case OnnxType::int64:
      case OnnxType::uint64:
        return 8;
      default:
        return 0;
    }
  }

  static std::size_t typed_elements(const OnnxTensor& t) {
    if (t.type == OnnxType::float32) return t.floats.size();
    return t.type == OnnxType::float64 ? t.doubles.size() : t.integers.size();
  }

  static float bfloat16(std::uint16_t bits) { return bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

  // Calls f with a function that gives element i.
  template <class F>
  void visit(const OnnxTensor& t, F&& f) const {
    std::string from_beside;
    std::span<const std::uint8_t> raw;
    if (t.external) {
      from_beside = external_bytes(t);
      raw = {reinterpret_cast<const std::uint8_t*>(from_beside.data()), from_beside.size()};
    } else if (t.raw) {
      raw = *t.raw;
    } else if (t.type == OnnxType::float32) {
      return f([&](std::size_t i) { return t.floats[i]; });
    } else if (t.type == OnnxType::float64) {
      return f([&](std::size_t i) { return t.doubles[i]; });
    } else if (t.type == OnnxType::float16) {
      return f([&](std::size_t i) { return half_to_float(static_cast<std::uint16_t>(t.integers[i])); });
    } else if (t.type == OnnxType::bfloat16) {
      return f([&](std::size_t i) { return bfloat16(static_cast<std::uint16_t>(t.integers[i])); });
    } else {
      return f([&](std::size_t i) { return t.integers[i]; });
    }
    const auto as = [&]<class Stored>(Stored) {
      return
          [&](std::size_t i) { return brindle::detail::load_little_endian<Stored>(raw.data() + i * sizeof(Stored)); };
    };
    const auto half = as(std::uint16_t{});
    switch (t.type) {
      case OnnxType::float32:
        return f(as(float{}));
      case OnnxType::float64:
        return f(as(double{}));
      case OnnxType::float16:
        return f([&](std::size_t i) { return half_to_float(half(i)); });
      case OnnxType::bfloat16:
        return f([&](std::size_t i) { return bfloat16(half(i)); });
      case OnnxType::int8:
        return f(as(std::int8_t{}));
      case OnnxType::int16:
        return f(as(std::int16_t{}));
      case OnnxType::uint16:
        return f(half);
      case OnnxType::int32:
        return f(as(std::int32_t{}));
      case OnnxType::uint32:
        return f(as(std::uint32_t{}));
      case OnnxType::int64:
      case OnnxType::uint64:
        return f(as(std::int64_t{}));
      default:
        return f(as(std::uint8_t{}));
    }
  }

  // The number that a key of external_data has; -1: there is no such key.
  std::int64_t place_number(const OnnxTensor& t, const char* key) const {
    const auto found = t.place.find(key);
    if (found == t.place.end()) return -1;
    const std::string& text = found->second;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0)
      fail(t, std::string("has an ") + key + " of \"" + text + "\" in another file, expected a number of at least 0");
    return value;
  }

  // The file beside this one that a tensor stands in; no other place is read.
  brindle::detail::FileBytes external_file(const OnnxTensor& t) const {
    const auto found = t.place.find("location");
    const std::filesystem::path place = brindle::detail::path_of(found == t.place.end() ? "" : found->second);
    if (place.empty() || place.is_absolute() || place.has_parent_path() || place == ".." || place == "." ||
        place.string().find('\\') != std::string::npos || place.string().find('\0') != std::string::npos)
      fail(t, "stands in \"" + place.string() + "\", expected the name of a file beside this one");
    const std::filesystem::path path = brindle::detail::path_of(file_->path).parent_path() / place;
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::symlink_status(path, error);
    if (status.type() != std::filesystem::file_type::regular)
      fail(t, "stands in " + path.string() + ", which is " +
                  (status.type() == std::filesystem::file_type::not_found ? "not there; copy it beside the model"
                                                                          : "no regular file; links are not followed"));
    return brindle::detail::FileBytes(path.string());
  }

  // As its sizes have it.
  static std::int64_t external_size(const OnnxTensor& t) {
    auto bytes = static_cast<std::int64_t>(bytes_of(t.type));
    for (const std::int64_t size : t.dims) bytes *= size;
    return bytes;
  }

  void check_external(const OnnxTensor& t) const {
    const std::int64_t bytes = external_size(t), length = place_number(t, "length");
    if (length != -1 && length != bytes)
      fail(t, "is " + onnx_sizes_text(t.dims) + ", which is " + std::to_string(bytes) + " bytes; there are " +
                  std::to_string(length));
    const std::int64_t offset = std::max<std::int64_t>(place_number(t, "offset"), 0);
    const std::int64_t there = external_file(t).size();
    if (offset > there || bytes > there - offset)
      fail(t, "ends behind the end of \"" + t.place.at("location") + "\" (" + std::to_string(there) +
                  " bytes): the file is cut short");
  }

  std::string external_bytes(const OnnxTensor& t) const {
    return external_file(t).text(std::max<std::int64_t>(place_number(t, "offset"), 0), external_size(t),
                                 "tensor \"" + t.name + "\"");
  }

  const WireFile* file_;
};

}  // namespace brindle::io::detail
