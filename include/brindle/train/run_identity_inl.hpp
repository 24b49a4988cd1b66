// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what run_identity.hpp declares.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/names_text.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/core/version.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/same_data.hpp"
#include "brindle/train/update_rules.hpp"

namespace brindle::detail {

/// "(3, 3)".
template <class V, class F>
std::string list_text(const std::vector<V>& list, F&& text_of) {
  std::string text;
  for (const V& v : list) text += (text.empty() ? "" : ", ") + text_of(v);
  return "(" + text + ")";
}

/// "RMSprop (rho 0.9, momentum 0)", numbers exact; without the setting `left_out`.
BRINDLE_INLINE std::string settings_text(const std::string& type, const Config& config,
                                         std::string_view left_out = {}) {
  std::string text;
  for (const auto& [key, value] : config.entries()) {
    if (key == left_out) continue;
    text += (text.empty() ? "" : ", ") + key + ' ';
    std::visit(
        [&](const auto& v) {
          using V = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<V, bool>) {
            text += v ? "true" : "false";
          } else if constexpr (std::is_same_v<V, std::string>) {
            text += v;
          } else if constexpr (std::is_same_v<V, double>) {
            text += number_text(v);
          } else if constexpr (std::is_same_v<V, std::int64_t>) {
            text += std::to_string(v);
          } else if constexpr (std::is_same_v<V, std::vector<std::int64_t>>) {
            text += list_text(v, [](std::int64_t n) { return std::to_string(n); });
          } else if constexpr (std::is_same_v<V, std::vector<double>>) {
            text += list_text(v, number_text);
          } else {
            text += list_text(v, [](const auto& inner) {
              return list_text(inner, [](std::int64_t n) { return std::to_string(n); });
            });
          }
        },
        value);
  }
  return text.empty() ? type : type + " (" + text + ")";
}

BRINDLE_INLINE std::string checksum_text(std::span<const float> numbers) {
  Checksum sum;
  sum.add_numbers(numbers.data(), numbers.size());
  return sum.text();
}

/// Where a batch is cut into leaves; what has none says nothing, as checkpoints before there were leaves.
BRINDLE_INLINE void add_leaves(RunIdentity& run, const UpdateRules& updates) {
  if (updates.options().leaves > 1) run.emplace_back("leaves", std::to_string(updates.options().leaves));
}

template <class T, class Device>
RunIdentity trainer_identity(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                             const Loss<T, Device>& loss, const UpdateRules& updates) {
  RunIdentity run;
  const auto same = [&](const std::string& name, const std::string& text) { run.emplace_back(name, text); };
  same("element type", sizeof(T) == 4 ? "float32" : "float64");
  same("model's input", to_string(model.input_shape()));
  same("model's number of layers", std::to_string(model.layers().size()));
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const auto& layer = *model.layers()[i];
    // What a row does not say is left out where there is nothing to say, so that checkpoints of rows are what they
    // were.
    std::string reads;
    if (!model.graph().is_row())
      for (const std::size_t value : model.inputs(i))
        reads += (reads.empty() ? ", reads " : " and ") +
                 (value == 0 ? std::string("the model's input") : model.layers()[value - 1]->who());
    std::string penalties;
    for (const auto& p : layer.parameters())
      if (p.l2 > 0) penalties += ", L2 of " + p.name + " " + number_text(p.l2);
    same("layer " + std::to_string(i + 1), settings_text(layer.who(), layer.config()) + reads + penalties +
                                               (layer.trainable ? "" : ", frozen") +
                                               (layer.inference ? ", for inference" : ""));
  }
  same("optimizer", settings_text(optimizer.type(), optimizer.config(), "learning_rate") + updates.text());
  same("loss", settings_text(loss.type(), loss.config()));
  same("seed", std::to_string(updates.options().seed));
  return run;
}

/// What samples are, without reading them.
BRINDLE_INLINE void add_meaning(RunIdentity& run, const std::string& prefix, const data::Source& s) {
  const auto same = [&](const std::string& name, const std::string& text) { run.emplace_back(prefix + name, text); };
  same("list of classes", names_text(s.class_names(), s.class_names().size()));
  const std::optional<PictureInput> input = s.picture_input();
  same("picture input", input ? to_string(*input) : "not known");
  same("augmentation", s.augmentation().empty() ? "none" : s.augmentation());
}

BRINDLE_INLINE void add_data(RunIdentity& run, const std::string& prefix, const Cpu& host, const data::Source& s) {
  add_meaning(run, prefix, s);
  run.emplace_back(prefix + "checksum of the samples", s.fingerprint(host));
}

