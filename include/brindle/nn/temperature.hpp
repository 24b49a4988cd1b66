// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/calibration.hpp"
#include "brindle/nn/model.hpp"

namespace brindle {

/// Why a temperature is what it is.
enum class TemperatureReason {
  smallest,   ///< the mean negative log-likelihood is smallest there
  separable,  ///< every true class has the largest output: ever lower ones would be better, so it is left at 1
  no_better,  ///< the outputs tell the classes no better than chance: ever higher ones would be better; left at 1
};

/// In words, as a part of a sentence: "all samples are classified right, so that ...".
std::string to_string(TemperatureReason reason);

/// The number that logits are divided by before they become probabilities: above 1 they become less sure. Which class
/// is the most probable does not change.
struct Temperature {
  double value = 1;                                        ///< > 0
  TemperatureReason reason = TemperatureReason::smallest;  ///< what it was found by
  Calibration before = {};                                 ///< of the outputs as they are
  Calibration after = {};                                  ///< of the outputs divided by it
};

/// The temperature whose probabilities fit best: the mean negative log-likelihood of the labels is smallest. C. Guo,
/// G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern Neural Networks", 2017.
///
///     outputs and labels as calibration() takes them
///
/// In 1 / temperature that has one minimum: it is found by Newton's method between bounds, in double, the same digits
/// each time. Two cases have none, see TemperatureReason, and leave 1. Throws as calibration() does, and DataError for
/// labels of one class only.
Temperature find_temperature(In<float, Cpu> outputs, In<float, Cpu> labels, const CalibrationOptions& options = {});

/// Divides the logits of a model for ever: kernel and bias of the last Dense or convolution, so that whatever the model
/// becomes, an ONNX file, Keras's, the GPU's, gives the probabilities of that temperature. Behind that layer may stand
/// what divides with it: pools, Flatten, Dropout, relu, leaky_relu, and sigmoid or softmax as the last activation.
/// Frozen layers, too, are changed; weights that were fixed (Model::fix_weights()) are not fixed any more there.
///
/// The name of the changed layer. Throws ValueError for a temperature that is not positive and finite, and, naming the
/// layer, for a model whose last layers do not allow it; it is unchanged then.
template <class T, class Device>
std::string divide_logits(Model<T, Device>& model, double temperature);

namespace detail {

/// The number of the layer whose kernel and bias make the logits of a model. Throws ValueError, beginning with `who`
/// and naming the layer that is in the way.
template <class T, class Device>
std::size_t layer_of_logits(const std::string& who, const Model<T, Device>& model);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/temperature_inl.hpp"
#endif
