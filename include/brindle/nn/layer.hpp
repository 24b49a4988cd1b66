// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/initializer.hpp"
#include "brindle/nn/moving_normalization.hpp"
#include "brindle/nn/row_window.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle {

/// An array that a layer will have.
struct ParameterSpec {
  std::string name;         ///< within its layer: "kernel", "bias"
  Shape shape;              ///< fixed when the layer is built
  Initializer initializer;  ///< of its first values
  bool learned = true;      ///< false: no optimizer changes it; it follows what backward() hands on, see Layer::follow
};

/// An array of numbers that a layer learns, or that follow what it sees.
template <class T, class Device>
struct Parameter {
  std::string name;         ///< within its layer: "kernel", "bias"
  Tensor<T, Device> value;  ///< changed in place by the optimizer
  Initializer initializer;  ///< of its first values
  bool learned = true;      ///< by the optimizer; false: by Layer::follow
  double l2 = 0;            ///< training makes loss + l2 sum(value^2) small, see Model::set_l2
};

template <class T, class Device>
class Layer;
template <class T, class Device>
class MergeLayer;

/// What is known of the numbers that a layer without activation() gives.
enum class OutputNumbers {
  unknown,   ///< they may be probabilities
  any,       ///< a sum of products: no probabilities
  of_input,  ///< chosen among those of the input, or means of them
};

/// What a layer's passes are given besides their tensors.
template <class T, class Device>
struct Pass {
  const Device& on;                         ///< does the work
  bool training = false;                    ///< dropout drops
  bool backward = false;                    ///< a backward pass through this layer follows
  bool logits = false;                      ///< leave out the activation: the loss has taken it over
  Random random = {};                       ///< of this layer at this step
  const Layer<T, Device>* fused = nullptr;  ///< the layer behind, whose work this one does as well
  Border border = {};                       ///< zeros to put around x, for the layer in front
  /// The normalization behind, whose work this layer does as well, before the residual.
  const Layer<T, Device>* normalized = nullptr;
  TensorView<std::byte, Device> saved = {};      ///< kept from forward to backward
  TensorView<std::byte, Device> workspace = {};  ///< contents lost after the call
  TensorView<const T, Device> output = {};       ///< of a merge, in backward(): y, if needs() asked for it
  /// forward() leaves out what Layer::prologue() then says: the layer behind does it as it reads x. y is not written.
  bool deferred = false;
  bool reads_deferred = false;             ///< x goes through `prologue` as it is read
  ops::Prologue<T, Device> prologue = {};  ///< empty where only memory is asked for
  /// backward() leaves dx to the layer in front, which makes it by Layer::gradient_prologue() as it reads dy.
  bool gradient_deferred = false;
  bool reads_deferred_gradient = false;                     ///< dy goes through `gradient_prologue` as it is read
  ops::GradientPrologue<T, Device> gradient_prologue = {};  ///< empty where only memory is asked for
  bool gradient_sums_given = false;  ///< the layer behind has made Layer::gradient_sums() before backward()
  bool gives_gradient_sums = false;  ///< backward() makes `gradient_sums` for the layer in front
  ops::GradientSums<T, Device> gradient_sums = {};  ///< empty where only memory is asked for
  /// Added to what forward() gives, before activation_behind; of y's shape. Empty: nothing is.
  TensorView<const T, Device> residual = {};
  ActivationFunction activation_behind = ActivationFunction::linear;  ///< behind the normalization and the residual
  /// x and y of forward() are rows of pictures (Layer::row_window): the zeros to put around these of x, in place of
  /// `border` and of the layer's own padding.
  std::optional<Border> around_rows = {};
  /// What Layer::prepare() made of the parameters, for forward(); empty: there is nothing, forward() makes it itself.
  TensorView<const std::byte, Device> prepared = {};
};

/// Memory that a layer asks for, for one batch.
struct LayerNeeds {
  std::int64_t saved = 0;               ///< bytes kept from forward to backward, if that follows
  std::int64_t forward_workspace = 0;   ///< bytes
  std::int64_t backward_workspace = 0;  ///< bytes
  bool reads_input = false;             ///< backward reads x
  bool reads_output = false;            ///< backward reads y
};

