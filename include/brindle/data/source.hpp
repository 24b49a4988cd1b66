// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture_input.hpp"

namespace brindle::data {

/// One use of one sample. `use` tells its uses apart (the trainer counts every sample it takes), so that a random
/// transform draws the same numbers on whatever thread, in whatever order, and in a resumed run.
struct Draw {
  std::int64_t row = 0;   ///< of the source, from 0
  std::uint64_t use = 0;  ///< names the random draw
};

/// Samples with labels, in a fixed order. What the trainer reads from.
class Source {
 public:
  virtual ~Source() = default;

  /// Number of samples.
  virtual std::int64_t size() const = 0;

  /// Shape of one sample, (H, W, C) for pictures.
  virtual Shape sample_shape() const = 0;

  /// (size(), 1): 0 or 1, or the number of the class; (size(), K) where a sample has K targets.
  virtual TensorView<const float> labels() const = 0;

  /// Names of the classes by number; empty if they have none.
  virtual std::vector<std::string> class_names() const { return {}; }

  /// How a picture becomes a sample: what a saved model needs to know, and what other data are compared by. None for
  /// samples that are no pictures, or whose making is not known.
  virtual std::optional<PictureInput> picture_input() const { return std::nullopt; }

  /// The random changes of samples at each use with their seed, exact: equal texts, equal changes. Empty: there are
  /// none.
  virtual std::string augmentation() const { return {}; }

  /// Whether a use of a sample is mixed with others of its batch, as by Mixed: its label is then the one of
  /// read_labels(), and not the row of labels().
  virtual bool mixes() const { return false; }

  /// A checksum that tells the samples from others of the same number and labels, for runs that go on: here of the
  /// names and of 64 samples spread over all, uses 0 to 63.
  virtual std::string fingerprint(const Cpu& on) const;

  /// Of what the samples are called, without the folders that they lie in.
  Checksum names_checksum() const;

  /// What a message calls sample `row`: its file, or its number.
  virtual std::string describe(std::int64_t row) const;

  /// Writes the labels of uses of samples, here the rows of labels(). Of samples that are mixed those of the mixture;
  /// draws are then those of one whole batch.
  ///
  ///     t (draws.size(), labels().shape[1])
  virtual void read_labels(std::span<const Draw> draws, TensorView<float> t) const;

  /// Writes the samples as the network takes them.
  ///
  ///     x (draws.size(), sample_shape())
  ///
  /// Called from one thread at a time or from several; uses the threads of `on`.
  virtual void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const = 0;

  /// The same in double, from the float values.
  virtual void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const;
};

namespace internal {
/// Throws ValueError, beginning with `who`, for a source that mixes samples, where each is to be one with its label.
void expect_unmixed(const std::string& who, const Source& source);
}  // namespace internal

/// A source that an option names, or none. The source must outlive the call that the option is for.
class SourceRef {
 public:
  SourceRef() = default;
  SourceRef(const Source& source) : source_(&source) {}  ///< not copied

  /// Whether there is one; only then may it be used.
  /// @{
  explicit operator bool() const { return source_ != nullptr; }
  const Source& operator*() const { return *source_; }
  const Source* operator->() const { return source_; }
  /// @}

 private:
  const Source* source_ = nullptr;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/source_inl.hpp"
#endif
