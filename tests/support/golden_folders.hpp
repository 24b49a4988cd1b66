// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace brindle::test {

/// What Keras has written, and the weights in it: with a slash at the end.
inline const std::string weight_goldens = std::string(BRINDLE_GOLDENS) + "/weights/";
/// Models as ONNX.
inline const std::filesystem::path onnx_goldens = std::filesystem::path(BRINDLE_GOLDENS) / "onnx";

}  // namespace brindle::test
