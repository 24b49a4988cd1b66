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
  return {
      .on = on,
      .training = options.training && !step.layer->inference,
      .backward = step.backward,
      .logits = options.logits && step.last,
      .fused = step.fused,
      .border = step.padding ? step.padding->border() : Border{},
      .residual_activation = step.activated ? activation_of(step.activated->epilogue()) : ActivationFunction::linear};
}

/// The layer whose activation a loss may take over: those behind it only rename memory, in training as well.
template <class T, class Device>
std::size_t last_that_computes(const Device& on, const LayerGraph<T, Device>& graph) {
  const Pass<T, Device> training{.on = on, .training = true, .backward = true};
  std::size_t i = graph.layers.size() - 1;
  while (graph.layers[i]->is_identity(training) && graph.inputs[i].front() > 0) i = graph.inputs[i].front() - 1;
  return i;
}

template <class T, class Device>
std::vector<PlanStep<T, Device>> plan_steps(const Device& on, const LayerGraph<T, Device>& graph,
                                            const PlanOptions& options) {
  const std::size_t layers = graph.layers.size();
  if (layers == 0) raise<ValueError>("model: has no layers; add at least one");
  std::vector<std::size_t> readers(layers + 1, 0);
  for (const std::vector<std::size_t>& inputs : graph.inputs)
    for (const std::size_t value : inputs) ++readers[value];
  // Whether what layer i gives is read once, and only within the model.
  const auto read_once = [&](std::size_t i) {
    const std::size_t value = i + 1;
    return value < layers && !options.layer_by_layer && options.gradient_of != value && readers[value] == 1;
  };
  // Whether the next layer reads nothing else, and puts the zeros of layer i around it itself.
  const auto pads_next = [&](std::size_t i) {
    return read_once(i) && graph.inputs[i + 1] == std::vector<std::size_t>{i + 1} &&
           !(graph.layers[i]->border() == Border{}) && graph.layers[i + 1]->takes_border();
  };
  // Whether what layer i gives is read by the next layer alone, whose work it could do in the same pass.
  const auto only_next = [&](std::size_t i) {
    if (!read_once(i)) return false;
    const Layer<T, Device>& next = *graph.layers[i + 1];
    return next.parameters().empty();
  };
  const auto fuses = [&](std::size_t i) {
    return only_next(i) && graph.inputs[i + 1] == std::vector<std::size_t>{i + 1} &&
           graph.layers[i]->fuses(graph.layers[i + 1]->epilogue());
  };
  // The other value of a sum that the next layer is.
  const auto residual_behind = [&](std::size_t i) -> std::optional<std::size_t> {
    if (!only_next(i) || graph.inputs[i + 1].size() != 2 ||
        !std::holds_alternative<ResidualEpilogue>(graph.layers[i + 1]->epilogue()) ||
        !graph.layers[i]->fuses(graph.layers[i + 1]->epilogue()))
      return {};
    const std::vector<std::size_t>& both = graph.inputs[i + 1];
    return both[0] == i + 1 ? both[1] : both[0];
  };

  std::vector<PlanStep<T, Device>> steps;
  std::vector<bool> asked(layers + 1, false);  // for each value, whether its gradient is wanted
  if (options.gradient_of) asked[*options.gradient_of] = true;
  const std::size_t last = last_that_computes(on, graph);
  for (std::size_t i = 0; i < layers; ++i) {
    PlanStep<T, Device> s;
    s.inputs = graph.inputs[i];
    if (pads_next(i)) s.padding = graph.layers[i++].get();
    s.layer = graph.layers[i].get();
    s.merge = s.layer->merge();
    s.index = i;
    s.stream = stream_id("layer", s.layer->name);
    // A fused pair learns or is frozen as one: the layer behind has no parameters.
    bool learns = !options.gradient_of && s.layer->trainable && !s.layer->parameters().empty();
    for (const std::size_t value : s.inputs) {
      s.gradients.push_back(options.backward && asked[value]);
      learns = learns || asked[value];
    }
    s.backward = options.backward && learns;
    if (fuses(i)) {
      s.fused = graph.layers[++i].get();
    } else if (const auto residual = residual_behind(i);
               residual && !s.backward && !(options.backward && asked[*residual])) {
      s.added = graph.layers[++i].get();
      s.inputs.push_back(*residual);
      s.gradients.push_back(false);
      const auto activates = [&] {
        const ActivationFunction behind = activation_of(graph.layers[i + 1]->epilogue());
        return behind != ActivationFunction::linear && s.layer->fuses(ResidualEpilogue{behind});
      };
      if (only_next(i) && !(options.logits && i + 1 == last) && activates()) s.activated = graph.layers[++i].get();
    }
    s.last = i == last;
    s.output = i + 1;
    asked[s.output] = asked[s.output] || learns;
    s.identity = !s.fused && s.layer->is_identity(pass_of(on, s, options));
    s.check = std::is_same_v<Device, Cpu> && !s.identity && !s.merge && !is_of_the_library(*s.layer);
    steps.push_back(std::move(s));
  }
  return steps;
}

}  // namespace brindle::detail
