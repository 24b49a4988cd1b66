// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what model.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/for_each_batch.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"

namespace brindle {
namespace detail {

/// The penalty of a layer's parameter. Throws as Model::set_l2.
template <class T, class Device>
void set_l2(Layer<T, Device>& layer, const std::string& parameter, double l2) {
  if (!(l2 >= 0) || l2 > 1e30)
    raise<ValueError>(layer.who() + ": expected an L2 penalty of 0 to 1e30, got " + number_text(l2));
  const auto& parameters = std::as_const(layer).parameters();
  std::string names;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].name == parameter && parameters[i].learned) return layer.set_l2(i, l2);
    if (parameters[i].learned) names += (names.empty() ? "" : ", ") + parameters[i].name;
  }
  raise<ValueError>(layer.who() + " learns no \"" + parameter + "\"; it learns " + (names.empty() ? "nothing" : names));
}

}  // namespace detail

namespace detail {
template <class T, class Device>
struct DefinitionsOf {};
}  // namespace detail

template <class T, class Device>
Model<T, Device>& Model<T, Device>::set_name(const std::string& name) {
  name_ = name;
  return *this;
}

template <class T, class Device>
void Model<T, Device>::add_group(const Group& group) {
  expect_in_order(group, groups_.empty() ? 0 : groups_.back().end, graph_.layers.size());
  groups_.push_back(group);
  for (std::size_t i = group.begin; i < group.end; ++i)
    if (runs_for_inference(groups_, i)) graph_.layers[i]->inference = true;
}

template <class T, class Device>
void Model<T, Device>::expect_in_order(const Group& group, std::size_t begin, std::size_t end) {
  if (group.begin < begin || group.begin >= group.end || group.end > end)
    detail::raise<ValueError>("model: group \"" + group.name + "\" of layers " + std::to_string(group.begin) + " to " +
                              std::to_string(group.end) + " does not fit the layers " + std::to_string(begin) + " to " +
                              std::to_string(end) + " that are in no other group");
  std::size_t next = group.begin;
  for (const Group& inner : group.groups) {
    expect_in_order(inner, next, group.end);
    next = inner.end;
  }
}

template <class T, class Device>
typename Model<T, Device>::Group Model<T, Device>::group_of(const Model& base, std::size_t begin) {
  const auto shifted = [begin](const auto& self, Group g) -> Group {
    g.begin += begin;
    g.end += begin;
    for (Group& inner : g.groups) inner = self(self, std::move(inner));
    return g;
  };
  return shifted(shifted, {base.name_, 0, base.graph_.layers.size(), false, base.groups_});
}

template <class T, class Device>
bool Model<T, Device>::runs_for_inference(const std::vector<Group>& groups, std::size_t layer) {
  return std::any_of(groups.begin(), groups.end(), [&](const Group& g) {
    return layer >= g.begin && layer < g.end && (g.inference || runs_for_inference(g.groups, layer));
  });
}

template <class T, class Device>
typename Model<T, Device>::Group* Model<T, Device>::find_group(std::vector<Group>& groups, const std::string& name) {
  for (Group& g : groups)
    if (g.name == name) return &g;
  for (Group& g : groups)
    if (Group* inner = find_group(g.groups, name)) return inner;
  return nullptr;
}

template <class T, class Device>
typename Model<T, Device>::Group& Model<T, Device>::group(const std::string& name) {
  Group* found = find_group(groups_, name);
  if (!found) detail::raise<ValueError>("model: has no group of layers named \"" + name + "\"");
  return *found;
}

template <class T, class Device>
Model<T, Device> Model<T, Device>::as_group(Model&& base) {
  if (!base.graph_.layers.empty()) base.groups_ = {group_of(base, 0)};
  base.name_ = "sequential";
  base.forget_predictors();
  return std::move(base);
}

