// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "brindle/nn/model.hpp"
#include "brindle/report/summary.hpp"

namespace brindle::report {

namespace internal {

/// What tables call the model's input: as Keras does, and no layer of the model.
template <class T, class Device>
std::string input_name(const Model<T, Device>& model);

}  // namespace internal

/// A line for each layer; those of a group are one line, as a model inside a model is in Keras. Where these do not
/// stand in a row each has what it reads, and the first line, an InputLayer, is the model's input.
template <class T, class Device>
std::vector<SummaryRow> summary_rows(const Model<T, Device>& model);

/// The table that Keras prints of a model: each layer with its type, output shape and number of parameters, then
/// totals, trainable and not; where layers do not stand in a row also what each is connected to.
template <class T, class Device>
std::string summary(const Model<T, Device>& model, SummaryStyle style = SummaryStyle::keras3);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/model_summary_inl.hpp"
#endif
