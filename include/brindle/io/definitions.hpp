// SPDX-License-Identifier: MIT
#pragma once

// The definitions of the templates of io/: see brindle/definitions.hpp.
#include "brindle/core/inline_again.inc"
// Before all that uses it.
#include "brindle/io/features_inl.hpp"
#include "brindle/io/load_keras_inl.hpp"
#include "brindle/io/load_keras_optimizer_inl.hpp"
#include "brindle/io/load_onnx_inl.hpp"
#include "brindle/io/load_weights_inl.hpp"
#include "brindle/io/npz_inl.hpp"
#include "brindle/io/run_manifest_inl.hpp"
#include "brindle/io/safetensors_inl.hpp"
#include "brindle/io/save_keras_inl.hpp"
#include "brindle/io/save_onnx_inl.hpp"
#include "brindle/io/saved_model_inl.hpp"
#include "brindle/io/torch_weights_inl.hpp"
#include "brindle/io/weight_file_inl.hpp"

#ifdef BRINDLE_COMPILED
#define BRINDLE_INSTANTIATION extern
#include "brindle/io/instantiations.inc"
#undef BRINDLE_INSTANTIATION
#endif
