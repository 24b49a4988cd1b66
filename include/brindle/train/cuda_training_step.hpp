// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "brindle/core/cuda.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/cuda_kernels.hpp"
#include "brindle/nn/cuda_parameter_addresses.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/cuda_batch.hpp"
#include "brindle/train/cuda_step_memory.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/trainer.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_penalty.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle::detail {

/// Runs training steps on a GPU without waiting for them. The first step of a batch size runs as it is; the second is
/// recorded as a CUDA graph, which is replayed from then on: what differs from step to step (its number, the learning
/// rate) lies in the GPU's memory. Loss and accuracy are summed there and read when somebody asks.
template <class T>
class TrainingStep<T, Cuda> {
 public:
  /// Nothing recorded, sums 0.
  explicit TrainingStep(const Cuda& on) : on_(on.with_step(numbers_.data())) {}

  /// The context in which the plan of the step must work.
  const Cuda& device() const { return on_; }

  /// Forgets the recordings: of a plan that is gone, or of batches of other sizes.
  void reset(std::int64_t batch) {
    graphs_.clear();
    correct_ = Tensor<T, Cuda>::uninitialized({batch});
  }

  using Parts = StepParts<T, Cuda>;  ///< what a step reads and changes

  /// Starts step number `step`, 0 for the first, on n samples of the batch. outputs_seen: the outputs need not be
  /// looked at (any more). Throws what the loss says of outputs that it cannot mean, before a weight has changed.
  void run(const Parts& p, std::int64_t n, bool with_weights, std::int64_t step, const StepNames& names,
           bool& outputs_seen) {
    if (!outputs_seen) {
      p.batch.upload(on_, n, with_weights);
      const TensorView<T, Cuda> y = p.plan.forward(p.batch.x(n), static_cast<std::uint32_t>(step));
      p.loss.check_outputs(names.who, p.rules.last, p.batch.read_probabilities(on_, y, p.rules.left_out()));
      outputs_seen = true;
    }
    numbers_.set(on_, p.optimizer, p.updates, step);
    p.batch.upload(on_, n, with_weights);
    if (addresses_.moved(std::as_const(p.model).layers())) graphs_.clear();
    graphs_[{n, with_weights, p.batch.labels(n).size(), p.updates.kind(step)}].run(
        on_, [&] { work(p, n, with_weights, step); });
  }

  /// Loss and accuracy are summed from 0 again: an epoch begins.
  void clear_sums() { sums_.clear(on_); }

  /// As CudaStepSums::due().
  bool due() const { return sums_.due(); }

  /// The sums since clear_sums(); waits for the steps that were started. Throws NumericsError, beginning with `who`, if
  /// a loss was not finite.
  StepSums sums(const std::string& who, std::int64_t step) {
    const StepSums s = sums_.read(on_).front();
    CudaStepSums::expect_finite(who, s, step);
    return s;
  }

 private:
  void work(const Parts& p, std::int64_t n, bool with_weights, std::int64_t step) {
    const TensorView<T, Cuda> y = p.plan.forward(p.batch.x(n), static_cast<std::uint32_t>(step));
    const TensorView<const T, Cuda> weight = with_weights ? p.batch.loss_weight(n) : TensorView<const T, Cuda>{};
    p.loss(on_, p.rules.logits, y, p.batch.labels(n), weight, p.batch.each(n), p.plan.output_gradient());
    penalty_.compute(on_, p.model);
    add_to_sums<T>(on_, p.batch, p.rules, y, weight, correct_.data(), penalty_.on_device(), sums_.at());
    updates_.clear();
    p.plan.backward([&](std::size_t layer, std::span<const TensorView<T, Cuda>> gradients) {
      const Layer<T, Cuda>& of = *p.model.layers()[layer];
      for (std::size_t i = 0; i < gradients.size(); ++i) {
        if (gradients[i].empty()) continue;
        if (!of.parameters()[i].learned) {
          of.follow(on_, i, p.model.layers()[layer]->parameters()[i].value.view(), gradients[i]);
          continue;
        }
        add_penalty_gradient<T>(on_, of.parameters()[i], 0, gradients[i]);
        updates_.add(p.updates, p.optimizer, *p.model.layers()[layer], i, p.slots[layer][i], 0, gradients[i]);
        updates_.add_to_clip(gradients[i]);
      }
    });
    updates_.run(on_, p.updates, p.optimizer, step, p.updates.kind(step));
  }

  CudaStepNumbers numbers_;
  CudaStepSums sums_;
  Cuda on_;
  Tensor<T, Cuda> correct_;
  struct GraphKey {
    std::int64_t n;
    bool weighted;
    std::int64_t labels;
    StepKind kind;
    friend auto operator<=>(const GraphKey&, const GraphKey&) = default;
  };
  std::map<GraphKey, RecordedWork> graphs_;
  ParameterAddresses<T> addresses_;
  WeightUpdate<T, Cuda> updates_;
  WeightPenalty<T, Cuda> penalty_;
};

}  // namespace brindle::detail
