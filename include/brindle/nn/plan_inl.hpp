#pragma once

// Definitions of what plan.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_check.hpp"
#include "brindle/nn/library_layers.hpp"
#include "brindle/nn/liveness.hpp"
#include "brindle/nn/plan.hpp"

namespace brindle {

template <class T, class Device>
Plan<T, Device>::Plan(const Device& on, std::span<const LayerPointer> layers, const Shape& x,
                      const PlanOptions& options)
    : on_(on), options_(options) {
  if (options.batch < 1)
    detail::raise<ValueError>("plan: the batch must be at least 1, got " + std::to_string(options.batch));
  lowest_ = layers.size();
  for (std::size_t i = layers.size(); i-- > 0;)
    if (options.input_gradient || (layers[i]->trainable && !layers[i]->parameters().empty())) lowest_ = i;
  make_steps(layers, x);
  choose_slice();
  place();
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::forward(In<T, Device> x, std::uint32_t step) {
  if (x.shape.rank() < 1 || x.shape[0] > options_.batch || !(x.shape == input_.batch(x.shape[0])))
    detail::raise<ShapeError>("model: expected x " + to_string(input_.batch(options_.batch)) +
                              " or fewer samples, got " + to_string(x.shape));
  x_ = x;
  n_ = x.shape[0];
  step_ = step;
  const std::int64_t slices = (n_ + slice_ - 1) / slice_;
  for (std::int64_t i = 0; i < slices; ++i) forward_slice(n_ * i / slices, n_ * (i + 1) / slices);
  for (std::size_t i = leading_; i < steps_.size(); ++i)
    forward_step(i, input(steps_[i]), view(steps_[i].y, steps_[i].y_shape));
  return output();
}

template <class T, class Device>
void Plan<T, Device>::backward(OnGradients on_gradients, const OnStream* on_stream, const StreamState* stream_state) {
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const Step& s = steps_[i];
    if (!s.backward) break;
    if (!s.identity) {
      std::vector<TensorView<T, Device>>& into = gradient_views_[i];
      for (std::size_t p = 0; p < into.size(); ++p) {
        const auto& value = s.layer->parameters()[p].value;
        into[p] = s.gradients[p] < 0 ? TensorView<T, Device>{} : at<T>(s.gradients[p], value.shape());
      }
      const auto stream = [&](std::size_t which, std::int64_t first, TensorView<const T, Device> block) {
        (*on_stream)(s.index, which, first, block);
      };
      const FunctionRef<void(std::size_t, std::int64_t, TensorView<const T, Device>)> stream_ref(stream);
      const auto state = [&](std::size_t which) { return (*stream_state)(s.index, which); };
      const FunctionRef<TensorView<const T, Device>(std::size_t)> state_ref(state);
      const TensorView<T, Device> dx = s.dx < 0 ? TensorView<T, Device>{} : view(s.dx, s.x_shape);
      const TensorView<const T, Device> x = s.needs.reads_input ? input(s) : TensorView<const T, Device>{};
      const TensorView<const T, Device> y =
          s.needs.reads_output ? TensorView<const T, Device>(view(s.y, s.y_shape)) : TensorView<const T, Device>{};
      const Gradients<T, Device> gradients{into, on_stream ? &stream_ref : nullptr,
                                           stream_state ? &state_ref : nullptr};
      if (s.check)
        backward_checked(s, x, y, dx, gradients);
      else
        s.layer->backward(pass(s, s.backward_workspace), x, y, view(s.dy, s.y_shape), dx, gradients);
      if (!into.empty()) on_gradients(s.index, into);
    }
    if (on_step_) (*on_step_)(i, true);
  }
  for (Step& s : steps_) s.check = false;
}

template <class T, class Device>
Pass<T, Device> Plan<T, Device>::empty_pass(const Step& s) const {
  return {.on = on_,
          .training = options_.training,
          .backward = s.backward,
          .logits = options_.logits && s.last,
          .random = {options_.seed, s.what, step_},
          .fused = s.fused};
}

template <class T, class Device>
Pass<T, Device> Plan<T, Device>::pass(const Step& s, int workspace) const {
  Pass<T, Device> p = empty_pass(s);
  if (s.saved >= 0) p.saved = bytes_of(s.saved);
  if (workspace >= 0) p.workspace = bytes_of(workspace);
  return p;
}

template <class T, class Device>
std::size_t Plan<T, Device>::last_that_computes(std::span<const LayerPointer> layers) const {
  const Pass<T, Device> training{.on = on_, .training = true, .backward = true};
  std::size_t i = layers.size();
  while (i > 1 && layers[i - 1]->is_identity(training)) --i;
  return i - 1;
}

template <class T, class Device>
void Plan<T, Device>::make_steps(std::span<const LayerPointer> layers, const Shape& x) {
  input_ = x;
  Shape shape = x;
  const std::size_t last = last_that_computes(layers);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Step s;
    s.layer = layers[i].get();
    s.index = i;
    s.what = stream_id("layer", s.layer->name);
    s.x_shape = shape;
    s.y_shape = s.layer->output_shape(shape);
    // A fused pair learns or is frozen as one: the pool behind it has no parameters.
    s.backward = options_.backward && i >= lowest_;
    if (i + 1 < layers.size() && s.layer->fuses(*layers[i + 1])) {
      s.fused = layers[i + 1].get();
      s.y_shape = s.fused->output_shape(s.y_shape);
      ++i;
    }
    s.last = i == last;
    s.identity = s.layer->is_identity(empty_pass(s)) && !s.fused;
    s.check = std::is_same_v<Device, Cpu> && !s.identity && !detail::is_of_the_library(*s.layer);
    shape = s.y_shape;
    steps_.push_back(std::move(s));
  }
  if (steps_.empty()) detail::raise<ValueError>("model: has no layers; add at least one");
}

