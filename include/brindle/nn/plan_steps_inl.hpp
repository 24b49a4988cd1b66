// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what plan_steps.hpp declares.
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/library_layers.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"

namespace brindle::detail {

template <class T, class Device>
Pass<T, Device> pass_of(const Device& on, const PlanStep<T, Device>& step, const PlanOptions& options) {
  return {.on = on,
          .training = options.training && !step.layer->inference,
          .backward = step.backward,
          .logits = options.logits && step.last,
          .fused = step.fused,
          .border = step.padding ? step.padding->border() : Border{},
          .normalized = step.normalized,
          .deferred = step.deferred,
          .reads_deferred = step.reads_deferred,
          .gradient_deferred = step.gradient_deferred,
          .reads_deferred_gradient = step.reads_deferred_gradient,
          .gradient_sums_given = step.gradient_sums_given,
          .gives_gradient_sums = step.gives_gradient_sums,
          .activation_behind = step.activated ? activation_of(step.activated->epilogue()) : ActivationFunction::linear};
}

/// The layer whose activation a loss may take over: those behind it only rename memory, in training as well.
template <class T, class Device>
std::size_t last_that_computes(const Device& on, const LayerGraph<T, Device>& graph) {
  const Pass<T, Device> training{.on = on, .training = true, .backward = true};
  std::size_t i = graph.layers.size() - 1;
  while (graph.layers[i]->is_identity(training) && graph.inputs[i].front() > 0) i = graph.inputs[i].front() - 1;
  return i;
}

/// Which layers of a graph become one step.
template <class T, class Device>
class StepPlanner {
 public:
  StepPlanner(const Device& on, const LayerGraph<T, Device>& graph, const PlanOptions& options)
      : on_(on),
        graph_(graph),
        options_(options),
        layers_(graph.layers.size()),
        last_(last_that_computes(on, graph)),
        readers_(layers_ + 1, 0),
        asked_(layers_ + 1, false) {
    for (const std::vector<std::size_t>& inputs : graph.inputs)
      for (const std::size_t value : inputs) ++readers_[value];
    if (options.gradient_of) asked_[*options.gradient_of] = true;
  }

  std::vector<PlanStep<T, Device>> plan() {
    std::vector<PlanStep<T, Device>> steps;
    for (std::size_t i = 0; i < layers_; ++i) {
      steps.push_back(step(i));
      if (steps.size() == 1) continue;
      PlanStep<T, Device>&s = steps.back(), &before = steps[steps.size() - 2];
      s.reads_deferred = before.deferred;
      s.gradient_deferred = before.reads_deferred_gradient = defers_gradient(before, s);
      s.gives_gradient_sums = before.gradient_sums_given = sums_for(before, s);
    }
    return steps;
  }

 private:
  const Layer<T, Device>& layer(std::size_t i) const { return *graph_.layers[i]; }

