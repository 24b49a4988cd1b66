// SPDX-License-Identifier: MIT
#pragma once

// The library on a GPU, beside brindle/brindle.hpp or without it. A file that trains is compiled by nvcc; one that only
// predicts may be compiled by any compiler and linked with cudart, cudnn and cublasLt.
#ifdef BRINDLE_COMPILED
#include "brindle/compiled/definitions.hpp"  // the library holds what is of the Cpu
#endif
#include "brindle/core/cuda.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/cuda_augmented.hpp"
#include "brindle/nn/cuda_predictor.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cuda.hpp"
#include "brindle/train/cuda_batch.hpp"
#include "brindle/train/cuda_leaf_step.hpp"
#include "brindle/train/cuda_training_step.hpp"
#include "brindle/train/trainer.hpp"
