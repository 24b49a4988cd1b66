// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what hdf5_writer.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/io/hdf5_writer.hpp"

namespace brindle::io::detail {

inline constexpr std::uint64_t hdf5_nowhere = ~std::uint64_t{0};  ///< an address that is none
// Half of the most entries that a leaf and an inner node of a group's tree have: the library's own choice.
inline constexpr std::size_t hdf5_leaf = 4, hdf5_inner = 16;

/// A number in little-endian bytes.
BRINDLE_INLINE std::string hdf5_number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

/// With zeros behind it, up to a multiple of 8 bytes.
BRINDLE_INLINE std::string hdf5_padded(std::string bytes) {
  bytes.resize((bytes.size() + 7) / 8 * 8);
  return bytes;
}

/// A message of an object header.
BRINDLE_INLINE std::string hdf5_message(std::uint64_t type, const std::string& data) {
  const std::string padded = hdf5_padded(data);
  return hdf5_number(type, 2) + hdf5_number(padded.size(), 2) + hdf5_number(0, 4) + padded;
}

/// IEEE numbers: class, order and sign; size; precision; places and sizes of exponent and fraction; bias.
BRINDLE_INLINE std::string hdf5_float_type(std::int64_t element) {
  const bool twice = element == 8;
  const auto bits = static_cast<std::uint64_t>(8 * element);
  return hdf5_number(0x11, 1) + hdf5_number(0x20, 1) + hdf5_number(bits - 1, 1) + hdf5_number(0, 1) +
         hdf5_number(static_cast<std::uint64_t>(element), 4) + hdf5_number(0, 2) + hdf5_number(bits, 2) +
         hdf5_number(twice ? 52 : 23, 1) + hdf5_number(twice ? 11 : 8, 1) + hdf5_number(0, 1) +
         hdf5_number(twice ? 52 : 23, 1) + hdf5_number(twice ? 1023 : 127, 4);
}

/// Whole numbers of 8 bytes: class, order and sign; size; where the bits begin and how many there are.
BRINDLE_INLINE std::string hdf5_integer_type() {
  return hdf5_number(0x10, 1) + hdf5_number(0x08, 3) + hdf5_number(8, 4) + hdf5_number(0, 2) + hdf5_number(64, 2);
}

BRINDLE_INLINE Hdf5Writer::Node& Hdf5Writer::at(const std::string& path) {
  Node* node = &root_;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) node = &node->children[path.substr(begin, end - begin)];
    begin = end + 1;
  }
  return *node;
}

BRINDLE_INLINE void Hdf5Writer::append(std::uint64_t value, int bytes) { head_ += hdf5_number(value, bytes); }

BRINDLE_INLINE void Hdf5Writer::append_padded(const std::string& bytes) { head_ += hdf5_padded(bytes); }

BRINDLE_INLINE void Hdf5Writer::collect(const Node& node, std::vector<const std::string*>& texts) const {
  for (const auto& [name, value] : node.texts) texts.push_back(&value);
  for (const auto& [name, child] : node.children) collect(child, texts);
}

/// Texts of variable length stand in collections of at least 4096 bytes.
BRINDLE_INLINE void Hdf5Writer::write_texts(const std::vector<const std::string*>& texts) {
  constexpr std::size_t least = 4096, usual = 61440;
  for (std::size_t next = 0; next < texts.size();) {
    const std::uint64_t here = head_.size();
    std::string objects;
    for (std::uint64_t index = 1; next < texts.size(); ++index, ++next) {
      if (!objects.empty() && objects.size() + texts[next]->size() > usual) break;
      places_[texts[next]] = {here, index};
      objects += hdf5_number(index, 2) + hdf5_number(1, 2) + hdf5_number(0, 4) + hdf5_number(texts[next]->size(), 8) +
                 hdf5_padded(*texts[next]);
    }
    // What is left of a collection is an object of number 0.
    if (const std::size_t free = least - 16 - objects.size(); objects.size() + 32 <= least) {
      objects += hdf5_number(0, 8) + hdf5_number(free, 8);
      objects.resize(least - 16);
    }
    head_ += "GCOL";
    append(1, 4);
    append(std::max(least, 16 + objects.size()), 8);
    head_ += objects;
    if (head_.size() < here + least) head_.resize(here + least);
  }
}

