// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/cuda_kernels.hpp"
#include "brindle/nn/cuda_parameter_addresses.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/ops/rescale/rescale.hpp"
#include "brindle/train/cuda_batch.hpp"
#include "brindle/train/cuda_kernels.hpp"
#include "brindle/train/cuda_row_arithmetic.hpp"
#include "brindle/train/cuda_row_transport.hpp"
#include "brindle/train/cuda_step_memory.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/leaf_step.hpp"
#include "brindle/train/leaf_update.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_penalty.hpp"

namespace brindle::detail {

/// As on the Cpu, without waiting for the GPU. The passes of each leaf are recorded as a CUDA graph of its own, between
/// which the samples are copied, unless the process has very many; one process alone records what follows behind them,
/// too.
///
/// Each leaf's loss is summed over the steps by itself, and the sums of the leaves are added up in their tree when
/// somebody reads them: so they have the same bits for any number of processes, which exchange none of it meanwhile.
template <class T>
class LeafStep<T, Cuda> {
 public:
  using Parts = StepParts<T, Cuda>;  ///< what a step reads and changes

  /// Takes no memory of the GPU where there is only one leaf: it is not used then.
  LeafStep(const Cuda& on, const Leaves& leaves) : on_(on), walk_(leaves), update_(on) {
    if (leaves.count == 1) return;
    numbers_.emplace();
    on_ = on.with_step(numbers_->data());
    update_ = LeafUpdate<T, Cuda>(on_);
    sums_.emplace(leaves.own + 1);
  }

  /// The context in which the plan of the step must work.
  const Cuda& device() const { return on_; }

  /// Makes itself ready for the leaves of this plan, but for the memory of sums(), and forgets the recordings of
  /// another one.
  void prepare(const Model<T, Cuda>& model, const Plan<T, Cuda>& plan) {
    passes_.clear();
    updates_.clear();
    correct_ = Tensor<T, Cuda>::uninitialized({plan.options().batch});
    gradients_.prepare(model, plan, walk_.leaves());
  }

  /// A step on a batch of n samples begins.
  void begin(std::int64_t n) {
    walk_.begin(n);
    gradients_.begin();
    error_ = nullptr;
    numbered_ = false;
    skip_empty();
  }

  /// As on the Cpu.
  /// @{
  std::int64_t leaf_size() const { return walk_.size(); }
  std::int64_t leaf_begin() const { return walk_.first_sample(); }
  void fail(const std::exception_ptr& error) { error_ = error; }
  LeafGradients<T, Cuda>& sums() { return gradients_; }
  std::int64_t bytes() const { return gradients_.bytes(); }
  /// @}

  /// Starts the passes of the next leaf. Throws what the loss says of outputs that it cannot mean.
  void run(const Parts& p, bool with_weights, std::int64_t step, const StepNames& names, bool& outputs_seen, Team&) {
    const std::int64_t n = walk_.size();
    set_numbers(p, step);
    if (addresses_.moved(std::as_const(p.model).layers())) {
      passes_.clear();
      updates_.clear();
    }
    p.batch.upload(on_, n, with_weights);
    if (!outputs_seen) {
      const TensorView<T, Cuda> y = p.plan.forward(p.batch.x(n), static_cast<std::uint32_t>(step), walk_.number());
      p.loss.check_outputs(names.who, p.rules.last, p.batch.read_probabilities(on_, y, p.rules.left_out()));
      outputs_seen = true;
    }
    LeafPasses& passes = passes_[{walk_.index(), n, walk_.batch(), with_weights, p.batch.labels(n).size()}];
    if (passes.share.empty()) {
      Tensor<T> share({1});
      share[0] = static_cast<T>(walk_.share());
      passes.share = share.template to<Cuda>();
    }
    const auto pass = [&] { work(p, n, with_weights, step, passes.share.view()); };
    if (walk_.leaves().own <= most_recorded)
      passes.recorded.run(on_, pass);
    else
      pass();
    walk_.go_on();
    skip_empty();
  }

  /// Adds up what the leaves of all processes gave, and changes the weights by it. Throws in all processes, before a
  /// weight has changed, what one has caught.
  void finish(const Parts& p, std::int64_t step, Team& team) {
    team.rethrow_together(error_);
    set_numbers(p, step);  // also of a process whose leaves have no samples
    gradients_.finish(team);
    const auto update = [&] {
      penalty_.compute(on_, p.model);
      if (penalty_.on_device())
        launch(on_, 1, AddPenalty{penalty_.on_device(), walk_.batch(), sums_->at(walk_.leaves().own)});
      update_.run(p, step, gradients_, team);
    };
    if (team.alone())
      updates_[{walk_.batch(), p.updates.kind(step)}].run(on_, update);
    else
      update();  // exchanges cannot be recorded
  }

