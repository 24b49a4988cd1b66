// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/calibration.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/temperature.hpp"

namespace brindle {

/// What a model gives, and how it is looked at.
struct CalibrateOptions {
  bool from_logits = false;  ///< the model gives logits, as its loss was told: Trainer::from_logits()
  bool each_output = false;  ///< of several logits: a sigmoid each; a model that ends in sigmoids says so itself
  std::int64_t bins = 15;    ///< of the expected calibration error, 1..1000
  std::int64_t batch = 32;   ///< samples at a time; changes no result but by rounding
};

/// What calibrate() did.
struct Calibrated {
  Temperature temperature = {};      ///< with the figures before and after
  std::string layer = {};            ///< whose kernel and bias were divided
  Tensor<float> probabilities = {};  ///< of the samples, as the model gives them now: (N, outputs)
  CalibrationOptions options = {};   ///< what `probabilities` are to functions that take outputs
};

/// Makes a classifier's probabilities mean what they say: finds the temperature that fits samples it has not learned
/// from, and divides the model's logits by it for ever, see find_temperature() and divide_logits(). Classes stay what
/// they were.
///
///     const Calibrated c = calibrate(model, validation);
///     io::save_model(model, "pets.safetensors", photos, {.temperature = c.temperature.value});
///
/// Samples that training has seen are of no use: a network is surer of them than of others. Those that chose the epoch
/// (keep_best, early_stopping) are of use, but look a little better than new ones do. Throws, before it computes, what
/// divide_logits() does, ShapeError for samples that the model does not take and ValueError for outputs that do not
/// become probabilities; DataError as find_temperature() does, NumericsError naming the sample for an output that is no
/// finite number.
template <class T, class Device>
Calibrated calibrate(Model<T, Device>& model, const data::Source& validation, const CalibrateOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/calibrate_inl.hpp"
#endif