BRINDLE_INLINE std::string Hdf5Writer::dataspace(const Shape& shape, bool scalar) const {
  std::string space = hdf5_number(1, 1) + hdf5_number(scalar ? 0 : static_cast<std::uint64_t>(shape.rank()), 1);
  space.resize(8);
  if (!scalar)
    for (const std::int64_t size : shape) space += hdf5_number(static_cast<std::uint64_t>(size), 8);
  return space;
}

BRINDLE_INLINE std::string Hdf5Writer::attribute(const std::string& name, const std::string& type,
                                                 const std::string& space, const std::string& data) const {
  return hdf5_message(0x0C, hdf5_number(1, 2) + hdf5_number(name.size() + 1, 2) + hdf5_number(type.size(), 2) +
                                hdf5_number(space.size(), 2) + hdf5_padded(name + '\0') + hdf5_padded(type) +
                                hdf5_padded(space) + data);
}

/// A node of a group's tree; gives its address. Above nodes of more entries than one holds there are others.
BRINDLE_INLINE std::uint64_t Hdf5Writer::write_tree(const std::vector<std::uint64_t>& children,
                                                    const std::vector<std::uint64_t>& keys, int level) {
  constexpr std::size_t most = 2 * hdf5_inner, bytes = 24 + (2 * most + 1) * 8;
  const std::uint64_t first = head_.size();
  const std::size_t nodes = std::max<std::size_t>(1, (children.size() + most - 1) / most);
  std::vector<std::uint64_t> above, above_keys{0};
  for (std::size_t n = 0; n < nodes; ++n) {
    const std::uint64_t here = head_.size();
    const std::size_t begin = n * most, end = std::min(children.size(), begin + most);
    head_ += "TREE";
    append(0, 1);
    append(static_cast<std::uint64_t>(level), 1);
    append(end - begin, 2);
    append(n == 0 ? hdf5_nowhere : here - bytes, 8);
    append(n + 1 == nodes ? hdf5_nowhere : here + bytes, 8);
    append(keys[begin], 8);
    for (std::size_t i = begin; i < end; ++i) {
      append(children[i], 8);
      append(keys[i + 1], 8);
    }
    head_.resize(here + bytes);
    above.push_back(here);
    above_keys.push_back(keys[end]);
  }
  return nodes == 1 ? first : write_tree(above, above_keys, level + 1);
}

/// Names, entries and tree of a group; gives the address of its header's message as bytes of `messages`.
BRINDLE_INLINE std::uint64_t Hdf5Writer::write_group(const Node& node, std::string& messages) {
  std::string names(8, '\0');                                    // the first is empty
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;  // name, header
  for (const auto& [name, child] : node.children) {
    entries.emplace_back(names.size(), write_object(child));
    names += hdf5_padded(name + '\0');
  }
  const std::uint64_t heap = head_.size();
  head_ += "HEAP";
  append(0, 4);
  append(names.size(), 8);
  append(1, 8);  // nothing in it is free
  append(heap + 32, 8);
  head_ += names;
  std::vector<std::uint64_t> leaves, keys{0};
  for (std::size_t begin = 0; begin < entries.size(); begin += 2 * hdf5_leaf) {
    const std::uint64_t here = head_.size();
    const std::size_t end = std::min(entries.size(), begin + 2 * hdf5_leaf);
    head_ += "SNOD";
    append(1, 2);
    append(end - begin, 2);
    for (std::size_t i = begin; i < end; ++i) {
      append(entries[i].first, 8);
      append(entries[i].second, 8);
      head_.append(24, '\0');
    }
    head_.resize(here + 8 + 2 * hdf5_leaf * 40);
    leaves.push_back(here);
    keys.push_back(entries[end - 1].first);
  }
  const std::uint64_t tree = write_tree(leaves, keys, 0);
  messages += hdf5_message(0x11, hdf5_number(tree, 8) + hdf5_number(heap, 8));
  return tree;
}