  // Whether what layer i gives is read once, and only within the model.
  bool read_once(std::size_t i) const {
    const std::size_t value = i + 1;
    return value < layers_ && !options_.layer_by_layer && options_.gradient_of != value && readers_[value] == 1;
  }
  // Whether the next layer reads what layer i gives, and nothing else, and nobody else reads it.
  bool in_a_row(std::size_t i) const { return read_once(i) && graph_.inputs[i + 1] == std::vector<std::size_t>{i + 1}; }
  // Whether layer i only puts zeros around its input, and the next one can do so instead.
  bool pads_next(std::size_t i) const {
    return in_a_row(i) && of_the_library(i) && !(layer(i).border() == Border{}) && layer(i + 1).takes_border();
  }
  // Whether layer i can do the work of the next one, which has no parameters, at the end of its passes. An activation
  // that a loss takes over is nobody's work.
  bool fuses(std::size_t i) const {
    if (!in_a_row(i) || !layer(i + 1).parameters().empty()) return false;
    const Epilogue epilogue = layer(i + 1).epilogue();
    if (options_.logits && i + 1 == last_ && std::holds_alternative<ActivationEpilogue>(epilogue)) return false;
    return layer(i).fuses(epilogue);
  }
  // Whether layer i, which has no backward pass, can do the work of the next one, which has none either.
  bool normalizes(std::size_t i) const {
    if (!in_a_row(i) || !of_the_library(i) || !layer(i).normalizes() || learns(i + 1)) return false;
    const Pass<T, Device> pass{.on = on_, .training = options_.training && !layer(i + 1).inference};
    return layer(i + 1).moving_normalization() && layer(i + 1).sample_by_sample_in(pass);
  }
  // Layers i and i + 1 are the library's own, which say the truth of what they do.
  bool of_the_library(std::size_t i) const { return is_of_the_library(layer(i)) && is_of_the_library(layer(i + 1)); }
  // Whether step s, whose last layer is i, can leave its work to the layer behind it, or the one behind a padding.
  bool defers(std::size_t i, const PlanStep<T, Device>& s) const {
    if (!s.backward || !in_a_row(i) || !of_the_library(i) || !s.layer->gives_prologue()) return false;
    const std::size_t next = pads_next(i + 1) ? i + 2 : i + 1;
    return is_of_the_library(layer(next)) && layer(next).takes_prologue() && !fuses(next);
  }
  // Whether step s can leave the gradient by its input to the step in front of it, `before`.
  bool defers_gradient(const PlanStep<T, Device>& before, const PlanStep<T, Device>& s) const {
    return s.backward && !before.fused && in_a_row(before.index) && of_the_library(before.index) &&
           s.layer->gives_gradient_prologue() && makes_all_gradients_at_once(before);
  }
  // Whether step s, which does the forward work of the step in front of it, can also make sums for its backward pass.
  bool sums_for(const PlanStep<T, Device>& before, const PlanStep<T, Device>& s) const {
    return before.deferred && before.layer->gives_gradient_prologue() && !s.fused && makes_all_gradients_at_once(s);
  }
  bool makes_all_gradients_at_once(const PlanStep<T, Device>& s) const {
    return learns(s.index) && s.layer->takes_gradient_prologue(s.padding ? s.padding->border() : Border{});
  }
  // Layer i + 1 may be an Add of what layer i gives and another value, whose gradient nobody asks for, and `of` may be
  // able to add that itself: the number of that other value.
  std::optional<std::size_t> residual_behind(std::size_t i, const Layer<T, Device>& of) const {
    if (!read_once(i) || graph_.inputs[i + 1].size() != 2) return {};
    const Epilogue epilogue = layer(i + 1).epilogue();
    if (!std::holds_alternative<ResidualEpilogue>(epilogue) || !layer(i + 1).parameters().empty() ||
        !of.fuses(epilogue))
      return {};
    const std::vector<std::size_t>& both = graph_.inputs[i + 1];
    if (both[0] != i + 1 && both[1] != i + 1) return {};  // a sum of others, which only stands there
    const std::size_t other = both[0] == i + 1 ? both[1] : both[0];
    if (options_.backward && asked_[other]) return {};
    return other;
  }
  // Whether the layer behind layer i is an activation that `s` can apply, and a loss does not.
  bool activates(std::size_t i, const PlanStep<T, Device>& s) const {
    if (!in_a_row(i) || !layer(i + 1).parameters().empty() || (options_.logits && i + 1 == last_)) return false;
    const ActivationFunction f = activation_of(layer(i + 1).epilogue());
    return f != ActivationFunction::linear && (s.normalized || s.layer->fuses(ResidualEpilogue{f}));
  }

  // Whether a backward pass goes through the parameters of layer i itself.
  bool learns(std::size_t i) const {
    return options_.backward && !options_.gradient_of && layer(i).trainable && !layer(i).parameters().empty();
  }

  // The step that begins with layer i, which becomes its last one.
  PlanStep<T, Device> step(std::size_t& i) {
    PlanStep<T, Device> s;
    s.inputs = graph_.inputs[i];
    if (pads_next(i)) s.padding = &layer(i++);
    s.layer = &layer(i);
    s.merge = s.layer->merge();
    s.index = i;
    s.stream = stream_id("layer", s.layer->name);
    s.backward = learns(i);
    for (const std::size_t value : s.inputs) {
      s.gradients.push_back(options_.backward && asked_[value]);
      s.backward = s.backward || s.gradients.back();
    }
    if (fuses(i))
      s.fused = &layer(++i);
    else if (!s.backward)
      take_what_follows(s, i);
    s.last = s.index == last_;
    s.output = i + 1;
    asked_[s.output] = asked_[s.output] || s.backward;
    s.deferred = defers(i, s);
    s.identity = !s.fused && s.layer->is_identity(pass_of(on_, s, options_));
    s.check = std::is_same_v<Device, Cpu> && !s.identity && !s.merge && !is_of_the_library(*s.layer);
    return s;
  }

  void take_what_follows(PlanStep<T, Device>& s, std::size_t& i) const {
    if (normalizes(i)) s.normalized = &layer(++i);
    if (const auto residual = residual_behind(i, *s.layer)) {
      s.added = &layer(++i);
      s.inputs.push_back(*residual);
      s.gradients.push_back(false);
    }
    if ((s.normalized || s.added) && activates(i, s)) s.activated = &layer(++i);
  }

  const Device& on_;
  const LayerGraph<T, Device>& graph_;
  const PlanOptions& options_;
  std::size_t layers_, last_;
  std::vector<std::size_t> readers_;  // of each value: how many
  std::vector<bool> asked_;           // of each value: whether its gradient is wanted
};

template <class T, class Device>
std::vector<PlanStep<T, Device>> plan_steps(const Device& on, const LayerGraph<T, Device>& graph,
                                            const PlanOptions& options) {
  if (graph.layers.empty()) raise<ValueError>("model: has no layers; add at least one");
  return StepPlanner<T, Device>(on, graph, options).plan();
}

}  // namespace brindle::detail
