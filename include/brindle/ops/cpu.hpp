#pragma once

// The CPU kernels of all ops.

#include "brindle/ops/activation.hpp"
#include "brindle/ops/adam/cpu.hpp"
#include "brindle/ops/binary_crossentropy/cpu.hpp"
#include "brindle/ops/categorical_crossentropy/cpu.hpp"
#include "brindle/ops/conv2d/cpu.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "brindle/ops/dense/cpu.hpp"
#include "brindle/ops/dropout/cpu.hpp"
#include "brindle/ops/gemm/cpu.hpp"
#include "brindle/ops/maxpool2d/cpu.hpp"
#include "brindle/ops/relu/cpu.hpp"
#include "brindle/ops/rmsprop/cpu.hpp"
#include "brindle/ops/sgd/cpu.hpp"
#include "brindle/ops/sigmoid/cpu.hpp"
#include "brindle/ops/softmax/cpu.hpp"
