// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what plan_memory.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/liveness.hpp"
#include "brindle/nn/plan_memory.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/step_bands.hpp"

namespace brindle::detail {

/// Places the memory of a plan: plan_memory() as it goes on.
template <class T, class Device>
class MemoryPlanner {
 public:
  using Step = PlanStep<T, Device>;

  using Bands = StepBands<T, Device>;

  MemoryPlanner(const Device& on, const LayerGraph<T, Device>& graph, const std::vector<Step>& steps,
                const std::vector<Bands>& bands, const PlanOptions& options)
      : on_(on),
        steps_(steps),
        options_(options),
        count_(static_cast<int>(steps.size())),
        bands_(steps.size(), nullptr) {
    for (const Bands& b : bands)
      for (std::size_t i = b.first(); i <= b.last(); ++i) bands_[i] = &b;
    memory_.values.resize(graph.layers.size() + 1);
    for (std::size_t v = 0; v < memory_.values.size(); ++v) memory_.values[v].shape = graph.value_shape(v);
    memory_.steps.resize(steps.size());
    for (std::size_t v = 1; v < memory_.values.size(); ++v) memory_.values[v].inside = true;
    for (std::size_t i = 0; i < steps.size(); ++i)
      memory_.values[steps[i].output].inside = steps[i].deferred || last_together(i) != i;
    last_ = last_readers();
  }

  PlanMemory place() && {
    choose_slice();
    mark_slices();
    for (int i = 0; i < count_; ++i) place_forward(i);
    // The caller reads the output, and in training the loss reads it while it writes the gradient, after the last step.
    keep(memory_.values.back().block, steps_.back().backward ? backward_time(count_ - 1) : end());
    for (int i = count_ - 1; i >= 0; --i) place_backward(i);
    if (options_.gradient_of) {
      keep(memory_.values[*options_.gradient_of].block, end());
      keep(memory_.values[*options_.gradient_of].gradient, end());
    }
    memory_.bytes = place_blocks(memory_.blocks);
    return std::move(memory_);
  }

 private:
  static constexpr auto size = static_cast<std::int64_t>(sizeof(T));

  int forward_time(int i) const { return i; }
  int backward_time(int i) const { return 2 * count_ - 1 - i; }
  int end() const { return 2 * count_; }

  // The first and the last of the steps that run together with this one.
  std::size_t first_together(std::size_t i) const { return bands_[i] ? bands_[i]->first() : i; }
  std::size_t last_together(std::size_t i) const { return bands_[i] ? bands_[i]->last() : i; }

  const Step& step(int i) const { return steps_[static_cast<std::size_t>(i)]; }
  ValueMemory& value(std::size_t v) { return memory_.values[v]; }

  BlockNumber add(std::int64_t bytes, int first, int last) {
    memory_.blocks.push_back({bytes, first, last});
    return memory_.blocks.size() - 1;
  }

  void keep(BlockNumber block, int until) {
    if (block) memory_.blocks[*block].last = std::max(memory_.blocks[*block].last, until);
  }

  // Those that only rename memory hand it on.
  std::vector<std::size_t> last_readers() const {
    std::vector<std::size_t> last(memory_.values.size(), 0);
    last.back() = steps_.size();  // the caller
    if (options_.gradient_of) last[*options_.gradient_of] = steps_.size();
    for (std::size_t i = steps_.size(); i-- > 0;)
      for (const std::size_t v : steps_[i].inputs)
        last[v] = std::max({last[v], last_together(i), steps_[i].identity ? last[steps_[i].output] : std::size_t{0}});
    return last;
  }

  // The leading steps are those for which slices pay: no backward pass needs their activations, and in a slice these
  // are more than what kernels make anew of the parameters for each slice, and enough pictures for steps in bands to
  // keep all threads at work. They end with a step that works.
  void choose_slice() {
    std::int64_t most = options_.batch, least = 1;  // samples of a slice
    memory_.slice = options_.batch;
    if (options_.layer_by_layer) return;
    std::vector<std::size_t> made{0};  // values in memory of their own
    std::int64_t of_filters = 0;       // bytes
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& s = steps_[i];
      if (s.identity) continue;
      if (s.backward || !s.layer->sample_by_sample_in(pass_of(on_, s, options_))) break;
      of_filters =
          (first_together(i) == i ? 0 : of_filters) + size * on_.made_of_filters() * s.layer->parameter_count();
      if (last_together(i) != i) continue;
      std::int64_t elements = memory_.values[s.output].shape.size();
      for (const std::size_t v : made)
        if (last_[v] >= i) elements += memory_.values[v].shape.size();
      made.push_back(s.output);
      const std::int64_t activations = std::max<std::int64_t>(size * elements, 1);
      most = std::min(most, std::max<std::int64_t>(Device::slice_bytes / activations, 1));
      least = std::max(least, (of_filters + activations - 1) / activations);
      if (bands_[i]) least = std::max(least, bands_[i]->least_pictures());
      if (most < least) break;
      memory_.slice = most;
      memory_.leading = i + 1;
    }
    if (memory_.slice == options_.batch) memory_.leading = 0;
  }

  // A value of the leading steps is one of a slice where no later step, and not the caller, reads it.
  void mark_slices() {
    for (std::size_t i = 0; i < memory_.leading; ++i) {
      const Step& s = steps_[i];
      value(s.output).whole = s.identity ? value(s.inputs.front()).whole : last_[s.output] >= memory_.leading;
    }
  }