  /// Loss and accuracy are summed from 0 again: an epoch begins.
  void clear_totals() { sums_->clear(on_); }
  /// As CudaStepSums::due().
  bool due() const { return sums_->due(); }

  /// The sums since clear_totals() over the leaves of all processes, which call this at once; waits for the steps that
  /// were started. Throws NumericsError in all, beginning with `who`, if a loss was not finite.
  StepSums totals(const std::string& who, std::int64_t step, Team& team) {
    const std::span<StepSums> sums = sums_->read(on_);
    const auto own = static_cast<std::size_t>(walk_.leaves().own);
    const auto add = [](const StepSums& left, const StepSums& right) {
      return StepSums{left.loss + right.loss, left.correct + right.correct, left.samples + right.samples};
    };
    for (std::size_t width = 1; width < own; width *= 2)
      for (std::size_t i = 0; i < own; i += 2 * width) sums[i] = add(sums[i], sums[i + width]);
    StepSums all = team.combined(sums[0], add);
    all.loss += sums[own].loss;  // the penalties, which all processes have
    team.together([&] { CudaStepSums::expect_finite(who, all, step); });
    return all;
  }

 private:
  static constexpr std::int64_t most_recorded = 256;  // leaves: each recording takes memory of the processor

  struct LeafPasses {
    Tensor<T, Cuda> share;  // of the leaf in its batch
    RecordedWork recorded;
  };
  struct PassesKey {
    std::int64_t leaf, n, batch;
    bool weighted;
    std::int64_t labels;
    friend auto operator<=>(const PassesKey&, const PassesKey&) = default;
  };
  struct UpdateKey {
    std::int64_t batch;
    StepKind kind;
    friend auto operator<=>(const UpdateKey&, const UpdateKey&) = default;
  };

  void set_numbers(const Parts& p, std::int64_t step) {
    if (!numbered_) numbers_->set(on_, p.optimizer, p.updates, step);
    numbered_ = true;
  }

  // Leaves that have no samples.
  void skip_empty() {
    for (; !walk_.ended() && walk_.size() == 0; walk_.go_on()) gradients_.add_nothing(on_, walk_.index());
  }

  void work(const Parts& p, std::int64_t n, bool with_weights, std::int64_t step, TensorView<const T, Cuda> share) {
    const TensorView<T, Cuda> y = p.plan.forward(p.batch.x(n), static_cast<std::uint32_t>(step), walk_.number());
    const TensorView<const T, Cuda> weight = with_weights ? p.batch.loss_weight(n) : TensorView<const T, Cuda>{};
    const TensorView<T, Cuda> dy = p.plan.output_gradient();
    p.loss(on_, p.rules.logits, y, p.batch.labels(n), weight, p.batch.each(n), dy);
    add_to_sums<T>(on_, p.batch, p.rules, y, weight, correct_.data(), nullptr, sums_->at(walk_.index()));
    if (!dy.empty()) ops::rescale_backward<T>(on_, dy, share, dy);
    p.plan.backward([&](std::size_t layer, std::span<const TensorView<T, Cuda>> gradients) {
      for (std::size_t i = 0; i < gradients.size(); ++i) {
        if (gradients[i].empty()) continue;
        if (!std::as_const(*p.model.layers()[layer]).parameters()[i].learned)
          ops::rescale_backward<T>(on_, gradients[i], share, gradients[i]);
        gradients_.add_whole(on_, walk_.index(), layer, i, gradients[i]);
      }
    });
  }

  std::optional<CudaStepNumbers> numbers_;
  std::optional<CudaStepSums> sums_;  // of this process's leaves, then of the penalties
  Cuda on_;
  LeafWalk walk_;
  LeafGradients<T, Cuda> gradients_;
  LeafUpdate<T, Cuda> update_;
  WeightPenalty<T, Cuda> penalty_;
  Tensor<T, Cuda> correct_;
  std::map<PassesKey, LeafPasses> passes_;
  std::map<UpdateKey, RecordedWork> updates_;
  ParameterAddresses<T> addresses_;
  bool numbered_ = false;  // this step
  std::exception_ptr error_;
};

}  // namespace brindle::detail
