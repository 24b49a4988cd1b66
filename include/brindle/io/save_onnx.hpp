// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "brindle/io/saved_model.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

struct SaveOnnxOptions {
  /// Class names, and how a picture becomes x: they stand as JSON under "brindle" in the file's metadata_props.
  ModelInfo info = {};
  bool fold = true;  ///< the layers of folded(model) are written; false: those of the model, BatchNormalization and all
  bool channels_last_input = false;  ///< the file's input is (N, H, W, C), as the model's is; false: (N, C, H, W)
};

/// Writes a model as ONNX, for onnxruntime and other programs: IR version 8, opset 17, weights as floats, the number of
/// samples left open. Whole or not at all.
///
///     io::save_onnx(model, "pets.onnx", {.info = {.class_names = {"cat", "dog"}}});
///
/// The file's input is called "input", its output "output". Pictures are (N, C, H, W) there: as input unless
/// channels_last_input is set, as output always. Nodes are called as the layers are; an activation that a layer does
/// itself is a node behind it.
///
/// Throws ValueError for a layer that ONNX has no operators for, as those of one's own, and if the info does not fit
/// the model; FileError that begins with the path.
template <class T, class Device>
void save_onnx(const Model<T, Device>& model, const std::filesystem::path& path, const SaveOnnxOptions& options = {});

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/save_onnx_inl.hpp"
#endif
