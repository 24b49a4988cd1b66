// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_graph.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/core/cuda_step.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/cuda_kernels.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/train/cuda_batch.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/update_rules.hpp"

// What training steps that are recorded as CUDA graphs read and leave in the GPU's memory.
namespace brindle::detail {
inline namespace BRINDLE_CUDA_UNIT {

/// What differs from step to step: the number of the step, the learning rate.
class CudaStepNumbers {
 public:
  CudaStepNumbers() : numbers_({1}) {
    for (Staging& s : staging_) s.numbers = PinnedArray<StepNumbers>(1);
  }

  /// Where steps read them.
  const StepNumbers* data() const { return numbers_.data(); }

  /// For step number `step`, 0 for the first, behind the work that `on` has been given.
  template <class T>
  void set(const Cuda& on, const Optimizer<T, Cuda>& optimizer, const UpdateRules& updates, std::int64_t step) {
    Staging& s = staging_[current_ = 1 - current_];
    s.copied.wait();
    *s.numbers.data() = {.learning_rate = optimizer.step_rate(updates.updates(step) + 1),
                         .step = static_cast<std::uint32_t>(step),
                         .decay = optimizer.step_decay()};
    copy_in_background(on, numbers_.data(), s.numbers.data(), sizeof(StepNumbers));
    s.copied.record(on);
  }

 private:
  struct Staging {
    PinnedArray<StepNumbers> numbers;
    CudaEvent copied;
  };

  Tensor<StepNumbers, Cuda> numbers_;
  Staging staging_[2];
  std::size_t current_ = 0;
};

/// Loss and accuracy, which steps add up and the processor reads when somebody asks.
class CudaStepSums {
 public:
  /// Several sums that are read together.
  explicit CudaStepSums(std::int64_t count = 1) : sums_({count}), read_(count) {}

  /// Number i of them, on the GPU.
  StepSums* at(std::int64_t i = 0) { return sums_.data() + i; }

  /// From 0 again: an epoch begins.
  void clear(const Cuda& on) {
    BRINDLE_CUDA_CHECK(cudaMemsetAsync(sums_.data(), 0, sums_.bytes(), on.stream()));
    last_read_ = {};  // the first step's figures are shown at once
  }

  /// Whether it is time to look again: ten times a second is as often as a progress line changes.
  bool due() const { return Clock::now() - last_read_ > std::chrono::milliseconds(100); }

  /// All of them since clear(); waits for the steps that were started.
  std::span<StepSums> read(const Cuda& on) {
    copy_in_background(on, read_.data(), sums_.data(), sums_.bytes());
    on.wait();
    last_read_ = Clock::now();
    return {read_.data(), static_cast<std::size_t>(read_.size())};
  }

  /// Throws NumericsError, beginning with `who`, if a loss was not finite by step number `step`.
  static void expect_finite(const std::string& who, const StepSums& s, std::int64_t step) {
    if (std::isfinite(s.loss)) return;
    detail::raise<NumericsError>(
        who + ": the loss is " + detail::number_text(s.loss / s.samples) + " by step " + std::to_string(step) +
        "; use a smaller learning_rate, or check the data. On a GPU the loss is looked at every tenth of a second, "
        "so the weights have been changed since; on the Cpu, or with Cuda::Options::record_steps off and one step an "
        "epoch, training stops at the step itself");
  }

 private:
  using Clock = std::chrono::steady_clock;

  Tensor<StepSums, Cuda> sums_;
  PinnedArray<StepSums> read_;
  Clock::time_point last_read_ = {};
};

/// Work that is done again and again, the first time as it is, since libraries load their kernels then, which cannot be
/// recorded; the second time it is recorded, and replayed from then on.
class RecordedWork {
 public:
  /// Does it. work() is the same each time; see CudaGraph::record().
  template <class Work>
  void run(const Cuda& on, const Work& work) {
    if (!on.options().record_steps || !warm_) {
      work();
      warm_ = true;
      return;
    }
    if (!graph_.recorded()) graph_.record(on, work);
    graph_.replay(on);
  }

 private:
  bool warm_ = false;
  CudaGraph graph_;
};

}  // namespace BRINDLE_CUDA_UNIT

/// What a batch adds to the sums of loss and accuracy, once its outputs y and its losses are there. correct: room for a
/// number for each sample. penalty: of the weights, or null.
template <class T>
void add_to_sums(const Cuda& on, Batch<T, Cuda>& batch, const OutputRules& rules, TensorView<const T, Cuda> y,
                 TensorView<const T, Cuda> weight, T* correct, const double* penalty, StepSums* sums) {
  const std::int64_t n = y.shape[0];
  const TensorView<const T, Cuda> labels = batch.labels(n);
  launch(on, n,
         CorrectSample<T>{y.data, labels.data, correct, y.shape.sample().size(), labels.shape.sample().size(),
                          rules.each_output() ? 1 : y.shape.back(), rules.left_out() == ActivationFunction::sigmoid,
                          rules.template threshold<T>()});
  launch(on, 1, AddToSums<T>{batch.each(n).data, weight.data, correct, penalty, n, sums});
}

}  // namespace brindle::detail
