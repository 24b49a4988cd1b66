// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what torch_pickle.hpp declares.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/io/bit_cast.hpp"
#include "brindle/io/torch_pickle.hpp"

namespace brindle::io::detail {

/// pickletools' names of the opcodes that torch.save does not write for a state, or that can run what a file says.
BRINDLE_INLINE std::string pickle_opcode_name(unsigned char code) {
  struct Name {
    unsigned char code;
    const char* name;
  };
  constexpr Name names[] = {{'i', "INST"},
                            {'o', "OBJ"},
                            {0x81, "NEWOBJ"},
                            {0x92, "NEWOBJ_EX"},
                            {0x82, "EXT1"},
                            {0x83, "EXT2"},
                            {0x84, "EXT4"},
                            {'P', "PERSID"},
                            {'2', "DUP"},
                            {'0', "POP"},
                            {'1', "POP_MARK"},
                            {'S', "STRING"},
                            {'V', "UNICODE"},
                            {'I', "INT"},
                            {'L', "LONG"},
                            {'F', "FLOAT"},
                            {'l', "LIST"},
                            {'d', "DICT"},
                            {'p', "PUT"},
                            {'g', "GET"},
                            {'B', "BINBYTES"},
                            {'C', "SHORT_BINBYTES"},
                            {0x8e, "BINBYTES8"},
                            {0x96, "BYTEARRAY8"},
                            {0x8f, "EMPTY_SET"},
                            {0x90, "ADDITEMS"},
                            {0x91, "FROZENSET"},
                            {0x8b, "LONG4"},
                            {'b', "BUILD"},
                            {0x97, "NEXT_BUFFER"},
                            {0x98, "READONLY_BUFFER"}};
  for (const Name& known : names)
    if (known.code == code) return known.name;
  constexpr char digits[] = "0123456789abcdef";
  return std::string("0x") + digits[code >> 4] + digits[code & 15];
}

/// Whether a global is the type of a storage.
BRINDLE_INLINE bool is_torch_storage(const std::string& global) {
  for (const char* type : {"Float", "Half", "BFloat16", "Double", "Long", "Int", "Short", "Char", "Byte", "Bool"})
    if (global == std::string("torch.") + type + "Storage") return true;
  return false;
}

BRINDLE_INLINE TorchPickle::TorchPickle(std::string path, std::string_view bytes)
    : path_(std::move(path)), bytes_(bytes) {
  if (bytes.size() > most_bytes)
    fail("has " + std::to_string(bytes.size()) + " bytes, the limit is " + std::to_string(most_bytes));
  run();
}

BRINDLE_INLINE void TorchPickle::fail(const std::string& what) const {
  brindle::detail::raise<FileError>(path_ + ": byte " + std::to_string(opcode_) + " of its pickle: " + what);
}

BRINDLE_INLINE void TorchPickle::refuse_opcode(unsigned char code) const {
  fail("the opcode " + pickle_opcode_name(code) +
       " is not one of those that describe plain data, which alone are read; save the state alone: " +
       "torch.save(model.state_dict(), path)");
}

BRINDLE_INLINE void TorchPickle::refuse_global(const std::string& name) const {
  fail("asks for \"" + name +
       "\"; read are tensors, numbers, texts, lists and dicts, and no code of a file is run. Save the state alone: " +
       "torch.save(model.state_dict(), path)");
}

BRINDLE_INLINE void TorchPickle::run() {
  for (;;) {
    opcode_ = at_;
    const auto code = static_cast<unsigned char>(number(1));
    if (code == '.') break;
    step(code);
  }
  root_ = pop();
  if (!stack_.empty() || !marks_.empty()) fail("ends with values that nobody takes: the file is damaged");
}

BRINDLE_INLINE void TorchPickle::step(unsigned char code) {
  switch (code) {
    case 0x80:  // PROTO
      if (const std::uint64_t protocol = number(1); protocol < 2 || protocol > 5)
        fail("protocol " + std::to_string(protocol) + " of pickle is not supported, expected 2 to 5");
      return;
    case 0x95:  // FRAME: how many bytes belong together
      number(8);
      return;
    case 'c': {  // GLOBAL
      const std::string module = line();
      return make_global(module, line());
    }
    case 0x93: {  // STACK_GLOBAL
      const std::uint32_t name = pop(), module = pop();
      if (values_[name].kind != Kind::text || values_[module].kind != Kind::text) fail("a global has no name");
      return make_global(values_[module].text, values_[name].text);
    }
    case 'q':  // BINPUT
      return remember(number(1));
    case 'r':  // LONG_BINPUT
      return remember(number(4));
    case 0x94:  // MEMOIZE
      return remember(memo_.size());
    case 'h':  // BINGET
      return recall(number(1));
    case 'j':  // LONG_BINGET
      return recall(number(4));
    case '(':  // MARK
      if (marks_.size() == most_depth) fail("nests values more than " + std::to_string(most_depth) + " deep");
      marks_.push_back(stack_.size());
      return;
    case ')':  // EMPTY_TUPLE
      return push({.kind = Kind::tuple});
    case 't':  // TUPLE
      return push({.kind = Kind::tuple, .items = pop_to_mark()});
    case 0x85:  // TUPLE1, 2, 3
    case 0x86:
    case 0x87: {
      std::vector<std::uint32_t> items(code - 0x84u);
      for (std::size_t i = items.size(); i-- > 0;) items[i] = pop();
      return push({.kind = Kind::tuple, .items = std::move(items)});
    }
    case ']':  // EMPTY_LIST
      return push({.kind = Kind::list});
    case 'a': {  // APPEND
      const std::uint32_t item = pop(), list = pop();
      stack_.push_back(list);
      return add_to_list(list, {item});
    }
    case 'e': {  // APPENDS
      const std::vector<std::uint32_t> items = pop_to_mark();
      const std::uint32_t list = pop();
      stack_.push_back(list);
      return add_to_list(list, items);
    }
    case '}':  // EMPTY_DICT
      return push({.kind = Kind::dict});
    case 's': {  // SETITEM
      const std::uint32_t item = pop(), key = pop(), dict = pop();
      stack_.push_back(dict);
      return add_to_dict(dict, {key, item});
    }
    case 'u': {  // SETITEMS
      const std::vector<std::uint32_t> items = pop_to_mark();
      const std::uint32_t dict = pop();
      stack_.push_back(dict);
      return add_to_dict(dict, items);
    }
    case 'N':  // NONE
      return push({});
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
      return push({.kind = Kind::boolean, .number = code == 0x88});
    case 'J':  // BININT
      return push({.kind = Kind::number, .number = static_cast<std::int32_t>(number(4))});
    case 'K':  // BININT1
      return push({.kind = Kind::number, .number = static_cast<std::int64_t>(number(1))});
    case 'M':  // BININT2
      return push({.kind = Kind::number, .number = static_cast<std::int64_t>(number(2))});
    case 0x8a: {  // LONG1: two's complement
      const std::uint64_t length = number(1);
      if (length > 8) fail("a whole number of " + std::to_string(length) + " bytes is not supported");
      std::uint64_t value = number(static_cast<int>(length));
      if (length > 0 && length < 8 && (value >> (8 * length - 1)) != 0) value |= ~std::uint64_t{0} << (8 * length);
      return push({.kind = Kind::number, .number = static_cast<std::int64_t>(value)});
    }
    case 'G': {  // BINFLOAT: the highest byte first
      std::uint64_t bits = 0;
      for (int i = 0; i < 8; ++i) bits = bits << 8 | number(1);
      return push({.kind = Kind::real, .real = bit_cast<double>(bits)});
    }
    case 'X':  // BINUNICODE
    case 'T':  // BINSTRING, of Python 2
      return push({.kind = Kind::text, .text = text(number(4))});
    case 0x8c:  // SHORT_BINUNICODE
    case 'U':   // SHORT_BINSTRING
      return push({.kind = Kind::text, .text = text(number(1))});
    case 0x8d:  // BINUNICODE8
      return push({.kind = Kind::text, .text = text(number(8))});
    case 'Q':  // BINPERSID
      return make_storage();
    case 'R':  // REDUCE
      return call();
    case 'b':  // BUILD
      return build();
    default:
      refuse_opcode(code);
  }
}

BRINDLE_INLINE std::uint64_t TorchPickle::number(int bytes) {
  if (static_cast<std::size_t>(bytes) > bytes_.size() - at_) fail("the pickle is cut short: the file is damaged");
  std::uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes_[at_ + static_cast<std::size_t>(i)]);
  at_ += static_cast<std::size_t>(bytes);
  return value;
}