template <class T, class Device>
Model<T, Device> Model<T, Device>::cut_after(const std::string& layer) && {
  const std::size_t end = index_of(layer) + 1;
  const std::vector<bool> kept = graph_.leading_to(end);
  LayerGraph<T, Device> graph;
  graph.input = graph_.input;
  std::vector<std::size_t> number(end + 1, 0);  // of values, as they are counted now
  for (std::size_t i = 0; i < end; ++i) {
    if (!kept[i + 1]) continue;
    graph.layers.push_back(std::move(graph_.layers[i]));
    graph.shapes.push_back(graph_.shapes[i]);
    graph.inputs.emplace_back();
    for (const std::size_t value : graph_.inputs[i]) graph.inputs.back().push_back(number[value]);
    number[i + 1] = graph.output();
  }
  // Of a group that is not whole, those of its own that are take its place.
  const auto whole_groups = [&](const auto& self, const std::vector<Group>& groups) -> std::vector<Group> {
    std::vector<Group> whole;
    for (const Group& g : groups) {
      const auto at = [&](std::size_t i) { return kept.begin() + static_cast<std::ptrdiff_t>(i) + 1; };
      std::vector<Group> inner = self(self, g.groups);
      if (g.end > end || std::find(at(g.begin), at(g.end), false) != at(g.end))
        std::move(inner.begin(), inner.end(), std::back_inserter(whole));
      else
        whole.push_back({g.name, number[g.begin + 1] - 1, number[g.end], g.inference, std::move(inner)});
    }
    return whole;
  };
  groups_ = whole_groups(whole_groups, groups_);
  graph_ = std::move(graph);
  forget_predictors();
  return std::move(*this);
}

template <class T, class Device>
Model<T, Device>& Model<T, Device>::add(LayerPointer layer, const std::string& name) {
  add(std::move(layer), name, {graph_.output()});
  return *this;
}

template <class T, class Device>
Model<T, Device>& Model<T, Device>::add_uninitialized(LayerPointer layer, const std::string& name) {
  add_uninitialized(std::move(layer), name, {graph_.output()});
  return *this;
}

template <class T, class Device>
std::size_t Model<T, Device>::add(LayerPointer layer, const std::string& name, const std::vector<std::size_t>& inputs) {
  add_uninitialized(std::move(layer), name, inputs);
  initialize(*graph_.layers.back(), 0);
  return graph_.output();
}

template <class T, class Device>
std::size_t Model<T, Device>::add(Model&& base, std::size_t input) {
  if (input > graph_.output() || !(graph_.value_shape(input) == base.input_shape()))
    detail::raise<ShapeError>("model: \"" + base.name_ + "\" takes " + to_string_batch(base.input_shape()) +
                              ", the value in front of it is " +
                              (input > graph_.output() ? "not there" : to_string_batch(graph_.value_shape(input))));
  for (const LayerPointer& layer : base.graph_.layers) expect_new(layer->name);  // before one is moved
  const std::size_t begin = graph_.layers.size();
  Group group = group_of(base, begin);
  for (std::size_t i = 0; i < base.graph_.layers.size(); ++i) {
    graph_.layers.push_back(std::move(base.graph_.layers[i]));
    graph_.shapes.push_back(base.graph_.shapes[i]);
    std::vector<std::size_t> inputs = base.graph_.inputs[i];
    for (std::size_t& value : inputs) value = value == 0 ? input : value + begin;
    graph_.inputs.push_back(std::move(inputs));
  }
  if (graph_.layers.size() > begin) groups_.push_back(std::move(group));
  forget_predictors();
  return graph_.layers.size() > begin ? graph_.output() : input;
}

template <class T, class Device>
void Model<T, Device>::check_output(std::size_t value) const {
  const std::vector<bool> leads = graph_.leading_to(value);
  for (std::size_t i = graph_.layers.size(); i-- > 0;)
    if (!leads[i + 1])
      detail::raise<ValueError>("model: what " + graph_.layers[i]->who() +
                                " gives is read by nothing and is not the output; give it to another layer, or leave "
                                "the layer out");
  if (value == 0) detail::raise<ValueError>("model: the graph gives its input; put a layer behind it");
}

