#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/registry.hpp"
#include "brindle/nn/sequential.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/gradient.hpp"
#include "support/tensors.hpp"

namespace brindle::test {

/// A layer alone, with the memory that a plan would give it.
template <class T>
class LoneLayer {
 public:
  template <class Description>
  LoneLayer(const Description& description, const Shape& sample, std::int64_t batch, int threads = 2,
            bool training = true)
      : on(threads), layer(description.template make<T, Cpu>()) {
    layer->name = "lone";
    x = random_tensor<T>(sample.batch(batch), 11);
    y_shape = layer->output_shape(sample).batch(batch);
    layer->build(sample);
    std::uint64_t seed = 20;
    for (auto& p : layer->parameters()) p.value = random_tensor<T>(p.value.shape(), ++seed, -0.5, 0.5);
    pass = std::make_unique<Pass<T, Cpu>>(
        Pass<T, Cpu>{.on = on, .training = training, .backward = true, .random = {3, stream_id("lone"), 4}});
    needs = layer->needs(*pass, x.shape());
    saved = Tensor<std::byte>({needs.saved});
    workspace = Tensor<std::byte>({std::max(needs.forward_workspace, needs.backward_workspace)});
    pass->saved = saved.view();
    pass->workspace = workspace.view();
  }

  Tensor<T> forward() {
    Tensor<T> y = unwritten<T>(y_shape);
    if (layer->is_identity(*pass))
      Memory<Cpu>::copy(y.data(), x.data(), x.bytes());
    else
      layer->forward(*pass, x.view(), y.view());
    return y;
  }

  /// Gradients of sum(y dy): by x first, then by each parameter, if the layer is not frozen.
  std::vector<Tensor<T>> backward(const Tensor<T>& dy, bool frozen = false) {
    layer->trainable = !frozen;
    const Tensor<T> y = forward();
    std::vector<Tensor<T>> gradients;
    gradients.push_back(unwritten<T>(x.shape()));
    std::vector<TensorView<T, Cpu>> into;
    if (!frozen)
      for (const auto& p : layer->parameters()) gradients.push_back(unwritten<T>(p.value.shape()));
    for (std::size_t i = 1; i < gradients.size(); ++i) into.push_back(gradients[i].view());
    Tensor<T> consumed = dy.clone();
    if (layer->is_identity(*pass)) {
      Memory<Cpu>::copy(gradients[0].data(), consumed.data(), consumed.bytes());
    } else {
      const LayerNeeds now = layer->needs(*pass, x.shape());
      layer->backward(*pass, now.reads_input ? In<T, Cpu>(x.view()) : In<T, Cpu>{},
                      now.reads_output ? In<T, Cpu>(y.view()) : In<T, Cpu>{}, consumed.view(), gradients[0].view(),
                      {into, nullptr});
    }
    layer->trainable = true;
    return gradients;
  }

  Cpu on;
  std::unique_ptr<Layer<T, Cpu>> layer;
  Tensor<T> x;
  Shape y_shape;
  std::unique_ptr<Pass<T, Cpu>> pass;
  LayerNeeds needs;
  Tensor<std::byte> saved, workspace;
};

/// What every layer must do, for samples of shape `sample`: give outputs of shape `output` and so many parameters,
/// right gradients, the same bits for any number of threads and, where it says so, for a sample alone, the data
/// gradient also when frozen, and come back from its settings as the same layer.
template <class Description>
void check_layer(const Description& description, const Shape& sample, const Shape& output, std::int64_t parameters,
                 std::int64_t batch = 3) {
  LoneLayer<double> lone(description, sample, batch);
  INFO(lone.layer->type() << " on " << to_string_batch(sample));
  CHECK(lone.y_shape == output.batch(batch));
  CHECK(lone.layer->parameter_count() == parameters);

  const Tensor<double> dy = random_tensor<double>(lone.y_shape, 31);
  const auto gradients = lone.backward(dy);
  const auto loss = [&] { return inner_product(lone.forward(), dy); };
  check_gradient("x", lone.x, gradients[0], loss);
  for (std::size_t p = 0; p < lone.layer->parameters().size(); ++p)
    check_gradient(lone.layer->parameters()[p].name, lone.layer->parameters()[p].value, gradients[p + 1], loss);

  const auto frozen = lone.backward(dy, true);
  CHECK(frozen.size() == 1);
  CHECK(same_bits(frozen[0], gradients[0]));

  LoneLayer<float> one(description, sample, batch, 1);
  const Tensor<float> dy_float = converted<float>(dy);
  const Tensor<float> y = one.forward();
  const auto by_one = one.backward(dy_float);
  for (const int threads : {2, 3}) {
    LoneLayer<float> several(description, sample, batch, threads);
    CHECK(same_bits(several.forward(), y));
    const auto by_several = several.backward(dy_float);
    for (std::size_t i = 0; i < by_one.size(); ++i) CHECK(same_bits(by_one[i], by_several[i]));
  }

  if (one.layer->sample_by_sample()) {
    LoneLayer<float> alone(description, sample, 1);
    for (std::int64_t i = 0; i < batch; ++i) {
      Memory<Cpu>::copy(alone.x.data(), one.x.view().slice(i, i + 1).data, alone.x.bytes());
      const Tensor<float> y_alone = alone.forward();
      CHECK(std::memcmp(y_alone.data(), y.view().slice(i, i + 1).data, y_alone.bytes()) == 0);
    }
  }

  const LayerRegistry<float, Cpu> registry;
  const auto again = registry.make(one.layer->type(), one.layer->config());
  CHECK(again->output_shape(sample) == output);
  CHECK(again->config().entries() == one.layer->config().entries());
}

}  // namespace brindle::test
