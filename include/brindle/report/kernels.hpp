#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/nn/sequential.hpp"
#include "brindle/ops/cpu_simd.hpp"

namespace brindle::report {

/// What computes a model on the Cpu for batches of n: "AVX-512 (x86-64-v4), 2 threads", by ops::cpu_simd() and
/// ops::cpu_isa(), then a line for each layer that has a choice of algorithms, with a pool that runs in the same pass.
template <class T, class Device>
std::string kernels(const Sequential<T, Device>& model, std::int64_t n = 1) {
  std::string text = ops::cpu_simd() + " (" + ops::cpu_isa() + "), ";
  text.append(std::to_string(model.device().threads())).append(" threads\n");
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const auto& layer = *model.layers()[i];
    const Shape& x = i == 0 ? model.input_shape() : model.output_shape(i - 1);
    const bool fused = i + 1 < model.layers().size() && layer.fuses(*model.layers()[i + 1]);
    const std::string name = layer.kernel_name(model.device(), x.batch(n), fused);
    if (name.empty()) continue;
    text.append(layer.name).append(": ").append(name);
    if (fused) text.append(", with ").append(model.layers()[i + 1]->name);
    text += '\n';
  }
  return text;
}

}  // namespace brindle::report
