// SPDX-License-Identifier: MIT
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
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/plan_memory.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/step_bands.hpp"
#include "brindle/ops/add/add.hpp"

namespace brindle {

template <class T, class Device>
Plan<T, Device>::Plan(const Device& on, const LayerGraph<T, Device>& graph, const PlanOptions& options)
    : on_(on), options_(options), filters_(graph.prepared) {
  if (options.batch < 1)
    detail::raise<ValueError>("plan: the batch must be at least 1, got " + std::to_string(options.batch));
  steps_ = detail::plan_steps(on, graph, options);
  bands_ = detail::step_bands(on, graph, steps_, options);
  memory_ = detail::plan_memory(on, graph, steps_, bands_, options);
  arena_ = Tensor<std::byte, Device>::uninitialized({std::max<std::int64_t>(memory_.bytes, 1)});
  std::size_t most = 1;  // inputs of a step
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    gradient_views_.emplace_back(memory_.steps[i].gradients.size());
    most = std::max(most, steps_[i].inputs.size());
  }
  merge_x_.reserve(most);
  merge_dx_.reserve(most);
  prepared_.resize(steps_.size());
  if (filters_) prepare_steps();
}

template <class T, class Device>
void Plan<T, Device>::prepare_steps() {
  if constexpr (std::is_same_v<Device, Cpu>)
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& s = steps_[i];
      if (s.identity || s.merge || s.backward) continue;
      prepared_[i].fixed = s.layer->fixed_parameters();
      prepared_[i].bytes = filters_->of(detail::pass_of(on_, s, options_), *s.layer,
                                        value_shape(s.inputs.front()).batch(options_.batch));
    }
}

template <class T, class Device>
void Plan<T, Device>::forget_changed() {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    Prepared& p = prepared_[i];
    if (!p.bytes || p.fixed == steps_[i].layer->fixed_parameters()) continue;
    filters_->forget(p.fixed);
    p = {};
  }
}

template <class T, class Device>
std::int64_t Plan<T, Device>::prepared_bytes() const {
  std::int64_t sum = 0;
  for (const Prepared& p : prepared_) sum += p.bytes ? p.bytes->size() : 0;
  return sum;
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::forward(In<T, Device> x, std::uint32_t step, std::uint32_t leaf) {
  const Shape& sample = value_shape(0);
  if (x.shape.rank() < 1 || x.shape[0] > options_.batch || !(x.shape == sample.batch(x.shape[0])))
    detail::raise<ShapeError>("model: expected x " + to_string(sample.batch(options_.batch)) +
                              " or fewer samples, got " + to_string(x.shape));
  forget_changed();
  x_ = x;
  n_ = x.shape[0];
  step_ = step;
  leaf_ = leaf;
  const std::int64_t slices = (n_ + memory_.slice - 1) / memory_.slice;
  for (std::int64_t i = 0; i < slices; ++i)  // what later steps read of a slice is of the whole batch
    forward_steps(0, memory_.leading, n_ * i / slices, n_ * (i + 1) / slices);
  forward_steps(memory_.leading, steps_.size(), 0, n_);
  return output();
}

template <class T, class Device>
void Plan<T, Device>::forward_steps(std::size_t first, std::size_t last, std::int64_t begin, std::int64_t end) {
  auto bands = std::find_if(bands_.begin(), bands_.end(), [&](const auto& b) { return b.first() >= first; });
  for (std::size_t i = first; i < last; ++i) {
    if (bands == bands_.end() || bands->first() != i) {
      forward_step(i, begin, end);
      continue;
    }
    forward_bands(*bands, begin, end);
    i = bands->last();
    ++bands;
  }
}

template <class T, class Device>
void Plan<T, Device>::forward_bands(const detail::StepBands<T, Device>& bands, std::int64_t begin, std::int64_t end) {
  const Step &first = steps_[bands.first()], &last = steps_[bands.last()];
  const auto prepared = [&](std::size_t i) {
    const Prepared& p = prepared_[i];
    return p.bytes ? p.bytes->view() : TensorView<const std::byte, Device>{};
  };
  const TensorView<const T, Device> residual =
      last.added ? samples(last.inputs[1], begin, end) : TensorView<T, Device>{};
  bands.forward(steps_, options_, prepared, samples(first.inputs.front(), begin, end), residual,
                samples(last.output, begin, end), bytes_of(memory_.steps[bands.first()].forward_workspace));
  if (on_step_)
    for (std::size_t i = bands.first(); i <= bands.last(); ++i) (*on_step_)(i, false);
}

template <class T, class Device>
void Plan<T, Device>::forward_step(std::size_t i, std::int64_t begin, std::int64_t end) {
  Step& s = steps_[i];
  if (!s.identity) {
    Pass<T, Device> p = pass(i, memory_.steps[i].forward_workspace);
    if (s.added) p.residual = samples(s.inputs[1], begin, end);
    const TensorView<T, Device> y = samples(s.output, begin, end);
    if (s.merge) {
      merge_x_.clear();
      for (const std::size_t v : s.inputs) merge_x_.push_back(samples(v, begin, end));
      s.merge->forward(p, merge_x_, y);
    } else if (!s.check) {
      s.layer->forward(p, samples(s.inputs.front(), begin, end), y);
    } else if constexpr (std::is_same_v<Device, Cpu>) {
      detail::checked_forward<T>(*s.layer, p, samples(s.inputs.front(), begin, end), y);
      s.check = s.backward;
    }
  }
  if (on_step_) (*on_step_)(i, false);
}

template <class T, class Device>
void Plan<T, Device>::backward(OnGradients on_gradients, const OnStream* on_stream, const StreamState* stream_state) {
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const Step& s = steps_[i];
    if (!s.backward) continue;
    if (s.merge)
      backward_merge(i);
    else if (!s.identity)
      backward_step(i, on_stream, stream_state);
    add_gradients(i);
    if (!gradient_views_[i].empty()) on_gradients(s.index, gradient_views_[i]);
    if (on_step_) (*on_step_)(i, true);
  }
  for (Step& s : steps_) s.check = false;
}