template <class T, class Device>
void Model<T, Device>::expect_new(const std::string& name) const {
  for (const LayerPointer& other : graph_.layers)
    if (other->name == name)
      detail::raise<ValueError>("Sequential: two layers are named \"" + name + "\"; give one another .name");
}

template <class T, class Device>
std::size_t Model<T, Device>::add_uninitialized(LayerPointer layer, const std::string& name,
                                                const std::vector<std::size_t>& inputs) {
  layer->name = name.empty() ? free_name(layer->default_name()) : name;
  // {1, 1, 1} in the place of a name is one, of three characters that nobody sees.
  if (std::any_of(layer->name.begin(), layer->name.end(), [](char c) { return c >= 0 && c < ' '; }))
    detail::raise<ValueError>("model: the name of a " + layer->type() +
                              " has characters that cannot be printed; write settings as .name = \"...\"");
  expect_new(layer->name);
  std::vector<Shape> x;
  for (const std::size_t value : inputs) {
    if (value > graph_.output())
      detail::raise<ValueError>(layer->who() + ": reads value " + std::to_string(value) + ", there are 0 to " +
                                std::to_string(graph_.output()));
    x.push_back(graph_.value_shape(value));
  }
  const MergeLayer<T, Device>* merge = layer->merge();
  if (x.empty() || (x.size() > 1 && !merge))
    detail::raise<ValueError>(layer->who() + ": reads one value, got " + std::to_string(x.size()));
  const Shape y = merge ? merge->output_shape(std::span<const Shape>(x)) : layer->output_shape(x.front());
  if (!merge) layer->build(x.front());
  graph_.layers.push_back(std::move(layer));
  graph_.shapes.push_back(y);
  graph_.inputs.push_back(inputs);
  forget_predictors();
  return graph_.output();
}

template <class T, class Device>
std::int64_t Model<T, Device>::parameter_count() const {
  std::int64_t count = 0;
  for (const LayerPointer& l : graph_.layers) count += l->parameter_count();
  return count;
}

template <class T, class Device>
std::int64_t Model<T, Device>::trainable_parameter_count() const {
  std::int64_t count = 0;
  for (const LayerPointer& l : graph_.layers) count += l->trainable_parameter_count();
  return count;
}

template <class T, class Device>
void Model<T, Device>::initialize(std::uint64_t seed) {
  for (const LayerPointer& l : graph_.layers) initialize(*l, seed);
}

template <class T, class Device>
void Model<T, Device>::initialize(std::uint64_t seed, const std::string& first) {
  for (std::size_t i = index_of(first); i < graph_.layers.size(); ++i) initialize(*graph_.layers[i], seed);
}

template <class T, class Device>
void Model<T, Device>::set_trainable(bool trainable) {
  for (const LayerPointer& l : graph_.layers) l->trainable = trainable;
}

template <class T, class Device>
void Model<T, Device>::set_trainable(const std::string& group, bool trainable) {
  const Group& g = this->group(group);
  for (std::size_t i = g.begin; i < g.end; ++i) graph_.layers[i]->trainable = trainable;
}

template <class T, class Device>
void Model<T, Device>::set_inference(const std::string& group, bool inference) {
  Group& g = this->group(group);
  g.inference = inference;
  for (std::size_t i = g.begin; i < g.end; ++i) graph_.layers[i]->inference = runs_for_inference(groups_, i);
}

template <class T, class Device>
void Model<T, Device>::set_l2(const std::string& layer, const std::string& parameter, double l2) {
  detail::set_l2(*graph_.layers[index_of(layer)], parameter, l2);
}

template <class T, class Device>
void Model<T, Device>::set_l2(double l2) {
  for (const LayerPointer& layer : graph_.layers)
    for (const auto& p : std::as_const(*layer).parameters())
      if (p.name.ends_with("kernel")) detail::set_l2(*layer, p.name, l2);
}

template <class T, class Device>
void Model<T, Device>::freeze_before(const std::string& name) {
  const std::size_t first = index_of(name);
  for (std::size_t i = 0; i < graph_.layers.size(); ++i) graph_.layers[i]->trainable = i >= first;
}

