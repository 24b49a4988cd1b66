// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what torch_file.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/crc32.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/bit_cast.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/torch_file.hpp"
#include "brindle/io/torch_pickle.hpp"
#include "brindle/io/zip.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE bool is_old_torch_file(const std::string& start) {
  // The number 0x1950a86a20f9469cfc6c as a pickle of protocol 2; or "ustar" behind the first file's name of a tar.
  return start.starts_with(std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14)) ||
         (start.size() >= 262 && start.compare(257, 5, "ustar") == 0);
}

BRINDLE_INLINE std::string torch_folder(const ZipFile& zip) {
  for (const std::string& name : zip.names()) {
    const std::string end = "/data.pkl";
    if (name.ends_with(end) && name.find('/') == name.size() - end.size()) return name.substr(0, name.find('/') + 1);
  }
  return {};
}

/// The storages' types by safetensors' names.
BRINDLE_INLINE std::string torch_dtype(const std::string& storage) {
  for (const auto& [torch, name] : {std::pair("Float", "F32"),
                                    {"Half", "F16"},
                                    {"BFloat16", "BF16"},
                                    {"Double", "F64"},
                                    {"Long", "I64"},
                                    {"Int", "I32"},
                                    {"Short", "I16"},
                                    {"Char", "I8"},
                                    {"Byte", "U8"}})
    if (storage == std::string("torch.") + torch + "Storage") return name;
  return "BOOL";
}

/// Finds the dict of tensors in what a pickle describes, and checks them.
class TorchState {
 public:
  using Kind = PickleValue::Kind;

  TorchState(const ZipFile& zip, std::string folder, const TorchPickle& pickle)
      : zip_(zip), folder_(std::move(folder)), pickle_(pickle) {}

