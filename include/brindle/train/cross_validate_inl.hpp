// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what cross_validate.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/data/subset.hpp"
#include "brindle/train/cross_validate.hpp"
#include "brindle/train/out_of_fold.hpp"

namespace brindle {

BRINDLE_INLINE Tensor<float> cross_validate(
    const data::Source& source,
    FunctionRef<Tensor<float>(const data::Source& training, const data::Source& rest)> train,
    const CrossValidateOptions& options) {
  const std::vector<std::int64_t> fold = stratified_folds(source.labels(), options.folds, options.seed);
  Tensor<float> all;
  for (std::int64_t f = 0; f < options.folds; ++f) {
    std::vector<std::int64_t> seen, held;
    for (std::size_t i = 0; i < fold.size(); ++i) (fold[i] == f ? held : seen).push_back(static_cast<std::int64_t>(i));
    const data::Subset training(source, seen), rest(source, held);
    const Tensor<float> outputs = train(training, rest);
    const std::string who = "cross_validate: fold " + std::to_string(f + 1) + " of " + std::to_string(options.folds);
    if (outputs.shape().rank() < 1 || outputs.shape()[0] != rest.size())
      detail::raise<ShapeError>(who + ": expected a row of outputs for each of " + std::to_string(rest.size()) +
                                " samples, got " + to_string(outputs.shape()));
    const Shape row = outputs.shape().sample();
    if (f == 0) all = Tensor<float>(row.batch(source.size()));
    if (!(row == all.shape().sample()))
      detail::raise<ShapeError>(who + ": gives " + to_string(outputs.shape()) + ", the first fold gave rows of " +
                                to_string(all.shape().sample()));
    for (std::size_t i = 0; i < held.size(); ++i)
      std::copy_n(outputs.data() + static_cast<std::int64_t>(i) * row.size(), row.size(),
                  all.data() + held[i] * row.size());
  }
  return all;
}

}  // namespace brindle
