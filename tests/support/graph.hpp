// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/double_models.hpp"
#include "support/gradient.hpp"
#include "support/tensors.hpp"

namespace brindle::test {

/// What a training step computes in a model for one input and one gradient of its output.
template <class T>
struct GraphPasses {
  Tensor<T> y;
  std::vector<std::pair<std::string, Tensor<T>>> gradients;  ///< "layer/parameter", last layer first
  Tensor<T> dx;
  std::int64_t bytes = 0;  ///< of the plan for training

  GraphPasses(const Model<T>& model, const Tensor<T>& x, const Tensor<T>& dy) {
    const std::int64_t n = x.shape()[0];
    const auto copy = [](const TensorView<const T>& v) {
      Tensor<T> t(v.shape);
      std::copy_n(v.data, v.size(), t.data());
      return t;
    };
    PlanOptions options{.batch = n + 1, .training = true, .backward = true, .keep_gradients = true, .seed = 5};
    Plan<T, Cpu> plan(model.device(), model.graph(), options);
    bytes = plan.bytes();
    y = copy(plan.forward(x, 3));
    std::copy_n(dy.data(), dy.size(), plan.output_gradient().data);
    plan.backward([&](std::size_t layer, std::span<const TensorView<T, Cpu>> of) {
      const auto& l = *model.layers()[layer];
      for (std::size_t p = 0; p < of.size(); ++p)
        gradients.emplace_back(l.name + "/" + l.parameters()[p].name, copy(of[p]));
    });
    options.gradient_of = 0;
    Plan<T, Cpu> by_input(model.device(), model.graph(), options);
    by_input.forward(x, 3);
    std::copy_n(dy.data(), dy.size(), by_input.output_gradient().data);
    by_input.backward([](std::size_t, std::span<const TensorView<T, Cpu>>) {});
    dx = copy(by_input.value_gradient());
  }

  const Tensor<T>* gradient(const std::string& name) const {
    for (const auto& [of, tensor] : gradients)
      if (of == name) return &tensor;
    return nullptr;
  }
};

template <class T>
bool same_passes(const GraphPasses<T>& a, const GraphPasses<T>& b) {
  bool same = same_bits(a.y, b.y) && same_bits(a.dx, b.dx) && a.gradients.size() == b.gradients.size();
  for (std::size_t i = 0; same && i < a.gradients.size(); ++i)
    same = a.gradients[i].first == b.gradients[i].first && same_bits(a.gradients[i].second, b.gradients[i].second);
  return same;
}

/// What every graph must do: gradients by the input and by all parameters as central differences give them, in double;
/// the same bits for 1, 2 and 3 threads; the same bits of what learns when other layers are frozen; a sample alone as
/// in a batch. graph: a function from a Value to a Value, of any T.
template <class Graph>
void check_graph(const std::string& what, const Shape& sample, const Graph& graph, std::int64_t batch = 3) {
  INFO(what);
  {
    Model<double> model(Cpu{2}, sample, graph);
    Tensor<double> x = random_tensor<double>(sample.batch(batch), 1);
    const Tensor<double> dy = random_tensor<double>(model.output_shape().batch(batch), 2);
    const GraphPasses<double> passes(model, x, dy);
    Plan<double, Cpu> plan(model.device(), model.graph(), {.batch = batch, .training = true, .seed = 5});
    const auto loss = [&] {
      const auto y = plan.forward(x, 3);
      double sum = 0;
      for (std::int64_t i = 0; i < y.size(); ++i) sum += y.data[i] * dy[i];
      return sum;
    };
    check_gradient("x", x, passes.dx, loss);
    for (const auto& layer : model.layers())
      for (auto& p : layer->parameters()) {
        const Tensor<double>* gradient = passes.gradient(layer->name + "/" + p.name);
        INFO(layer->name << "/" << p.name);
        REQUIRE(gradient);
        check_gradient(layer->name + "/" + p.name, p.value, *gradient, loss);
      }
  }
  const Tensor<float> x = random_tensor<float>(sample.batch(batch), 1);
  Model<float> model(Cpu{1}, sample, graph);
  const Tensor<float> dy = random_tensor<float>(model.output_shape().batch(batch), 2);
  const GraphPasses<float> passes(model, x, dy);
  for (const int threads : {2, 3}) {
    INFO(threads << " threads");
    CHECK(same_passes(passes, GraphPasses<float>(Model<float>(Cpu{threads}, sample, graph), x, dy)));
  }
  for (std::size_t frozen = 0; frozen < model.layers().size(); ++frozen) {
    if (model.layers()[frozen]->parameters().empty()) continue;
    for (std::size_t i = 0; i < model.layers().size(); ++i) model.layers()[i]->trainable = i != frozen;
    const GraphPasses<float> others(model, x, dy);
    INFO(model.layers()[frozen]->who() << " is frozen");
    CHECK(same_bits(others.dx, passes.dx));
    for (const auto& [name, tensor] : passes.gradients) {
      const bool of_frozen = name.rfind(model.layers()[frozen]->name + "/", 0) == 0;
      const Tensor<float>* other = others.gradient(name);
      INFO(name);
      CHECK((other == nullptr) == of_frozen);
      if (other) CHECK(same_bits(*other, tensor));
    }
  }
  const Tensor<float> all = model.predict(x), alone = model.predict(x, 1);
  CHECK(same_bits(all, alone));
}

}  // namespace brindle::test
