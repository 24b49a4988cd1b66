// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "brindle/io/saved_model.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

struct LoadOnnxOptions {
  Shape input = {};         ///< of one sample, (H, W, C), for a file that leaves sizes open; rank 0: the file's
  std::string output = {};  ///< the output that is meant, by its name, for a file that has several
};

/// A model from an ONNX file, as PyTorch, TensorFlow and Keras export classifiers of pictures.
///
///     auto model = io::load_onnx("mobilenet_v2.onnx");
///
/// Pictures are (N, H, W, C) in the model, whether the file has them so or as (N, C, H, W): weights are turned, and
/// nothing is computed for it. Layers have the names of the file's nodes. The model trains; BatchNormalization that the
/// exporter has put into a convolution's weights stays there. Numbers of float16 and bfloat16 become floats, in which
/// all is computed. What stands in another file has to lie beside this one.
///
/// Throws FileError that begins with the path and names node, operator and attribute, before weights are read: for
/// operators and settings that are not supported (docs/howto/onnx.md lists those that are), quantised models, several
/// inputs, opsets before 7 or later than those that are known.
template <class T = float, class Device = Cpu>
Model<T, Device> load_onnx(const std::filesystem::path& path, const LoadOnnxOptions& options = {},
                           const Device& on = Device{});

/// The same with what save_onnx wrote beside the model: class names, how a picture becomes x, whether the outputs are
/// logits.
///
///     const models::PictureClassifier classifier(io::load_onnx_with_info("pets.onnx"));
///
/// The info of a file by another program is empty: give it, `saved.info.input = PictureInput{...}`, before you
/// classify. Throws besides FileError for an info that cannot be understood, or does not fit the model.
template <class T = float, class Device = Cpu>
SavedModel<T, Device> load_onnx_with_info(const std::filesystem::path& path, const LoadOnnxOptions& options = {},
                                          const Device& on = Device{});

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/load_onnx_inl.hpp"
#endif
