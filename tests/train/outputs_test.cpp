// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

Tensor<float> tensor(const Shape& shape, const std::vector<float>& values) {
  Tensor<float> t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

/// Whether a message begins with the first part and has the others.
void check_says(const std::string& text, const std::vector<std::string>& parts) {
  INFO(text);
  CHECK(text.rfind(parts[0], 0) == 0);
  for (const std::string& part : parts) CHECK_THAT(text, Contains(part));
}

std::vector<std::string> with(std::vector<std::string> parts, const std::vector<std::string>& more) {
  parts.insert(parts.end(), more.begin(), more.end());
  return parts;
}

/// A layer of a program's own: y = scale x, or the softmax of it, of which activation() says nothing.
struct OwnOutput {
  float scale = 1;
  bool squashed = false;
  std::string name = {};
  OutputNumbers numbers = OutputNumbers::unknown;  ///< what it says of them
  std::string type = "OwnOutput";

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;
};

template <class T, class Device>
class OwnOutputLayer final : public Layer<T, Device> {
 public:
  explicit OwnOutputLayer(const OwnOutput& d) : d_(d) {}
  std::string type() const override { return d_.type; }
  OutputNumbers output_numbers() const override { return d_.numbers; }
  std::string default_name() const override { return "own"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {.reads_output = true}; }
  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = static_cast<T>(d_.scale) * x.data[i];
    if (d_.squashed)
      ops::activate<T>(pass.on, x.shape.back() == 1 ? ActivationFunction::sigmoid : ActivationFunction::softmax, y, y);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (d_.squashed)
      ops::activation_backward<T>(
          pass.on, y.shape.back() == 1 ? ActivationFunction::sigmoid : ActivationFunction::softmax, y, dy, dy);
    if (!dx.empty())
      for (std::int64_t i = 0; i < dx.size(); ++i) dx.data[i] = static_cast<T>(d_.scale) * dy.data[i];
  }

 private:
  OwnOutput d_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> OwnOutput::make() const {
  return std::make_unique<OwnOutputLayer<T, Device>>(*this);
}

/// A loss of a program's own, of outputs that are any numbers.
struct SquaredError {
  std::int64_t forgets = -1;  ///< the output whose gradient it does not write

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;
};

template <class T, class Device>
class SquaredErrorLoss final : public Loss<T, Device> {
 public:
  explicit SquaredErrorLoss(const SquaredError& d) : forgets_(d.forgets) {}
  std::string type() const override { return "SquaredError"; }
  Config config() const override { return {}; }
  bool takes_logits_of(ActivationFunction) const override { return false; }
  void check(const std::string&, TensorView<const float, Cpu>, const Shape&) const override {}
  void prepare(std::int64_t) override {}
  void operator()(const Device&, bool, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device>, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const std::int64_t n = y.shape[0], k = y.size() / n;
    for (std::int64_t i = 0; i < y.size(); ++i) {
      const T error = y.data[i] - t.data[i];
      if (i % k == 0) each.data[i / k] = 0;
      each.data[i / k] += error * error;
      if (!dy.empty() && i % k != forgets_) dy.data[i] = 2 * error / static_cast<T>(n);
    }
  }

 private:
  std::int64_t forgets_;
};

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> SquaredError::make() const {
  return std::make_unique<SquaredErrorLoss<T, Device>>(*this);
}

data::InMemory output_samples(std::int64_t n, std::int64_t features, int classes) {
  Tensor<float> x = random_tensor<float>({n, features}, 5);
  std::vector<float> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(static_cast<float>(i % classes));
  return data::InMemory(std::move(x), labels);
}

/// A model whose outputs are its inputs.
Sequential<float> through(std::int64_t k, ActivationFunction last = linear) {
  Sequential<float> model{Cpu{1}, {k}, Dense{.units = k, .activation = last}};
  auto& kernel = model.layers()[0]->parameters()[0].value;
  for (std::int64_t i = 0; i < kernel.size(); ++i) kernel[i] = i % (k + 1) == 0 ? 1.0f : 0.0f;
  return model;
}

template <class LossValue>
std::string refusal(Sequential<float> model, const LossValue& loss) {
  try {
    Trainer trainer{model, SGD{}, loss};
  } catch (const ValueError& e) {
    return e.what();
  }
  return "accepted";
}

template <class... Layers>
Sequential<float> model_of(const Layers&... layers) {
  return Sequential<float>{Cpu{1}, {4, 4, 2}, layers...};
}

}  // namespace