BRINDLE_INLINE std::string TorchPickle::text(std::uint64_t bytes) {
  if (bytes > bytes_.size() - at_) fail("a text ends after the end of the pickle: the file is damaged");
  at_ += static_cast<std::size_t>(bytes);
  return std::string(bytes_.substr(at_ - static_cast<std::size_t>(bytes), static_cast<std::size_t>(bytes)));
}

BRINDLE_INLINE std::string TorchPickle::line() {
  const std::size_t end = bytes_.find('\n', at_);
  if (end == std::string_view::npos) fail("the pickle is cut short: the file is damaged");
  std::string found(bytes_.substr(at_, end - at_));
  at_ = end + 1;
  return found;
}

BRINDLE_INLINE void TorchPickle::push(PickleValue value) {
  if (values_.size() == most_values) fail("describes more than " + std::to_string(most_values) + " values");
  stack_.push_back(static_cast<std::uint32_t>(values_.size()));
  values_.push_back(std::move(value));
}

BRINDLE_INLINE std::uint32_t TorchPickle::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("takes a value that is not there: it is damaged");
  const std::uint32_t top = stack_.back();
  stack_.pop_back();
  return top;
}

BRINDLE_INLINE std::vector<std::uint32_t> TorchPickle::pop_to_mark() {
  if (marks_.empty()) fail("takes values that are not there: it is damaged");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  marks_.pop_back();
  std::vector<std::uint32_t> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  return items;
}