/// Where a layer's backward pass leaves the gradients of its parameters.
template <class T, class Device>
struct Gradients {
  /// One a parameter, in their order; an empty one is streamed instead, or not wanted where the parameter is not
  /// learned.
  std::span<const TensorView<T, Device>> into;
  /// Takes elements [first, first + block.size()) of the gradient of parameter `which`, in any order and from several
  /// threads, each element once. The parameter's elements may change during the call, so a layer reads them before.
  const FunctionRef<void(std::size_t which, std::int64_t first, TensorView<const T, Device> block)>* stream = nullptr;
  /// What stream() reads beside the elements of parameter `which`, of its size, or empty: a layer may call for the part
  /// of it ahead of time.
  const FunctionRef<TensorView<const T, Device>(std::size_t which)>* stream_state = nullptr;
};

/// A layer of a model, made from its description ("Conv2D{16, 3, relu}") by its make().
///
/// Shapes in output_shape(), parameter_specs() and build() are of one sample; x, y, dx, dy of the passes are batches of
/// such samples. A layer is not changed by its passes, so that several threads may run them at once.
template <class T, class Device>
class Layer {
 public:
  virtual ~Layer() = default;

  std::string name;       ///< unique in its model
  bool trainable = true;  ///< false: frozen, the parameters keep their bits
  /// Runs as in prediction while the model is trained: nothing is dropped, moving averages stand still; what it learns
  /// is still learned. Keras: base(x, training=False).
  bool inference = false;

  /// In Keras's order, kernel before bias. Empty before build(), and for a layer that learns nothing. To get them for
  /// changing takes back fix_parameters().
  /// @{
  std::vector<Parameter<T, Device>>& parameters() {
    if (fixed_parameters() != 0) fixed_.store(0, std::memory_order_relaxed);
    return parameters_;
  }
  const std::vector<Parameter<T, Device>>& parameters() const { return parameters_; }
  /// @}
  /// Says that the parameters keep their values until somebody asks for them anew to change them: nobody changes them
  /// through a reference or a view from before. Plans then prepare() them once. See Model::fix_weights().
  void fix_parameters() {
    static std::atomic<std::uint64_t> last{0};
    if (fixed_parameters() == 0) fixed_.store(++last, std::memory_order_relaxed);
  }
  /// 0: the parameters may change at any time. Else a number that no other layer has had, and this one not with other
  /// values.
  std::uint64_t fixed_parameters() const { return fixed_.load(std::memory_order_relaxed); }
  /// Elements of the parameters that a training step would change: none where the layer is frozen.
  std::int64_t trainable_parameter_count() const {
    std::int64_t count = 0;
    for (const auto& p : parameters_) count += trainable && p.learned ? p.value.size() : 0;
    return count;
  }
  /// Elements of all parameters, frozen or not.
  std::int64_t parameter_count() const {
    std::int64_t count = 0;
    for (const auto& p : parameters_) count += p.value.size();
    return count;
  }

  /// Keras's class name ("Conv2D"); it finds the layer again when a model is loaded.
  virtual std::string type() const = 0;
  /// Keras's stem of default names ("conv2d").
  virtual std::string default_name() const = 0;
  /// All settings by Keras's names, without the layer's name; the registered from() makes an equal layer of them.
  virtual Config config() const = 0;

  /// Shape of one output sample for a sample of shape x. Throws ShapeError or ValueError, beginning with who().
  virtual Shape output_shape(const Shape& x) const = 0;

  /// What the layer learns, for samples of a shape that output_shape() accepted.
  virtual std::vector<ParameterSpec> parameter_specs(const Shape&) const { return {}; }

  /// Makes the parameters, all zero. Throws ValueError if two have one name.
  void build(const Shape& x) {
    parameters().clear();
    for (ParameterSpec& spec : parameter_specs(x)) {
      for (const auto& p : parameters_)
        if (p.name == spec.name)
          detail::raise<ValueError>(who() + ": two of its parameters are named \"" + p.name +
                                    "\"; give one another name in parameter_specs()");
      parameters_.push_back({std::move(spec.name), Tensor<T, Device>(spec.shape), spec.initializer, spec.learned, 0});
    }
  }

