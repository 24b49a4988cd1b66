// SPDX-License-Identifier: MIT
#include "brindle/nn/metric.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/report/history_csv.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

double figure(const Metric& m, const Tensor<float>& y, const Tensor<float>& t, const OutputOptions& o = {}) {
  return m.value(y.view(), t.view(), o);
}

Tensor<float> column(const std::vector<float>& values) {
  Tensor<float> t({static_cast<std::int64_t>(values.size()), 1});
  for (std::size_t i = 0; i < values.size(); ++i) t[static_cast<std::int64_t>(i)] = values[i];
  return t;
}

/// Two classes that can be told apart for the most part.
data::InMemory two_classes(std::uint64_t seed, std::int64_t n = 80) {
  Tensor<float> x = random_tensor<float>({n, 3}, seed), labels({n, 1});
  for (std::int64_t i = 0; i < n; ++i) labels[i] = x[3 * i] + 0.5f * x[3 * i + 1] > 0.2f * x[3 * i + 2] ? 1.0f : 0.0f;
  return data::InMemory(std::move(x), std::move(labels));
}

}  // namespace

TEST_CASE("metrics are scikit-learn's and Keras's", "[nn][metric][golden]") {
  const Golden golden("metrics.npz");
  const Metric all[] = {metrics::auc(),
                        metrics::average_precision(),
                        metrics::f1_score(),
                        metrics::f1_score({.threshold = 0.5, .name = "f1_half"}),
                        metrics::top_k_accuracy(2),
                        metrics::mean_absolute_error(),
                        metrics::root_mean_squared_error()};
  int compared = 0;
  for (const std::string& name : golden.cases())
    for (const Metric& m : all) {
      if (!golden.has(name + "." + m.name)) continue;
      INFO(name << " " << m.name);
      const double value = figure(m, golden.get<float>(name + ".y"), golden.get<float>(name + ".t"));
      CHECK(value == Approx(golden.get<double>(name + "." + m.name)[0]).epsilon(1e-6));
      ++compared;
    }
  CHECK(compared == 12);
}

TEST_CASE("a single output is a yes above one half, and a logit above 0", "[nn][metric]") {
  const Tensor<float> t = column({0, 1, 1, 0}), p = column({0.5f, 0.6f, 0.4f, 0.1f});
  CHECK(figure(metrics::f1_score(), p, t) == Approx(2.0 / 3));
  CHECK(figure(metrics::f1_score(), column({-1, 0.2f, 0.1f, -2}), t, {.from_logits = true}) == 1);
}

TEST_CASE("a threshold among logits may be below 0, and a rank needs one class a sample", "[nn][metric]") {
  Tensor<float> y({2, 2}), t({2, 2});
  const float logits[] = {-0.5f, -2, -3, 1};
  std::copy_n(logits, 4, y.data());
  t[0] = t[3] = 1;
  CHECK(figure(metrics::f1_score({.threshold = -0.847}), y, t, {.from_logits = true, .each_output = true}) == 1);
  CHECK(figure(metrics::f1_score({.threshold = 0}), y, t, {.from_logits = true, .each_output = true}) == 0.5);
  CHECK_THROWS_WITH(f1_thresholds(y, t), Contains("f1_thresholds"));
  t[1] = 1;
  CHECK_THROWS_WITH(figure(metrics::top_k_accuracy(1), y, t), Contains("sample 0 has 2"));
}

TEST_CASE("several logits are ranked by the probabilities of their softmax", "[nn][metric]") {
  // By the logits of class 0 the second sample comes before the first; by its probability it does not.
  Tensor<float> logits({3, 3}), probabilities({3, 3});
  const float rows[3][3] = {{1, 0, -4}, {2, 5, 0}, {-1, 0, 3}};
  for (std::int64_t n = 0; n < 3; ++n) {
    double sum = 0;
    for (const float l : rows[n]) sum += std::exp(static_cast<double>(l));
    for (std::int64_t k = 0; k < 3; ++k) {
      logits[3 * n + k] = rows[n][k];
      probabilities[3 * n + k] = static_cast<float>(std::exp(static_cast<double>(rows[n][k])) / sum);
    }
  }
  Tensor<float> t({3, 3});
  t[0] = t[4] = t[8] = 1;
  for (const Metric& m : {metrics::auc(), metrics::average_precision()}) {
    INFO(m.name);
    CHECK(figure(m, probabilities, t) == 1);
    CHECK(figure(m, logits, t, {.from_logits = true}) == 1);
    CHECK(figure(m, logits, column({0, 1, 2}), {.from_logits = true}) == 1);
    CHECK(figure(m, logits, t, {.from_logits = true, .each_output = true}) < 1);
  }
}

