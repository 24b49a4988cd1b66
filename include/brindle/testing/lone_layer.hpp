// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_check.hpp"
#include "brindle/testing/check_gradient.hpp"
#include "brindle/testing/samples.hpp"

namespace brindle::testing {

/// A layer alone, with the memory that a plan would give it, and every access of its passes looked at.
template <class T>
class LoneLayer {
 public:
  /// Of a description, for a batch of random samples of a shape; its parameters are random.
  template <class Description>
  LoneLayer(const Description& description, const Shape& sample, std::int64_t batch, int threads = 2,
            bool training = true)
      : LoneLayer(description.template make<T, Cpu>(), sample, batch, threads, training) {}

  /// The same of a layer.
  LoneLayer(std::unique_ptr<Layer<T, Cpu>> made, const Shape& sample, std::int64_t batch, int threads = 2,
            bool training = true)
      : on(threads), layer(std::move(made)) {
    layer->name = "lone";
    x = random_tensor<T>(sample.batch(batch), 11);
    y_shape = layer->output_shape(sample).batch(batch);
    layer->build(sample);
    std::uint64_t seed = 20;
    for (auto& p : layer->parameters()) {
      // What starts above zero and is not learned is a variance or the like: positive.
      const bool above_zero = p.initializer.kind == Initializer::Kind::ones ||
                              (p.initializer.kind == Initializer::Kind::constant && p.initializer.value > 0);
      const double centre = !p.learned && above_zero ? 1 : 0;
      p.value = random_tensor<T>(p.value.shape(), ++seed, centre - 0.5, centre + 0.5);
    }
    pass = std::make_unique<Pass<T, Cpu>>(
        Pass<T, Cpu>{.on = on, .training = training, .backward = true, .random = {3, stream_id("lone"), 4}});
    ask_needs();
  }

  /// Asks needs() anew, of a pass that was changed, and gives what it asks for.
  void ask_needs() {
    needs = layer->needs(*pass, x.shape());
    if (needs.saved < 0 || needs.forward_workspace < 0 || needs.backward_workspace < 0)
      detail::raise<CheckFailed>("needs() asks for a negative number of bytes");
    saved_ = guarded(needs.saved);
    workspace_ = guarded(std::max(needs.forward_workspace, needs.backward_workspace));
    give_memory();
  }

  /// Of the random samples. Throws ValueError if the layer leaves an output unwritten, CheckFailed if it writes behind
  /// the end of the outputs or of its memory.
  Tensor<T> forward() {
    internal::GuardedBytes y = guarded(bytes(y_shape));
    const TensorView<T, Cpu> view = y.template as<T>(y_shape);
    if (layer->is_identity(*pass))
      Memory<Cpu>::copy(view.data, x.data(), x.bytes());
    else
      detail::checked_forward<T>(*layer, *pass, x.view(), view);
    check_end("forward", "y", y_shape, y);
    check_memory("forward");
    return copied(view);
  }

  /// Gradients of sum(y dy): by x first, then by each parameter, if the layer is not frozen. Throws ValueError if the
  /// layer leaves one unwritten or reads what it did not ask for, CheckFailed if it writes behind the end of one.
  std::vector<Tensor<T>> backward(const Tensor<T>& dy, bool frozen = false) {
    return backward(dy, BackwardPass{.frozen = frozen});
  }

