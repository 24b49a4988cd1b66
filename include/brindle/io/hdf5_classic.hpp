// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/hdf5_chunks.hpp"
#include "brindle/io/zip.hpp"

namespace brindle::io::detail {

/// HDF5 in the layout that h5py has written since its beginning (superblock 0 or 1): groups as symbol tables, object
/// headers of version 1, datasets in one piece or in chunks.
///
/// Read by itself, without HDF5's library: this layout has no checksums, and the library (1.10.8) crashes on one in a
/// hundred files with a few changed bytes. Here every offset and size is checked, and no file takes more memory or time
/// than its own size allows. Meaning: "HDF5 File Format Specification", version 3.0.
class ClassicHdf5File final : public Hdf5File {
 public:
  /// Throws FileError unless the superblock is one of version 0 or 1.
  ClassicHdf5File(std::string path, brindle::detail::FileBytes file)
      : Hdf5File(std::move(path)), file_(std::move(file)) {
    const std::string start = file_.text(0, std::min<std::int64_t>(file_.size(), 96), "the superblock");
    const bool known = start.size() == 96 && static_cast<unsigned char>(start[8]) <= 1;
    if (!known || start[13] != 8 || start[14] != 8) file_.fail(8, "the superblock is of a kind that is not supported");
    const std::size_t base = start[8] == 0 ? 24 : 28;
    if (number(start, base, 8) != 0) file_.fail(static_cast<std::int64_t>(base), "the file's base is not its start");
    root_ = number(start, base + 40, 8);
  }

  bool contains(const std::string& object) override { return find(object) >= 0; }

  std::vector<std::string> children(const std::string& group) override {
    std::vector<std::string> names;
    const std::int64_t at = find(group);
    if (at < 0) return names;
    for (const auto& [name, address] : entries(at)) names.push_back(name);
    return names;
  }

  bool has_attribute(const std::string& object, const std::string& name) override {
    const std::int64_t at = find(object);
    return at >= 0 && find_attribute(at, name).has_value;
  }

  std::vector<std::string> texts(const std::string& object, const std::string& name) override {
    const std::string what = "attribute \"" + name + "\" of \"" + object + "\"";
    const std::int64_t at = find(object);
    const Attribute value = at < 0 ? Attribute{} : find_attribute(at, name);
    if (!value.has_value) fail("has no " + what);
    std::vector<std::string> all;
    const std::int64_t count = value.shape.size();
    if (count == 0) return all;
    const std::string& data = value.data;
    const std::int64_t size = value.type.size;
    if (value.type.kind != Kind::fixed_text && value.type.kind != Kind::text) fail(what + " is no text");
    if (size < 1 || count > static_cast<std::int64_t>(data.size()) / size)
      fail(what + " is longer than its message: the file is damaged");
    for (std::int64_t i = 0; i < count; ++i) {
      const auto begin = static_cast<std::size_t>(i * size);
      if (value.type.kind == Kind::fixed_text) {
        std::string text = data.substr(begin, static_cast<std::size_t>(size));
        text.resize(std::min(text.find('\0'), text.size()));
        if (value.type.padding == 2) text.resize(text.find_last_not_of(' ') + 1);
        all.push_back(std::move(text));
      } else {
        if (size != 16) fail(what + " has texts of a kind that is not supported");
        all.push_back(
            heap_object(number(data, begin + 4, 8), number(data, begin + 12, 4), number(data, begin, 4), what));
      }
    }
    return all;
  }

  Shape shape(const std::string& dataset) override { return find_dataset(dataset).shape; }

  void read(const std::string& name, TensorView<float> to) override {
    const Dataset d = find_dataset(name);
    check_shape(name, d.shape, to.shape);
    const std::string what = "dataset \"" + name + "\"";
    if (d.chunks) return Hdf5Chunks(file_, what, d.shape, d.element, *d.chunks, d.filters).read(to.data);
    if (d.element == 4) {
      file_.read(d.begin, 4 * to.size(), to.data, what);
      brindle::detail::swap_little_endian(to.data, static_cast<std::size_t>(4 * to.size()), 4);
      return;
    }
    for (std::int64_t i = 0; i < to.size();) {
      const std::int64_t count = std::min<std::int64_t>(to.size() - i, 65536);
      const std::string piece = file_.text(d.begin + i * d.element, count * d.element, what);
      hdf5_numbers(piece.data(), d.element, count, to.data + i);
      i += count;
    }
  }

  std::int64_t integer(const std::string& name) override {
    const Dataset d = find_dataset(name, Kind::whole);
    check_shape(name, d.shape, Shape{});
    const std::int64_t value = number(file_.text(d.begin, d.element, "dataset \"" + name + "\""), 0, d.element);
    return d.element == 4 ? static_cast<std::int32_t>(value) : value;
  }