template <class T, class Device>
void Plan<T, Device>::backward_step(std::size_t i, const OnStream* on_stream, const StreamState* stream_state) {
  const Step& s = steps_[i];
  const detail::StepMemory& m = memory_.steps[i];
  std::vector<TensorView<T, Device>>& into = gradient_views_[i];
  for (std::size_t p = 0; p < into.size(); ++p)
    into[p] = m.gradients[p] ? at<T>(*m.gradients[p], s.layer->parameters()[p].value.shape()) : TensorView<T, Device>{};
  const auto stream = [&](std::size_t which, std::int64_t first, TensorView<const T, Device> block) {
    (*on_stream)(s.index, which, first, block);
  };
  const FunctionRef<void(std::size_t, std::int64_t, TensorView<const T, Device>)> stream_ref(stream);
  const auto state = [&](std::size_t which) { return (*stream_state)(s.index, which); };
  const FunctionRef<TensorView<const T, Device>(std::size_t)> state_ref(state);
  const Gradients<T, Device> gradients{into, on_stream ? &stream_ref : nullptr, stream_state ? &state_ref : nullptr};

  const std::size_t input = s.inputs.front();
  const TensorView<const T, Device> x = m.needs.reads_input ? stored(input) : TensorView<const T, Device>{};
  const TensorView<const T, Device> y = m.needs.reads_output ? stored(s.output) : TensorView<const T, Device>{};
  const TensorView<T, Device> dy = gradient(s.output);
  const TensorView<T, Device> dx =
      m.inputs.front().dx ? at<T>(*m.inputs.front().dx, value_shape(input).batch(n_)) : TensorView<T, Device>{};
  const Pass<T, Device> p = pass(i, m.backward_workspace);
  if (!s.check)
    s.layer->backward(p, x, y, dy, dx, gradients);
  else if constexpr (std::is_same_v<Device, Cpu>)
    detail::checked_backward<T>(*s.layer, p, x, y, value_shape(input).batch(n_), dy, dx, gradients);
}