  /// How a backward pass comes about.
  struct BackwardPass {
    bool frozen = false;   ///< gradients of parameters are not wanted
    bool first = false;    ///< nor that by x: in front of the layer nothing learns. The gradients begin with parameters
    bool between = false;  ///< behind its forward pass the layer has had another one, of other samples
  };
  /// The same of such a pass.
  std::vector<Tensor<T>> backward(const Tensor<T>& dy, const BackwardPass& how) {
    layer->trainable = !how.frozen;
    const Tensor<T> y = forward();
    if (how.between) forward_of_others();
    const LayerNeeds now = layer->needs(*pass, x.shape());
    const bool in_place = layer->backward_in_place() && x.shape() == dy.shape();
    internal::GuardedBytes consumed = guarded(bytes(dy.shape())), by_x = guarded(bytes(x.shape()));
    const TensorView<T, Cpu> dy_view = consumed.template as<T>(dy.shape());
    Memory<Cpu>::copy(dy_view.data, dy.data(), dy.bytes());
    const TensorView<T, Cpu> dx = how.first  ? TensorView<T, Cpu>{}
                                  : in_place ? dy_view
                                             : by_x.template as<T>(x.shape());
    std::vector<internal::GuardedBytes> by_parameters;
    std::vector<TensorView<T, Cpu>> into;
    if (!how.frozen)
      for (const auto& p : layer->parameters()) {
        by_parameters.push_back(guarded(static_cast<std::int64_t>(p.value.bytes())));
        const bool wanted = p.learned || pass->training;  // else nothing follows what the layer sees
        into.push_back(wanted ? by_parameters.back().template as<T>(p.value.shape()) : TensorView<T, Cpu>{});
      }
    if (!layer->is_identity(*pass))
      detail::checked_backward<T>(*layer, *pass,
                                  now.reads_input ? TensorView<const T, Cpu>(x.view()) : TensorView<const T, Cpu>{},
                                  now.reads_output ? TensorView<const T, Cpu>(y.view()) : TensorView<const T, Cpu>{},
                                  x.shape(), dy_view, dx, {into, nullptr});
    else if (!dx.empty() && !in_place)
      Memory<Cpu>::copy(dx.data, dy_view.data, dy.bytes());
    check_end("backward", "dy", dy.shape(), consumed);
    check_end("backward", "dx", x.shape(), by_x);
    for (std::size_t p = 0; p < into.size(); ++p)
      check_end("backward", "the gradient of its " + layer->parameters()[p].name, into[p].shape, by_parameters[p]);
    check_memory("backward");
    layer->trainable = true;
    std::vector<Tensor<T>> gradients;
    if (!how.first) gradients.push_back(copied(dx));
    for (const TensorView<T, Cpu>& g : into) gradients.push_back(g.empty() ? Tensor<T>() : copied(g));
    return gradients;
  }

  Cpu on;                                ///< with the threads that were asked for
  std::unique_ptr<Layer<T, Cpu>> layer;  ///< called "lone"
  Tensor<T> x;                           ///< (batch, sample)
  Shape y_shape;                         ///< of the batch
  std::unique_ptr<Pass<T, Cpu>> pass;    ///< what forward and backward are given
  LayerNeeds needs;                      ///< of the batch

 private:
  static std::int64_t bytes(const Shape& shape) { return shape.size() * static_cast<std::int64_t>(sizeof(T)); }
  static Tensor<T> copied(const TensorView<T, Cpu>& view) {
    Tensor<T> copy = Tensor<T>::uninitialized(view.shape);
    Memory<Cpu>::copy(copy.data(), view.data, copy.bytes());
    return copy;
  }

  // Whoever goes over x where y is smaller, or the like, is still within the guard.
  internal::GuardedBytes guarded(std::int64_t size) const { return {size, 64 + bytes(x.shape()) + bytes(y_shape)}; }
  void give_memory() {
    pass->saved = saved_.as<std::byte>({saved_.size()});
    pass->workspace = workspace_.as<std::byte>({workspace_.size()});
  }
  void forward_of_others() {
    Tensor<T> others = random_tensor<T>(x.shape(), 12);
    internal::GuardedBytes saved = guarded(needs.saved);
    for (int twice = 0; twice < 2; ++twice) {
      std::swap(x, others);
      std::swap(saved_, saved);
      give_memory();
      if (twice == 0) forward();
    }
  }

  void check_end(const char* pass_name, const std::string& what, const Shape& shape,
                 const internal::GuardedBytes& memory) const {
    if (!memory.intact())
      detail::raise<CheckFailed>(std::string(pass_name) + " writes behind the end of " + what + " " + to_string(shape));
  }
  void check_memory(const char* pass_name) const {
    for (const internal::GuardedBytes* memory : {&saved_, &workspace_})
      if (!memory->intact())
        detail::raise<CheckFailed>(std::string(pass_name) + " writes behind the " + std::to_string(memory->size()) +
                                   " bytes of " + (memory == &saved_ ? "saved" : "workspace") +
                                   " that needs() asks for");
  }

  internal::GuardedBytes saved_{0, 0}, workspace_{0, 0};
};

}  // namespace brindle::testing