  /// The dict that is meant, and its key; see TorchFile.
  std::pair<const PickleValue*, std::string> find(const std::string& state, std::vector<std::string>& others) const {
    const PickleValue& root = pickle_.root();
    if (root.kind != Kind::dict)
      fail("holds " + kind_name(root) + ", expected the state of a module: torch.save(model.state_dict(), path)");
    std::vector<std::string> keys, states;
    bool tensors = false;
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const PickleValue &key = pickle_.value(root.items[i]), &value = pickle_.value(root.items[i + 1]);
      if (value.kind == Kind::tensor) tensors = true;
      const std::string name = key.kind == Kind::text ? key.text : "(" + kind_name(key) + ")";
      if (value.kind != Kind::tensor) keys.push_back(name);
      if (key.kind == Kind::text && is_state(value)) states.push_back(name);
    }
    const auto has = [&](const std::string& name) {
      return std::find(states.begin(), states.end(), name) != states.end();
    };
    std::string chosen = state;
    if (state.empty() && !tensors) {
      for (const char* usual : {"model_state_dict", "model", "state_dict"})
        if (has(usual)) chosen = usual;
      if (chosen.empty() && states.size() == 1) chosen = states[0];
      if (chosen.empty() && states.size() > 1)
        fail("holds several dicts of tensors: " + list_of(states) +
             "; say which: load_torch_weights(model, path, names, {.state = \"" + states[0] + "\"})");
      if (chosen.empty())
        fail("holds no tensors by name; its keys are: " + (keys.empty() ? "none" : list_of(keys)) +
             ". Save the state of a module: torch.save(model.state_dict(), path)");
    }
    if (!state.empty() && !has(state))
      fail("holds no dict of tensors \"" + state + "\"; there are: " + (states.empty() ? "none" : list_of(states)));
    for (const std::string& key : keys)
      if (key != chosen) others.push_back(key);
    if (chosen.empty()) return {&root, ""};
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2)
      if (pickle_.value(root.items[i]).kind == Kind::text && pickle_.value(root.items[i]).text == chosen)
        return {&pickle_.value(root.items[i + 1]), chosen};
    return {&root, ""};
  }

  TorchFile::Entry entry(const std::string& name, const PickleValue& tensor) const {
    const std::string what = "tensor \"" + name + "\"";
    const PickleValue &storage = pickle_.value(tensor.items[0]), &sizes = pickle_.value(tensor.items[2]),
                      &strides = pickle_.value(tensor.items[3]);
    TorchFile::Entry e;
    e.dtype = torch_dtype(pickle_.value(storage.items[0]).text);
    e.first = pickle_.value(tensor.items[1]).number;
    e.storage = folder_ + "data/" + storage.text;
    e.stored = storage.number;
    const std::vector<std::int64_t> shape = numbers(what, sizes);
    e.strides = numbers(what, strides);
    if (shape.size() != e.strides.size())
      fail(what + " has " + std::to_string(shape.size()) + " sizes and " + std::to_string(e.strides.size()) +
           " strides: the file is damaged");
    try {
      e.shape = Shape(shape.begin(), shape.end());
    } catch (const ShapeError& error) {
      fail(what + ": " + error.what());
    }
    if (e.first < 0 || e.first > e.stored || e.shape.size() > e.stored)
      fail(what + " " + to_string(e.shape) + " does not fit its storage of " + std::to_string(e.stored) + " elements");
    if (e.shape.size() > 0) {
      std::int64_t last = e.first;  // stays below the storage's size
      for (std::size_t i = 0; i < shape.size(); ++i) {
        if (e.strides[i] > 0 && shape[i] - 1 > (e.stored - 1 - last) / e.strides[i])
          fail(what + " " + to_string(e.shape) + " reads behind the end of its storage of " + std::to_string(e.stored) +
               " elements: the file is damaged");
        last += (shape[i] - 1) * e.strides[i];
      }
      if (last >= e.stored)
        fail(what + " begins behind the end of its storage of " + std::to_string(e.stored) + " elements");
    }
    const std::int64_t there = zip_.size_of(e.storage), needed = e.stored * safetensors_element(e.dtype);
    if (there != needed)
      fail(what + " has a storage of " + std::to_string(e.stored) + " elements of " + e.dtype + ", which are " +
           std::to_string(needed) + " bytes, and \"" + e.storage + "\" has " +
           (there < 0 ? "none, it is not there" : std::to_string(there)));
    return e;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    brindle::detail::raise<FileError>(zip_.path() + ": " + what);
  }

  std::vector<std::int64_t> numbers(const std::string& what, const PickleValue& tuple) const {
    if (tuple.items.size() > static_cast<std::size_t>(Shape::max_rank)) fail(what + " has more than 6 axes");
    std::vector<std::int64_t> all;
    for (const std::uint32_t item : tuple.items) {
      const PickleValue& value = pickle_.value(item);
      if (value.kind != Kind::number || value.number < 0 || value.number > (std::int64_t{1} << 48))
        fail(what + ": sizes and strides must be whole numbers of a sane size");
      all.push_back(value.number);
    }
    return all;
  }

  bool is_state(const PickleValue& value) const {
    if (value.kind != Kind::dict || value.items.empty()) return false;
    for (std::size_t i = 0; i + 1 < value.items.size(); i += 2)
      if (pickle_.value(value.items[i]).kind == Kind::text && pickle_.value(value.items[i + 1]).kind == Kind::tensor)
        return true;
    return false;
  }

  static std::string list_of(const std::vector<std::string>& names) {
    std::string all;
    for (std::size_t i = 0; i < names.size() && i < 20; ++i)
      all += (i == 0 ? "\"" : ", \"") + names[i].substr(0, 200) + "\"";
    return names.size() > 20 ? all + ", ..." : all;
  }

  static std::string kind_name(const PickleValue& value) {
    constexpr const char* names[] = {"None",   "a boolean", "a whole number", "a number",  "a text",  "a tuple",
                                     "a list", "a dict",    "a type",         "a storage", "a tensor"};
    return names[static_cast<std::size_t>(value.kind)];
  }

  const ZipFile& zip_;
  std::string folder_;
  const TorchPickle& pickle_;
};

}  // namespace brindle::io::detail

