// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for io/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/ops/cpu.hpp"
// After the calls into the kernels, in any order.
#include "brindle/io/features_inl.hpp"
#include "brindle/io/hdf5_chunks_inl.hpp"
#include "brindle/io/hdf5_library_inl.hpp"
#include "brindle/io/hdf5_writer_inl.hpp"
#include "brindle/io/keras_parts_inl.hpp"
#include "brindle/io/keras_training_inl.hpp"
#include "brindle/io/load_keras_inl.hpp"
#include "brindle/io/load_keras_optimizer_inl.hpp"
#include "brindle/io/load_onnx_inl.hpp"
#include "brindle/io/load_weights_inl.hpp"
#include "brindle/io/npz_inl.hpp"
#include "brindle/io/open_hdf5_inl.hpp"
#include "brindle/io/run_manifest_inl.hpp"
#include "brindle/io/safetensors_inl.hpp"
#include "brindle/io/save_keras_inl.hpp"
#include "brindle/io/save_onnx_inl.hpp"
#include "brindle/io/saved_model_inl.hpp"
#include "brindle/io/torch_file_inl.hpp"
#include "brindle/io/torch_pickle_inl.hpp"
#include "brindle/io/torch_weights_inl.hpp"
#include "brindle/io/weight_file_inl.hpp"
#include "brindle/io/weight_format_inl.hpp"
#include "brindle/io/zip_inl.hpp"
#include "brindle/io/zip_writer_inl.hpp"

#define BRINDLE_INSTANTIATION
#include "brindle/io/instantiations.inc"
#undef BRINDLE_INSTANTIATION
