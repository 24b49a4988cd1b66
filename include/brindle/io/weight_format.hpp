// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

namespace brindle::io::detail {

/// The kinds of files that weights are read from.
enum class WeightFormat { safetensors, npz, hdf5, keras, pt };

/// By what a file begins with, and what it contains. Throws FileError for a file of another kind, or none.
WeightFormat weight_format(const std::filesystem::path& path);

/// Whether the tensors of a file are named as PyTorch names them ("conv.weight"), whose axes stand in another order:
/// one by torch.save, or safetensors with such names.
bool has_torch_names(const std::filesystem::path& path);

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/weight_format_inl.hpp"
#endif
