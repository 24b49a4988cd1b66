// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_graph.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/cuda_parameter_addresses.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/predictor.hpp"

namespace brindle::detail {

/// Runs a plan for predictions on a GPU. The first prediction of a number of samples runs as it is; the second is
/// recorded as a CUDA graph, which is replayed from then on: the processor then makes one call instead of one for each
/// kernel. Samples are copied to where the recording reads them. The outputs have the same bits.
template <class T>
class Predictor<T, Cuda> {
 public:
  /// For batches of at most `batch` samples. The layers must outlive it; the graph need not.
  Predictor(const Cuda& on, const LayerGraph<T, Cuda>& graph, std::int64_t batch)
      : on_(on.with_step(nullptr)), plan_(on_, graph, PlanOptions{.batch = batch}), sample_(graph.input) {
    for (const auto& layer : graph.layers) layers_.push_back(layer.get());
  }

  std::int64_t batch() const { return plan_.options().batch; }  ///< at most so many samples

  /// x (n, sample), n <= batch()  ->  y (n, output)
  void run(In<T, Cuda> x, Out<T, Cuda> y) {
    const std::size_t bytes = static_cast<std::size_t>(y.size()) * sizeof(T);
    if (!on_.options().record_steps) return Memory<Cuda>::copy(on_, y.data, plan_.forward(x).data, bytes);
    if (addresses_.moved(layers_)) recordings_.clear();
    Recording& r = recordings_[x.shape[0]];
    if (!r.warm) {  // libraries load their kernels, which cannot be recorded
      r.warm = true;
      return Memory<Cuda>::copy(on_, y.data, plan_.forward(x).data, bytes);
    }
    if (x_.empty()) x_ = Tensor<T, Cuda>::uninitialized(sample_.batch(batch()));
    Memory<Cuda>::copy(on_, x_.data(), x.data, static_cast<std::size_t>(x.size()) * sizeof(T));
    if (!r.graph.recorded()) r.graph.record(on_, [&] { r.y = plan_.forward({x_.data(), x.shape}).data; });
    r.graph.replay(on_);
    Memory<Cuda>::copy(on_, y.data, r.y, bytes);
  }

 private:
  struct Recording {
    bool warm = false;
    CudaGraph graph;
    const T* y = nullptr;  // where it leaves the outputs
  };

  Cuda on_;
  Plan<T, Cuda> plan_;
  Shape sample_;
  std::vector<const Layer<T, Cuda>*> layers_;  // of the model, which may be moved
  Tensor<T, Cuda> x_;
  ParameterAddresses<T> addresses_;
  std::map<std::int64_t, Recording> recordings_;  // by the number of samples
};

}  // namespace brindle::detail
