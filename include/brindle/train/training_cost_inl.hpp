// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what training_cost.hpp declares.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan_memory.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/step_bands.hpp"
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
  const int processes = o.group ? o.group->size() : 1;
  cost.bytes = training_bytes(trainer.model(), batch, trainer.optimizer().slots(), o.kept_weights, o.leaves, processes);
  if (o.validation)  // whose batches the processes share
    cost.validation_seconds = prediction_seconds(trainer.model(), *o.validation, batch) / processes;
  return cost;
}

/// Bytes of a plan that is not made.
template <class T, class Device>
std::int64_t plan_bytes(const Model<T, Device>& model, const PlanOptions& o) {
  const auto steps = plan_steps(model.device(), model.graph(), o);
  return plan_memory(model.device(), model.graph(), steps, step_bands(model.device(), model.graph(), steps, o), o)
      .bytes;
}

/// Bytes in which the gradients of leaves are added up: rows of what a step changes, and room for the other processes'.
template <class T, class Device>
std::int64_t sums_bytes(const Model<T, Device>& model, std::int64_t own_leaves, bool alone) {
  constexpr std::int64_t line = 64;
  std::int64_t row = 0, largest = 0;  // largest: of a layer, which goes to the others at a time, or a piece of 1 MB
  for (const auto& layer : model.layers()) {
    std::int64_t bytes = 0;
    for (const auto& p : std::as_const(*layer).parameters())
      if (layer->trainable && (p.learned || !layer->inference))
        bytes += (static_cast<std::int64_t>(p.value.bytes()) + line - 1) / line * line;
    row += bytes;
    largest = std::max(largest, bytes);
  }
  const std::int64_t room = alone ? 0 : std::min(row, largest + (1 << 20)) / 2 + line;
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(own_leaves))) * row + room;
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
std::int64_t training_bytes(const Model<T, Device>& model, std::int64_t batch, int slots, std::int64_t kept_weights,
                            std::int64_t leaves, int processes) {
  detail::check_cost_batch("training_bytes", batch);
  const auto power = [](std::int64_t n) { return n >= 1 && std::has_single_bit(static_cast<std::uint64_t>(n)); };
  if (!power(leaves) || !power(processes) || processes > leaves)
    detail::raise<ValueError>("training_bytes: expected powers of two, and as many leaves as processes or more, got " +
                              std::to_string(leaves) + " leaves and " + std::to_string(processes) + " processes");
  std::int64_t all = 0, learned = 0;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) {
      all += static_cast<std::int64_t>(p.value.bytes());
      if (layer->trainable && p.learned) learned += static_cast<std::int64_t>(p.value.bytes());
    }
  const std::int64_t leaf = (batch + leaves - 1) / leaves, own = leaves / processes;
  const std::int64_t read_ahead = 2 * own + 1;  // leaves: FitOptions::prefetch, and the one that is used
  const std::int64_t batches = read_ahead * leaf * model.input_shape().size() * static_cast<std::int64_t>(sizeof(T));
  return detail::plan_bytes(model, {.batch = leaf, .training = true, .backward = true, .logits = true}) +
         detail::plan_bytes(model, {.batch = batch}) + slots * learned / processes + kept_weights * all + batches +
         (leaves > 1 ? detail::sums_bytes(model, own, processes == 1) : 0);
}

}  // namespace brindle