  /// Sets the penalty of parameter number `which`, see Model::set_l2; weights stay what they are.
  void set_l2(std::size_t which, double l2) { parameters_[which].l2 = l2; }

  /// What the layer does to its output last; a loss may take it over (Pass::logits).
  virtual ActivationFunction activation() const { return ActivationFunction::linear; }

  /// What a loss, which expects probabilities or logits, may take for granted of a model that ends in this layer, where
  /// activation() is linear.
  virtual OutputNumbers output_numbers() const { return OutputNumbers::unknown; }

  /// y has x's elements, unchanged: nothing is computed and y lies where x does.
  virtual bool is_identity(const Pass<T, Device>&) const { return false; }
  /// Whether y of a sample has the same bits whatever the rest of the batch is, so that a plan may hand the layer a few
  /// samples at a time. Not so where random numbers are counted through the batch.
  virtual bool sample_by_sample() const { return false; }
  /// The same for one pass, where it depends on that.
  virtual bool sample_by_sample_in(const Pass<T, Device>&) const { return sample_by_sample(); }
  /// dx may lie where dy does.
  virtual bool backward_in_place() const { return false; }
  /// What the layer is as the end of the one in front of it, whose passes may then do its work, so that its own are not
  /// called: all that forward() computes, and nothing beside. A layer with parameters is never done by another.
  virtual Epilogue epilogue() const { return {}; }
  /// Whether forward and backward can do the work of a layer behind this one that is such an epilogue, too; they do
  /// where Pass::fused is set. Of a ResidualEpilogue forward alone, where Pass::residual is not empty.
  virtual bool fuses(const Epilogue&) const { return false; }
  /// The zeros that it puts around pictures, if it does nothing else. Where both are the library's, the layer behind
  /// may do that in its own passes.
  virtual Border border() const { return {}; }
  /// Whether all that it does of x heeds Pass::border, as if x came with these zeros around it. dx is without them.
  virtual bool takes_border() const { return false; }
  /// Of which rows of x, a batch of pictures, forward() makes a row of y, if no others count and it heeds
  /// Pass::around_rows: the bits of a row are then the same whichever rows it is computed with. Only the
  /// library's own layers are asked. Of the pass what belongs to the plan is set.
  virtual std::optional<RowWindow> row_window(const Pass<T, Device>&, [[maybe_unused]] const Shape& x) const {
    return {};
  }
  /// What forward() does where sample_by_sample_in() says so of the pass, if no more than that: the layer in front may
  /// do it (normalizes()) where no backward pass follows.
  virtual std::optional<MovingNormalization<T, Device>> moving_normalization() const { return {}; }
  /// Whether forward() heeds Pass::normalized, and activation_behind with it, where no backward pass follows.
  virtual bool normalizes() const { return false; }
  /// Whether forward() heeds Pass::deferred, so that the layer behind may do to each number what this one would.
  virtual bool gives_prologue() const { return false; }
  /// What that is, behind forward() with this pass: it reads what forward() saved.
  virtual ops::Prologue<T, Device> prologue(const Pass<T, Device>&) const { return {}; }
  /// Whether all that it does of x heeds Pass::prologue, as if x had gone through it. dx is the gradient by what comes
  /// out of it.
  virtual bool takes_prologue() const { return false; }
  /// Whether backward() heeds Pass::gradient_deferred, so that the layer in front may do to each number of dy what this
  /// one would, and Pass::gradient_sums_given.
  virtual bool gives_gradient_prologue() const { return false; }
  /// What that is, behind backward() with this pass and this x: it reads what backward() saved.
  virtual ops::GradientPrologue<T, Device> gradient_prologue(const Pass<T, Device>&, In<T, Device>) const { return {}; }
  /// Where the layer behind is to leave the sums of this one's x and dy.
  virtual ops::GradientSums<T, Device> gradient_sums(const Pass<T, Device>&) const { return {}; }
  /// Whether backward() of a layer that learns, with these zeros to put around x, heeds Pass::gradient_prologue, as if
  /// dy had gone through it, and Pass::gives_gradient_sums, where x comes through a prologue and dx is wanted.
  virtual bool takes_gradient_prologue(const Border&) const { return false; }
  /// Whether the gradient of parameter `which` can be streamed.
  virtual bool streams(std::size_t) const { return false; }