TEST_CASE("classes are ranked by logits also where their probabilities are 1 or 0 in float", "[nn][metrics]") {
  // By rising odds of class 0, whose probability is 1 in all but the first, and beside a third class as well.
  const Tensor<float> two = tensor_of({4, 2}, {1, 2, 40, 2, 60, 2, 900, 2}), labels = column({1, 1, 0, 0});
  const Tensor<float> three = tensor_of({4, 3}, {1, 2, 1, 40, 2, 3, 60, 2, 5, 900, 2, 1}),
                      three_labels = column({1, 2, 0, 0});
  for (const Metric& m : {metrics::auc(), metrics::average_precision()}) {
    INFO(m.name);
    CHECK(figure(m, two, labels, {.from_logits = true}) == 1);
  }
  CHECK(figure(metrics::auc(), three, three_labels, {.from_logits = true}) == Approx((1 + 1 + 2.0 / 3) / 3));
}

TEST_CASE("a metric of a model of logits is that of the same model with its softmax", "[nn][metric][train]") {
  Sequential<float> logits{{3}, Dense{.units = 3, .name = "head"}},
      probabilities{{3}, Dense{.units = 3, .activation = softmax, .name = "head"}};
  logits.initialize(4);
  probabilities.initialize(4);
  Tensor<float> x = random_tensor<float>({40, 3}, 6), t({40, 1});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] *= 1 + static_cast<float>(i % 7);
  for (std::int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(i % 3);
  const data::InMemory source(std::move(x), std::move(t));
  Trainer a{logits, SGD{}, SparseCategoricalCrossentropy{.from_logits = true}};
  Trainer b{probabilities, SGD{}, SparseCategoricalCrossentropy{}};
  const EvaluateOptions options{.metrics = {metrics::auc(), metrics::average_precision()}};
  const Evaluation of_logits = a.evaluate(source, options), of_probabilities = b.evaluate(source, options);
  for (const auto& [name, value] : of_probabilities.metrics) {
    INFO(name);
    CHECK(of_logits.metrics.at(name) == Approx(value).epsilon(1e-9));
  }
}

TEST_CASE("thresholds of each output are those of its largest F1 score", "[nn][metric]") {
  Tensor<float> y({5, 2}), t({5, 2});
  const float first[] = {0.9f, 0.8f, 0.3f, 0.2f, 0.1f}, second[] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f};
  for (std::int64_t i = 0; i < 5; ++i) y[2 * i] = first[i], y[2 * i + 1] = second[i];
  t[0] = t[4] = 1;  // the first and the third of the first class: from 0.3 on 2 of 3
  t[9] = 1;         // the last of the second
  const std::vector<double> thresholds = f1_thresholds(y, t);
  REQUIRE(thresholds.size() == 2);
  CHECK(thresholds[0] == Approx(0.3));
  CHECK(thresholds[1] == Approx(0.5));
  CHECK_THROWS_WITH(f1_thresholds(y, Tensor<float>({5, 2})), Contains("f1_thresholds: no sample is of class 0"));
  CHECK_THROWS_WITH(f1_thresholds(y, column({1, 0, 0, 0, 0})), Contains("(5, 2) and (5, 1)"));
}

