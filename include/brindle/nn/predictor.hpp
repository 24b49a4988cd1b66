// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/plan.hpp"

namespace brindle::detail {

/// Runs a plan for predictions, here on the Cpu; a device that works by itself has its own: cuda_predictor.hpp. One
/// serves one thread at a time.
template <class T, class Device>
class Predictor {
 public:
  /// For batches of at most `batch` samples. The layers must outlive it.
  Predictor(const Device& on, const LayerGraph<T, Device>& graph, std::int64_t batch)
      : on_(on), plan_(on, graph, PlanOptions{.batch = batch}) {
    static_assert(std::is_same_v<Device, Cpu>, "to predict on a GPU include brindle/cuda.hpp");
  }

  std::int64_t batch() const { return plan_.options().batch; }  ///< at most so many samples

  /// x (n, sample), n <= batch()  ->  y (n, output)
  void run(In<T, Device> x, Out<T, Device> y) {
    Memory<Device>::copy(on_, y.data, plan_.forward(x).data, static_cast<std::size_t>(y.size()) * sizeof(T));
  }

 private:
  Device on_;
  Plan<T, Device> plan_;
};

}  // namespace brindle::detail
