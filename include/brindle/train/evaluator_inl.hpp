// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what evaluator.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/metric.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/evaluator.hpp"
#include "brindle/train/finite.hpp"
#include "brindle/train/fit_checks.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/sample_weights.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

template <class T, class Device>
Evaluation Evaluator<T, Device>::evaluate(const std::string& who, const Model<T, Device>& model, Loss<T, Device>& loss,
                                          const OutputRules& rules, const Cpu& host, const data::Source& source,
                                          const EvaluateOptions& options, Team& team) {
  const Device& on = model.device();
  const std::int64_t batch = std::min(options.batch, source.size());
  const std::int64_t outputs = model.output_shape().size(), label_count = source.labels().shape.sample().size();
  Tensor<float> all_outputs, all_labels;
  Tensor<double> figures;  // loss and right answers of each sample
  team.together([&] {
    check_data(who, model, loss, rules, source, options.batch);
    check_weights(who, options.sample_weight, source);
    check_metrics(who, options.metrics, outputs, source.labels());
    if (!plan_ || plan_->options().batch != batch) {
      plan_.reset();  // its memory first
      plan_ = std::make_unique<Plan<T, Device>>(on, model.graph(), PlanOptions{.batch = batch, .logits = rules.logits});
    }
    batch_.resize(batch, model.input_shape(), model.output_shape());
    loss.prepare(batch);
    all_outputs = Tensor<float>({options.metrics.empty() ? 0 : source.size(), outputs});
    all_labels = Tensor<float>({options.metrics.empty() ? 0 : source.size(), label_count});
    figures = Tensor<double>({source.size(), 2});
  });
  const Shares shares{source.size(), batch, team.size()};
  each_batch(batch_, host, source, shares, team, [&](std::int64_t begin, std::int64_t count) {
    auto& b = batch_;
    b.upload(on, count, false);
    const TensorView<T, Device> y = plan_->forward(b.x(count));
    loss(on, rules.logits, y, b.labels(count), {}, b.each(count), {});
    const auto probabilities = b.read_probabilities(on, y, rules.left_out());
    const auto each = b.read_each(on, count), labels = b.read_labels(count);
    for (std::int64_t i = 0; i < count; ++i)
      if (!std::isfinite(each[i]))
        raise_bad_sample(who, "the loss of", static_cast<double>(each[i]), host, source, begin + i);
    if (!rules.last.known) loss.check_outputs(who, rules.last, probabilities);
    if (!options.metrics.empty()) {
      for (std::int64_t i = 0; i < count * outputs; ++i)
        all_outputs[begin * outputs + i] = static_cast<float>(probabilities.data[i]);
      for (std::int64_t i = 0; i < count * label_count; ++i)
        all_labels[begin * label_count + i] = static_cast<float>(labels.data[i]);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      figures[2 * (begin + i)] = static_cast<double>(each[i]);
      figures[2 * (begin + i) + 1] = rules.correct<T>(probabilities.slice(i, i + 1), labels.slice(i, i + 1));
    }
  });
  gather(figures.span(), shares, team);
  gather(all_outputs.span(), shares, team);
  gather(all_labels.span(), shares, team);
  Evaluation e;
  double weight_sum = 0;
  for (std::int64_t i = 0; i < source.size(); ++i) {
    const double w =
        options.sample_weight.empty() ? 1.0 : static_cast<double>(options.sample_weight[static_cast<std::size_t>(i)]);
    e.loss += w * figures[2 * i];
    e.accuracy += figures[2 * i + 1];
    e.weighted_accuracy += w * figures[2 * i + 1];
    weight_sum += w;
  }
  const auto n = static_cast<double>(source.size());
  e.samples = source.size();
  std::vector<double> values;
  team.together([&] {
    penalty_.compute(on, model);
    values = metric_values(who, options.metrics, all_outputs.view(), all_labels.view(),
                           {.from_logits = rules.from_logits, .each_output = loss.each_output()});
  });
  e.loss = e.loss / n + penalty_.value();
  e.accuracy /= n;
  e.weighted_accuracy = weight_sum > 0 || !rules.has_accuracy ? e.weighted_accuracy / weight_sum : 0;
  for (std::size_t i = 0; i < values.size(); ++i) e.metrics[options.metrics[i].name] = values[i];
  return e;
}

template <class T, class Device>
Tensor<T, Cpu> Evaluator<T, Device>::predict(const std::string& who, const Model<T, Device>& model, const Cpu& host,
                                             const data::Source& source, std::int64_t batch, bool logits,
                                             std::int64_t time, Team* team) {
  Team alone;
  if (!team) team = &alone;
  const std::int64_t n = source.size(), outputs = model.output_shape().size();
  Tensor<T, Cpu> y;
  std::unique_ptr<Plan<T, Device>> plan;
  Batch<T, Device> b;
  team->together([&] {
    check_samples(who, model.input_shape(), source, batch);
    data::internal::expect_unmixed(who, source);
    y = Tensor<T, Cpu>::uninitialized(model.output_shape().batch(n));
    batch = std::min(batch, n);
    plan =
        std::make_unique<Plan<T, Device>>(model.device(), model.graph(), PlanOptions{.batch = batch, .logits = logits});
    b.resize(batch, model.input_shape(), model.output_shape());
  });
  const Shares shares{n, batch, team->size()};
  each_batch(
      b, host, source, shares, *team,
      [&](std::int64_t begin, std::int64_t count) {
        b.upload(model.device(), count, false);
        const TensorView<T, Device> part = plan->forward(b.x(count));
        const TensorView<T, Cpu> to = y.view().slice(begin, begin + count);
        Memory<Device>::copy_to_host(to.data, part.data, static_cast<std::size_t>(part.size()) * sizeof(T));
        for (std::int64_t i = 0; i < to.size(); ++i)
          if (!std::isfinite(to.data[i]))
            raise_bad_sample(who, "an output for", static_cast<double>(to.data[i]), host, source, begin + i / outputs);
      },
      time);
  gather(y.span(), shares, *team);
  return y;
}

template <class T, class Device>
Tensor<T, Cpu> Evaluator<T, Device>::predict_averaged(const Model<T, Device>& model, const Cpu& host,
                                                      const data::Source& source, std::int64_t times,
                                                      std::int64_t batch, Team& team) {
  team.together([&] {
    if (times < 1)
      raise<ValueError>("predict_averaged: expected at least one use of each sample, got " + std::to_string(times));
  });
  Tensor<T, Cpu> sum = predict("predict_averaged", model, host, source, batch, false, 0, &team);
  for (std::int64_t time = 1; time < times; ++time) {
    const Tensor<T, Cpu> more = predict("predict_averaged", model, host, source, batch, false, time, &team);
    for (std::int64_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
  }
  for (std::int64_t i = 0; i < sum.size(); ++i) sum[i] /= static_cast<T>(times);
  return sum;
}

template <class T, class Device>
void Evaluator<T, Device>::raise_bad_sample(const std::string& who, const std::string& what, double value,
                                            const Cpu& host, const data::Source& source, std::int64_t row) {
  Tensor<T> x(source.sample_shape().batch(1));
  const data::Draw draw{row, static_cast<std::uint64_t>(row)};
  source.read(host, std::span(&draw, 1), x.view());
  raise<NumericsError>(who + ": " + what + " " + source.describe(row) + " is " + number_text(value) +
                       (all_finite<T>(x.view()) ? "; its values are finite, so look for the cause in the weights"
                                                : "; its values are not finite: check the data"));
}

}  // namespace brindle::detail
