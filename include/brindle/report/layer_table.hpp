// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/nn/model.hpp"

namespace brindle::report {

/// The layers of a model, or of one group of them, a line each: type, name, and whether training changes it; where
/// one does not read the layer before it, also what each is connected to.
/// Throws ValueError for a group that the model does not have.
template <class T, class Device>
std::string layer_table(const Model<T, Device>& model, const std::string& group = {});

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/layer_table_inl.hpp"
#endif
