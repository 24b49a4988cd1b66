// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/update_rules.hpp"

// What must be the same when a run goes on from a checkpoint.
namespace brindle::detail {

/// What a run is, by name: it goes on only as the same.
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

/// host reads the data.
template <class T, class Device>
RunIdentity run_identity(const Cpu& host, const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                         const Loss<T, Device>& loss, const data::Source& source, const FitOptions& o,
                         std::int64_t batch, std::int64_t steps, const UpdateRules& updates);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/run_identity_inl.hpp"
#endif