template <class T, class Device>
void Plan<T, Device>::choose_slice() {
  const auto size = static_cast<std::int64_t>(sizeof(T));
  std::int64_t most = options_.batch, least = 1;  // samples of a slice
  slice_ = options_.batch;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& s = steps_[i];
    if (s.identity) continue;
    if (s.backward || !s.layer->sample_by_sample()) break;
    const std::int64_t activations = std::max<std::int64_t>(size * (s.x_shape.size() + s.y_shape.size()), 1);
    const std::int64_t parameters = size * s.layer->parameter_count();
    most = std::min(most, std::max<std::int64_t>(Device::slice_bytes / activations, 1));
    least = std::max(least, (parameters + activations - 1) / activations);
    if (most < least) break;
    slice_ = most;
    leading_ = i + 1;
  }
  if (slice_ == options_.batch) leading_ = 0;
}

template <class T, class Device>
void Plan<T, Device>::forward_slice(std::int64_t begin, std::int64_t end) {
  for (std::size_t i = 0; i < leading_; ++i) {
    const Step& s = steps_[i];
    forward_step(i, slice(s.x, s.x_shape, begin, end), slice(s.y, s.y_shape, begin, end));
  }
}

template <class T, class Device>
void Plan<T, Device>::forward_step(std::size_t i, In<T, Device> x, Out<T, Device> y) {
  Step& s = steps_[i];
  if (s.check)
    forward_checked(s, x, y);
  else if (!s.identity)
    s.layer->forward(pass(s, s.forward_workspace), x, y);
  if (on_step_) (*on_step_)(i, false);
}

template <class T, class Device>
void Plan<T, Device>::forward_checked(Step& s, In<T, Device> x, Out<T, Device> y) {
  if constexpr (std::is_same_v<Device, Cpu>) detail::checked_forward<T>(*s.layer, pass(s, s.forward_workspace), x, y);
  s.check = s.backward;
}

template <class T, class Device>
void Plan<T, Device>::backward_checked(const Step& s, In<T, Device> x, In<T, Device> y, Out<T, Device> dx,
                                       const Gradients<T, Device>& gradients) {
  if constexpr (std::is_same_v<Device, Cpu>)
    detail::checked_backward<T>(*s.layer, pass(s, s.backward_workspace), x, y, s.x_shape.batch(n_),
                                view(s.dy, s.y_shape), dx, gradients);
}

