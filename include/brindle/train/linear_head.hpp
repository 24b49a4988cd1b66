// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"

namespace brindle {

/// How a linear head is held back, and when it is found.
struct LinearHeadOptions {
  double penalty = 1e-3;  ///< of |w|^2 / 2 against the mean loss, of features whose mean square length is 1; > 0
  std::map<std::int64_t, double> class_weight = {};  ///< class number -> weight of its samples' loss; others 1
  double tolerance = 1e-6;                           ///< of the largest entry of the gradient, when to stop
  std::int64_t most_steps = 300;                     ///< after which it stops where it is
};

/// What a Dense layer with a softmax has.
struct LinearHead {
  Tensor<float> kernel;    ///< (F, K)
  Tensor<float> bias;      ///< (K)
  std::int64_t steps = 0;  ///< that it took to find
};

/// The best linear classifier on features, by softmax regression with a penalty on the weights:
///
///     minimum over W, b of  penalty |W|^2 / 2 + mean of weight(class) -log softmax(W x' + b)[class]
///
///     x (N, ...), F numbers a sample;  labels (N) or (N, 1), K classes
///
/// x' is x less the mean, over the mean length, so that the penalty means the same for all networks; what comes out is
/// for x itself. It has one answer, without a learning rate, epochs or chance: for few pictures the better head.
/// L-BFGS in double, the same bits for any number of threads. Throws ShapeError, DataError or ValueError as
/// logistic_regression().
LinearHead linear_head(const Cpu& on, TensorView<const float> x, TensorView<const float> labels,
                       const LinearHeadOptions& options = {});

/// Seconds that linear_head() will take, by five steps that are measured and the hundred that it mostly takes. Throws
/// as linear_head().
double linear_head_seconds(const Cpu& on, TensorView<const float> x, TensorView<const float> labels,
                           const LinearHeadOptions& options = {});

/// Puts it into the model's last layer with a kernel, a Dense; the layer's name. Throws ValueError naming the layer
/// where there is none, ShapeError for one of other sizes.
template <class T, class Device>
std::string set_linear_head(Model<T, Device>& model, const LinearHead& head);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/linear_head_inl.hpp"
#endif
