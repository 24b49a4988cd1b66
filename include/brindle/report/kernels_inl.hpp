// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what kernels.hpp declares.
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/cpu.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/step_bands.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "brindle/report/kernels.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report {

namespace internal {

BRINDLE_INLINE std::string processor_text(const Cpu& on) {
  return ops::cpu_simd() + " (" + ops::cpu_isa(on) + "), " + std::to_string(on.threads()) + " threads";
}

}  // namespace internal

template <class T, class Device>
std::string kernels(const Model<T, Device>& model, std::int64_t n) {
  std::string text = internal::processor_text(model.device()) + "\n";
  const PlanOptions options{.batch = n};
  std::int64_t prepared = 0;
  const auto steps = detail::plan_steps(model.device(), model.graph(), options);
  for (const auto& step : steps) {
    const Shape& x = model.graph().value_shape(step.inputs.front());
    const Pass<T, Device> pass = detail::pass_of(model.device(), step, options);
    if (std::is_same_v<Device, Cpu> && step.layer->fixed_parameters() != 0)
      prepared += step.layer->prepared_bytes(pass, x.batch(n));
    const std::string name = step.layer->kernel_name(pass, x.batch(n));
    if (name.empty()) continue;
    text.append(step.layer->name).append(": ").append(name);
    if (step.padding) text.append(", with ").append(step.padding->name);
    if (step.fused) text.append(", with ").append(step.fused->name);
    if (step.normalized) text.append(", with ").append(step.normalized->name);
    if (step.added) text.append(", with ").append(step.added->name);
    if (step.activated) text.append(" and ").append(step.activated->name);
    text += '\n';
  }
  for (const auto& bands : detail::step_bands(model.device(), model.graph(), steps, options)) {
    for (std::size_t i = bands.first(); i <= bands.last(); ++i)
      text.append(i == bands.first() ? "" : ", ").append(steps[i].layer->name);
    text.append(": in bands of ").append(std::to_string(bands.rows())).append(" rows\n");
  }
  if (prepared > 0) text.append("filters prepared once, in ").append(thousands(prepared)).append(" bytes\n");
  return text;
}

}  // namespace brindle::report
