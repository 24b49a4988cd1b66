#pragma once

#include <filesystem>

#include "brindle/nn/model.hpp"

namespace brindle::io {

/// Writes a model as Keras 3 does, to be opened by it:
///
///     io::save_keras(model, "pets.keras");       // keras.models.load_model("pets.keras")
///     io::save_keras(model, "pets.h5");          // the same, in the format before .keras
///     io::save_keras(model, "pets.weights.h5");  // weights alone: model.load_weights("pets.weights.h5")
///
/// The ending says which. A row of layers becomes a Sequential, any other model a functional one, a group a model
/// inside; names, what is frozen, and what is called with training=False are kept. Zeros that a convolution adds of its
/// own, which Keras has not, become a ZeroPadding2D in front of it. Loss, optimizer, class names and how pictures
/// become inputs are not written: Keras's file has no place for them, or brindle's state none in Keras.
///
/// The file is whole or not written at all. Throws ValueError, before anything is written, with the name of a layer
/// that Keras has not, of a name that it does not take, or of a group that is no model; FileError that begins with the
/// path for another ending, for a file of 4 GB and more, and where it cannot be written.
template <class T, class Device>
void save_keras(const Model<T, Device>& model, const std::filesystem::path& path);

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/save_keras_inl.hpp"
#endif
