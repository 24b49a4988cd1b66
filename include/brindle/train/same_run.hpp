// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/team.hpp"

// What processes that train together must have alike. All of them call these functions at once; they throw ValueError
// in all.
namespace brindle::detail {

/// Throws, beginning with `who`, with what differs, unless their runs are those of process 0.
void expect_same_run(const char* who, Team& team, const RunIdentity& run);

/// The same for the weights, of which each process gives the checksum. when: "behind epoch 3".
void expect_same_weights(Team& team, const std::string& when, const std::string& checksum);

/// The same for the batch that train_on_batch() is given, and the learning rate that it steps with.
template <class T>
void expect_same_batch(Team& team, In<T, Cpu> x, In<float, Cpu> labels, double learning_rate);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/same_run_inl.hpp"
#endif