TEST_CASE("fit and evaluate give the metrics that were asked for, callbacks watch them, logs have them",
          "[nn][metric][train]") {
  const TemporaryFolder folder;
  const data::InMemory training = two_classes(1), holdout = two_classes(2, 50);
  Sequential<float> model{{3}, Dense{8, relu}, Dense{1, sigmoid}};
  Trainer trainer{model, Adam{.learning_rate = 0.05}, BinaryCrossentropy{}};
  const Metric auc = metrics::auc();
  const History history = trainer.fit(training, {.batch = 16,
                                                 .epochs = 6,
                                                 .validation = holdout,
                                                 .metrics = {auc, metrics::f1_score()},
                                                 .callbacks = {keep_best(model, {.monitor = Monitor::val_metric(auc)}),
                                                               csv_logger(folder / "log.csv")}});
  const std::vector<double>& aucs = history.val_metrics.at("auc");
  REQUIRE(aucs.size() == 6);
  CHECK(aucs.back() > 0.9);
  const Evaluation e = trainer.evaluate(holdout, {.batch = 7, .metrics = {auc, metrics::f1_score()}});
  CHECK(e.metrics.at("auc") == *std::max_element(aucs.begin(), aucs.end()));
  CHECK(e.metrics.at("auc") == figure(auc, trainer.predict(holdout),
                                      converted<float>(Tensor<float>(column(
                                          std::vector<float>(holdout.labels().data, holdout.labels().data + 50))))));
  CHECK_THAT(report::history_csv(history), Contains(",seconds,val_auc,val_f1_score\n"));
  std::ifstream log(folder / "log.csv");
  std::string names;
  std::getline(log, names);
  CHECK_THAT(names, Contains("learning_rate,val_auc,val_f1_score"));
}

TEST_CASE("metrics go on behind a checkpoint", "[nn][metric][train][checkpoint]") {
  const TemporaryFolder folder;
  const data::InMemory training = two_classes(1), holdout = two_classes(2, 50);
  const auto run = [&](std::int64_t pause_at, bool checkpointed) {
    Sequential<float> model{{3}, Dense{1, sigmoid}};
    Trainer trainer{model, Adam{}, BinaryCrossentropy{}};
    FitOptions o{.batch = 16, .epochs = 4, .validation = holdout, .metrics = {metrics::auc()}};
    o.callbacks = {{.epoch = [&](FitState& s) { s.pause = s.epoch == pause_at; }}};
    if (checkpointed) o.checkpoint = checkpoint(folder / "run", {.resume = true});
    return trainer.fit(training, o).val_metrics.at("auc");
  };
  const std::vector<double> whole = run(-1, false);
  CHECK(run(2, true).size() == 2);
  CHECK(run(-1, true) == whole);
}

TEST_CASE("what cannot be measured is refused before the first step", "[nn][metric][train]") {
  const data::InMemory training = two_classes(1);
  Sequential<float> model{{3}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  const auto refuses = [&](const FitOptions& o, const std::string& words) {
    CHECK_THROWS_WITH(trainer.fit(training, o), Contains(words));
    CHECK(trainer.steps() == 0);
  };
  refuses({.metrics = {metrics::auc()}}, "fit: .metrics are of validation data, and there is none; give .validation");
  refuses({.validation = training, .metrics = {metrics::auc(), metrics::auc()}},
          "fit, validation: two metrics have the name auc; give one another");
  refuses({.validation = training, .metrics = {metrics::top_k_accuracy(2)}},
          "fit, validation: metric top_2_accuracy: expected one output a class, got (80, 1)");
  refuses({.validation = training, .metrics = {Metric{"mine", {}}}}, "metric number 1 has no name or no function");
  refuses({.validation = training,
           .metrics = {metrics::f1_score()},
           .callbacks = {early_stopping({.monitor = Monitor::val_metric(metrics::auc())})}},
          "early_stopping: watches val_auc, which is not among the .metrics of fit()");
  const data::InMemory one_class(random_tensor<float>({4, 3}, 1), Tensor<float>({4, 1}));
  refuses({.validation = one_class, .metrics = {metrics::auc()}},
          "fit, validation: metric auc: no sample is of class 1, so the figure has no meaning");
  CHECK_THROWS_WITH(metrics::top_k_accuracy(0), Contains("top_k_accuracy: k must be at least 1, got 0"));
}

TEST_CASE("metrics of outputs that are no finite numbers are refused", "[nn][metric]") {
  Tensor<float> y({3, 2});
  y[2] = std::numeric_limits<float>::quiet_NaN();
  const Tensor<float> t = column({0, 1, 1});
  for (const Metric& m :
       {metrics::top_k_accuracy(1), metrics::f1_score(), metrics::auc(), metrics::average_precision()})
    CHECK_THROWS_WITH(figure(m, y, t), Contains("output nan of sample 1 is no finite number"));
  Tensor<float> rows({3, 2});
  rows[0] = rows[3] = rows[5] = 1;
  CHECK_THROWS_WITH(f1_thresholds(y, rows), Contains("output nan of sample 1"));
}
