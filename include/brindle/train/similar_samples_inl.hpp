// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what similar_samples.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/ops/gemm/gemm.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/similar_samples.hpp"

namespace brindle {

BRINDLE_INLINE std::vector<SimilarPair> similar_samples(const Cpu& on, TensorView<const float> x, double least) {
  if (x.shape.rank() < 2)
    detail::raise<ShapeError>("similar_samples: expected samples (N, ...), got " + to_string(x.shape));
  if (!(least > 0 && least <= 1))
    detail::raise<ValueError>("similar_samples: expected a least cosine above 0, at most 1, got " +
                              std::to_string(least));
  detail::check_features("similar_samples", x);
  const std::int64_t n = x.shape[0], features = x.shape.sample().size();
  Tensor<float> unit({n, features});
  std::copy_n(x.data, x.size(), unit.data());
  for (std::int64_t i = 0; i < n; ++i) detail::to_length_one(unit.view().slice(i, i + 1).span());
  const auto row = [&](std::int64_t i) { return x.data + i * features; };
  constexpr std::int64_t block = 256;
  constexpr std::size_t most = 1000000;
  std::vector<SimilarPair> pairs;
  for (std::int64_t begin = 0; begin < n; begin += block) {
    const std::int64_t rows = std::min(block, n - begin), columns = n - begin;
    Tensor<float> products({rows, columns});
    const ops::GemmOptions transposed{.transpose_b = true};
    Tensor<std::byte> workspace({ops::gemm_workspace<float>(on, rows, columns, features, transposed)});
    ops::gemm<float>(on, {unit.data() + begin * features, rows, features, features},
                     {unit.data() + begin * features, columns, features, features}, {},
                     {products.data(), rows, columns, columns}, transposed, workspace.view());
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = i + 1; j < columns; ++j) {
        auto cosine = static_cast<double>(products[i * columns + j]);
        // The sum of a copy's products is rounded, and may stay below 1.
        if (cosine > 1 - 1e-4 && std::equal(row(begin + i), row(begin + i) + features, row(begin + j))) cosine = 1;
        if (cosine < least) continue;
        if (pairs.size() == most)
          detail::raise<DataError>("similar_samples: more than a million pairs have a cosine of at least " +
                                   std::to_string(least) + "; ask for more similar ones");
        pairs.push_back({begin + i, begin + j, std::min(cosine, 1.0)});
      }
  }
  detail::stable_sort(pairs, [](const auto& a, const auto& b) { return a.cosine > b.cosine; });
  return pairs;
}

}  // namespace brindle
