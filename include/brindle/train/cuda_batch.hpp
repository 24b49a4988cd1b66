// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "brindle/core/cuda.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/cuda_augmented.hpp"
#include "brindle/data/source.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/train/batch.hpp"

namespace brindle::detail {
inline namespace BRINDLE_CUDA_UNIT {

/// A moment in the work of a context that the processor can wait for. Its end waits for it, so that what stands in
/// front of an event in a class goes when the GPU has done with it.
class CudaEvent {
 public:
  CudaEvent() { BRINDLE_CUDA_CHECK(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming)); }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;
  ~CudaEvent() {
    static_cast<void>(cudaEventSynchronize(event_));
    static_cast<void>(cudaEventDestroy(event_));
  }

  /// Marks the end of the work that `on` has been given.
  void record(const Cuda& on) { BRINDLE_CUDA_CHECK(cudaEventRecord(event_, on.stream())); }
  /// Returns at once if it was never recorded.
  void wait() const { BRINDLE_CUDA_CHECK(cudaEventSynchronize(event_)); }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace BRINDLE_CUDA_UNIT

/// The buffers of one batch that is made by the processor and learned by a GPU: pinned ones, two of each, so that the
/// next batch is written while the one before is copied, and those of the GPU, which never move.
template <class T>
class Batch<T, Cuda> {
 public:
  /// As of the Batch of the processor, with room on the GPU as well.
  void resize(std::int64_t n, const Shape& input, const Shape& output) {
    if (shape_ == input.batch(n) && probabilities_.shape() == output.batch(n)) return;
    shape_ = input.batch(n);
    most_labels_ = std::max<std::int64_t>(output.size(), 1);
    x_ = Tensor<T, Cuda>::uninitialized(shape_);
    labels_ = Tensor<T, Cuda>::uninitialized({n, most_labels_});
    weight_ = Tensor<T, Cuda>::uninitialized({n});
    each_ = Tensor<T, Cuda>::uninitialized({n});
    probabilities_ = Tensor<T, Cuda>::uninitialized(output.batch(n));
    for (Staging& s : staging_) {
      s.copied.wait();
      s.x = PinnedArray<T>(shape_.size());
      s.labels = PinnedArray<T>(n * most_labels_);
      s.weight = PinnedArray<T>(n);
    }
    read_each_ = PinnedArray<T>(n);
    read_probabilities_ = PinnedArray<T>(probabilities_.size());
    draws_.reserve(static_cast<std::size_t>(n));
  }

  /// Of samples that the GPU makes by itself nothing is read ahead.
  const data::Source& read_ahead(const data::Source& source) {
    if (!dynamic_cast<const data::CudaSource*>(&source)) return source;
    return unread_.emplace(source);
  }

  /// As of the Batch of the processor, into pinned buffers that no copy is reading.
  /// @{
  void read(const Cpu& host, const data::Source& source, std::span<const std::int64_t> rows, std::int64_t time = 0) {
    draws_.clear();
    for (const std::int64_t row : rows) draws_.push_back({row, static_cast<std::uint64_t>(row + time * source.size())});
    const auto n = static_cast<std::int64_t>(rows.size());
    Staging& s = next();
    made_there_ = dynamic_cast<const data::CudaSource*>(&source);
    if (!made_there_) source.read(host, draws_, TensorView<T>{s.x.data(), shape_.sample().batch(n)});
    take_labels(source, draws_);
  }

  void borrow(TensorView<const T> x, const data::Source& source, std::span<const data::Draw> draws) {
    Staging& s = next();
    made_there_ = dynamic_cast<const data::CudaSource*>(&source);
    if (made_there_)
      draws_.assign(draws.begin(), draws.end());
    else
      std::memcpy(s.x.data(), x.data, static_cast<std::size_t>(x.size()) * sizeof(T));
    take_labels(source, draws);
  }

  void write(TensorView<const T> x, TensorView<const float> labels) {
    Staging& s = next();
    made_there_ = nullptr;
    std::memcpy(s.x.data(), x.data, static_cast<std::size_t>(x.size()) * sizeof(T));
    label_count_ = labels.shape.sample().size();
    for (std::int64_t i = 0; i < labels.size(); ++i) s.labels.data()[i] = static_cast<T>(labels.data[i]);
  }

  /// Where the processor writes the weights before upload().
  TensorView<T> weight(std::int64_t n) { return {now().weight.data(), {n}}; }

  /// @}
  /// Starts the copies to the GPU.
  void upload(const Cuda& on, std::int64_t n, bool with_weights) {
    Staging& s = now();
    const auto bytes = [](std::int64_t count) { return static_cast<std::size_t>(count) * sizeof(T); };
    if (made_there_)
      made_there_->read(on, draws_, {x_.data(), shape_.sample().batch(n)});
    else
      copy_in_background(on, x_.data(), s.x.data(), bytes(n * shape_.sample().size()));
    copy_in_background(on, labels_.data(), s.labels.data(), bytes(n * label_count_));
    if (with_weights) copy_in_background(on, weight_.data(), s.weight.data(), bytes(n));
    s.copied.record(on);
  }

  /// On the GPU, after upload(): x (n, input), labels (n, L), weights (n) and losses (n).
  /// @{
  TensorView<const T, Cuda> x(std::int64_t n) const { return {x_.data(), shape_.sample().batch(n)}; }
  TensorView<const T, Cuda> labels(std::int64_t n) const { return {labels_.data(), {n, label_count_}}; }
  TensorView<const T, Cuda> loss_weight(std::int64_t n) const { return {weight_.data(), {n}}; }
  TensorView<T, Cuda> each(std::int64_t n) { return each_.view().slice(0, n); }
  /// @}

  /// What the processor reads. These wait for the GPU.
  /// @{
  TensorView<const T> read_labels(std::int64_t n) { return {now().labels.data(), {n, label_count_}}; }
  TensorView<const T> read_each(const Cuda& on, std::int64_t n) {
    return read_back(on, each_.view().slice(0, n), read_each_);
  }
  TensorView<const T> read_probabilities(const Cuda& on, TensorView<const T, Cuda> y, ActivationFunction f) {
    const TensorView<T, Cuda> p = probabilities_.view().slice(0, y.shape[0]);
    ops::activate<T>(on, f, y, p);
    return read_back(on, p, read_probabilities_);
  }
  /// @}

 private:
  struct Staging {
    PinnedArray<T> x, labels, weight;
    CudaEvent copied;
  };

  Staging& now() { return staging_[current_]; }
  Staging& next() {
    current_ = 1 - current_;
    now().copied.wait();
    return now();
  }

  void take_labels(const data::Source& source, std::span<const data::Draw> draws) {
    label_count_ = source.labels().shape.sample().size();
    const auto n = static_cast<std::int64_t>(draws.size());
    drawn_labels_.resize(static_cast<std::size_t>(n * label_count_));
    source.read_labels(draws, {drawn_labels_.data(), {n, label_count_}});
    T* to = now().labels.data();
    for (const float label : drawn_labels_) *to++ = static_cast<T>(label);
  }

  static TensorView<const T> read_back(const Cuda& on, TensorView<T, Cuda> from, PinnedArray<T>& to) {
    copy_in_background(on, to.data(), from.data, static_cast<std::size_t>(from.size()) * sizeof(T));
    on.wait();
    return {to.data(), from.shape};
  }

  Shape shape_;  // of the largest batch
  std::int64_t most_labels_ = 1, label_count_ = 1;
  std::vector<float> drawn_labels_;
  Tensor<T, Cuda> x_, labels_, weight_, each_, probabilities_;
  Staging staging_[2];
  std::size_t current_ = 0;
  PinnedArray<T> read_each_, read_probabilities_;
  std::vector<data::Draw> draws_;
  const data::CudaSource* made_there_ = nullptr;  // makes the samples of draws_ on the GPU; null: they are in staging
  std::optional<data::internal::CudaUnread> unread_;
};

}  // namespace brindle::detail
