#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/liveness.hpp"

namespace brindle {

/// What a plan is made for.
struct PlanOptions {
  std::int64_t batch = 1;       ///< most samples at a time; fewer use parts of the same memory
  bool training = false;        ///< dropout drops
  bool backward = false;        ///< backward() follows forward(), down to the lowest trainable layer
  bool logits = false;          ///< the last layer leaves out its activation
  bool keep_gradients = false;  ///< all gradients stay until the next backward(); none is streamed
  bool input_gradient = false;  ///< backward() gives the gradient by x and none of parameters
  std::uint64_t seed = 0;       ///< of the dropout draws

  friend bool operator==(const PlanOptions&, const PlanOptions&) = default;  ///< a plan serves both
};

/// Runs a row of layers: decides which of them work as one, and where every activation, gradient and workspace lies, in
/// one arena that is taken once. forward() and backward() allocate nothing. One plan serves one thread at a time.
///
/// Where the first layers' activations of a whole batch do not fit the cache, and no backward pass needs them, these
/// layers run depth first: a slice of a few samples goes through all of them before the next slice does. The bits are
/// those of the whole batch.
///
/// The first step looks at what layers of the user's own touch (on the Cpu): one that leaves dx or a gradient
/// unwritten, or reads what it did not ask for, is a ValueError that names it.
template <class T, class Device>
class Plan {
 public:
  using LayerPointer = std::unique_ptr<Layer<T, Device>>;  ///< as the model holds them

  /// Called when the gradients of a layer's parameters are there, last layer first.
  using OnGradients = FunctionRef<void(std::size_t layer, std::span<const TensorView<T, Device>> gradients)>;
  /// Takes a part of one parameter's gradient; see Gradients::stream.
  using OnStream =
      FunctionRef<void(std::size_t layer, std::size_t which, std::int64_t first, TensorView<const T, Device> block)>;
  /// What OnStream reads beside the parameter; see Gradients::stream_state.
  using StreamState = FunctionRef<TensorView<const T, Device>(std::size_t layer, std::size_t which)>;
  /// Called when a step is done, with the gradients of its parameters handed on; to take times. In forward(), the first
  /// steps may be done once for each slice of the batch.
  using OnStep = FunctionRef<void(std::size_t step, bool backward)>;

  /// layers must outlive the plan and keep their sizes and their trainable flags. x: shape of one sample.
  Plan(const Device& on, std::span<const LayerPointer> layers, const Shape& x, const PlanOptions& options);

  const PlanOptions& options() const { return options_; }  ///< those it was made with

  /// Bytes of the arena: activations, gradients and workspaces.
  std::int64_t bytes() const { return arena_.size(); }

  /// x (n, sample), n <= options.batch, must stay until backward() is done. The result lies in the plan, valid until
  /// the next forward(). step: counts the training steps, for dropout.
  TensorView<T, Device> forward(In<T, Device> x, std::uint32_t step = 0);

  /// The last result.
  TensorView<T, Device> output() const { return view(steps_.back().y, steps_.back().y_shape); }

  /// Where the caller leaves the gradient of the loss by output() before backward().
  TensorView<T, Device> output_gradient() const { return view(steps_.back().dy, steps_.back().y_shape); }

  /// The gradient by x after backward(); needs options.input_gradient.
  TensorView<T, Device> input_gradient() const { return view(steps_.front().dx, input_); }

  /// Gradients of everything trainable; needs options.backward. on_stream may be null with options.keep_gradients or
  /// options.input_gradient only; stream_state may always be.
  void backward(OnGradients on_gradients, const OnStream* on_stream = nullptr,
                const StreamState* stream_state = nullptr);