 private:
  enum class Kind { other, floating, whole, fixed_text, text };
  enum MessageType : std::int64_t {
    dataspace = 0x01,
    datatype = 0x03,
    external_files = 0x07,
    layout = 0x08,
    filters = 0x0B,
    attribute = 0x0C,
    continuation = 0x10,
    symbol_table = 0x11,
  };

  struct Message {
    std::int64_t type = 0;
    bool shared = false;  // the message is in another place
    std::string data;
  };
  struct Type {
    Kind kind = Kind::other;
    std::int64_t size = 0;
    int padding = 0;  // of fixed texts: 2, by spaces
  };
  struct Attribute {
    bool has_value = false;
    Type type;
    Shape shape;
    std::string data;
  };
  struct Dataset {
    Shape shape;
    std::int64_t element = 0, begin = 0;
    const std::string *chunks = nullptr, *filters = nullptr;  // messages of a dataset in chunks
  };

  static std::int64_t number(const std::string& text, std::size_t at, std::int64_t bytes) {
    return brindle::detail::little_endian(text, at, static_cast<int>(bytes));
  }

  // A part of a message; what is not there is an error.
  std::int64_t part(const std::string& text, std::size_t at, std::int64_t bytes, const char* what) const {
    if (at > text.size() || static_cast<std::size_t>(bytes) > text.size() - at)
      fail(std::string("a ") + what + " is cut short: the file is damaged");
    return number(text, at, bytes);
  }

  /// The messages of an object header. All blocks together are not larger than the file.
  const std::vector<Message>& header(std::int64_t address) {
    const auto known = headers_.find(address);
    if (known != headers_.end()) return known->second;
    const std::string start = file_.text(address, 16, "an object header");
    if (start[0] != 1) file_.fail(address, "an object header of version 1 was expected here: the file is damaged");
    const std::int64_t count = number(start, 2, 2);
    std::vector<Message> messages;
    std::vector<std::pair<std::int64_t, std::int64_t>> blocks{{address + 16, number(start, 8, 4)}};
    std::int64_t read = 0, seen = 0;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const auto [begin, bytes] = blocks[b];
      if (bytes < 0 || bytes > file_.size() - read) file_.fail(begin, "an object header is longer than the file");
      read += bytes;
      const std::string block = file_.text(begin, bytes, "an object header");
      for (std::size_t at = 0; block.size() - at >= 8 && seen < count; ++seen) {
        Message m{number(block, at, 2), (block[at + 4] & 2) != 0, {}};
        const auto size = static_cast<std::size_t>(number(block, at + 2, 2));
        at += 8;
        if (size > block.size() - at) file_.fail(begin, "a message of an object header is cut short");
        m.data = block.substr(at, size);
        at += size;
        if (m.type == continuation)
          blocks.emplace_back(part(m.data, 0, 8, "continuation"), part(m.data, 8, 8, "continuation"));
        else
          messages.push_back(std::move(m));
      }
    }
    // Kept for files of a sane number of objects only.
    if (headers_.size() > 4096) headers_.clear();
    return headers_[address] = std::move(messages);
  }

  const Message* message(std::int64_t object, std::int64_t type) {
    for (const Message& m : header(object))
      if (m.type == type) {
        if (m.shared) fail("an object's description is stored apart from it, which is not supported");
        return &m;
      }
    return nullptr;
  }

  /// Name and header of what is in a group, -1 for a link; none for an object that is no group.
  const std::map<std::string, std::int64_t>& entries(std::int64_t group) {
    const auto known = groups_.find(group);
    if (known != groups_.end()) return known->second;
    std::map<std::string, std::int64_t> found;
    if (const Message* m = message(group, symbol_table)) {
      const std::int64_t tree = part(m->data, 0, 8, "symbol table"), heap = part(m->data, 8, 8, "symbol table");
      const std::string start = file_.text(heap, 32, "a group's names");
      if (start.compare(0, 4, "HEAP") != 0) file_.fail(heap, "a group's names were expected here: the file is damaged");
      const std::string names = file_.text(number(start, 24, 8), number(start, 8, 8), "a group's names");
      std::int64_t budget = file_.size();
      add_tree(tree, 256, names, budget, found);
    }
    if (groups_.size() > 4096) groups_.clear();
    return groups_[group] = std::move(found);
  }

