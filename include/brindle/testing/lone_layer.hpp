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
      : on(threads), layer(description.template make<T, Cpu>()) {
    layer->name = "lone";
    x = random_tensor<T>(sample.batch(batch), 11);
    y_shape = layer->output_shape(sample).batch(batch);
    layer->build(sample);
    std::uint64_t seed = 20;
    for (auto& p : layer->parameters()) {
      // What starts at one and is not learned is a variance or the like: positive.
      const double centre = !p.learned && p.initializer.kind == Initializer::Kind::ones ? 1 : 0;
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
    pass->saved = {saved_.data(), {needs.saved}};
    pass->workspace = {workspace_.data(), {workspace_.size() - guard}};
  }

  /// Of the random samples. Throws ValueError if the layer leaves an output unwritten, CheckFailed if it writes behind
  /// its workspace.
  Tensor<T> forward() {
    Tensor<T> y = Tensor<T>::uninitialized(y_shape);
    if (layer->is_identity(*pass))
      Memory<Cpu>::copy(y.data(), x.data(), x.bytes());
    else
      detail::checked_forward<T>(*layer, *pass, x.view(), y.view());
    check_guards("forward");
    return y;
  }

  /// Gradients of sum(y dy): by x first, then by each parameter, if the layer is not frozen. Throws ValueError if the
  /// layer leaves one unwritten or reads what it did not ask for.
  std::vector<Tensor<T>> backward(const Tensor<T>& dy, bool frozen = false) {
    layer->trainable = !frozen;
    const Tensor<T> y = forward();
    std::vector<Tensor<T>> gradients;
    Tensor<T> consumed = dy.clone();
    const LayerNeeds now = layer->needs(*pass, x.shape());
    const bool in_place = layer->backward_in_place() && x.shape() == dy.shape();
    if (!in_place) gradients.push_back(Tensor<T>::uninitialized(x.shape()));
    std::vector<Tensor<T>> of_parameters;
    if (!frozen)
      for (const auto& p : layer->parameters()) of_parameters.push_back(Tensor<T>::uninitialized(p.value.shape()));
    std::vector<TensorView<T, Cpu>> into;
    for (Tensor<T>& g : of_parameters) into.push_back(g.view());
    const TensorView<T, Cpu> dx = in_place ? consumed.view() : gradients[0].view();
    if (layer->is_identity(*pass))
      Memory<Cpu>::copy(dx.data, consumed.data(), consumed.bytes() * (in_place ? 0 : 1));
    else
      detail::checked_backward<T>(*layer, *pass,
                                  now.reads_input ? TensorView<const T, Cpu>(x.view()) : TensorView<const T, Cpu>{},
                                  now.reads_output ? TensorView<const T, Cpu>(y.view()) : TensorView<const T, Cpu>{},
                                  x.shape(), consumed.view(), dx, {into, nullptr});
    check_guards("backward");
    layer->trainable = true;
    if (in_place) gradients.push_back(std::move(consumed));
    for (Tensor<T>& g : of_parameters) gradients.push_back(std::move(g));
    return gradients;
  }

  Cpu on;                                ///< with the threads that were asked for
  std::unique_ptr<Layer<T, Cpu>> layer;  ///< called "lone"
  Tensor<T> x;                           ///< (batch, sample)
  Shape y_shape;                         ///< of the batch
  std::unique_ptr<Pass<T, Cpu>> pass;    ///< what forward and backward are given
  LayerNeeds needs;                      ///< of the batch

 private:
  static constexpr std::int64_t guard = 64;  // bytes behind the memory that was asked for
  static constexpr std::byte guard_byte{0xA5};

  static Tensor<std::byte> guarded(std::int64_t bytes) {
    Tensor<std::byte> memory({bytes + guard});
    std::fill_n(memory.data() + bytes, guard, guard_byte);
    return memory;
  }
  void check_guards(const char* pass_name) const {
    for (const Tensor<std::byte>* memory : {&saved_, &workspace_})
      for (std::int64_t i = memory->size() - guard; i < memory->size(); ++i)
        if (memory->data()[i] != guard_byte)
          detail::raise<CheckFailed>(std::string(pass_name) + " writes behind the " +
                                     std::to_string(memory->size() - guard) + " bytes of " +
                                     (memory == &saved_ ? "saved" : "workspace") + " that needs() asks for");
  }

  Tensor<std::byte> saved_, workspace_;
};

}  // namespace brindle::testing
