// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what checkpoint.hpp declares.
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/checksum.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/path_of.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle::detail {

/// Puts what a run remembers into a safetensors file: numbers and tensors as tensors, texts into the metadata. Large
/// arrays are not copied and must stay until write().
class CheckpointWriter final : public RunState {
 public:
  bool restoring() const override { return false; }
  void same(const std::string& name, const std::string& text) override { metadata_["same/" + prefix() + name] = text; }
  void computed_by(const std::string& name, const std::string& text) override {
    metadata_["computed_by/" + name] = text;
  }
  Shape saved_shape(const std::string& name) const override {
    raise<ValueError>("checkpoint: \"" + name + "\" is being saved, not restored");
  }

  void write(const std::filesystem::path& path, const std::string& where) {
    metadata_["brindle_checkpoint"] = checkpoint_version;
    metadata_["where"] = where;
    Checksum sum;
    for (const auto& [key, text] : metadata_) sum.add(key + "=" + text + "\n");
    for (const auto& e : entries_) {  // as the file holds them
      LittleEndianBytes numbers;
      sum.add(numbers.of(e.data, static_cast<std::size_t>(e.bytes),
                         static_cast<std::size_t>(io::detail::safetensors_element(e.dtype))));
    }
    metadata_["checksum"] = sum.text();
    io::write_safetensors(path, entries_, metadata_, {.sync = true, .keep_previous = true});
  }

 protected:
  void array(const std::string& name, const Shape& shape, std::span<float> e) override { add(name, "F32", shape, e); }
  void array(const std::string& name, const Shape& shape, std::span<double> e) override { add(name, "F64", shape, e); }
  void array(const std::string& name, const Shape& shape, std::span<std::int64_t> e) override {
    add(name, "I64", shape, e);
  }

 private:
  template <class E>
  void add(const std::string& name, const char* dtype, const Shape& shape, std::span<E> elements) {
    const void* data = elements.data();
    if (elements.size_bytes() <= 64 || passing()) {
      std::vector<char>& copy = copies_.emplace_back(elements.size_bytes());
      if (!copy.empty()) std::memcpy(copy.data(), data, copy.size());
      data = copy.data();
    }
    entries_.push_back({prefix() + name, dtype, shape, data, static_cast<std::int64_t>(elements.size_bytes())});
  }

  std::map<std::string, std::string> metadata_;
  std::vector<io::SafetensorsEntry> entries_;
  std::deque<std::vector<char>> copies_;
};

/// Compares what must be the same in a run that goes on, and restores nothing.
class CheckpointComparison final : public RunState {
 public:
  /// metadata: of the checkpoint.
  explicit CheckpointComparison(const std::map<std::string, std::string>& metadata) {
    for (const auto& [key, text] : metadata)
      if (key.starts_with("same/")) saved_[key.substr(5)] = text;
    for (const auto& [key, text] : metadata)
      if (key.starts_with("computed_by/")) computed_by_[key.substr(12)] = text;
  }
  bool restoring() const override { return false; }
  void same(const std::string& name, const std::string& text) override {
    const auto found = saved_.find(prefix() + name);
    if (found == saved_.end() && name == validation_labels) return;  // checkpoints did not say them at first
    const std::string saved = found == saved_.end() ? "(none)" : found->second;
    if (saved != text)
      differences_ += "its " + prefix() + name + " is " + shown(saved) + ", here it is " + shown(text) + "; ";
    if (found != saved_.end()) saved_.erase(found);
  }
  void computed_by(const std::string& name, const std::string& text) override {
    const auto found = computed_by_.find(name);
    if (found != computed_by_.end() && found->second != text)
      other_bits_ = "the " + name + " was " + found->second + " and is " + text +
                    " now: what follows differs in its last bits from a run that did not stop";
  }
  Shape saved_shape(const std::string&) const override { return {}; }

  /// A line for the user if the run goes on with other bits, else empty.
  const std::string& other_bits() const { return other_bits_; }

  /// Throws ValueError with all differences, if there is one.
  void finish(const std::string& path) {
    for (const auto& [name, text] : saved_) differences_ += "its " + name + " is " + text + ", here there is none; ";
    if (!differences_.empty())
      raise<ValueError>(path + ": belongs to another run: " + differences_ +
                        "go on with the same, or begin anew with another file or without resume");
  }

 protected:
  void array(const std::string&, const Shape&, std::span<float>) override {}
  void array(const std::string&, const Shape&, std::span<double>) override {}
  void array(const std::string&, const Shape&, std::span<std::int64_t>) override {}

 private:
  // What is a list, or may be left out, is none where it is empty.
  static std::string shown(const std::string& text) {
    const std::size_t end = text.find_last_not_of(' ') + 1;
    return end == 0 ? "none" : text.substr(0, end);
  }

  std::map<std::string, std::string> saved_, computed_by_;
  std::string differences_, other_bits_;
};

/// Reads it again. The file is checked as a whole when it is opened.
class CheckpointReader final : public RunState {
 public:
  /// Throws FileError, the path first, if it is missing, damaged, no checkpoint or of a later version.
  explicit CheckpointReader(const std::filesystem::path& path) : file_(path) {
    const auto version = file_.metadata().find("brindle_checkpoint"), sum = file_.metadata().find("checksum");
    if (version == file_.metadata().end() || sum == file_.metadata().end())
      raise<FileError>(file_.path() + ": is no checkpoint of a training run");
    if (version->second != checkpoint_version)
      raise<FileError>(file_.path() + ": is of version " + version->second + " of the format, this library reads " +
                       checkpoint_version);
    if (checksum() != sum->second)
      raise<FileError>(file_.path() + ": is damaged: its checksum is not that of its bytes");
  }

  const std::string& path() const { return file_.path(); }
  const std::map<std::string, std::string>& metadata() const { return file_.metadata(); }
  std::string where() const { return file_.metadata().at("where"); }

  bool restoring() const override { return true; }
  void same(const std::string&, const std::string&) override {}  // compared before
  Shape saved_shape(const std::string& name) const override { return file_.entry(prefix() + name).shape; }

 protected:
  void array(const std::string& name, const Shape& shape, std::span<float> e) override { read(name, shape, e); }
  void array(const std::string& name, const Shape& shape, std::span<double> e) override { read(name, shape, e); }
  void array(const std::string& name, const Shape& shape, std::span<std::int64_t> e) override { read(name, shape, e); }

 private:
  template <class E>
  void read(const std::string& name, const Shape& shape, std::span<E> elements) {
    if (!file_.contains(prefix() + name))
      raise<FileError>(file_.path() + ": has no \"" + prefix() + name +
                       "\"; it was saved with other callbacks: give fit() the same ones in the same order");
    file_.read_into<E>(prefix() + name, TensorView<E>(elements.data(), shape));
  }

  std::string checksum() const {
    Checksum sum;
    for (const auto& [key, text] : file_.metadata())
      if (key != "checksum") sum.add(key + "=" + text + "\n");
    std::ifstream in(path_of(file_.path()), std::ios::binary);
    std::uint64_t header = 0;
    in.read(reinterpret_cast<char*>(&header), 8);
    swap_little_endian(&header, 8, 8);
    in.seekg(static_cast<std::streamoff>(8 + header));
    std::vector<char> piece(1 << 20);
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
      sum.add({piece.data(), static_cast<std::size_t>(in.gcount())});
    return sum.text();
  }

  io::SafetensorsFile file_;
};

class CheckpointFile final : public CheckpointStore {
 public:
  CheckpointFile(std::filesystem::path path, CheckpointOptions options)
      : path_(std::move(path)), options_(std::move(options)) {
    if (!(options_.every_seconds >= 0) || !std::isfinite(options_.every_seconds))
      raise<ValueError>("checkpoint: every_seconds must be at least 0, got " + std::to_string(options_.every_seconds));
  }

  bool begin() override {
    check_writable(path_);
    remove_unfinished(path_);
    last_ = Clock::now();
    std::error_code ignored;
    const std::filesystem::path previous = previous_file(path_);
    const bool newest = std::filesystem::exists(path_, ignored), older = std::filesystem::exists(previous, ignored);
    if (!options_.resume) {
      if (newest)
        tell(path_.string() + " of an earlier run will be replaced; to go on with that run, stop this one and resume");
      return false;
    }
    if (!newest && !older) {
      tell("there is no " + path_.string() + " to resume from: the run begins anew");
      return false;
    }
    try {
      reader_.emplace(path_);
    } catch (const FileError& e) {
      if (!older) throw;
      reader_.emplace(previous);
      // It must not take the good one's place when the next checkpoint is written, and may still be wanted.
      const std::filesystem::path aside = file_beside(path_, ".damaged");
      std::filesystem::rename(path_, aside, ignored);
      tell(std::string(e.what()) + "; going on from the one before, " + previous.string() +
           "; the damaged one is kept as " + aside.string());
    }
    return true;
  }

  void restore(Visit run) override {
    CheckpointComparison comparison(reader_->metadata());
    run(comparison);
    comparison.finish(reader_->path());
    run(*reader_);
    tell("going on from " + reader_->path() + ": " + reader_->where());
    if (!comparison.other_bits().empty()) tell(comparison.other_bits());
    reader_.reset();
  }

  bool due(bool epoch_ended) const override {
    if (options_.every_seconds == 0) return epoch_ended;
    return std::chrono::duration<double>(Clock::now() - last_).count() >= options_.every_seconds;
  }

  void save(const std::string& where, Visit run) override {
    CheckpointWriter writer;
    run(writer);
    writer.write(path_, where);
    last_ = Clock::now();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void tell(const std::string& line) const {
    if (options_.tell) options_.tell(line);
  }

  std::filesystem::path path_;
  CheckpointOptions options_;
  std::optional<CheckpointReader> reader_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE std::shared_ptr<CheckpointStore> checkpoint(const std::filesystem::path& path,
                                                           const CheckpointOptions& options) {
  return std::make_shared<detail::CheckpointFile>(path, options);
}

}  // namespace brindle
