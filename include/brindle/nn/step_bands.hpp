// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/row_window.hpp"

namespace brindle::detail {

/// Steps of a plan that run in bands, as those of MobileNetV2's blocks do: 1x1, depthwise, 1x1. A thread takes a few
/// rows of what the last step gives through all of them before it goes on to the next rows, so that what stands between
/// the steps stays in its core's cache, and is never stored whole. RowRange that the next band sees as well are kept;
/// only where threads share a picture, both compute some. The bits are those of step by step. On the Cpu.
template <class T, class Device>
class StepBands {
 public:
  using Step = PlanStep<T, Device>;
  /// What is prepared for a step, by its number; empty: nothing.
  using PreparedOf = FunctionRef<TensorView<const std::byte, Device>(std::size_t)>;

  static constexpr std::size_t most_steps = 3;

  /// Steps first to first + windows.size() - 1. At most one of the windows has several rows. Each of them sees at least
  /// one row of x wherever it stands, not zeros alone.
  StepBands(const Device& on, const LayerGraph<T, Device>& graph, const std::vector<Step>& steps, std::size_t first,
            const std::vector<RowWindow>& windows, const PlanOptions& options);

  std::size_t first() const { return first_; }                      ///< number of the first step
  std::size_t last() const { return first_ + stages_.size() - 1; }  ///< number of the last one
  std::int64_t rows() const { return rows_; }                       ///< most rows of y in a band

  /// From so many pictures on all threads have work, and little is computed twice.
  std::int64_t least_pictures() const { return (workers_ + most_parts_ - 1) / most_parts_; }

  /// Bytes of workspace for forward().
  std::int64_t bytes() const { return filter_bytes_ + worker_bytes_ * workers_; }

  /// y, of the last step, from x, which the first one reads. residual: what the last one adds, or empty.
  void forward(const std::vector<Step>& steps, const PlanOptions& options, PreparedOf prepared, In<T, Device> x,
               In<T, Device> residual, Out<T, Device> y, Workspace<Device> workspace) const;

 private:
  struct Stage {
    RowWindow window;
    Shape x;                  // of a picture
    std::int64_t offset = 0;  // of the rows of x, in a worker's bytes; those of the first stage are the caller's
    std::int64_t filters = 0, filter_bytes = 0;  // that forward() prepares: in front of the workers' bytes
  };

  // What forward() works with.
  struct Work {
    const std::vector<Step>& steps;
    const PlanOptions& options;
    std::array<TensorView<const std::byte, Device>, most_steps> prepared;  // for each stage
  };

  void choose_rows();
  void place_memory(const std::vector<Step>& steps, const PlanOptions& options);
  // RowRange of x that each stage reads, at most.
  std::array<std::int64_t, most_steps> rows_read() const;
  // RowRange of one picture's y, band after band. memory: of a worker.
  void run(const Work& work, const RowRange& part, const T* x, const T* residual, T* y, std::byte* memory) const;
  // rows: those of x that begin at `from`, and those of what stage k gives that it is to compute.
  void run_stage(const Work& work, std::size_t k, const std::array<RowRange, 2>& rows, const T* from, const T* residual,
                 T* to, std::byte* workspace) const;
  // What stage k gives for a picture.
  const Shape& given(std::size_t k) const { return k + 1 < stages_.size() ? stages_[k + 1].x : y_; }
  // Where a worker keeps the rows that stage k reads.
  T* rows_of(std::size_t k, std::byte* memory) const { return reinterpret_cast<T*>(memory + stages_[k].offset); }

  Device on_, alone_;  // all threads, and one
  int workers_ = 1;
  std::size_t first_;
  std::vector<Stage> stages_;
  Shape y_;
  std::int64_t rows_ = 1, most_parts_ = 1;
  std::int64_t filter_bytes_ = 0, worker_bytes_ = 0;
  std::int64_t workspace_ = 0, workspace_bytes_ = 0;  // of the steps, in a worker's bytes
};

/// Which steps of a plan run in bands, in order: those for which it pays.
template <class T, class Device>
std::vector<StepBands<T, Device>> step_bands(const Device& on, const LayerGraph<T, Device>& graph,
                                             const std::vector<PlanStep<T, Device>>& steps, const PlanOptions& options);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/nn/step_bands_inl.hpp"
#endif
