// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/train/keep_best.hpp"
#include "cuda/gpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// A layer of a program's own, whose activation() says nothing.
struct OwnRelu {
  std::string name = {};

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;
};

template <class T, class Device>
class OwnReluLayer final : public Layer<T, Device> {
 public:
  std::string type() const override { return "OwnRelu"; }
  std::string default_name() const override { return "own"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {.reads_output = true}; }
  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::activate<T>(pass.on, ActivationFunction::relu, x, y);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::activation_backward<T>(pass.on, ActivationFunction::relu, y, dy, dx);
  }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> OwnRelu::make() const {
  return std::make_unique<OwnReluLayer<T, Device>>();
}

/// 21 samples of three features; labels are their classes, or one-hot rows.
data::InMemory samples(std::int64_t classes, bool one_hot) {
  Tensor<float> x = random_tensor<float>({21, 3}, 4), labels({21, one_hot ? classes : 1});
  for (std::int64_t i = 0; i < 21; ++i) {
    if (one_hot)
      labels[i * classes + i % classes] = 1;
    else
      labels[i] = static_cast<float>(i % classes);
  }
  return data::InMemory(std::move(x), std::move(labels));
}

/// Accuracies while training and of an evaluation.
template <class Device, class LossValue>
std::vector<double> accuracies(const Device& on, const Dense& last, const LossValue& loss, const data::InMemory& data,
                               Accuracy accuracy) {
  Sequential model{on, Shape{3}, Dense{5, relu}, last, Flatten{}};
  model.initialize(6);
  Trainer trainer{model, SGD{.learning_rate = 0.01}, loss, {.accuracy = accuracy}};
  const History h = trainer.fit(data, {.batch = 8, .epochs = 3, .validation = data});
  std::vector<double> all = h.accuracy;
  all.insert(all.end(), h.val_accuracy.begin(), h.val_accuracy.end());
  all.push_back(trainer.evaluate(data, {.batch = 5}).accuracy);
  return all;
}

}  // namespace

TEST_CASE("the GPU counts what the processor does, of logits and of one-hot labels", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const auto check = [](const Dense& last, const auto& loss, const data::InMemory& data, Accuracy accuracy) {
    const auto got = accuracies(Cuda{}, last, loss, data, accuracy);
    const auto expected = accuracies(Cpu{1}, last, loss, data, accuracy);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(got[i] == Approx(expected[i]).margin(1e-6));
  };
  const BinaryCrossentropy logits{.from_logits = true};
  check(Dense{1}, logits, samples(2, false), Accuracy::automatic);
  check(Dense{3}, logits, samples(3, true), Accuracy::automatic);
  check(Dense{3}, logits, samples(3, true), Accuracy::binary);
  check(Dense{3}, SparseCategoricalCrossentropy{.from_logits = true}, samples(3, false), Accuracy::automatic);
  check(Dense{1, sigmoid}, BinaryCrossentropy{}, samples(2, false), Accuracy::automatic);
  check(Dense{3, sigmoid}, BinaryCrossentropy{}, samples(3, true), Accuracy::automatic);
  check(Dense{3, sigmoid}, BinaryCrossentropy{}, samples(3, true), Accuracy::binary);
  check(Dense{3, softmax}, BinaryCrossentropy{}, samples(3, true), Accuracy::automatic);
}

TEST_CASE("outputs of a layer of one's own are looked at before the first update on the GPU", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  Sequential model{Cuda{}, Shape{3}, Dense{1}, OwnRelu{}};
  const Tensor<float> seven = [] {
    Tensor<float> t({1});
    t[0] = 7;
    return t;
  }();
  model.layers()[0]->parameters()[1].value = seven.to<Cuda>();
  const Tensor<float> before = model.layers()[0]->parameters()[0].value.to<Cpu>();
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(samples(2, false), {.batch = 8}),
                    StartsWith("fit: ") && Contains("OwnRelu \"own\" gives"));
  CHECK(same_bits(before, model.layers()[0]->parameters()[0].value.to<Cpu>()));
}

TEST_CASE("the best weights come back before an exception leaves training on the GPU", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const data::InMemory data = samples(2, false);
  Sequential model{Cuda{}, Shape{3}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  Tensor<float> kept({3, 1});
  const Callback look{.epoch = [&](FitState& s) {
    if (s.epoch == 1) kept = model.layers()[0]->parameters()[0].value.to<Cpu>();
    if (s.epoch == 2) throw std::runtime_error("stopped");
  }};
  CHECK_THROWS_WITH(
      trainer.fit(data, {.batch = 7, .epochs = 3, .callbacks = {look, keep_best(model, {.monitor = Monitor::loss})}}),
      "stopped");
  CHECK(same_bits(kept, model.layers()[0]->parameters()[0].value.to<Cpu>()));
}

TEST_CASE("a sample whose loss is no number is named by an evaluation on the GPU", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  Sequential model{Cuda{}, Shape{3}, Dense{1, sigmoid}};
  const Tensor<float> bad = [] {
    Tensor<float> t({1});
    t[0] = std::numeric_limits<float>::quiet_NaN();
    return t;
  }();
  model.layers()[0]->parameters()[1].value = bad.to<Cuda>();
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(trainer.evaluate(samples(2, false)),
                    Contains("the loss of sample 0 is nan") && Contains("weights"));
  CHECK_THROWS_WITH(trainer.predict(samples(2, false)), Contains("an output for sample 0 is nan"));
  Tensor<float> x({2, 3}), labels({2, 1});
  CHECK_THROWS_WITH(trainer.train_on_batch(x, labels), StartsWith("train_on_batch: the loss is nan"));
}
