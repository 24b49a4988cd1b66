// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/testing.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

template <class T>
using Makers = std::map<std::string, std::function<std::unique_ptr<Loss<T, Cpu>>()>>;

/// The losses of make_losses.py, by the names of its cases.
template <class T>
Makers<T> golden_losses() {
  const auto made = [](const auto& description) {
    return [description] { return description.template make<T, Cpu>(); };
  };
  return {
      {"binary_smoothed", made(BinaryCrossentropy{.label_smoothing = 0.2})},
      {"binary_smoothed_logits", made(BinaryCrossentropy{.from_logits = true, .label_smoothing = 0.2})},
      {"binary_focal", made(BinaryFocalCrossentropy{})},
      {"binary_focal_soft", made(BinaryFocalCrossentropy{.gamma = 1.5})},
      {"binary_focal_balanced",
       made(
           BinaryFocalCrossentropy{.apply_class_balancing = true, .alpha = 0.3, .gamma = 0.5, .label_smoothing = 0.1})},
      {"binary_focal_logits", made(BinaryFocalCrossentropy{.from_logits = true})},
      {"binary_focal_balanced_logits",
       made(BinaryFocalCrossentropy{.apply_class_balancing = true, .alpha = 0.3, .gamma = 3, .from_logits = true})},
      {"categorical", made(CategoricalCrossentropy{})},
      {"categorical_soft", made(CategoricalCrossentropy{})},
      {"categorical_smoothed", made(CategoricalCrossentropy{.label_smoothing = 0.1})},
      {"categorical_soft_logits", made(CategoricalCrossentropy{.from_logits = true})},
      {"categorical_smoothed_logits", made(CategoricalCrossentropy{.from_logits = true, .label_smoothing = 0.1})},
      {"categorical_focal", made(CategoricalFocalCrossentropy{})},
      {"categorical_focal_soft",
       made(CategoricalFocalCrossentropy{.alpha = 0.6, .gamma = 1.5, .label_smoothing = 0.1})},
      {"categorical_focal_logits", made(CategoricalFocalCrossentropy{.from_logits = true})},
      {"categorical_focal_soft_logits",
       made(CategoricalFocalCrossentropy{.alpha = 0.6, .gamma = 0.5, .from_logits = true, .label_smoothing = 0.1})},
      {"squared", made(MeanSquaredError{})},
      {"absolute", made(MeanAbsoluteError{})},
      {"huber", made(Huber{})},
      {"huber_wide", made(Huber{.delta = 2.5})},
  };
}

/// Class numbers as rows.
Tensor<double> one_hot(const Tensor<double>& classes, std::int64_t k) {
  Tensor<double> rows({classes.size(), k});
  for (std::int64_t n = 0; n < classes.size(); ++n) rows[n * k + static_cast<std::int64_t>(classes[n])] = 1;
  return rows;
}

/// The loss of each sample, and the gradient of their mean.
struct Outcome {
  Tensor<double> each, dy;
};

template <class Description>
Outcome outcome_of(const Description& description, const Tensor<double>& y, const Tensor<double>& labels,
                   bool logits = false, int threads = 1) {
  const auto loss = description.template make<double, Cpu>();
  Outcome o{Tensor<double>({y.shape()[0]}), Tensor<double>(y.shape())};
  loss->prepare(y.shape()[0]);
  (*loss)(Cpu(threads), logits, y.clone().view(), labels.view(), {}, o.each.view(), o.dy.view());
  return o;
}

}  // namespace

TEMPLATE_TEST_CASE("losses and their gradients are Keras's", "[nn][losses][golden]", float, double) {
  const Golden golden("losses.npz");
  const Makers<TestType> losses = golden_losses<TestType>();
  CHECK(golden.cases().size() == losses.size());
  for (const auto& [name, make] : losses) {
    INFO(name);
    Tensor<TestType> y = golden.get<TestType>(name + ".y");
    const Tensor<TestType> t = golden.get<TestType>(name + ".t"), weight = golden.get<TestType>(name + ".weight");
    const std::int64_t n = y.shape()[0];
    Tensor<TestType> each({n}), dy(y.shape());
    const auto loss = make();
    loss->prepare(n);
    for (const int threads : {1, 3}) {
      (*loss)(Cpu(threads), false, y.view(), t.view(), weight.view(), each.view(), dy.view());
      golden.check(name + ".each", each, Tolerance{2e-6, 1e-12});
      golden.check(name + ".dy", dy, Tolerance{4e-6, 1e-12});
    }
  }
}

