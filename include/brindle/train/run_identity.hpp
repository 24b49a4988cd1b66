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
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/update_rules.hpp"

// What must be the same when a run goes on from a checkpoint.
namespace brindle::detail {

/// What a run is, by name: it goes on only as the same.
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

/// Of a trainer, whatever its data: the network, how it steps, the seed.
template <class T, class Device>
RunIdentity trainer_identity(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                             const Loss<T, Device>& loss, const UpdateRules& updates);

/// Of a fit(): with its data. host reads them.
template <class T, class Device>
RunIdentity run_identity(const Cpu& host, const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                         const Loss<T, Device>& loss, const data::Source& source, const FitOptions& o,
                         std::int64_t batch, std::int64_t steps, const UpdateRules& updates);

/// One of them with what processes that train together must have alike beside it, when they begin: the program, the
/// weights, what the optimizer remembers. slots: their checksum.
template <class T, class Device>
RunIdentity process_identity(RunIdentity run, const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                             const std::string& slots, std::int64_t steps_done);
/// What processes that evaluate or predict together must have alike: weights, names and labels of the samples. These
/// are not read, as a source may give them only once, and it would take as long as to go through them.
template <class T, class Device>
void add_pass(RunIdentity& run, const Model<T, Device>& model, const data::Source& source);
/// And of evaluate().
RunIdentity pass_options(const EvaluateOptions& options);
/// Of all parameters, those that do not learn as well.
template <class T, class Device>
std::string weights_checksum(const Model<T, Device>& model);
/// How this program rounds, which flags of the compiler change: "of each product".
std::string rounding_text();
/// Options of fit() that a run may go on with others of, and that processes must have alike as well.
void add_process_options(RunIdentity& run, const FitOptions& o);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/run_identity_inl.hpp"
#endif
