// SPDX-License-Identifier: MIT
// JSON: the configuration of a model by Keras.
#include "brindle/io/keras_config.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    io::detail::keras_model_config("config.json", std::string(reinterpret_cast<const char*>(data), size));
  } catch (const FileError&) {
  }
  return 0;
}
