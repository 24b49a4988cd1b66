// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace brindle::test {

/// Allocations of this program so far, by new and by malloc (as Eigen does).
std::int64_t allocations();

}  // namespace brindle::test
