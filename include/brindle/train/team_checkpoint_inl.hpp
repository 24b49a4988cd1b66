// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what team_checkpoint.hpp declares.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_checkpoint.hpp"

namespace brindle::detail {

/// What a run remembers, as one row of bytes for another process on the same kind of machine.
class StateBytes final : public RunState {
 public:
  StateBytes() = default;  ///< saves
  /// Restores from what bytes() gave.
  explicit StateBytes(const std::string& bytes) : restoring_(true) {
    for (std::size_t at = 0; at < bytes.size();) {
      const std::string name = text(bytes, at), shape = text(bytes, at);
      entries_[name] = {shape, text(bytes, at)};
    }
  }

  std::string bytes() const {
    std::string all;
    for (const auto& [name, e] : entries_)
      for (const std::string* part : {&name, &e.shape, &e.elements}) {
        const std::uint64_t length = part->size();
        all.append(reinterpret_cast<const char*>(&length), sizeof length);
        all += *part;
      }
    return all;
  }

  bool restoring() const override { return restoring_; }
  void same(const std::string&, const std::string&) override {}
  Shape saved_shape(const std::string& name) const override {
    const std::string& sizes = entry(name).shape;
    std::vector<std::int64_t> numbers(sizes.size() / sizeof(std::int64_t));
    if (!numbers.empty()) std::memcpy(numbers.data(), sizes.data(), sizes.size());
    return Shape(numbers.begin(), numbers.end());
  }

 protected:
  void array(const std::string& name, const Shape& shape, std::span<float> e) override { pass(name, shape, e); }
  void array(const std::string& name, const Shape& shape, std::span<double> e) override { pass(name, shape, e); }
  void array(const std::string& name, const Shape& shape, std::span<std::int64_t> e) override { pass(name, shape, e); }

 private:
  struct Entry {
    std::string shape, elements;
  };

  static std::string text(const std::string& bytes, std::size_t& at) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, sizeof length);
    at += sizeof length + length;
    return bytes.substr(at - length, length);
  }

  const Entry& entry(const std::string& name) const {
    const auto found = entries_.find(prefix() + name);
    if (found == entries_.end())
      raise<ValueError>("fit: process 0 has restored no \"" + prefix() + name +
                        "\" from its checkpoint; give fit() the same callbacks in all processes");
    return found->second;
  }

  template <class E>
  void pass(const std::string& name, const Shape& shape, std::span<E> elements) {
    if (restoring_) {
      const Entry& e = entry(name);
      if (e.elements.size() != elements.size_bytes())
        raise<ValueError>("fit: \"" + prefix() + name + "\" of process 0 has " + std::to_string(e.elements.size()) +
                          " bytes, here it has " + std::to_string(elements.size_bytes()));
      if (!elements.empty()) std::memcpy(elements.data(), e.elements.data(), e.elements.size());
      return;
    }
    Entry& e = entries_[prefix() + name] = {};
    for (int i = 0; i < shape.rank(); ++i) {
      const std::int64_t size = shape[i];
      e.shape.append(reinterpret_cast<const char*>(&size), sizeof size);
    }
    e.elements.assign(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  }

  bool restoring_ = false;
  std::map<std::string, Entry> entries_;
};

BRINDLE_INLINE bool TeamCheckpoint::begin() {
  return team_->any_of([&] { return team_->first() && file_->begin(); });
}

BRINDLE_INLINE void TeamCheckpoint::restore(Visit run) {
  std::string bytes;
  team_->together([&] {
    if (!team_->first()) return;
    file_->restore(run);
    StateBytes state;
    run(state);
    bytes = state.bytes();
  });
  team_->broadcast(bytes);
  team_->together([&] {
    if (team_->first()) return;
    StateBytes state(bytes);
    run(state);
  });
}

BRINDLE_INLINE bool TeamCheckpoint::due(bool epoch_ended) const {
  return team_->any_of([&] { return team_->first() && file_->due(epoch_ended); });  // by the clock of process 0
}

BRINDLE_INLINE void TeamCheckpoint::save(const std::string& where, Visit run) {
  team_->together([&] {
    if (team_->first()) file_->save(where, run);
  });
}

}  // namespace brindle::detail