template <class T, class Device>
void Plan<T, Device>::place() {
  const int count = static_cast<int>(steps_.size());
  const auto forward_time = [](int i) { return i; };
  const auto backward_time = [&](int i) { return 2 * count - 1 - i; };
  const int end = 2 * count;
  const auto size = static_cast<std::int64_t>(sizeof(T));
  const int leading = static_cast<int>(leading_);

  for (int i = 0; i < count; ++i) {
    Step& s = steps_[static_cast<std::size_t>(i)];
    s.needs = needs_up_to(s, empty_pass(s), i < leading ? slice_ : options_.batch);
    s.x = i == 0 ? -1 : steps_[static_cast<std::size_t>(i - 1)].y;
    // The last leading y is filled slice by slice: it lives as long as any slice is on its way.
    s.y = s.identity ? s.x
                     : add(size * s.y_shape.size() * (i + 1 < leading ? slice_ : options_.batch),
                           i + 1 == leading ? forward_time(0) : forward_time(i), forward_time(i));
    keep(s.x, forward_time(i));
    if (s.backward && s.needs.reads_input) keep(s.x, backward_time(i));
    if (s.backward && s.needs.reads_output) keep(s.y, backward_time(i));
    if (s.needs.forward_workspace > 0)
      s.forward_workspace = add(s.needs.forward_workspace, forward_time(i), forward_time(i));
    if (!s.backward) continue;
    if (s.needs.saved > 0) s.saved = add(s.needs.saved, forward_time(i), backward_time(i));
    if (s.needs.backward_workspace > 0)
      s.backward_workspace = add(s.needs.backward_workspace, backward_time(i), backward_time(i));
  }
  // The caller reads the output, and in training the loss reads it while it writes the gradient, after the last step.
  keep(steps_.back().y, options_.backward ? backward_time(count - 1) : end);

  for (int i = count - 1; i >= 0 && steps_[static_cast<std::size_t>(i)].backward; --i) {
    Step& s = steps_[static_cast<std::size_t>(i)];
    s.dy = i == count - 1 ? add(size * s.y_shape.size() * options_.batch, backward_time(i), backward_time(i))
                          : steps_[static_cast<std::size_t>(i + 1)].dx;
    keep(s.dy, backward_time(i));
    const bool needed = i > 0 ? steps_[static_cast<std::size_t>(i - 1)].backward : options_.input_gradient;
    if (needed)
      s.dx = s.identity || s.layer->backward_in_place()
                 ? s.dy
                 : add(size * s.x_shape.size() * options_.batch, backward_time(i), backward_time(i));
    if (!s.layer->trainable || options_.input_gradient) continue;
    for (std::size_t which = 0; which < s.layer->parameters().size(); ++which) {
      const std::int64_t bytes = size * s.layer->parameters()[which].value.size();
      const bool streamed = !options_.keep_gradients && s.layer->streams(which);
      s.gradients.push_back(streamed ? -1
                                     : add(bytes, backward_time(i), options_.keep_gradients ? end : backward_time(i)));
    }
  }
  if (options_.input_gradient) keep(steps_.front().dx, end);
  gradient_views_.resize(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) gradient_views_[i].resize(steps_[i].gradients.size());

  arena_ = Tensor<std::byte, Device>::uninitialized({std::max<std::int64_t>(detail::place_blocks(blocks_), 1)});
}

template <class T, class Device>
LayerNeeds Plan<T, Device>::needs_up_to(const Step& s, const Pass<T, Device>& p, std::int64_t batch) {
  LayerNeeds needs = s.layer->needs(p, s.x_shape.batch(batch));
  for (std::int64_t n = 1; n < batch; ++n) {
    const LayerNeeds smaller = s.layer->needs(p, s.x_shape.batch(n));
    needs.forward_workspace = std::max(needs.forward_workspace, smaller.forward_workspace);
    needs.backward_workspace = std::max(needs.backward_workspace, smaller.backward_workspace);
  }
  return needs;
}

template <class T, class Device>
int Plan<T, Device>::add(std::int64_t bytes, int first, int last) {
  blocks_.push_back({bytes, first, last});
  return static_cast<int>(blocks_.size()) - 1;
}

template <class T, class Device>
void Plan<T, Device>::keep(int block, int until) {
  if (block < 0) return;
  detail::LiveBlock& b = blocks_[static_cast<std::size_t>(block)];
  b.last = std::max(b.last, until);
}

template <class T, class Device>
template <class U>
TensorView<U, Device> Plan<T, Device>::at(int block, const Shape& shape) const {
  auto* base = const_cast<std::byte*>(arena_.data());
  return {reinterpret_cast<U*>(base + blocks_[static_cast<std::size_t>(block)].offset), shape};
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::view(int block, const Shape& sample) const {
  // Only an identity first step has no block: its output is the caller's x.
  if (block < 0) return {const_cast<T*>(x_.data), sample.batch(n_)};
  return at<T>(block, sample.batch(n_));
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::slice(int block, const Shape& sample, std::int64_t begin,
                                             std::int64_t end) const {
  if (block < 0 || block == steps_[leading_ - 1].y) return view(block, sample).slice(begin, end);
  return at<T>(block, sample.batch(end - begin));
}

template <class T, class Device>
TensorView<const T, Device> Plan<T, Device>::input(const Step& s) const {
  return s.x < 0 ? x_.reshape(s.x_shape.batch(n_)) : TensorView<const T, Device>(view(s.x, s.x_shape));
}

template <class T, class Device>
TensorView<std::byte, Device> Plan<T, Device>::bytes_of(int block) const {
  return at<std::byte>(block, {blocks_[static_cast<std::size_t>(block)].bytes});
}

}  // namespace brindle
