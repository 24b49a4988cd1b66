// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "brindle/nn/registry.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/testing/check_layer.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "support/tensors.hpp"

namespace brindle::test {

using testing::LoneLayer;

/// Of brindle/testing.hpp, for a layer that the library's registry knows: what is wrong ends the test.
template <class Description>
void check_layer(const Description& description, const Shape& sample, const Shape& output, std::int64_t parameters,
                 std::int64_t batch = 3) {
  static const std::string type = description.template make<float, Cpu>()->type();
  testing::check_layer(description, sample,
                       {.output = output, .parameters = parameters, .batch = batch, .from = [](const Config& c) {
                          return LayerRegistry<float, Cpu>().make(type, c);
                        }});
}

}  // namespace brindle::test
