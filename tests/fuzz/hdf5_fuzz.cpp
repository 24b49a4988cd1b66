// SPDX-License-Identifier: MIT
// HDF5 in the classic layout, by our own reader: the weights of Keras's formats, and datasets of the root, in one piece
// or in chunks.
#include "brindle/io/keras_weights.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = io::open_hdf5("weights.h5", std::string(reinterpret_cast<const char*>(data), size));
    int read = 0;
    for (const std::string& name : file->children("/")) try {
        const Shape shape = file->shape(name);
        if (shape.size() > 1000000 || ++read > 20) continue;
        Tensor<float> values(shape);
        file->read(name, values.view());
      } catch (const FileError&) {
      }
    for (const io::StoredLayer& layer : io::keras_weights(file).layers)
      for (const io::StoredTensor& tensor : layer.tensors) try {
          Tensor<float> values(tensor.shape);
          tensor.read(values.view());
        } catch (const FileError&) {
        }
  } catch (const FileError&) {
  }
  return 0;
}
