// SPDX-License-Identifier: MIT
#pragma once

// The CPU kernels of all ops, compiled in the unit that includes this: what a header-only program has, what the library
// of the compiled form is made of, and where a program of that form finds kernels for other types than float.

#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/adam/cpu.hpp"
#include "brindle/ops/add/cpu.hpp"
#include "brindle/ops/avgpool2d/cpu.hpp"
#include "brindle/ops/batch_normalization/cpu.hpp"
#include "brindle/ops/binary_crossentropy/cpu.hpp"
#include "brindle/ops/categorical_crossentropy/cpu.hpp"
#include "brindle/ops/clip/cpu.hpp"
#include "brindle/ops/concatenate/cpu.hpp"
#include "brindle/ops/conv2d/cpu.hpp"
#include "brindle/ops/cpu_advice.hpp"
#include "brindle/ops/cpu_simd_link.hpp"
#include "brindle/ops/dense/cpu.hpp"
#include "brindle/ops/depthwise_conv2d/cpu.hpp"
#include "brindle/ops/dropout/cpu.hpp"
#include "brindle/ops/gemm/cpu.hpp"
#include "brindle/ops/globalpool2d/cpu.hpp"
#include "brindle/ops/l2_penalty/cpu.hpp"
#include "brindle/ops/layer_normalization/cpu.hpp"
#include "brindle/ops/maxpool2d/cpu.hpp"
#include "brindle/ops/multiply/cpu.hpp"
#include "brindle/ops/regression_error/cpu.hpp"
#include "brindle/ops/rescale/cpu.hpp"
#include "brindle/ops/rmsprop/cpu.hpp"
#include "brindle/ops/sgd/cpu.hpp"
#include "brindle/ops/softmax/cpu.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/cpu.hpp"
#include "brindle/ops/zero_padding2d/cpu.hpp"