TEST_CASE("accuracy of logits is that of their probabilities, in fit, train_on_batch and evaluate",
          "[train][from_logits]") {
  const data::InMemory two(tensor({4, 1}, {.3f, .4f, -.3f, -2}), tensor({4, 1}, {1, 1, 0, 0}));
  const auto all_right = [](Sequential<float> model, const auto& loss, const data::InMemory& data) {
    Trainer trainer{model, SGD{.learning_rate = 0}, loss};
    CHECK(trainer.from_logits());
    CHECK(&trainer.model() == &model);
    CHECK(trainer.fit(data, {.batch = 4, .validation = data}).accuracy[0] == 1);
    CHECK(trainer.fit(data, {.batch = 3, .validation = data}).val_accuracy[0] == 1);
    CHECK(trainer.evaluate(data).accuracy == 1);
    CHECK(trainer.evaluate(data).weighted_accuracy == 1);
    Tensor<float> x({data.size(), data.sample_shape().size()});
    std::vector<data::Draw> draws;
    for (std::int64_t i = 0; i < data.size(); ++i) draws.push_back({i, 0});
    data.read(Cpu{1}, draws, x.view());
    CHECK(trainer.train_on_batch(x, data.labels()).accuracy == 1);
    return trainer.predict(data);
  };
  const Tensor<float> raw = all_right(through(1), BinaryCrossentropy{.from_logits = true}, two);
  CHECK(raw[3] == -2);  // predict() gives what the model gives
  CHECK(confusion_matrix(raw, two.labels(), {.from_logits = true}).count(0, 0) == 2);
  all_right(through(3), SparseCategoricalCrossentropy{.from_logits = true},
            data::InMemory(tensor({3, 3}, {-1, -2, -3, .1f, .4f, .3f, 4, 5, 6}), tensor({3, 1}, {0, 1, 2})));
  all_right(through(2), BinaryCrossentropy{.from_logits = true},
            data::InMemory(tensor({2, 2}, {.3f, .4f, -1, -2}), tensor({2, 2}, {0, 1, 1, 0})));

  auto model = through(1, sigmoid);
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  CHECK_FALSE(trainer.from_logits());
  CHECK(trainer.evaluate(two).accuracy == 1);
}

TEST_CASE("accuracy of one-hot labels is by the largest output, or by each where that is asked for",
          "[train][accuracy]") {
  Tensor<float> x({20, 10}), t({20, 10});
  for (std::int64_t i = 0; i < 20; ++i) t[i * 10 + i % 10] = 1;
  const data::InMemory data(std::move(x), std::move(t));
  auto model = through(10, sigmoid);
  for (std::int64_t k = 0; k < 10; ++k) model.layers()[0]->parameters()[1].value[k] = -3;  // outputs 0.047
  const auto accuracies = [&](const TrainerOptions& o) {
    Trainer trainer{model, SGD{.learning_rate = 0}, BinaryCrossentropy{}, o};
    const double accuracy = trainer.evaluate(data).accuracy;
    CHECK(trainer.fit(data, {.batch = 8}).accuracy[0] == Approx(accuracy));
    return accuracy;
  };
  CHECK(accuracies({}) == Approx(0.1));
  CHECK(accuracies({.accuracy = Accuracy::binary}) == Approx(0.9));

  auto classes = through(3, softmax);
  Trainer trainer{classes, SGD{}, SparseCategoricalCrossentropy{}, {.accuracy = Accuracy::binary}};
  CHECK_THROWS_WITH(trainer.fit(output_samples(6, 3, 3), {}),
                    StartsWith("fit: Accuracy::binary") && Contains("(None, 3)"));
  CHECK_THROWS_WITH(trainer.evaluate(output_samples(6, 3, 3)), StartsWith("evaluate: Accuracy::binary"));
  CHECK(trainer.steps() == 0);
}