  // budget: bytes that the nodes of one tree may have; a tree that meets itself has more than the file.
  void add_tree(std::int64_t address, int above, const std::string& names, std::int64_t& budget,
                std::map<std::string, std::int64_t>& to) {
    const std::string start = file_.text(address, 24, "a group's tree");
    const int level = static_cast<unsigned char>(start[5]);
    if (start.compare(0, 4, "TREE") != 0 || start[4] != 0 || level >= above)
      file_.fail(address, "a group's tree was expected here: the file is damaged");
    const std::int64_t used = number(start, 6, 2), bytes = 16 * used;
    budget -= 24 + bytes;
    if (budget < 0) file_.fail(address, "a group's tree is larger than the file: the file is damaged");
    const std::string node = file_.text(address + 24, bytes, "a group's tree");
    for (std::int64_t i = 0; i < used; ++i) {
      const std::int64_t child = number(node, static_cast<std::size_t>(16 * i + 8), 8);
      if (level > 0)
        add_tree(child, level, names, budget, to);
      else
        add_symbols(child, names, budget, to);
    }
  }

  void add_symbols(std::int64_t address, const std::string& names, std::int64_t& budget,
                   std::map<std::string, std::int64_t>& to) {
    const std::string start = file_.text(address, 8, "a group's entries");
    if (start.compare(0, 4, "SNOD") != 0)
      file_.fail(address, "a group's entries were expected here: the file is damaged");
    const std::int64_t count = number(start, 6, 2);
    budget -= 8 + 40 * count;
    if (budget < 0) file_.fail(address, "a group has more entries than the file has room for");
    const std::string symbols = file_.text(address + 8, 40 * count, "a group's entries");
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(40 * i);
      const std::int64_t name = number(symbols, at, 8);
      const std::size_t end = name < 0 ? std::string::npos : names.find('\0', static_cast<std::size_t>(name));
      if (end == std::string::npos) file_.fail(address, "an entry's name is not among the group's names");
      const bool link = number(symbols, at + 16, 4) == 2;
      const auto begin = static_cast<std::size_t>(name);
      to[names.substr(begin, end - begin)] = link ? -1 : number(symbols, at + 8, 8);
    }
  }

  /// Where an object's header is; -1: there is none.
  std::int64_t find(const std::string& object) {
    std::int64_t at = root_;
    for (std::size_t begin = 0; begin < object.size();) {
      const std::size_t end = std::min(object.find('/', begin), object.size());
      if (end > begin) {
        const auto& all = entries(at);
        const auto found = all.find(object.substr(begin, end - begin));
        if (found == all.end()) return -1;
        at = found->second;
        if (at < 0) fail("\"" + object.substr(0, end) + "\" is a link to another place, which is not followed");
      }
      begin = end + 1;
    }
    return at;
  }

  static Type type_of(const std::string& data) {
    Type type;
    if (data.size() < 8) return type;
    type.size = number(data, 4, 4);
    const int kind = data[0] & 15, bits = static_cast<unsigned char>(data[1]);
    if (kind == 1 && data.size() >= 20 && (bits & 0x41) == 0) {
      // IEEE: precision, places and sizes of exponent and fraction, bias.
      const std::int64_t precision = number(data, 10, 2), exponent_at = number(data, 12, 1),
                         exponent = number(data, 13, 1), fraction_at = number(data, 14, 1),
                         fraction = number(data, 15, 1), bias = number(data, 16, 4);
      const bool half = type.size == 2 && exponent == 5 && fraction == 10 && bias == 15;
      const bool single = type.size == 4 && exponent == 8 && fraction == 23 && bias == 127;
      const bool twice = type.size == 8 && exponent == 11 && fraction == 52 && bias == 1023;
      if ((half || single || twice) && precision == 8 * type.size && exponent_at == fraction && fraction_at == 0 &&
          number(data, 8, 2) == 0)
        type.kind = Kind::floating;
    }
    if (kind == 0 && (bits & 1) == 0 && (type.size == 4 || type.size == 8)) type.kind = Kind::whole;
    if (kind == 3) type.kind = Kind::fixed_text, type.padding = bits & 15;
    if (kind == 9 && (bits & 15) == 1) type.kind = Kind::text;
    return type;
  }

  Shape space_of(const std::string& data, const std::string& what) const {
    const std::int64_t version = part(data, 0, 1, "dataspace"), rank = part(data, 1, 1, "dataspace");
    if (version != 1 && version != 2) fail(what + " has a dataspace of a kind that is not supported");
    if (version == 2 && part(data, 3, 1, "dataspace") == 2) return Shape{0};
    std::uint64_t sizes[Shape::max_rank] = {};
    for (std::int64_t i = 0; i < rank && i < Shape::max_rank; ++i)
      sizes[i] = static_cast<std::uint64_t>(
          part(data, static_cast<std::size_t>((version == 1 ? 8 : 4) + 8 * i), 8, "dataspace"));
    return checked_shape(what, sizes, static_cast<int>(rank));
  }

  Attribute find_attribute(std::int64_t object, const std::string& name) {
    for (const Message& m : header(object)) {
      if (m.type != attribute || m.shared) continue;
      const std::string& d = m.data;
      const std::int64_t version = part(d, 0, 1, "attribute");
      if (version < 1 || version > 3) fail("an attribute is of version " + std::to_string(version));
      const auto padded = [&](std::int64_t bytes) {
        return static_cast<std::size_t>(version == 1 ? (bytes + 7) / 8 * 8 : bytes);
      };
      const std::int64_t name_bytes = part(d, 2, 2, "attribute"), type_bytes = part(d, 4, 2, "attribute"),
                         space_bytes = part(d, 6, 2, "attribute");
      const std::size_t begin = version == 3 ? 9 : 8, type_at = begin + padded(name_bytes),
                        space_at = type_at + padded(type_bytes), data_at = space_at + padded(space_bytes);
      if (data_at > d.size()) fail("an attribute is cut short: the file is damaged");
      std::string found = d.substr(begin, static_cast<std::size_t>(name_bytes));
      found.resize(std::min(found.find('\0'), found.size()));
      if (found != name) continue;
      if (version > 1 && d[1] != 0) fail("attribute \"" + name + "\" is of a shared type, which is not supported");
      return {true, type_of(d.substr(type_at, static_cast<std::size_t>(type_bytes))),
              space_of(d.substr(space_at, static_cast<std::size_t>(space_bytes)), "attribute \"" + name + "\""),
              d.substr(data_at)};
    }
    return {};
  }

  Dataset find_dataset(const std::string& name, Kind wanted = Kind::floating) {
    const std::string what = "dataset \"" + name + "\"";
    const std::int64_t at = find(name);
    if (at < 0) fail("has no " + what);
    const Message *type = message(at, datatype), *space = message(at, dataspace), *place = message(at, layout);
    if (!type || !space || !place) fail("\"" + name + "\" is no dataset");
    if (message(at, external_files)) fail(what + " lies in another file, which is not followed");
    const Type t = type_of(type->data);
    if (t.kind != wanted)
      fail(what + " does not hold little-endian " +
           (wanted == Kind::whole ? "whole numbers of 32 or 64 bits" : "floating numbers of 16, 32 or 64 bits"));
    Dataset d{space_of(space->data, what), t.size, 0, nullptr, nullptr};
    const std::int64_t version = part(place->data, 0, 1, "layout"), kind = part(place->data, 1, 1, "layout");
    if (version == 3 && kind == 2 && wanted == Kind::floating) {
      const Message* through = message(at, filters);
      d.chunks = &place->data;
      d.filters = through ? &through->data : nullptr;
      Hdf5Chunks(file_, what, d.shape, d.element, *d.chunks, d.filters);  // checks the sizes
      return d;
    }
    if ((version != 3 && version != 4) || kind != 1) fail(what + " is stored in a way that is not supported");
    d.begin = part(place->data, 2, 8, "layout");
    const std::int64_t bytes = part(place->data, 10, 8, "layout");
    if (d.shape.size() == 0) {
      d.begin = 0;
      return d;
    }
    if (d.begin < 0 || bytes < 0 || d.begin > file_.size() || bytes > file_.size() - d.begin)
      fail(what + " ends at byte " + std::to_string(d.begin) + " + " + std::to_string(bytes) +
           ", after the end of the file (" + std::to_string(file_.size()) + "): the file is cut short or damaged");
    if (d.shape.size() > bytes / t.size)
      fail(what + " " + to_string(d.shape) + " needs more than the " + std::to_string(bytes) + " bytes that it has");
    return d;
  }

  /// A text of variable length, in a collection of the file's.
  std::string heap_object(std::int64_t collection, std::int64_t index, std::int64_t length, const std::string& what) {
    if (length == 0) return {};
    if (collection != heap_at_) {
      const std::string start = file_.text(collection, 16, what);
      if (start.compare(0, 4, "GCOL") != 0) file_.fail(collection, what + " is not where its address says");
      heap_ = file_.text(collection, number(start, 8, 8), what);
      heap_at_ = collection;
    }
    for (std::size_t at = 16; at <= heap_.size() && heap_.size() - at >= 16;) {
      const std::int64_t here = number(heap_, at, 2), size = number(heap_, at + 8, 8);
      at += 16;
      if (here == 0 || size < 0 || static_cast<std::uint64_t>(size) > heap_.size() - at) break;
      if (here == index) {
        if (length > size) break;
        std::string text = heap_.substr(at, static_cast<std::size_t>(length));
        text.resize(std::min(text.find('\0'), text.size()));
        return text;
      }
      at += (static_cast<std::size_t>(size) + 7) / 8 * 8;
    }
    fail(what + " is not in the collection that it should be in: the file is damaged");
  }

  brindle::detail::FileBytes file_;
  std::int64_t root_ = 0;
  std::map<std::int64_t, std::vector<Message>> headers_;
  std::map<std::int64_t, std::map<std::string, std::int64_t>> groups_;
  std::int64_t heap_at_ = -1;
  std::string heap_;
};

}  // namespace brindle::io::detail