BRINDLE_INLINE void TorchPickle::remember(std::uint64_t number) {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("remembers a value that is not there: it is damaged");
  // Values are numbered as they come, so that no number is larger than the pickle is long.
  if (number > bytes_.size()) fail("remembers a value by the number " + std::to_string(number) + ": it is damaged");
  if (number >= memo_.size()) memo_.resize(static_cast<std::size_t>(number) + 1, nothing);
  memo_[static_cast<std::size_t>(number)] = stack_.back();
}

BRINDLE_INLINE void TorchPickle::recall(std::uint64_t number) {
  if (number >= memo_.size() || memo_[static_cast<std::size_t>(number)] == nothing)
    fail("recalls a value that it has not remembered: it is damaged");
  stack_.push_back(memo_[static_cast<std::size_t>(number)]);
}

BRINDLE_INLINE void TorchPickle::add_to_dict(std::uint32_t dict, const std::vector<std::uint32_t>& items) {
  if (values_[dict].kind != Kind::dict || items.size() % 2 != 0) fail("puts items into what is no dict: it is damaged");
  values_[dict].items.insert(values_[dict].items.end(), items.begin(), items.end());
}

BRINDLE_INLINE void TorchPickle::add_to_list(std::uint32_t list, const std::vector<std::uint32_t>& items) {
  if (values_[list].kind != Kind::list) fail("puts items into what is no list: it is damaged");
  values_[list].items.insert(values_[list].items.end(), items.begin(), items.end());
}

