// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/names_text.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/metric.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/class_weights.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/same_data.hpp"
#include "brindle/train/sample_weights.hpp"

// What the trainer asks of settings and data before the first step; `who` begins each message.
namespace brindle::detail {

/// What to do about pictures of another size or of other channels than a model's; empty for what are no pictures.
inline std::string picture_advice(const Shape& input, const Shape& given) {
  if (given.rank() != 3) return "";
  if (input.rank() != 3 || given[2] == input[2] || (input[2] != 1 && input[2] != 3))
    return "; load the pictures with that .size";
  return std::string("; load the pictures with ") +
         (given[0] == input[0] && given[1] == input[1] ? "" : "that .size and ") +
         ".color_mode = ColorMode::" + (input[2] == 1 ? "grayscale" : "rgb");
}

/// input: shape of the model's samples.
inline void check_samples(const std::string& who, const Shape& input, const data::Source& source, std::int64_t batch) {
  if (batch < 1) raise<ValueError>(who + ": the batch must be at least 1, got " + std::to_string(batch));
  if (source.size() < 1) raise<DataError>(who + ": the data has no samples");
  if (!(source.sample_shape() == input))
    raise<ShapeError>(who + ": the model expects " + to_string_batch(input) + ", the data gives " +
                      to_string_batch(source.sample_shape()) + picture_advice(input, source.sample_shape()));
}

template <class T, class Device>
void check_data(const std::string& who, const Model<T, Device>& model, const Loss<T, Device>& loss,
                const OutputRules& rules, const data::Source& source, std::int64_t batch) {
  check_samples(who, model.input_shape(), source, batch);
  if (source.labels().shape.rank() != 2 || source.labels().shape[0] != source.size())
    raise<DataError>(who + ": expected labels (" + std::to_string(source.size()) + ", 1), got " +
                     to_string(source.labels().shape));
  const auto names = [&](std::int64_t row) { return source.describe(row); };
  loss.check_labels(who, source.labels(), model.output_shape(), names);
  const std::int64_t classes = loss.classes(model.output_shape());
  const std::vector<std::string> class_names = source.class_names();
  if (classes > 0 && !class_names.empty() && static_cast<std::int64_t>(class_names.size()) != classes)
    raise<DataError>(who + ": the data have " + std::to_string(class_names.size()) + " classes, " +
                     names_text(class_names) + ", the model tells " + std::to_string(classes) +
                     " apart; end it with one output a class, or with Dense{1, sigmoid} for two");
  rules.check(who, source.labels().shape);
}

template <class T, class Device>
void check_batch(const std::string& who, const Model<T, Device>& model, const Loss<T, Device>& loss,
                 const OutputRules& rules, In<T, Cpu> x, In<float, Cpu> labels) {
  if (x.shape.rank() < 1 || x.shape[0] < 1 || !(x.shape == model.input_shape().batch(x.shape[0])))
    raise<ShapeError>(who + ": expected x " + to_string_batch(model.input_shape()) + ", got " + to_string(x.shape));
  if (labels.shape.rank() != 2 || labels.shape[0] != x.shape[0])
    raise<ShapeError>(who + ": expected labels (" + std::to_string(x.shape[0]) + ", 1), got " +
                      to_string(labels.shape));
  loss.check_labels(who, labels, model.output_shape(), sample_number);
  rules.check(who, labels.shape);
}

template <class T, class Device>
void check_trainable(const std::string& who, const Model<T, Device>& model) {
  if (model.trainable_parameter_count() == 0)
    raise<ValueError>(who +
                      ": every layer is frozen, so there is nothing to train; free one with .trainable = true or "
                      "freeze_before()");
}

/// Samples of one class only teach nothing.
inline void check_varied(const data::Source& source) {
  const TensorView<const float> labels = source.labels();
  const std::int64_t n = source.size(), size = labels.shape.sample().size();
  if (n < 2) return;
  for (std::int64_t i = 1; i < n; ++i)
    if (!std::equal(labels.data, labels.data + size, labels.data + i * size)) return;
  raise<DataError>(
      "fit: all " + std::to_string(n) + " samples are of one class (" +
      (is_class(labels.data, size) ? class_name(source, class_of(labels.data, size)) : "their labels are the same") +
      "); training needs at least two");
}

template <class T, class Device>
void check_fit(const Model<T, Device>& model, const Loss<T, Device>& loss, const OutputRules& rules,
               const data::Source& source, const FitOptions& o) {
  if (o.epochs < 1) raise<ValueError>("fit: epochs must be at least 1, got " + std::to_string(o.epochs));
  if (o.steps_per_epoch < 0)
    raise<ValueError>("fit: steps_per_epoch must be at least 1, or 0 for one pass over the data, got " +
                      std::to_string(o.steps_per_epoch));
  if (o.prefetch < 0 || o.prefetch > 1024)
    raise<ValueError>("fit: prefetch must be 0 to 1024 batches, got " + std::to_string(o.prefetch));
  check_data("fit", model, loss, rules, source, o.batch);
  check_varied(source);
  check_weights("fit", o.sample_weight, source);
  check_class_weights("fit", o, source, model.output_shape().size());
  if (o.validation) DataMeaning(source).check("fit, validation", *o.validation);
  if (o.validation)
    check_data("fit, validation", model, loss, rules, *o.validation, o.validation_batch ? o.validation_batch : o.batch);
  if (!o.metrics.empty() && !o.validation)
    raise<ValueError>("fit: .metrics are of validation data, and there is none; give .validation");
  if (o.validation) check_metrics("fit, validation", o.metrics, model.output_shape().size(), o.validation->labels());
  check_trainable("fit", model);
}

}  // namespace brindle::detail