/// A group or a dataset with its attributes; gives the address of its header.
BRINDLE_INLINE std::uint64_t Hdf5Writer::write_object(const Node& node) {
  std::string messages;
  std::size_t count = 0, address_at = 0;
  if (node.element > 0) {
    messages += hdf5_message(0x01, dataspace(node.shape, node.shape.rank() == 0));
    messages += hdf5_message(0x03, node.is_integer ? hdf5_integer_type() : hdf5_float_type(node.element));
    messages += hdf5_message(0x05, hdf5_number(0x01020202, 4) + hdf5_number(0, 4));  // unset elements are 0
    address_at = messages.size() + 8 + 2;
    const auto bytes = static_cast<std::uint64_t>(node.shape.size() * node.element);
    messages += hdf5_message(0x08, hdf5_number(3, 1) + hdf5_number(1, 1) + hdf5_number(hdf5_nowhere, 8) +
                                       hdf5_number(bytes, 8));  // in one piece
    count = 4;
  } else {
    write_group(node, messages);
    count = 1;
  }
  const std::string one = dataspace({}, true);
  for (const auto& [name, value] : node.texts) {
    const Place& place = places_.at(&value);
    const std::string type = hdf5_number(0x00010119, 4) + hdf5_number(16, 4) + hdf5_number(0x10, 4) +
                             hdf5_number(1, 4) + hdf5_number(0, 2) + hdf5_number(8, 2);  // of bytes, UTF-8
    messages += attribute(
        name, type, one, hdf5_number(value.size(), 4) + hdf5_number(place.collection, 8) + hdf5_number(place.index, 4));
    ++count;
  }
  for (const auto& [name, values] : node.lists) {
    std::size_t longest = 1;
    for (const std::string& value : values) longest = std::max(longest, value.size());
    std::string data;
    for (const std::string& value : values) data += value + std::string(longest - value.size(), '\0');
    messages += attribute(name, hdf5_number(0x0113, 4) + hdf5_number(longest, 4),
                          dataspace(Shape{static_cast<std::int64_t>(values.size())}, false), data);
    ++count;
  }
  const std::uint64_t here = head_.size();
  append(1, 2);
  append(count, 2);
  append(1, 4);  // one name leads here
  append(messages.size(), 8);
  if (node.element > 0 && node.shape.size() > 0) {
    addresses_.emplace_back(head_.size() + address_at, elements_bytes_);
    const auto bytes = static_cast<std::size_t>(node.shape.size() * node.element);
    elements_.push_back(numbers_.of(node.data, bytes, static_cast<std::size_t>(node.element)));
    elements_bytes_ += bytes;
  }
  head_ += messages;
  return here;
}

BRINDLE_INLINE std::vector<std::string_view> Hdf5Writer::parts() {
  head_.assign(96, '\0');
  places_.clear(), addresses_.clear(), elements_.clear();
  elements_bytes_ = 0;
  std::vector<const std::string*> texts;
  collect(root_, texts);
  write_texts(texts);
  const std::uint64_t root = write_object(root_);
  for (const auto& [at, offset] : addresses_) head_.replace(at, 8, hdf5_number(head_.size() + offset, 8));
  std::string start = "\x89HDF\r\n\x1a\n";
  start += hdf5_number(0, 5) + hdf5_number(8, 1) + hdf5_number(8, 1) + hdf5_number(0, 1);  // versions, sizes of numbers
  start += hdf5_number(hdf5_leaf, 2) + hdf5_number(hdf5_inner, 2) + hdf5_number(0, 4);
  start += hdf5_number(0, 8) + hdf5_number(hdf5_nowhere, 8) + hdf5_number(head_.size() + elements_bytes_, 8) +
           hdf5_number(hdf5_nowhere, 8);
  start += hdf5_number(0, 8) + hdf5_number(root, 8);
  head_.replace(0, start.size(), start);
  std::vector<std::string_view> all{head_};
  all.insert(all.end(), elements_.begin(), elements_.end());
  return all;
}

}  // namespace brindle::io::detail
