#pragma once

#include <cstdint>
#include <string>

#include "brindle/nn/sequential.hpp"

namespace brindle::report {

/// What computes a model on the Cpu for batches of n: the instruction set and the threads, then a line for each layer
/// that has a choice of algorithms, with a pool that runs in the same pass.
template <class T, class Device>
std::string kernels(const Sequential<T, Device>& model, std::int64_t n = 1);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/kernels_inl.hpp"
#endif