TEST_CASE("losses do what every loss must, from outputs and from what stands before the last activation",
          "[nn][losses][gradient]") {
  const Tensor<double> p = testing::random_tensor<double>({5, 3}, 3, 0.1, 0.9);
  Tensor<double> classes({5, 1});
  classes[2] = 2, classes[3] = 1;
  const Tensor<double> rows = one_hot(classes, 3);
  for (const bool logits : {false, true}) {
    const testing::CheckLossOptions o{.logits = logits};
    CHECK_NOTHROW(testing::check_loss(BinaryCrossentropy{.label_smoothing = 0.3}, p, rows, o));
    CHECK_NOTHROW(testing::check_loss(BinaryFocalCrossentropy{}, p, rows, o));
    CHECK_NOTHROW(testing::check_loss(
        BinaryFocalCrossentropy{.apply_class_balancing = true, .gamma = 0.7, .label_smoothing = 0.2}, p, rows, o));
    CHECK_NOTHROW(testing::check_loss(SparseCategoricalCrossentropy{.label_smoothing = 0.3}, p, classes, o));
    CHECK_NOTHROW(testing::check_loss(CategoricalCrossentropy{}, p, rows, o));
    CHECK_NOTHROW(testing::check_loss(CategoricalCrossentropy{.label_smoothing = 0.3}, p, rows, o));
    CHECK_NOTHROW(testing::check_loss(CategoricalFocalCrossentropy{}, p, rows, o));
    CHECK_NOTHROW(testing::check_loss(CategoricalFocalCrossentropy{.gamma = 0.7, .label_smoothing = 0.2}, p, rows, o));
  }
  const Tensor<double> y = testing::random_tensor<double>({5, 3}, 5, -3, 3);
  const Tensor<double> t = testing::random_tensor<double>({5, 3}, 6, -3, 3);
  CHECK_NOTHROW(testing::check_loss(MeanSquaredError{}, y, t));
  CHECK_NOTHROW(testing::check_loss(MeanAbsoluteError{}, y, t));
  CHECK_NOTHROW(testing::check_loss(Huber{.delta = 1.5}, y, t));
}

TEST_CASE("a focal loss with a gamma of 0 is the cross-entropy, and class numbers are one-hot rows", "[nn][losses]") {
  const Tensor<double> z = testing::random_tensor<double>({7, 4}, 8, -3, 3);
  Tensor<double> classes({7, 1});
  for (std::int64_t i = 0; i < 7; ++i) classes[i] = static_cast<double>(i % 4);
  const Tensor<double> rows = one_hot(classes, 4);
  const auto same = [](const Outcome& a, const Outcome& b) {
    check_close("each", a.each, b.each, 1e-12);
    check_close("dy", a.dy, b.dy, 1e-12);
  };
  for (const double smoothing : {0.0, 0.2}) {
    same(outcome_of(BinaryFocalCrossentropy{.gamma = 0, .from_logits = true, .label_smoothing = smoothing}, z, rows),
         outcome_of(BinaryCrossentropy{.from_logits = true, .label_smoothing = smoothing}, z, rows));
    same(outcome_of(
             CategoricalFocalCrossentropy{.alpha = 1, .gamma = 0, .from_logits = true, .label_smoothing = smoothing}, z,
             rows),
         outcome_of(CategoricalCrossentropy{.from_logits = true, .label_smoothing = smoothing}, z, rows));
    same(outcome_of(SparseCategoricalCrossentropy{.from_logits = true, .label_smoothing = smoothing}, z, classes),
         outcome_of(CategoricalCrossentropy{.from_logits = true, .label_smoothing = smoothing}, z, rows));
  }
}

