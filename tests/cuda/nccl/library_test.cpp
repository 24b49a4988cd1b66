// SPDX-License-Identifier: MIT
// NCCL itself, where there may be no GPU: the simulated runtime of CUDA says that there is one, NCCL has one of its own
// and finds none.
#include <catch2/catch.hpp>

#include "brindle/cuda_distributed.hpp"

using namespace brindle;
using Catch::Contains;

TEST_CASE("what NCCL says where it finds no GPU reaches the user in one line", "[cuda][nccl]") {
  try {
    const NcclGroup group;
    WARN("NCCL has found a GPU");
    CHECK(group.size() == 1);
  } catch (const CudaError& e) {
    CHECK_THAT(e.what(), Contains("NcclGroup: nccl") && Contains(" failed: ") && Contains("NCCL_DEBUG=INFO") &&
                             Contains("without NCCL") && !Contains("\n"));
    WARN(e.what());
  }
}
