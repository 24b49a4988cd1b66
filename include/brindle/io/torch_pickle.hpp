// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brindle::io::detail {

/// A value of a pickle. Others are named by their numbers in TorchPickle::values, so that nothing is copied or freed
/// deep, whatever a file puts into itself.
struct PickleValue {
  enum class Kind { none, boolean, number, real, text, tuple, list, dict, global, storage, tensor };
  Kind kind = Kind::none;
  std::int64_t number = 0;  ///< of a number; 0 or 1 of a boolean; elements of a storage
  double real = 0;
  std::string text = {};                  ///< of a text; "torch.FloatStorage" of a global; the key of a storage
  std::vector<std::uint32_t> items = {};  ///< of tuples and lists; of a dict keys and values in turn
};

/// The values that a pickle by torch.save describes: numbers, texts, lists and dicts, and of PyTorch storages and
/// tensors, which are a dict of names in the end. A pickle is a program for a machine with a stack; here it may build
/// these values and nothing else, and nothing of the file is ever run.
///
/// A storage's items are its type, a global; a tensor's the storage, the first element, sizes and strides. Source:
/// Python's pickletools.py; torch/serialization.py and torch/_utils.py of PyTorch 2.
class TorchPickle {
 public:
  static constexpr std::size_t most_bytes = std::size_t{1} << 26;   ///< of a pickle
  static constexpr std::size_t most_values = std::size_t{1} << 21;  ///< that a pickle makes
  static constexpr std::size_t most_depth = 1000;                   ///< of lists that are begun and not ended

  /// path: what errors begin with. Throws FileError for what is damaged, and for every global and opcode that may do
  /// more, by its name.
  TorchPickle(std::string path, std::string_view bytes);

  const PickleValue& root() const { return values_[root_]; }                        ///< what the pickle describes
  const PickleValue& value(std::uint32_t number) const { return values_[number]; }  ///< one of those inside it

 private:
  using Kind = PickleValue::Kind;

  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void refuse_opcode(unsigned char code) const;
  [[noreturn]] void refuse_global(const std::string& name) const;

  void run();
  void step(unsigned char code);
  std::uint64_t number(int bytes);
  std::string text(std::uint64_t bytes);
  std::string line();
  void push(PickleValue value);
  std::uint32_t pop();
  std::vector<std::uint32_t> pop_to_mark();
  void remember(std::uint64_t number);
  void recall(std::uint64_t number);
  void add_to_dict(std::uint32_t dict, const std::vector<std::uint32_t>& items);
  void add_to_list(std::uint32_t list, const std::vector<std::uint32_t>& items);
  void make_global(const std::string& module, const std::string& name);
  void make_storage();
  void call();
  void build();

  std::string path_;
  std::string_view bytes_;
  std::size_t at_ = 0;      // of the next opcode or its argument
  std::size_t opcode_ = 0;  // where the one at work stands
  std::vector<PickleValue> values_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  static constexpr std::uint32_t nothing = ~std::uint32_t{0};
  std::vector<std::uint32_t> memo_;  // nothing: no value has this number
  std::uint32_t root_ = 0;
};

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/torch_pickle_inl.hpp"
#endif