  /// Itself, if it reads several values; null: it reads one.
  virtual const MergeLayer<T, Device>* merge() const { return nullptr; }

  /// The algorithm of forward() for a batch of shape x; empty where there is no choice. Of the pass what belongs to the
  /// plan is set.
  virtual std::string kernel_name(const Pass<T, Device>&, [[maybe_unused]] const Shape& x) const { return {}; }

  /// Bytes of what forward() can have made of the parameters beforehand, as filters in the layout that a kernel reads;
  /// 0: nothing. It serves any number of samples of x's shape, and does not change their outputs by a bit. Of the
  /// pass what belongs to the plan is set: no memory and no random numbers.
  virtual std::int64_t prepared_bytes(const Pass<T, Device>&, [[maybe_unused]] const Shape& x) const { return 0; }
  /// Makes it, for a pass and an x of which prepared_bytes() gave its size. It begins at a multiple of 64 bytes.
  virtual void prepare(const Pass<T, Device>&, [[maybe_unused]] const Shape& x,
                       [[maybe_unused]] Out<std::byte, Device> prepared) const {}

  /// x: shape of a batch. Of the pass what belongs to the plan is set.
  virtual LayerNeeds needs(const Pass<T, Device>&, const Shape& x) const = 0;

  /// y from x, both of a whole batch. They overlap where is_identity() says so, else not.
  virtual void forward(const Pass<T, Device>&, In<T, Device> x, Out<T, Device> y) const = 0;

  /// Gradients from dy, which may be overwritten. dx is empty where nobody needs it, `gradients.into` where the layer
  /// is frozen; x and y are empty unless needs() asked for them.
  virtual void backward(const Pass<T, Device>&, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                        const Gradients<T, Device>& gradients) const = 0;

  /// Parameter number `which`, which is not learned, takes a step towards `now`: what backward() left as its gradient.
  /// Behind each training step, beside the optimizer's update.
  virtual void follow(const Device&, [[maybe_unused]] std::size_t which, [[maybe_unused]] Out<T, Device> value,
                      [[maybe_unused]] In<T, Device> now) const {}

  /// How messages begin: Conv2D "conv2d_1".
  std::string who() const { return type() + " \"" + name + "\""; }

 protected:
  /// The values of parameter number `which`, in the order of parameter_specs(). Throws ValueError if there is none.
  TensorView<const T, Device> parameter(std::size_t which) const {
    if (which >= parameters_.size()) [[unlikely]]
      no_parameter(which);
    return parameters_[which].value.view();
  }

  std::vector<Parameter<T, Device>> parameters_;  ///< filled by build()

 private:
  [[noreturn]] void no_parameter(std::size_t which) const {
    detail::raise<ValueError>(who() + ": asks for its parameter " + std::to_string(which) + ", and has " +
                              std::to_string(parameters_.size()) + "; parameter_specs() says what it has");
  }

  std::atomic<std::uint64_t> fixed_{0};  // see fixed_parameters()
};

/// A value that says what a layer is: a struct of settings with `std::string name` and
/// `template <class T, class Device> std::unique_ptr<Layer<T, Device>> make() const`.
template <class D, class T, class Device>
concept LayerDescription = requires(const D& d) {
  { d.template make<T, Device>() } -> std::convertible_to<std::unique_ptr<Layer<T, Device>>>;
  { d.name } -> std::convertible_to<std::string>;
};

namespace detail {

/// A description with another name.
template <class Description>
Description with_name(Description description, const std::string& name) {
  description.name = name;
  return description;
}

/// That of the layer behind, where a layer does its work as well; linear: there is none.
template <class T, class Device>
ActivationFunction fused_activation(const Pass<T, Device>& pass) {
  return pass.fused ? activation_of(pass.fused->epilogue()) : ActivationFunction::linear;
}

/// A dense view over the first elements of raw bytes.
template <class U, class Device>
TensorView<U, Device> view_bytes(const TensorView<std::byte, Device>& bytes, const Shape& shape) {
  return {reinterpret_cast<U*>(bytes.data), shape};
}

}  // namespace detail
}  // namespace brindle