  // A kernel may cut a smaller batch in another way, which can need more workspace than the whole one.
  LayerNeeds needs_up_to(const Step& s, std::int64_t batch) const {
    const Pass<T, Device> pass = pass_of(on_, s, options_);
    std::vector<Shape> x(s.inputs.size());
    const auto needs_of = [&](std::int64_t n) {
      for (std::size_t k = 0; k < x.size(); ++k) x[k] = memory_.values[s.inputs[k]].shape.batch(n);
      return s.merge ? s.merge->needs(pass, std::span<const Shape>(x)) : s.layer->needs(pass, x.front());
    };
    LayerNeeds needs = needs_of(batch);
    for (std::int64_t n = 1; n < batch; ++n) {
      const LayerNeeds smaller = needs_of(n);
      needs.forward_workspace = std::max(needs.forward_workspace, smaller.forward_workspace);
      needs.backward_workspace = std::max(needs.backward_workspace, smaller.backward_workspace);
    }
    return needs;
  }

  // Memory of what steps give that run from the first time to the last. What leading steps leave behind is filled slice
  // by slice: it lives as long as any slice is on its way.
  BlockNumber add_output(const ValueMemory& y, bool leading, int first, int last) {
    return add(size * y.shape.size() * (y.whole ? options_.batch : memory_.slice),
               leading && y.whole ? forward_time(0) : first, last);
  }

  void place_forward(int i) {
    const Step& s = step(i);
    StepMemory& m = memory_.steps[static_cast<std::size_t>(i)];
    ValueMemory& y = value(s.output);
    const bool leading = static_cast<std::size_t>(i) < memory_.leading;
    if (bands_[static_cast<std::size_t>(i)]) return place_band(*bands_[static_cast<std::size_t>(i)], i, leading);
    m.needs = needs_up_to(s, leading ? memory_.slice : options_.batch);
    y.block = s.identity || s.deferred ? value(s.inputs.front()).block
                                       : add_output(y, leading, forward_time(i), forward_time(i));
    for (const std::size_t v : s.inputs) {
      keep(value(v).block, forward_time(i));
      if (s.backward && m.needs.reads_input) keep(value(v).block, backward_time(i));
    }
    if (s.reads_deferred_gradient || (s.backward && m.needs.reads_output)) keep(y.block, backward_time(i));
    if (m.needs.forward_workspace > 0)
      m.forward_workspace = add(m.needs.forward_workspace, forward_time(i), forward_time(i));
    if (m.needs.saved > 0)
      m.saved = add(m.needs.saved, forward_time(i),
                    s.gradient_deferred ? backward_time(i - 1)
                    : s.backward        ? backward_time(i)
                                        : forward_time(i));
    if (!s.backward) return;
    if (m.needs.backward_workspace > 0)
      m.backward_workspace = add(m.needs.backward_workspace, backward_time(i), backward_time(i));
  }

  // Step i of some that run in bands: what any of them reads, gives or works with lives from the first to the last.
  void place_band(const Bands& bands, int i, bool leading) {
    const Step& s = step(i);
    const int first = forward_time(static_cast<int>(bands.first())),
              last = forward_time(static_cast<int>(bands.last()));
    ValueMemory& y = value(s.output);
    for (const std::size_t v : s.inputs) keep(value(v).block, last);
    if (first == forward_time(i)) memory_.steps[bands.first()].forward_workspace = add(bands.bytes(), first, last);
    if (!y.inside) y.block = add_output(y, leading, first, last);
  }

  void place_backward(int i) {
    const Step& s = step(i);
    StepMemory& m = memory_.steps[static_cast<std::size_t>(i)];
    m.inputs.resize(s.inputs.size());
    if (!s.backward) return;
    const int now = backward_time(i);
    ValueMemory& y = value(s.output);
    if (!y.gradient) y.gradient = add(size * y.shape.size() * options_.batch, now, now);  // of the model's output
    keep(y.gradient, now);
    bool dy_given = false;  // to a dx that lies in its place
    for (std::size_t k = 0; k < s.inputs.size(); ++k) {
      if (!s.gradients[k]) continue;
      ValueMemory& x = value(s.inputs[k]);
      const bool in_place = !dy_given && (s.identity || s.layer->backward_in_place());
      dy_given = dy_given || in_place;
      m.inputs[k].dx = in_place ? y.gradient : add(size * x.shape.size() * options_.batch, now, now);
      m.inputs[k].add = x.gradient.has_value();
      if (x.gradient)
        keep(x.gradient, now);
      else
        x.gradient = m.inputs[k].dx;
    }
    if (!s.layer->trainable || options_.gradient_of) return;
    for (std::size_t which = 0; which < s.layer->parameters().size(); ++which) {
      const bool stays = !s.layer->parameters()[which].learned && !pass_of(on_, s, options_).training;
      const bool whole = options_.keep_gradients || s.layer->parameters()[which].l2 > 0;
      const bool streamed = stays || (!whole && s.layer->streams(which));
      m.gradients.push_back(
          streamed ? BlockNumber{}
                   : add(size * s.layer->parameters()[which].value.size(), now, options_.keep_gradients ? end() : now));
    }
  }

  const Device& on_;
  const std::vector<Step>& steps_;
  const PlanOptions& options_;
  int count_;                        // of steps
  std::vector<const Bands*> bands_;  // for each step, those that it runs in; null: none
  std::vector<std::size_t> last_;    // for each value, the last step that reads its memory
  PlanMemory memory_;
};

template <class T, class Device>
PlanMemory plan_memory(const Device& on, const LayerGraph<T, Device>& graph,
                       const std::vector<PlanStep<T, Device>>& steps, const std::vector<StepBands<T, Device>>& bands,
                       const PlanOptions& options) {
  return MemoryPlanner<T, Device>(on, graph, steps, bands, options).place();
}

}  // namespace brindle::detail
