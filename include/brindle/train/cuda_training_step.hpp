// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_graph.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/cuda_kernels.hpp"
#include "brindle/nn/cuda_parameter_addresses.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/cuda_batch.hpp"
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
  explicit TrainingStep(const Cuda& on)
      : numbers_(Tensor<StepNumbers, Cuda>({1})),
        sums_(Tensor<StepSums, Cuda>({1})),
        read_sums_(1),
        on_(on.with_step(numbers_.data())) {
    for (Staging& s : staging_) s.numbers = PinnedArray<StepNumbers>(1);
  }

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
    set_numbers({.learning_rate = p.optimizer.step_rate(p.updates.updates(step) + 1),
                 .step = static_cast<std::uint32_t>(step),
                 .decay = p.optimizer.step_decay()});
    p.batch.upload(on_, n, with_weights);
    if (!on_.options().record_steps) return work(p, n, with_weights, step);
    if (addresses_.moved(std::as_const(p.model).layers())) graphs_.clear();
    Recording& r = graphs_[{n, with_weights, p.batch.labels(n).size(), p.updates.kind(step)}];
    if (!r.warm) {  // libraries load their kernels, which cannot be recorded
      work(p, n, with_weights, step);
      r.warm = true;
      return;
    }
    if (!r.graph.recorded()) r.graph.record(on_, [&] { work(p, n, with_weights, step); });
    r.graph.replay(on_);
  }

  /// Loss and accuracy are summed from 0 again: an epoch begins.
  void clear_sums() {
    BRINDLE_CUDA_CHECK(cudaMemsetAsync(sums_.data(), 0, sizeof(StepSums), on_.stream()));
    last_read_ = {};  // the first step's figures are shown at once
  }

  /// Whether it is time to look again: ten times a second is as often as a progress line changes.
  bool due() const { return Clock::now() - last_read_ > std::chrono::milliseconds(100); }

  /// The sums since clear_sums(); waits for the steps that were started. Throws NumericsError, beginning with `who`, if
  /// a loss was not finite.
  StepSums sums(const std::string& who, std::int64_t step) {
    copy_in_background(on_, read_sums_.data(), sums_.data(), sizeof(StepSums));
    on_.wait();
    last_read_ = Clock::now();
    const StepSums s = *read_sums_.data();
    if (!std::isfinite(s.loss))
      detail::raise<NumericsError>(
          who + ": the loss is " + detail::number_text(s.loss / s.samples) + " by step " + std::to_string(step) +
          "; use a smaller learning_rate, or check the data. On a GPU the loss is looked at every tenth of a second, "
          "so the weights have been changed since; on the Cpu, or with Cuda::Options::record_steps off and one step an "
          "epoch, training stops at the step itself");
    return s;
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Recording {
    bool warm = false;
    CudaGraph graph;
  };
  struct Staging {
    PinnedArray<StepNumbers> numbers;
    CudaEvent copied;
  };

  void set_numbers(const StepNumbers& numbers) {
    Staging& s = staging_[current_ = 1 - current_];
    s.copied.wait();
    *s.numbers.data() = numbers;
    copy_in_background(on_, numbers_.data(), s.numbers.data(), sizeof(StepNumbers));
    s.copied.record(on_);
  }

  void work(const Parts& p, std::int64_t n, bool with_weights, std::int64_t step) {
    const TensorView<T, Cuda> y = p.plan.forward(p.batch.x(n), static_cast<std::uint32_t>(step));
    const TensorView<const T, Cuda> weight = with_weights ? p.batch.loss_weight(n) : TensorView<const T, Cuda>{};
    const TensorView<const T, Cuda> labels = p.batch.labels(n);
    p.loss(on_, p.rules.logits, y, labels, weight, p.batch.each(n), p.plan.output_gradient());
    launch(on_, n,
           CorrectSample<T>{y.data, labels.data, correct_.data(), y.shape.sample().size(), labels.shape.sample().size(),
                            p.rules.each_output() ? 1 : y.shape.back(),
                            p.rules.left_out() == ActivationFunction::sigmoid, p.rules.template threshold<T>()});
    penalty_.compute(on_, p.model);
    launch(on_, 1,
           AddToSums<T>{p.batch.each(n).data, weight.data, correct_.data(), penalty_.on_device(), n, sums_.data()});
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

  Tensor<StepNumbers, Cuda> numbers_;
  Tensor<StepSums, Cuda> sums_;
  PinnedArray<StepSums> read_sums_;
  Cuda on_;
  Tensor<T, Cuda> correct_;
  Staging staging_[2];
  std::size_t current_ = 0;
  struct GraphKey {
    std::int64_t n;
    bool weighted;
    std::int64_t labels;
    StepKind kind;
    friend auto operator<=>(const GraphKey&, const GraphKey&) = default;
  };
  std::map<GraphKey, Recording> graphs_;
  ParameterAddresses<T> addresses_;
  WeightUpdate<T, Cuda> updates_;
  WeightPenalty<T, Cuda> penalty_;
  Clock::time_point last_read_ = {};
};

}  // namespace brindle::detail
