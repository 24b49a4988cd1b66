#pragma once

// The ops on a GPU.

#include "brindle/ops/activation.hpp"
#include "brindle/ops/adam/cuda.hpp"
#include "brindle/ops/avgpool2d/cuda.hpp"
#include "brindle/ops/binary_crossentropy/cuda.hpp"
#include "brindle/ops/categorical_crossentropy/cuda.hpp"
#include "brindle/ops/conv2d/cuda.hpp"
#include "brindle/ops/dense/cuda.hpp"
#include "brindle/ops/depthwise_conv2d/cuda.hpp"
#include "brindle/ops/dropout/cuda.hpp"
#include "brindle/ops/gemm/cuda.hpp"
#include "brindle/ops/globalpool2d/cuda.hpp"
#include "brindle/ops/layer_normalization/cuda.hpp"
#include "brindle/ops/maxpool2d/cuda.hpp"
#include "brindle/ops/relu/cuda.hpp"
#include "brindle/ops/rescale/cuda.hpp"
#include "brindle/ops/rmsprop/cuda.hpp"
#include "brindle/ops/sgd/cuda.hpp"
#include "brindle/ops/sigmoid/cuda.hpp"
#include "brindle/ops/softmax/cuda.hpp"
#include "brindle/ops/zero_padding2d/cuda.hpp"
