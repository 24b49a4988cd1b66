// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle::detail {

/// The buffers of one batch: samples, labels and weights as they were read, and what the loss and the metrics leave.
/// They are taken once, by resize() and the first read() or write(); smaller batches use parts.
template <class T, class Device>
class Batch {
  static_assert(std::is_same_v<Device, Cpu>, "to train on a GPU include brindle/cuda.hpp");

 public:
  /// Room for n samples of shape input, whose outputs have shape output and whose labels at most as many entries.
  void resize(std::int64_t n, const Shape& input, const Shape& output);

  /// The source whose batches are read ahead for borrow().
  const data::Source& read_ahead(const data::Source& source) { return source; }

  /// Reads samples `rows` of the source with their labels, to look at: the use of each is its row, and size() more for
  /// each time that they were read before.
  void read(const Cpu& on, const data::Source& source, std::span<const std::int64_t> rows, std::int64_t time = 0);

  /// Takes samples that have been read, without a copy, and their labels. x (draws.size(), input)
  void borrow(TensorView<const T> x, const data::Source& source, std::span<const data::Draw> draws);

  /// Copies a batch that the caller made. x (n, input), labels (n, L).
  void write(TensorView<const T> x, TensorView<const float> labels);

  /// (n, input): the first n samples.
  TensorView<const T, Device> x(std::int64_t n) const { return current_.slice(0, n); }
  /// (n, L).
  TensorView<const T, Device> labels(std::int64_t n) const { return {label_room_.data(), {n, label_count_}}; }
  TensorView<T> weight(std::int64_t n) { return weight_.view().slice(0, n); }  ///< (n): to be written by the trainer
  /// Brings what was read or written to the device: nothing to do on the Cpu.
  void upload(const Device&, std::int64_t, bool) {}
  /// Loss of each sample.
  TensorView<T, Device> each(std::int64_t n) { return each_.view().slice(0, n); }

  /// Labels and losses where the processor can read them.
  /// @{
  TensorView<const T> read_labels(std::int64_t n) const { return labels(n); }
  TensorView<const T> read_each(const Device&, std::int64_t n) { return each(n); }
  /// @}
  /// Outputs as probabilities: y after the activation that the loss had taken over.
  TensorView<const T> read_probabilities(const Device& on, TensorView<const T, Device> y, ActivationFunction f);

 private:
  TensorView<T> room();

  Shape shape_;  // of the largest batch
  Tensor<T> x_;  // empty until samples are read or written here
  TensorView<const T> current_;
  Tensor<T> label_room_, weight_, each_, probabilities_;
  std::int64_t label_count_ = 1;
  std::vector<float> drawn_labels_;
  std::vector<data::Draw> draws_;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/batch_inl.hpp"
#endif