  /// What is done as one: a layer, or a layer and the one behind it.
  std::size_t steps() const { return steps_.size(); }
  const Layer<T, Device>& step_layer(std::size_t i) const { return *steps_[i].layer; }  ///< the first of step i
  /// The layer behind it that the step does too; null: none.
  const Layer<T, Device>* step_fused(std::size_t i) const { return steps_[i].fused; }
  /// Whether the step does anything: Flatten, and Dropout outside of training, only rename memory.
  bool step_works(std::size_t i) const { return !steps_[i].identity; }
  /// Shapes of one sample, in front of the step and behind it.
  /// @{
  const Shape& step_input(std::size_t i) const { return steps_[i].x_shape; }
  const Shape& step_output(std::size_t i) const { return steps_[i].y_shape; }
  /// @}

  /// on_step must outlive the calls that follow; null: none.
  void watch(const OnStep* on_step) { on_step_ = on_step; }

 private:
  struct Step {
    const Layer<T, Device>* layer = nullptr;
    const Layer<T, Device>* fused = nullptr;
    std::size_t index = 0;   // of the layer in the model
    Shape x_shape, y_shape;  // of one sample
    std::uint32_t what = 0;
    bool identity = false;
    bool backward = false;
    bool last = false;
    bool check = false;  // look at what the layer touches, the first time
    LayerNeeds needs;
    // blocks of the arena; -1: none (for x: the caller's memory)
    int x = -1, y = -1, dx = -1, dy = -1;
    int saved = -1, forward_workspace = -1, backward_workspace = -1;
    std::vector<int> gradients;
  };

  Pass<T, Device> empty_pass(const Step& s) const;

  Pass<T, Device> pass(const Step& s, int workspace) const;

  // The layer whose activation a loss may take over: those behind it only rename memory, in training as well.
  std::size_t last_that_computes(std::span<const LayerPointer> layers) const;

  void make_steps(std::span<const LayerPointer> layers, const Shape& x);

  // The leading steps are those for which slices pay: no backward pass needs their activations, and in a slice these
  // are more than the parameters, which kernels prepare anew for each slice. They end with a step that works.
  void choose_slice();

  // Samples [begin, end) of x through the leading steps, the last of which writes into the whole batch's y.
  void forward_slice(std::int64_t begin, std::int64_t end);

  void forward_step(std::size_t i, In<T, Device> x, Out<T, Device> y);

  void forward_checked(Step& s, In<T, Device> x, Out<T, Device> y);
  void backward_checked(const Step& s, In<T, Device> x, In<T, Device> y, Out<T, Device> dx,
                        const Gradients<T, Device>& gradients);

  // Times: forward of step i at i, its backward at 2 steps - 1 - i.
  void place();

  // A kernel may cut a smaller batch in another way, which can need more workspace than the whole one.
  static LayerNeeds needs_up_to(const Step& s, const Pass<T, Device>& p, std::int64_t batch);

  int add(std::int64_t bytes, int first, int last);
  void keep(int block, int until);

  template <class U>
  TensorView<U, Device> at(int block, const Shape& shape) const;
  TensorView<T, Device> view(int block, const Shape& sample) const;
  // Samples [begin, end) at a leading step: all lie in the caller's x and in the last y, else those of the slice.
  TensorView<T, Device> slice(int block, const Shape& sample, std::int64_t begin, std::int64_t end) const;
  TensorView<const T, Device> input(const Step& s) const;
  TensorView<std::byte, Device> bytes_of(int block) const;

  Device on_;
  PlanOptions options_;
  std::size_t lowest_ = 0;  // layer that backward() reaches
  Shape input_;
  std::vector<Step> steps_;
  std::size_t leading_ = 0;  // steps that a slice goes through before the next slice does
  std::int64_t slice_ = 1;   // most samples of it
  std::vector<std::vector<TensorView<T, Device>>> gradient_views_;
  std::vector<detail::LiveBlock> blocks_;
  Tensor<std::byte, Device> arena_;
  TensorView<const T, Device> x_;
  const OnStep* on_step_ = nullptr;
  std::int64_t n_ = 0;
  std::uint32_t step_ = 0;
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/plan_inl.hpp"
#endif