BRINDLE_INLINE void TorchPickle::make_global(const std::string& module, const std::string& name) {
  // A text may be recalled as often as a file likes: it is not copied before its length is known.
  if (module.size() > 200 || name.size() > 200) refuse_global(module.substr(0, 200) + "..." + name.substr(0, 200));
  const std::string whole = module + "." + name;
  for (const char* known :
       {"collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.Size"})
    if (whole == known) return push({.kind = Kind::global, .text = whole});
  if (is_torch_storage(whole)) return push({.kind = Kind::global, .text = whole});
  refuse_global(whole);
}

BRINDLE_INLINE void TorchPickle::make_storage() {
  const PickleValue& id = values_[pop()];
  const auto is = [&](std::size_t i, Kind kind) { return values_[id.items[i]].kind == kind; };
  if (id.kind != Kind::tuple || id.items.size() != 5 || !is(0, Kind::text) || !is(1, Kind::global) ||
      !is(2, Kind::text) || !is(3, Kind::text) || !is(4, Kind::number) || values_[id.items[0]].text != "storage" ||
      !is_torch_storage(values_[id.items[1]].text))
    fail("refers to a storage in a way that is not known; expected (\"storage\", type, key, place, elements)");
  if (values_[id.items[2]].text.size() > 200) fail("a storage's key has more than 200 letters");
  const std::int64_t elements = values_[id.items[4]].number;
  if (elements < 0 || elements > (std::int64_t{1} << 48))
    fail("a storage of " + std::to_string(elements) + " elements is not possible");
  PickleValue storage{
      .kind = Kind::storage, .number = elements, .text = values_[id.items[2]].text, .items = {id.items[1]}};
  push(std::move(storage));
}

BRINDLE_INLINE void TorchPickle::call() {
  const std::uint32_t given = pop(), called = pop();
  if (values_[called].kind != Kind::global) fail("calls what is no function: it is damaged");
  const std::string name = values_[called].text;
  if (values_[given].kind != Kind::tuple) fail("calls \"" + name + "\" without a tuple: it is damaged");
  if (values_[given].items.size() > 16) fail("calls \"" + name + "\" with more than 16 arguments: it is damaged");
  const std::vector<std::uint32_t> arguments = values_[given].items;
  const auto is = [&](std::size_t i, Kind kind) { return i < arguments.size() && values_[arguments[i]].kind == kind; };
  if (name == "collections.OrderedDict") {
    if (!arguments.empty()) fail("calls OrderedDict with items, which torch.save does not");
    return push({.kind = Kind::dict});
  }
  if (name == "torch.Size") {
    if (arguments.size() != 1 || !is(0, Kind::tuple)) fail("calls torch.Size without a tuple: it is damaged");
    stack_.push_back(arguments[0]);
    return;
  }
  if (name == "torch._utils._rebuild_parameter") {
    if (!is(0, Kind::tensor)) fail("makes a parameter of what is no tensor: it is damaged");
    stack_.push_back(arguments[0]);
    return;
  }
  if (name == "torch._utils._rebuild_tensor_v2") {
    if (arguments.size() < 6 || !is(0, Kind::storage) || !is(1, Kind::number) || !is(2, Kind::tuple) ||
        !is(3, Kind::tuple))
      fail("describes a tensor in a way that is not known; expected storage, first element, sizes, strides");
    return push({.kind = Kind::tensor, .items = {arguments.begin(), arguments.begin() + 4}});
  }
  fail("calls \"" + name + "\", which is no function");
}

BRINDLE_INLINE void TorchPickle::build() {
  const std::uint32_t state = pop(), object = pop();
  // A state_dict() has its modules' versions as an attribute, "_metadata", which says nothing of the numbers.
  if (values_[object].kind != Kind::dict || values_[state].kind != Kind::dict) refuse_opcode('b');
  stack_.push_back(object);
}

}  // namespace brindle::io::detail