TEST_CASE("a loss of logits behind an activation is refused when the trainer is made", "[train][errors]") {
  const BinaryCrossentropy binary{.from_logits = true};
  const SparseCategoricalCrossentropy sparse{.from_logits = true};
  const Dense two{.units = 2, .activation = softmax, .name = "head"},
      one{.units = 1, .activation = sigmoid, .name = "head"};
  const std::vector<std::string> says{"Trainer: ", "Dense \"head\"", "leave out .from_logits"};
  check_says(refusal(model_of(Flatten{}, one), binary), with(says, {"Dense{1}", "sigmoid"}));
  check_says(refusal(model_of(Flatten{}, two), sparse), with(says, {"Dense{2}", "softmax"}));
  check_says(refusal(model_of(Flatten{}, two), binary), says);
  check_says(refusal(model_of(Flatten{}, Dense{.units = 2, .activation = sigmoid, .name = "head"}), sparse), says);
  // It is found behind layers that hand values on, choose or average.
  check_says(refusal(model_of(Flatten{}, one, Dropout{0.2}), binary), says);
  check_says(refusal(model_of(Dense{.units = 1, .activation = sigmoid, .name = "head"}, Flatten{}, Activation{linear}),
                     binary),
             says);
  check_says(
      refusal(model_of(Dense{.units = 1, .activation = sigmoid, .name = "head"}, MaxPool2D{2}, Flatten{}), binary),
      says);
  CHECK_THAT(refusal(model_of(Flatten{}, Dense{1}, Activation{sigmoid, "last"}), binary),
             Contains("Activation \"last\""));
  CHECK_THAT(refusal(model_of(Flatten{}, Dense{.units = 1, .activation = relu, .name = "head"}), binary),
             Contains("Dense \"head\" ends in relu") && Contains("below 0"));
  CHECK(refusal(model_of(Flatten{}, Dense{1}), binary) == "accepted");
  CHECK(refusal(model_of(Flatten{}, Dense{3}, Dropout{0.1}), sparse) == "accepted");
}

TEST_CASE("a loss of probabilities behind no activation is refused when the trainer is made", "[train][errors]") {
  const std::vector<std::string> none{"Trainer: ", "\"head\" ends without an activation", "{.from_logits = true}"};
  const auto head = [](std::int64_t units, ActivationFunction f = linear) {
    return Dense{.units = units, .activation = f, .name = "head"};
  };
  check_says(refusal(model_of(Flatten{}, head(1)), BinaryCrossentropy{}), with(none, {"Dense{1, sigmoid}"}));
  check_says(refusal(model_of(Flatten{}, head(5)), SparseCategoricalCrossentropy{}), with(none, {"Dense{5, softmax}"}));
  check_says(refusal(model_of(head(1), Dropout{0.2}, Flatten{}), BinaryCrossentropy{}), none);
  check_says(refusal(model_of(Conv2D{.filters = 1, .kernel = 4, .name = "head"}, Flatten{}), BinaryCrossentropy{}),
             with(none, {"Conv2D"}));
  check_says(refusal(model_of(Conv2D{.filters = 2, .kernel = 2, .name = "head"}, MaxPool2D{3}, Flatten{}),
                     SparseCategoricalCrossentropy{}),
             none);
  for (const auto& text : {refusal(model_of(Flatten{}, head(1, relu)), BinaryCrossentropy{}),
                           refusal(model_of(Flatten{}, head(2, relu)), SparseCategoricalCrossentropy{})})
    CHECK_THAT(text, Contains("Dense \"head\" ends in relu"));
  CHECK_THAT(
      refusal(model_of(Flatten{}, head(1, softmax)), BinaryCrossentropy{}),
      Contains("softmax of a single number is always 1") && Contains("\"head\"") && Contains("Dense{1, sigmoid}"));
  CHECK_THAT(refusal(model_of(Flatten{}, head(1, softmax)), SparseCategoricalCrossentropy{}),
             Contains("one output a class"));
  CHECK(refusal(model_of(Flatten{}, head(2, softmax)), BinaryCrossentropy{}) == "accepted");
  CHECK(refusal(model_of(Flatten{}, head(1)), SquaredError{}) == "accepted");
}

TEST_CASE("a last layer of one's own says what its outputs are, and its name says nothing", "[train][errors]") {
  const BinaryCrossentropy binary;
  const std::vector<std::string> none{"Trainer: ", "ends without an activation"};
  check_says(refusal(model_of(Flatten{}, Dense{1}, OwnOutput{.name = "head", .numbers = OutputNumbers::any}), binary),
             with(none, {"OwnOutput \"head\""}));
  check_says(refusal(model_of(Flatten{}, Dense{1}, OwnOutput{.numbers = OutputNumbers::of_input}), binary),
             with(none, {"Dense \"dense\""}));
  CHECK(refusal(model_of(Flatten{}, Dense{1, sigmoid}, OwnOutput{.numbers = OutputNumbers::of_input}), binary) ==
        "accepted");
  for (const char* type : {"Dense", "Conv2D", "MaxPooling2D", "GlobalAveragePooling2D"})
    CHECK(refusal(model_of(Flatten{}, Dense{1}, OwnOutput{.type = type}), binary) == "accepted");
}

