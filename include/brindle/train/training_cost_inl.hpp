// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what training_cost.hpp declares.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan_memory.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/evaluator.hpp"
#include "brindle/train/fit_place.hpp"
#include "brindle/train/trainer.hpp"
#include "brindle/train/training_cost.hpp"

namespace brindle {
namespace detail {

BRINDLE_INLINE void check_cost_options(const TrainingCostOptions& o) {
  if (!(o.seconds > 0)) raise<ValueError>("training_cost: expected seconds above 0, got " + std::to_string(o.seconds));
  if (o.most_steps < 2)
    raise<ValueError>("training_cost: expected at least 2 steps, got " + std::to_string(o.most_steps));
  if (o.kept_weights < 0)
    raise<ValueError>("training_cost: expected 0 kept weights or more, got " + std::to_string(o.kept_weights));
}

/// The first samples of a source, to measure what reading and predicting them takes.
class FirstSamples : public data::Source {
 public:
  FirstSamples(const data::Source& all, std::int64_t most) : all_(all), size_(std::min(all.size(), most)) {}
  std::int64_t size() const override { return size_; }
  Shape sample_shape() const override { return all_.sample_shape(); }
  TensorView<const float> labels() const override { return all_.labels().slice(0, size_); }
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    all_.read(on, draws, x);
  }
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<double> x) const override {
    all_.read(on, draws, x);
  }

 private:
  const data::Source& all_;
  std::int64_t size_;
};

template <class T, class Device>
TrainingCost try_steps(Trainer<T, Device>& trainer, const data::Source& source, const TrainingCostOptions& o) {
  TrainingCost cost;
  double seconds = 0;
  Callback measuring;
  measuring.epoch = [&](FitState& s) {  // an epoch is one step here; the first one takes memory, and is not counted
    if (s.epoch == 1) return;
    seconds += s.seconds;
    ++cost.measured;
    s.stop = cost.measured >= o.most_steps || (cost.measured >= 2 && seconds >= o.seconds);
  };
  trainer.fit(source, {.batch = o.batch,
                       .epochs = o.most_steps + 4,  // more than are done, so that the last ones read ahead, too
                       .steps_per_epoch = 1,
                       .callbacks = {measuring}});
  const std::int64_t batch = std::min(o.batch, source.size());
  cost.steps = (source.size() + batch - 1) / batch;
  cost.step_seconds = seconds / static_cast<double>(cost.measured);
  cost.bytes = training_bytes(trainer.model(), batch, trainer.optimizer().slots(), o.kept_weights);
  if (o.validation) cost.validation_seconds = prediction_seconds(trainer.model(), *o.validation, batch);
  return cost;
}

/// Bytes of a plan that is not made.
template <class T, class Device>
std::int64_t plan_bytes(const Model<T, Device>& model, const PlanOptions& o) {
  return plan_memory(model.device(), model.graph(), plan_steps(model.device(), model.graph(), o), o).bytes;
}

BRINDLE_INLINE void check_cost_batch(const std::string& who, std::int64_t batch) {
  if (batch < 1) raise<ValueError>(who + ": expected a batch of at least 1, got " + std::to_string(batch));
}

}  // namespace detail

template <class T, class Device>
double prediction_seconds(const Model<T, Device>& model, const data::Source& source, std::int64_t batch) {
  detail::check_cost_batch("prediction_seconds", batch);
  if (!(source.sample_shape() == model.input_shape()))
    detail::raise<ShapeError>("prediction_seconds: the model takes samples " + to_string(model.input_shape()) +
                              ", the source has " + to_string(source.sample_shape()));
  Cpu host;  // that reads
  if constexpr (std::is_same_v<Device, Cpu>) host = model.device();
  const detail::FirstSamples first(source, 2 * batch);
  double fastest = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < 2; ++pass) {  // the first takes memory
    const auto start = std::chrono::steady_clock::now();
    detail::Evaluator<T, Device>::predict("prediction_seconds", model, host, first, batch);
    fastest = std::min(fastest, detail::seconds_since(start));
  }
  return fastest * static_cast<double>(source.size()) / static_cast<double>(first.size());
}

template <class T, class Device>
std::int64_t prediction_bytes(const Model<T, Device>& model, std::int64_t batch) {
  detail::check_cost_batch("prediction_bytes", batch);
  return detail::plan_bytes(model, PlanOptions{.batch = batch}) +
         batch * model.input_shape().size() * static_cast<std::int64_t>(sizeof(T));
}

template <class T, class Device>
std::int64_t training_bytes(const Model<T, Device>& model, std::int64_t batch, int slots, std::int64_t kept_weights) {
  detail::check_cost_batch("training_bytes", batch);
  std::int64_t all = 0, learned = 0;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) {
      all += static_cast<std::int64_t>(p.value.bytes());
      if (layer->trainable && p.learned) learned += static_cast<std::int64_t>(p.value.bytes());
    }
  constexpr std::int64_t read_ahead = 3;  // batches: FitOptions::prefetch and the one that is used
  const std::int64_t batches = read_ahead * batch * model.input_shape().size() * static_cast<std::int64_t>(sizeof(T));
  return detail::plan_bytes(model, {.batch = batch, .training = true, .backward = true, .logits = true}) +
         detail::plan_bytes(model, {.batch = batch}) + slots * learned + kept_weights * all + batches;
}

}  // namespace brindle
