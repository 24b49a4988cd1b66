#pragma once

// Definitions of what kernels.hpp declares.
#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "brindle/report/kernels.hpp"

namespace brindle::report {

namespace internal {

BRINDLE_INLINE std::string processor_text(const Cpu& on) {
  return ops::cpu_simd() + " (" + ops::cpu_isa() + "), " + std::to_string(on.threads()) + " threads";
}

}  // namespace internal

template <class T, class Device>
std::string kernels(const Model<T, Device>& model, std::int64_t n) {
  std::string text = internal::processor_text(model.device()) + "\n";
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