TEST_CASE("of a last layer of one's own the outputs are looked at before the first update", "[train][errors]") {
  const auto data = output_samples(12, 3, 2);
  const auto fit = [&](const auto& loss, std::int64_t units, const OwnOutput& own, double rate = 0.1) {
    Sequential<float> model{Cpu{1}, {3}, Dense{units}, own};
    model.initialize(2);
    const Tensor<float> before = model.layers()[0]->parameters()[0].value.clone();
    std::string message = "accepted";
    Trainer trainer{model, SGD{.learning_rate = rate}, loss};
    try {
      trainer.fit(data, {.batch = 4, .validation = data});
    } catch (const DataError& e) {
      message = e.what();
      CHECK(same_bits(before, model.layers()[0]->parameters()[0].value));
      CHECK_THROWS_AS(trainer.evaluate(data), DataError);
    }
    return message;
  };
  const std::vector<std::string> says{"fit: ", "OwnOutput \"own\" gives", "{.from_logits = true}"};
  check_says(fit(BinaryCrossentropy{}, 1, {.scale = 3}), with(says, {"Dense{1, sigmoid}"}));
  check_says(fit(SparseCategoricalCrossentropy{}, 2, {.scale = 3}), with(says, {"Dense{2, softmax}"}));
  check_says(fit(SparseCategoricalCrossentropy{}, 2, {.scale = 0}), with(says, {"the sum 0"}));
  CHECK(fit(BinaryCrossentropy{}, 1, {.squashed = true}) == "accepted");
  CHECK(fit(SparseCategoricalCrossentropy{}, 2, {.squashed = true}) == "accepted");
  CHECK(fit(BinaryCrossentropy{.from_logits = true}, 1, {.scale = 3}) == "accepted");
  CHECK(fit(SparseCategoricalCrossentropy{.from_logits = true}, 2, {.scale = 3}) == "accepted");
  CHECK(fit(SquaredError{}, 1, {.scale = 3}, 0.001) == "accepted");
  Sequential<float> model{Cpu{1}, {3}, Dense{2}, OwnOutput{.squashed = true}};
  Trainer trainer{model, SGD{}, SparseCategoricalCrossentropy{.from_logits = true}};
  CHECK_THROWS_WITH(trainer.train_on_batch(random_tensor<float>({4, 3}, 1), Tensor<float>({4, 1})),
                    StartsWith("train_on_batch: ") && Contains("rows of probabilities"));
}

TEST_CASE("a loss takes over the logits of an activation in front of a Flatten, and not in front of others",
          "[train]") {
  // Far on the wrong side: the probability is 0 or 1, the loss from the logit is exact.
  const auto loss = [](const auto&... last) {
    Sequential<float> model{Cpu{1}, {1, 1}, last...};
    for (float& w : model.layers()[0]->parameters()[0].value.span()) w = 50;
    Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
    return trainer.evaluate(data::InMemory(tensor({2, 1, 1}, {1, 1}), tensor({2, 1}, {0, 0}))).loss;
  };
  CHECK(loss(Dense{1, sigmoid}, Flatten{}) == Approx(50));
  CHECK(loss(Dense{1, sigmoid}, Activation{linear}, Flatten{}, Dropout{0.0}) == Approx(50));
  CHECK(loss(Dense{1}, Activation{sigmoid}, Flatten{}) == Approx(50));
  CHECK(loss(Dense{1, sigmoid}, Flatten{}, Dropout{0.5}) < 17);  // -log(1e-7), as in Keras

  // Two softmax rows of two are not one of four.
  Sequential<float> rows{Cpu{1}, {2, 2}, Dense{2, softmax}, Flatten{}};
  Trainer trainer{rows, SGD{}, BinaryCrossentropy{}};
  Tensor<float> y = trainer.predict(data::InMemory(random_tensor<float>({3, 2, 2}, 2), Tensor<float>({3, 4})));
  CHECK(y[0] + y[1] == Approx(1));
}

TEST_CASE("a loss of one's own that leaves a part of its gradient unwritten is told in the first step",
          "[train][loss]") {
  Sequential<float> model{{4}, Dense{2}};
  const Tensor<float> x = random_tensor<float>({6, 4}, 1), labels = random_tensor<float>({6, 2}, 2);
  const std::vector<float> before(model.layer("dense").parameters()[0].value.span().begin(),
                                  model.layer("dense").parameters()[0].value.span().end());
  for (const int leaves : {1, 2}) {
    Trainer trainer{model, SGD{}, SquaredError{.forgets = 1}, {.leaves = leaves}};
    CHECK_THROWS_WITH(trainer.train_on_batch(x.view(), labels.view()),
                      Contains("SquaredError leaves element 1 of dy (") && Contains("write every element"));
    const auto now = model.layer("dense").parameters()[0].value.span();
    CHECK(std::equal(before.begin(), before.end(), now.begin()));
  }
  Trainer trainer{model, SGD{}, SquaredError{}};
  CHECK_NOTHROW(trainer.train_on_batch(x.view(), labels.view()));
}
