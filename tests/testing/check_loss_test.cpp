// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/testing.hpp"
#include "support/double_models.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

enum class Fault { none, gradient, mean, weight, unwritten, single, logits, behind };

template <class T, class Device>
class SquaredErrorLoss final : public Loss<T, Device> {
 public:
  explicit SquaredErrorLoss(Fault fault) : fault_(fault) {}
  std::string type() const override { return "SquaredError"; }
  Config config() const override { return {}; }
  bool takes_logits_of(ActivationFunction f) const override { return fault_ == Fault::logits && f == sigmoid; }
  void check(const std::string&, TensorView<const float, Cpu>, const Shape&) const override {}
  void prepare(std::int64_t) override {}
  void operator()(const Device&, bool, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const std::int64_t n = y.shape[0];
    for (std::int64_t i = 0; i < n; ++i) {
      const T error = y[i] - t[i], w = weight.empty() || fault_ == Fault::weight ? T(1) : weight[i];
      if (fault_ != Fault::unwritten || i > 0) each[i] = error * error;
      if (fault_ == Fault::single && sizeof(T) == 4) each[i] += T(1);
      if (fault_ == Fault::behind && !dy.empty() && sizeof(T) == 8 && i + 1 == n) dy.data[dy.size()] = T(1);
      if (!dy.empty())
        dy[i] =
            (fault_ == Fault::gradient ? T(1) : T(2)) * w * error / (fault_ == Fault::mean ? T(1) : static_cast<T>(n));
    }
  }

 private:
  Fault fault_;
};

struct SquaredError {
  Fault fault = Fault::none;
  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const {
    return std::make_unique<SquaredErrorLoss<T, Device>>(fault);
  }
};

/// Gradient descent, rightly or not.
enum class Wrong { nothing, uphill, by_part, negative, zero, no_slots, no_rate };

template <class T, class Device>
class DescentOptimizer final : public Optimizer<T, Device> {
 public:
  explicit DescentOptimizer(Wrong wrong) : wrong_(wrong) {}
  std::string type() const override { return "Descent"; }
  Config config() const override { return wrong_ == Wrong::no_rate ? Config() : Config{{"learning_rate", rate_}}; }
  int slots() const override { return wrong_ == Wrong::no_slots ? 0 : 1; }
  double learning_rate() const override { return rate_; }
  void set_learning_rate(double rate) override {
    if (rate < 0 && wrong_ != Wrong::negative) throw ValueError("Descent: learning_rate");
    rate_ = rate;
  }
  void update(const Device&, std::int64_t, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    for (std::int64_t i = 0; i < w.size(); ++i) {
      slots.data()[0][i] += g[i];
      const T by = wrong_ == Wrong::by_part ? g[0] : g[i];
      w[i] -= static_cast<T>(wrong_ == Wrong::uphill ? -rate_ : rate_) * by;
      if (wrong_ == Wrong::zero) w[i] *= T(0.999);
    }
  }

 private:
  double rate_ = 0.01;
  Wrong wrong_;
};

struct Descent {
  Wrong wrong = Wrong::nothing;
  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const {
    return std::make_unique<DescentOptimizer<T, Device>>(wrong);
  }
};

}  // namespace

TEST_CASE("check_loss passes the library's losses and one that is written rightly", "[testing][check_loss]") {
  const Tensor<double> y = testing::random_tensor<double>({5, 1}, 3, 0.1, 0.9);
  Tensor<double> labels({5, 1}), classes({5, 1});
  labels[1] = labels[4] = 1;
  classes[2] = 2, classes[3] = 1;
  CHECK_NOTHROW(testing::check_loss(SquaredError{}, y, labels));
  CHECK_NOTHROW(testing::check_loss(BinaryCrossentropy{}, y, labels));
  CHECK_NOTHROW(testing::check_loss(BinaryCrossentropy{}, y, labels, {.logits = true}));
  CHECK_NOTHROW(testing::check_loss(BinaryCrossentropy{.from_logits = true}, y, labels));
  const Tensor<double> three = testing::random_tensor<double>({5, 3}, 4, 0.1, 0.9);
  CHECK_NOTHROW(testing::check_loss(SparseCategoricalCrossentropy{}, three, classes, {.logits = true}));
  CHECK_NOTHROW(testing::check_loss(BinaryFocalCrossentropy{}, y, labels));
}

TEST_CASE("check_loss names each fault of a loss", "[testing][check_loss]") {
  const Tensor<double> y = testing::random_tensor<double>({5, 1}, 3, 0.1, 0.9);
  const Tensor<double> labels({5, 1});
  const auto says = [&](Fault fault, const std::string& words) {
    CHECK_THROWS_WITH(testing::check_loss(SquaredError{fault}, y, labels),
                      Contains("check_loss: SquaredError") && Contains(words));
  };
  says(Fault::gradient, "gradient of outputs: element");
  says(Fault::mean, "gradient of outputs: element");
  says(Fault::weight, "gradient of weighted outputs: element");
  says(Fault::unwritten, "a sample's loss is left unwritten");
  says(Fault::single, "in float the loss of sample 0");
  says(Fault::behind, "writes behind the end of dy (5, 1)");
  says(Fault::logits, "says that it takes_logits_of(sigmoid), and the loss of sample 0 is");
  CHECK_THROWS_WITH(testing::check_loss(SquaredError{}, y, Tensor<double>({4, 1})), Contains("(5, 1) and (4, 1)"));
}

TEST_CASE("check_optimizer passes the library's optimizers and names each fault of another",
          "[testing][check_optimizer]") {
  CHECK_NOTHROW(testing::check_optimizer(SGD{}));
  CHECK_NOTHROW(testing::check_optimizer(SGD{.momentum = 0.9, .nesterov = true}));
  CHECK_NOTHROW(testing::check_optimizer(RMSprop{.momentum = 0.5, .centered = true}));
  CHECK_NOTHROW(testing::check_optimizer(Adam{}));
  CHECK_NOTHROW(testing::check_optimizer(Descent{}));
  const auto says = [](Wrong wrong, const std::string& words) {
    CHECK_THROWS_WITH(testing::check_optimizer(Descent{wrong}),
                      Contains("check_optimizer: Descent") && Contains(words));
  };
  says(Wrong::uphill, "do not halve the distance");
  says(Wrong::by_part, "updated in two parts gets other bits");
  says(Wrong::negative, "set_learning_rate(-1) is not refused");
  says(Wrong::no_slots, "uses more slots than the 0 of slots()");
  says(Wrong::no_rate, "config() has not the learning_rate");
  says(Wrong::zero, "a learning rate of 0 changes weights");
}
