// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace brindle::test {

/// What a GPU's threads do, by the processor; backwards, since they run in any order.
template <class Body>
void each_index(std::int64_t count, const Body& body) {
  for (std::int64_t i = count - 1; i >= 0; --i) body(i);
}

}  // namespace brindle::test