template <class T, class Device>
void Model<T, Device>::fix_weights() {
  for (const LayerPointer& l : graph_.layers) l->fix_parameters();
  forget_predictors();  // they have not prepared what was not fixed
}

template <class T, class Device>
Tensor<T, Device> Model<T, Device>::predict(In<T, Device> x, std::int64_t batch) const {
  if (x.shape.rank() < 1 || !(x.shape == graph_.input.batch(x.shape[0])))
    detail::raise<ShapeError>("predict: expected x " + to_string_batch(graph_.input) + ", got " + to_string(x.shape));
  if (batch < 1) detail::raise<ValueError>("predict: the batch must be at least 1, got " + std::to_string(batch));
  // Each part then begins at a multiple of 16 bytes, which a GPU reads at once.
  if constexpr (!std::is_same_v<Device, Cpu>) batch = (batch + 3) / 4 * 4;
  const std::int64_t n = x.shape[0];
  Tensor<T, Device> y = Tensor<T, Device>::uninitialized(output_shape().batch(n));
  if (n == 0) return y;
  std::unique_ptr<Predictor> predictor = borrow_predictor(std::min(batch, n));
  detail::for_each_batch(n, batch, [&](std::int64_t begin, std::int64_t end) {
    predictor->run(x.slice(begin, end), y.view().slice(begin, end));
  });
  give_back(std::move(predictor));
  return y;
}

template <class T, class Device>
Tensor<T, Device> Model<T, Device>::predict(const Tensor<T, Device>& x, std::int64_t batch) const {
  return predict(x.view(), batch);
}

template <class T, class Device>
std::unique_ptr<detail::Predictor<T, Device>> Model<T, Device>::borrow_predictor(std::int64_t batch) const {
  {
    const std::lock_guard<std::mutex> lock(predictors_->mutex);
    auto& idle = predictors_->idle;
    for (auto& predictor : idle)
      if (predictor->batch() == batch) {
        std::swap(predictor, idle.back());
        auto found = std::move(idle.back());
        idle.pop_back();
        return found;
      }
    idle.clear();  // of another batch size
  }
  return std::make_unique<Predictor>(on_, graph_, batch);
}

template <class T, class Device>
void Model<T, Device>::give_back(std::unique_ptr<Predictor> predictor) const {
  const std::lock_guard<std::mutex> lock(predictors_->mutex);
  predictors_->idle.push_back(std::move(predictor));
}

template <class T, class Device>
void Model<T, Device>::forget_predictors() {
  const std::lock_guard<std::mutex> lock(predictors_->mutex);
  predictors_->idle.clear();
  graph_.prepared->forget_unused();
}

template <class T, class Device>
void Model<T, Device>::initialize(Layer<T, Device>& layer, std::uint64_t seed) {
  for (Parameter<T, Device>& p : layer.parameters()) {
    const Random random{seed, stream_id("weights", layer.name + "/" + p.name)};
    if constexpr (std::is_same_v<Device, Cpu>) {
      p.initializer.template fill<T>(p.value.span(), random);
    } else {
      Tensor<T, Cpu> values(p.value.shape());
      p.initializer.template fill<T>(values.span(), random);
      Memory<Device>::copy_from_host(p.value.data(), values.data(), values.bytes());
    }
  }
}

template <class T, class Device>
std::string Model<T, Device>::free_name(const std::string& stem) const {
  for (int number = 0;; ++number) {
    const std::string name = number == 0 ? stem : stem + "_" + std::to_string(number);
    if (std::none_of(graph_.layers.begin(), graph_.layers.end(),
                     [&](const LayerPointer& l) { return l->name == name; }))
      return name;
  }
}

template <class T, class Device>
std::size_t Model<T, Device>::index_of(const std::string& name) const {
  std::string names;
  for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
    if (graph_.layers[i]->name == name) return i;
    names += (i ? ", " : "") + graph_.layers[i]->name;
  }
  detail::raise<ValueError>("model: no layer is named \"" + name + "\"; there are: " + names);
}

}  // namespace brindle
