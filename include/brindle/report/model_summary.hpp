#pragma once

#include <string>
#include <vector>

#include "brindle/nn/model.hpp"
#include "brindle/report/summary.hpp"

namespace brindle::report {

/// A line for each layer; those of a group are one line, as a model inside a model is in Keras.
template <class T, class Device>
std::vector<SummaryRow> summary_rows(const Model<T, Device>& model);

/// The table that Keras prints of a model: each layer with its type, output shape and number of parameters, then
/// totals, trainable and not.
template <class T, class Device>
std::string summary(const Model<T, Device>& model, SummaryStyle style = SummaryStyle::keras3);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/model_summary_inl.hpp"
#endif
