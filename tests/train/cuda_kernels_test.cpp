// SPDX-License-Identifier: MIT
// The GPU's kernels of training, run by the processor.
#include "brindle/train/cuda_kernels.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/row_arithmetic.hpp"
#include "support/each_index.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("the GPU adds up leaves to the bits of the processor", "[train][cuda_kernels]") {
  constexpr std::int64_t size = 5000, at = 17, count = 4321;
  for (std::size_t level = 0; level < 5; ++level)
    for (const bool empty : {false, true}) {
      Tensor<float> here = random_tensor<float>({5, size}, 3, -1e3, 1e6), there = here.clone();
      const Tensor<float> leaf = random_tensor<float>({count}, 4, -1e6, 1e3);
      const float* from = empty ? nullptr : leaf.data();
      detail::RowArithmetic<float, Cpu>::add_leaf(Cpu{2}, {here.data(), size}, level, at, from, count);
      each_index(count, detail::AddLeaf<float>{there.data() + at, size, static_cast<std::int64_t>(level), from});
      CHECK(same_bits(here, there));
    }
}

TEST_CASE("a leaf without samples makes 0 of -0, as zeros do", "[train][cuda_kernels]") {
  Tensor<float> rows({2, 1});
  rows[0] = -0.0f;
  rows[1] = 7;
  each_index(1, detail::AddLeaf<float>{rows.data(), 1, 1, nullptr});
  CHECK(rows[1] == 0);
  CHECK_FALSE(std::signbit(rows[1]));
}

TEST_CASE("the GPU adds the rows of two processes, and penalties, as the processor does", "[train][cuda_kernels]") {
  const Tensor<float> left = random_tensor<float>({100}, 1, -1e3, 1e6), right = random_tensor<float>({100}, 2);
  Tensor<float> here = right.clone(), there = right.clone();
  detail::RowArithmetic<float, Cpu>::add(Cpu{1}, left.span(), here.span(), here.span());
  each_index(100, detail::AddRows<float>{left.data(), there.data(), there.data()});
  CHECK(same_bits(here, there));
  const double penalty = 0.25;
  detail::StepSums sums{.loss = 1, .correct = 2, .samples = 3};
  each_index(1, detail::AddPenalty{&penalty, 8, &sums});
  CHECK(sums.loss == 3);
  CHECK(sums.samples == 3);
}