template <class T, class Device>
RunIdentity run_identity(const Cpu& host, const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                         const Loss<T, Device>& loss, const data::Source& source, const FitOptions& o,
                         std::int64_t batch, std::int64_t steps, const UpdateRules& updates) {
  RunIdentity run = trainer_identity(model, optimizer, loss, updates);
  const auto same = [&](const std::string& name, const std::string& text) { run.emplace_back(name, text); };
  same("batch", std::to_string(batch));
  same("number of steps an epoch", std::to_string(steps));
  same("shuffling", o.shuffle ? "on" : "off");
  same("number of samples", std::to_string(source.size()));
  const auto labels = source.labels().span();
  same("checksum of the labels", checksum_text(labels));
  add_data(run, "", host, source);
  same("validation", o.validation ? std::to_string(o.validation->size()) + " samples" : "none");
  if (o.validation) add_data(run, "validation's ", host, *o.validation);
  if (o.validation) same(validation_labels, checksum_text(o.validation->labels().span()));
  same("sample weights", checksum_text(o.sample_weight));
  std::string weights;
  for (const auto& [label, weight] : o.class_weight)
    weights += settings_text(std::to_string(label), {{"weight", weight}}) + " ";
  same("class weights", weights);
  add_leaves(run, updates);
  return run;
}

/// What flags of the compiler make of a product that is added and of a sum: looked at, since the compiler does not
/// tell.
BRINDLE_INLINE std::string rounding_text() {
  volatile float small = 1.0f / 4096, minus_one = -1, large = 1 << 24;
  const float factor = 1 + small, sum = minus_one;
  const float fused = factor * factor + sum;  // the square's last bit is lost unless it is added unrounded
  const float one = -sum, far = large;
  const float again = (one + far) - far;  // 0, or 1 if sums are put in another order
  return std::string(fused == small * 2 ? "of each product" : "of products with their sums") +
         (again == 0 ? "" : ", sums in another order");
}

template <class T, class Device>
std::string weights_checksum(const Model<T, Device>& model) {
  Checksum weights;
  for (const auto& layer : model.layers())
    for (const Parameter<T, Device>& parameter : std::as_const(*layer).parameters()) {
      if constexpr (std::is_same_v<Device, Cpu>) {
        weights.add_numbers(parameter.value.data(), static_cast<std::size_t>(parameter.value.size()));
      } else {
        const Tensor<T, Cpu> copy = parameter.value.template to<Cpu>();
        weights.add_numbers(copy.data(), static_cast<std::size_t>(copy.size()));
      }
    }
  return weights.text();
}

template <class T, class Device>
RunIdentity process_identity(RunIdentity run, const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                             const std::string& slots, std::int64_t steps_done) {
  const auto same = [&](const std::string& name, const std::string& text) { run.emplace_back(name, text); };
  same("version of brindle", std::to_string(BRINDLE_VERSION_MAJOR) + "." + std::to_string(BRINDLE_VERSION_MINOR) + "." +
                                 std::to_string(BRINDLE_VERSION_PATCH));
#ifdef __VERSION__
  same("compiler", __VERSION__);
#endif
  same("rounding", rounding_text());
  if constexpr (std::is_same_v<Device, Cpu>) {
    same("instruction set", ops::cpu_isa(model.device()));
  } else {
    same("instruction set", ops::cpu_isa());
    same("GPU", model.device().gpu_name());
    same("precision", to_string(model.device().precision()));
  }
  same("checksum of the weights", weights_checksum(model));
  same("checksum of the optimizer's state", slots);
  same("learning rate", number_text(optimizer.learning_rate()));
  same("number of steps before", std::to_string(steps_done));
  return run;
}

/// "auc, f1", or "none".
BRINDLE_INLINE std::string metrics_text(const std::vector<Metric>& metrics) {
  std::string names;
  for (const Metric& m : metrics) names += (names.empty() ? "" : ", ") + m.name;
  return names.empty() ? "none" : names;
}

template <class T, class Device>
void add_pass(RunIdentity& run, const Model<T, Device>& model, const data::Source& source) {
  const auto same = [&](const std::string& name, const std::string& text) { run.emplace_back(name, text); };
  same("number of samples", std::to_string(source.size()));
  same("checksum of the labels", checksum_text(source.labels().span()));
  same("checksum of the samples' names", source.names_checksum().text());
  add_meaning(run, "", source);
  same("checksum of the weights", weights_checksum(model));
}

BRINDLE_INLINE RunIdentity pass_options(const EvaluateOptions& options) {
  return {{"batch", std::to_string(options.batch)},
          {"checksum of the sample weights", checksum_text(options.sample_weight)},
          {"list of metrics", metrics_text(options.metrics)}};
}

BRINDLE_INLINE void add_process_options(RunIdentity& run, const FitOptions& o) {
  const auto same = [&](const std::string& name, const std::string& text) { run.emplace_back(name, text); };
  same("number of epochs", std::to_string(o.epochs));
  same("validation batch", std::to_string(o.validation_batch));
  same("list of metrics", metrics_text(o.metrics));
  same("number of callbacks", std::to_string(o.callbacks.size()));
  same("checkpoint", o.checkpoint ? "wanted" : "none");
}

}  // namespace brindle::detail