TEST_CASE("losses stay finite where a model is as wrong, and as right, as it can be", "[nn][losses]") {
  Tensor<double> z({2, 2}), rows({2, 2});
  z[0] = 900, z[1] = -900, z[2] = -900, z[3] = 900;
  rows[0] = rows[2] = 1;
  const auto finite = [](const Outcome& o, double wrong) {
    CHECK(o.each[0] == Approx(0).margin(1e-9));
    CHECK(o.each[1] == Approx(wrong));
    for (std::int64_t i = 0; i < 4; ++i) CHECK(std::isfinite(o.dy[i]));
  };
  for (const double gamma : {0.5, 2.0}) {
    finite(outcome_of(BinaryFocalCrossentropy{.gamma = gamma, .from_logits = true}, z, rows), 900);
    finite(outcome_of(CategoricalFocalCrossentropy{.alpha = 1, .gamma = gamma, .from_logits = true}, z, rows), 1800);
  }
  finite(outcome_of(CategoricalCrossentropy{.from_logits = true}, z, rows), 1800);
}

TEST_CASE("losses refuse labels that they cannot mean, and say which would fit", "[nn][losses]") {
  const auto refuses = [](const auto& description, const Tensor<float>& labels, const Shape& output,
                          const std::string& words) {
    const auto loss = description.template make<float, Cpu>();
    CHECK_THROWS_WITH(loss->check("fit", labels.view(), output), Contains("fit: ") && Contains(words));
  };
  refuses(
      CategoricalCrossentropy{}, Tensor<float>({4, 1}), {3},
      "CategoricalCrossentropy expects one output a class and rows of labels as long, the model gives (None, 3) and "
      "the labels are (4, 1); use SparseCategoricalCrossentropy for class numbers, or data::one_hot");
  refuses(
      CategoricalCrossentropy{}, Tensor<float>({4, 3}), {3},
      "expects labels with the sum 1, those of sample 0 have 0; for several classes at once use BinaryCrossentropy");
  Tensor<float> rows({2, 2});
  rows[0] = rows[2] = rows[3] = 1;
  refuses(CategoricalFocalCrossentropy{}, rows, {2}, "those of sample 1 have 2");
  rows[2] = -1;
  refuses(CategoricalFocalCrossentropy{}, rows, {2}, "expects labels from 0 to 1, sample 1 has -1");
  refuses(BinaryFocalCrossentropy{}, rows, {2}, "BinaryFocalCrossentropy expects labels from 0 to 1, sample 1 has -1");
  refuses(BinaryFocalCrossentropy{}, rows, {3}, "a label for each output, the model gives (None, 3)");
  refuses(MeanSquaredError{}, rows, {3},
          "MeanSquaredError expects a label for each output, the model gives (None, 3) "
          "and the labels are (2, 2); end the model with Dense{2}");
  rows[3] = std::numeric_limits<float>::quiet_NaN();
  refuses(Huber{}, rows, {2}, "sample 1 has label nan");
}

TEST_CASE("losses refuse settings out of range", "[nn][losses]") {
  const auto refuses = [](const auto& description, const std::string& words) {
    CHECK_THROWS_WITH((description.template make<float, Cpu>()), Contains(words));
  };
  refuses(BinaryCrossentropy{.label_smoothing = 1.5}, "BinaryCrossentropy: label_smoothing must be 0 to 1, got 1.5");
  refuses(SparseCategoricalCrossentropy{.label_smoothing = -0.1}, "label_smoothing must be 0 to 1, got -0.1");
  refuses(CategoricalCrossentropy{.label_smoothing = std::nan("")}, "label_smoothing must be 0 to 1, got nan");
  refuses(BinaryFocalCrossentropy{.alpha = 2}, "BinaryFocalCrossentropy: alpha must be 0 to 1, got 2");
  refuses(BinaryFocalCrossentropy{.gamma = -1}, "gamma must be 0 to 100, got -1");
  refuses(CategoricalFocalCrossentropy{.alpha = 0}, "CategoricalFocalCrossentropy: alpha must be");
  refuses(Huber{.delta = 0}, "Huber: delta must be");
}