namespace brindle::io {

BRINDLE_INLINE TorchFile::TorchFile(const std::filesystem::path& path, const std::string& state)
    : path_(path.string()), zip_(path_) {
  const auto fail = [&](const std::string& what) { brindle::detail::raise<FileError>(path_ + ": " + what); };
  const std::string folder = detail::torch_folder(zip_);
  if (folder.empty()) fail("is no file by torch.save: its archive has no data.pkl");
  if (zip_.contains(folder + "constants.pkl"))
    fail("is a program by torch.jit.save, which is not read; save its state: torch.save(module.state_dict(), path)");
  if (zip_.contains(folder + "byteorder") && zip_.read(folder + "byteorder") != "little")
    fail("was written on a machine with the other order of bytes, which is not supported");
  if (zip_.size_of(folder + "data.pkl") > static_cast<std::int64_t>(detail::TorchPickle::most_bytes))
    fail("its pickle has " + std::to_string(zip_.size_of(folder + "data.pkl")) + " bytes, the limit is " +
         std::to_string(detail::TorchPickle::most_bytes));
  const std::string bytes = zip_.read(folder + "data.pkl");
  const detail::TorchPickle pickle(path_, bytes);
  const detail::TorchState reader(zip_, folder, pickle);
  const auto [tensors, key] = reader.find(state, others_);
  state_ = key;
  for (std::size_t i = 0; i + 1 < tensors->items.size(); i += 2) {
    const detail::PickleValue &name = pickle.value(tensors->items[i]), &value = pickle.value(tensors->items[i + 1]);
    const bool named = name.kind == detail::PickleValue::Kind::text;
    if (!named || value.kind != detail::PickleValue::Kind::tensor) {
      if (!state_.empty()) others_.push_back(state_ + "/" + (named ? name.text : std::string("(no text)")));
      continue;
    }
    if (!entries_.emplace(name.text, reader.entry(name.text, value)).second)
      fail("two tensors are named \"" + name.text + "\"");
  }
}

BRINDLE_INLINE void TorchFile::read_into(const std::string& name, TensorView<float> to) const {
  const std::string what = "tensor \"" + name + "\"";
  const auto found = entries_.find(name);
  if (found == entries_.end()) brindle::detail::raise<FileError>(path_ + ": has no " + what);
  const Entry& e = found->second;
  if (!(e.shape == to.shape))
    brindle::detail::raise<FileError>(path_ + ": " + what + " has shape " + to_string(e.shape) + ", expected " +
                                      to_string(to.shape));
  if (e.dtype != "F32" && e.dtype != "F16" && e.dtype != "BF16" && e.dtype != "F64")
    brindle::detail::raise<FileError>(path_ + ": " + what + " holds " + e.dtype + ", expected floating numbers");
  if (to.size() == 0) return;
  // The part of the storage that it reads. A tensor that reads all of it is checked against the archive's checksum.
  const auto element = detail::safetensors_element(e.dtype);
  std::int64_t count = 1;
  for (int i = 0; i < e.shape.rank(); ++i) count += (e.shape[i] - 1) * e.strides[static_cast<std::size_t>(i)];
  detail::ZipFile::Opened file = zip_.open(e.storage, what);
  const std::string bytes = file.bytes.text(file.begin + e.first * element, count * element, what);
  if (count == e.stored && file.crc != 0 && brindle::detail::crc32_of(bytes) != file.crc)
    file.bytes.fail(file.begin, what + " does not have its checksum: it is damaged");

  const auto value = [&](std::int64_t i) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * element, static_cast<std::size_t>(element));
    brindle::detail::swap_little_endian(&bits, sizeof bits, sizeof bits);
    if (element == 8) return static_cast<float>(detail::bit_cast<double>(bits));
    if (element == 4) return detail::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (e.dtype == "F16") return detail::half_to_float(static_cast<std::uint16_t>(bits));
    return detail::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  };
  std::int64_t index[Shape::max_rank] = {}, at = 0;
  for (std::int64_t i = 0; i < to.size(); ++i) {
    to.data[i] = value(at);
    for (int axis = e.shape.rank() - 1; axis >= 0; --axis) {
      const std::int64_t stride = e.strides[static_cast<std::size_t>(axis)];
      at += stride;
      if (++index[axis] < e.shape[axis]) break;
      at -= e.shape[axis] * stride;
      index[axis] = 0;
    }
  }
}

}  // namespace brindle::io
