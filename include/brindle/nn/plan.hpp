// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/plan_memory.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/prepared_filters.hpp"
#include "brindle/nn/step_bands.hpp"

namespace brindle {

/// Runs the layers of a model: decides which of them work as one (plan_steps.hpp), and where every activation, gradient
/// and workspace lies (plan_memory.hpp), in one arena that is taken once. forward() and backward() allocate nothing.
/// One plan serves one thread at a time.
///
/// Where the first layers' activations of a whole batch do not fit the cache, and no backward pass needs them, these
/// layers run depth first: a slice of a few samples goes through all of them before the next slice does. The bits are
/// those of the whole batch. Blocks such as MobileNetV2's run in bands of rows (step_bands.hpp), with the same bits.
///
/// On the Cpu, what layers with fixed parameters (Layer::fix_parameters) make of these for a forward pass is made once,
/// for all plans of the graph, where no backward pass follows. A layer whose parameters are not fixed any more makes it
/// anew in each forward().
///
/// The first step looks at what layers of the user's own touch (on the Cpu): one that leaves dx or a gradient
/// unwritten, or reads what it did not ask for, is a ValueError that names it.
template <class T, class Device>
class Plan {
 public:
  /// Called when the gradients of a layer's parameters are there, last layer first.
  using OnGradients = FunctionRef<void(std::size_t layer, std::span<const TensorView<T, Device>> gradients)>;
  /// Takes a part of one parameter's gradient; see Gradients::stream.
  using OnStream =
      FunctionRef<void(std::size_t layer, std::size_t which, std::int64_t first, TensorView<const T, Device> block)>;
  /// What OnStream reads beside the parameter; see Gradients::stream_state.
  using StreamState = FunctionRef<TensorView<const T, Device>(std::size_t layer, std::size_t which)>;
  /// Called when a step is done, with the gradients of its parameters handed on; to take times. In forward(), the first
  /// steps may be done once for each slice of the batch; of steps that run together in bands, each when all are done.
  using OnStep = FunctionRef<void(std::size_t step, bool backward)>;

  /// The layers must outlive the plan and keep their sizes and their trainable flags.
  Plan(const Device& on, const LayerGraph<T, Device>& graph, const PlanOptions& options);

  const PlanOptions& options() const { return options_; }  ///< those it was made with

  /// Bytes of the arena: activations, gradients and workspaces.
  std::int64_t bytes() const { return arena_.size(); }
  /// Bytes of prepared filters that it reads, and shares with the other plans of the graph.
  std::int64_t prepared_bytes() const;

  /// x (n, sample), n <= options.batch, must stay until backward() is done. The result lies in the plan, valid until
  /// the next forward(). step: counts the training steps, for dropout, which draws anew for each leaf of a step, too.
  TensorView<T, Device> forward(In<T, Device> x, std::uint32_t step = 0, std::uint32_t leaf = 0);

  /// The last result.
  TensorView<T, Device> output() const { return value(memory_.values.size() - 1); }

  /// Where the caller leaves the gradient of the loss by output() before backward(); empty where nothing has a backward
  /// pass.
  TensorView<T, Device> output_gradient() const { return gradient(memory_.values.size() - 1); }

  /// Value v (see LayerGraph) of the last forward(), while its memory is not used for others: the output until the next
  /// forward(), that of options.gradient_of as well; in an OnStep what the step has read and given. Throws ValueError
  /// for a value between layers of which one does the other's work, or between steps in bands: it is never stored.
  TensorView<T, Device> value(std::size_t v) const;

  /// The gradient by value options.gradient_of after backward().
  TensorView<T, Device> value_gradient() const { return gradient(*options_.gradient_of); }

  /// Gradients of everything trainable; needs options.backward. on_stream may be null with options.keep_gradients or
  /// options.gradient_of only; stream_state may always be.
  void backward(OnGradients on_gradients, const OnStream* on_stream = nullptr,
                const StreamState* stream_state = nullptr);

  /// Whether backward() hands on, whole or streamed, what this parameter of this layer of the model is to be changed
  /// by.
  bool gives_gradient(std::size_t layer, std::size_t which) const;

  /// What is done as one: a layer, or a layer and the one behind it.
  const std::vector<detail::PlanStep<T, Device>>& steps() const { return steps_; }
  /// Shape of one sample of value v.
  const Shape& value_shape(std::size_t v) const { return memory_.values[v].shape; }

  /// on_step must outlive the calls that follow; null: none.
  void watch(const OnStep* on_step) { on_step_ = on_step; }

 private:
  using Step = detail::PlanStep<T, Device>;
  using BlockNumber = detail::BlockNumber;

  // What a step reads of its layer's parameters, and the number that they had.
  struct Prepared {
    std::uint64_t fixed = 0;
    typename detail::PreparedFilters<T, Device>::Bytes bytes;
  };

  Pass<T, Device> pass(std::size_t i, const BlockNumber& workspace) const;
  // What a step reads of value v: where it is deferred, what it is made of.
  TensorView<T, Device> stored(std::size_t v) const;

  void prepare_steps();
  // Lets go of what was made of parameters that may have changed since.
  void forget_changed();

  // Samples [begin, end) through steps [first, last).
  void forward_steps(std::size_t first, std::size_t last, std::int64_t begin, std::int64_t end);
  void forward_step(std::size_t i, std::int64_t begin, std::int64_t end);
  void forward_bands(const detail::StepBands<T, Device>& bands, std::int64_t begin, std::int64_t end);
  void backward_step(std::size_t i, const OnStream* on_stream, const StreamState* stream_state);
  void backward_merge(std::size_t i);
  // What several steps gave of the gradient of one value, in the order of the steps.
  void add_gradients(std::size_t i);

  template <class U>
  TensorView<U, Device> at(std::size_t block, const Shape& shape) const;
  TensorView<std::byte, Device> bytes_of(const BlockNumber& block) const;
  TensorView<T, Device> gradient(std::size_t v) const;
  // Samples [begin, end) of value v, during forward().
  TensorView<T, Device> samples(std::size_t v, std::int64_t begin, std::int64_t end) const;

  Device on_;
  PlanOptions options_;
  std::vector<Step> steps_;
  std::vector<detail::StepBands<T, Device>> bands_;
  detail::PlanMemory memory_;
  std::shared_ptr<detail::PreparedFilters<T, Device>> filters_;     // of the graph
  std::vector<Prepared> prepared_;                                  // one for each step
  std::vector<std::vector<TensorView<T, Device>>> gradient_views_;  // for each step, of its parameters
  std::vector<TensorView<const T, Device>> merge_x_;                // of the merge that is under way
  std::vector<TensorView<T, Device>> merge_dx_;
  Tensor<std::byte, Device> arena_;
  TensorView<const T, Device> x_;
  const OnStep* on_step_ = nullptr;
  std::int64_t n_ = 0;
  std::uint32_t step_ = 0, leaf_ = 0;
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/plan_inl.hpp"
#endif