template <class T, class Device>
void Plan<T, Device>::backward_merge(std::size_t i) {
  const Step& s = steps_[i];
  const detail::StepMemory& m = memory_.steps[i];
  merge_x_.clear();
  merge_dx_.clear();
  for (std::size_t k = 0; k < s.inputs.size(); ++k) {
    const Shape shape = value_shape(s.inputs[k]).batch(n_);
    merge_x_.push_back(m.needs.reads_input ? stored(s.inputs[k]) : TensorView<T, Device>(nullptr, shape));
    merge_dx_.push_back(m.inputs[k].dx ? at<T>(*m.inputs[k].dx, shape) : TensorView<T, Device>(nullptr, shape));
  }
  Pass<T, Device> p = pass(i, m.backward_workspace);
  if (m.needs.reads_output) p.output = stored(s.output);
  s.merge->backward(p, merge_x_, gradient(s.output), merge_dx_);
}

template <class T, class Device>
void Plan<T, Device>::add_gradients(std::size_t i) {
  const std::vector<detail::InputGradient>& inputs = memory_.steps[i].inputs;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].add) continue;
    const TensorView<T, Device> sum = gradient(steps_[i].inputs[k]);
    ops::add<T>(on_, sum, at<T>(*inputs[k].dx, sum.shape), sum);
  }
}

template <class T, class Device>
bool Plan<T, Device>::gives_gradient(std::size_t layer, std::size_t which) const {
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (steps_[i].index == layer && steps_[i].backward && which < memory_.steps[i].gradients.size())
      return memory_.steps[i].gradients[which] || steps_[i].layer->parameters()[which].learned;
  return false;
}

template <class T, class Device>
Pass<T, Device> Plan<T, Device>::pass(std::size_t i, const BlockNumber& workspace) const {
  Pass<T, Device> p = detail::pass_of(on_, steps_[i], options_);
  p.random = {options_.seed, steps_[i].stream + leaf_ * 0x9E3779B9u, step_};  // odd: another for each leaf
  p.saved = bytes_of(memory_.steps[i].saved);
  p.workspace = bytes_of(workspace);
  if (prepared_[i].bytes) p.prepared = prepared_[i].bytes->view();
  if (p.reads_deferred_gradient)
    p.gradient_prologue = steps_[i + 1].layer->gradient_prologue(pass(i + 1, {}), stored(steps_[i].output));
  if (p.gives_gradient_sums) p.gradient_sums = steps_[i - 1].layer->gradient_sums(pass(i - 1, {}));
  if (p.reads_deferred) p.prologue = steps_[i - 1].layer->prologue(pass(i - 1, {}));
  return p;
}

template <class T, class Device>
template <class U>
TensorView<U, Device> Plan<T, Device>::at(std::size_t block, const Shape& shape) const {
  auto* base = const_cast<std::byte*>(arena_.data());
  return {reinterpret_cast<U*>(base + memory_.blocks[block].offset), shape};
}

template <class T, class Device>
TensorView<std::byte, Device> Plan<T, Device>::bytes_of(const BlockNumber& block) const {
  return block ? at<std::byte>(*block, {memory_.blocks[*block].bytes}) : TensorView<std::byte, Device>{};
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::value(std::size_t v) const {
  const detail::ValueMemory& of = memory_.values[v];
  if (of.inside)
    detail::raise<ValueError>("plan: value " + std::to_string(v) +
                              " lies between layers that work as one, and is not stored; ask for it with "
                              "PlanOptions::layer_by_layer or gradient_of");
  return stored(v);
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::stored(std::size_t v) const {
  const detail::ValueMemory& of = memory_.values[v];
  // Without a block it is the caller's x, or what an identity makes of that.
  if (!of.block) return {const_cast<T*>(x_.data), of.shape.batch(n_)};
  return at<T>(*of.block, of.shape.batch(n_));
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::gradient(std::size_t v) const {
  if (!memory_.values[v].gradient) return {};
  return at<T>(*memory_.values[v].gradient, value_shape(v).batch(n_));
}

template <class T, class Device>
TensorView<T, Device> Plan<T, Device>::samples(std::size_t v, std::int64_t begin, std::int64_t end) const {
  const detail::ValueMemory& of = memory_.values[v];
  if (of.block && !of.whole) return at<T>(*of.block, of.shape.batch(end - begin));
  return stored(v).slice(begin, end);
}

}  // namespace brindle
