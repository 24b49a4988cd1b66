// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"

namespace brindle {

/// How the samples are cut.
struct CrossValidateOptions {
  std::int64_t folds = 5;  ///< parts, each predicted by a model that was trained on the others; 2 to the samples
  std::uint64_t seed = 0;  ///< of the parts
};

/// What models say of samples that they have not seen: k-fold cross-validation, by training of your own.
///
///     const Tensor<float> outputs = cross_validate(photos, [](const auto& training, const auto& rest) {
///       Sequential<float> model{{150, 150, 3}, ..., Dense{2, softmax}};
///       Trainer trainer{model, Adam{}, SparseCategoricalCrossentropy{}};
///       trainer.fit(training, {.epochs = 10});
///       return trainer.predict(rest);
///     });
///     const ConfusionMatrix all = confusion_matrix(outputs, photos.labels());
///
/// Each part has as many of each class as can be. train(training, rest) gives the outputs for `rest`, one row a sample;
/// the rows come back in the source's order. Throws what stratified_folds() throws, ShapeError if a training gives
/// other sizes.
Tensor<float> cross_validate(const data::Source& source,
                             FunctionRef<Tensor<float>(const data::Source& training, const data::Source& rest)> train,
                             const CrossValidateOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/cross_validate_inl.hpp"
#endif
