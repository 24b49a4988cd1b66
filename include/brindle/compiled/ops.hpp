// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library that chooses among the tables of CPU kernels that it is linked with, from the narrowest:
//
//     #define BRINDLE_KERNEL_LEVELS(LEVEL) LEVEL(x86_64_v2) LEVEL(x86_64_v3)
//     #include <brindle/compiled/ops.hpp>
//
// Without a definition there is one, `own`.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include <cstdlib>
#include <string>

#include "brindle/compiled/processor.hpp"
#include "brindle/core/error.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "brindle/ops/kernel_table.hpp"

#ifndef BRINDLE_KERNEL_LEVELS
#define BRINDLE_KERNEL_LEVELS(LEVEL) LEVEL(own)
#endif

extern "C" {
#define BRINDLE_TABLE(level) extern const brindle::ops::kernel::KernelTable brindle_kernels_##level;
BRINDLE_KERNEL_LEVELS(BRINDLE_TABLE)
#undef BRINDLE_TABLE
}

namespace brindle::ops {
namespace kernel {
namespace {

// From the narrowest instruction set to the widest.
#define BRINDLE_TABLE(level) &brindle_kernels_##level,
constexpr const KernelTable* tables[] = {BRINDLE_KERNEL_LEVELS(BRINDLE_TABLE)};
#undef BRINDLE_TABLE

/// "x86-64-v2, x86-64-v3"; runnable: only those that this processor has.
std::string names(bool runnable) {
  std::string text;
  for (const KernelTable* table : tables)
    if (!runnable || processor_has(table->isa)) text.append(text.empty() ? "" : ", ").append(table->isa);
  return text;
}

const KernelTable& choose_table() {
  if (names(true).empty())
    brindle::detail::raise<Error>("this program has CPU kernels for " + names(false) +
                                  ", and this processor has none of these instruction sets: build it for an older one");
  const char* const wanted = std::getenv("BRINDLE_ISA");
  const KernelTable* chosen = nullptr;
  for (const KernelTable* table : tables)
    if (wanted && *wanted ? std::string(wanted) == table->isa : processor_has(table->isa)) chosen = table;
  if (!chosen)
    brindle::detail::raise<ValueError>("BRINDLE_ISA is \"" + std::string(wanted) +
                                       "\": this program has CPU kernels for " + names(false) +
                                       "; set it to one of them, or not at all");
  if (!processor_has(chosen->isa))
    brindle::detail::raise<ValueError>("BRINDLE_ISA is \"" + std::string(wanted) +
                                       "\", which this processor cannot run: it can run " + names(true) +
                                       "; set it to one of them, or not at all");
  return *chosen;
}

}  // namespace

const KernelTable& kernel_table() {
  static const KernelTable& table = choose_table();
  return table;
}

}  // namespace kernel

std::string cpu_simd() { return kernel::kernel_table().simd; }

std::string cpu_isa() { return kernel::kernel_table().isa; }

std::string cpu_isa(const Cpu& on) { return cpu_isa() + (kernel::kernel_table().amx && on.amx() ? " and AMX" : ""); }

}  // namespace brindle::ops
