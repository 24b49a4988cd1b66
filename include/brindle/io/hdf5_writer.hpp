// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/shape.hpp"

namespace brindle::io::detail {

/// A file of HDF5 in the layout that h5py writes as long as nobody asks for another: superblock 0, groups as symbol
/// tables, object headers of version 1, datasets in one piece. Meaning: "HDF5 File Format Specification", version 3.0.
///
/// Objects are named by their paths, "model_weights/conv2d_1"; the groups in front of one are made with it.
class Hdf5Writer {
 public:
  void add_group(const std::string& path) { at(path); }

  /// An attribute that is one text of variable length, UTF-8.
  void add_text(const std::string& path, const std::string& name, const std::string& value) {
    at(path).texts.emplace_back(name, value);
  }

  /// An attribute that is a list of texts; all of them together with what is added to the shorter ones must have less
  /// than 65000 bytes.
  void add_texts(const std::string& path, const std::string& name, const std::vector<std::string>& values) {
    at(path).lists.emplace_back(name, values);
  }

  /// Little-endian floating numbers of 4 or 8 bytes, which stay where they are until the file is written.
  void add_dataset(const std::string& path, const Shape& shape, std::int64_t element, const void* data) {
    Node& node = at(path);
    node.element = element;
    node.shape = shape;
    node.data = data;
  }

  /// One whole number of 8 bytes, with a sign.
  void add_integer(const std::string& path, std::int64_t value) {
    Node& node = at(path);
    node.integer = value;
    node.element = 8;
    node.is_integer = true;
    node.data = &node.integer;
  }

  /// The file: all but the elements first, which this object keeps, then those of each dataset.
  std::vector<std::string_view> parts();

 private:
  struct Node {
    std::map<std::string, Node> children = {};  // in the order that HDF5 asks for
    std::vector<std::pair<std::string, std::string>> texts = {};
    std::vector<std::pair<std::string, std::vector<std::string>>> lists = {};
    std::int64_t element = 0;  // bytes; 0: a group
    Shape shape = {};
    const void* data = nullptr;
    std::int64_t integer = 0;  // the element, if is_integer
    bool is_integer = false;
  };
  // Where a text lies: in which collection, as which of its objects.
  struct Place {
    std::uint64_t collection = 0, index = 0;
  };

  Node& at(const std::string& path);
  void append(std::uint64_t value, int bytes);
  void append_padded(const std::string& bytes);
  void collect(const Node& node, std::vector<const std::string*>& texts) const;
  void write_texts(const std::vector<const std::string*>& texts);
  std::uint64_t write_object(const Node& node);
  std::uint64_t write_group(const Node& node, std::string& messages);
  std::uint64_t write_tree(const std::vector<std::uint64_t>& children, const std::vector<std::uint64_t>& keys,
                           int level);
  std::string dataspace(const Shape& shape, bool scalar) const;
  std::string attribute(const std::string& name, const std::string& type, const std::string& space,
                        const std::string& data) const;

  Node root_;
  std::string head_;
  std::map<const std::string*, Place> places_;
  std::vector<std::pair<std::size_t, std::uint64_t>> addresses_;  // in head_: what is counted from the end of it
  brindle::detail::LittleEndianBytes numbers_;
  std::vector<std::string_view> elements_;
  std::uint64_t elements_bytes_ = 0;
};

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/hdf5_writer_inl.hpp"
#endif
