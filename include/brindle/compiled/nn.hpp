#pragma once

// The unit of the library for nn/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/ops/cpu.hpp"
// After the calls into the kernels, in any order.
#include "brindle/nn/activation_inl.hpp"
#include "brindle/nn/adam_inl.hpp"
#include "brindle/nn/adamw_inl.hpp"
#include "brindle/nn/add_inl.hpp"
#include "brindle/nn/answer_table_inl.hpp"
#include "brindle/nn/average_pooling2d_inl.hpp"
#include "brindle/nn/batch_normalization_inl.hpp"
#include "brindle/nn/binary_crossentropy_inl.hpp"
#include "brindle/nn/calibration_inl.hpp"
#include "brindle/nn/classification_metrics_inl.hpp"
#include "brindle/nn/concatenate_inl.hpp"
#include "brindle/nn/config_inl.hpp"
#include "brindle/nn/conv2d_inl.hpp"
#include "brindle/nn/dense_inl.hpp"
#include "brindle/nn/depthwise_conv2d_inl.hpp"
#include "brindle/nn/dropout_inl.hpp"
#include "brindle/nn/elu_inl.hpp"
#include "brindle/nn/familiarity_inl.hpp"
#include "brindle/nn/flatten_inl.hpp"
#include "brindle/nn/folded_inl.hpp"
#include "brindle/nn/global_average_pooling2d_inl.hpp"
#include "brindle/nn/global_max_pooling2d_inl.hpp"
#include "brindle/nn/last_activation_inl.hpp"
#include "brindle/nn/layer_normalization_inl.hpp"
#include "brindle/nn/leaky_relu_inl.hpp"
#include "brindle/nn/max_pooling2d_inl.hpp"
#include "brindle/nn/model_inl.hpp"
#include "brindle/nn/multiply_inl.hpp"
#include "brindle/nn/normalization_inl.hpp"
#include "brindle/nn/optimizer_inl.hpp"
#include "brindle/nn/output_options_inl.hpp"
#include "brindle/nn/plan_inl.hpp"
#include "brindle/nn/plan_memory_inl.hpp"
#include "brindle/nn/plan_steps_inl.hpp"
#include "brindle/nn/prepared_filters_inl.hpp"
#include "brindle/nn/registry_inl.hpp"
#include "brindle/nn/relu_inl.hpp"
#include "brindle/nn/rescaling_inl.hpp"
#include "brindle/nn/reshape_inl.hpp"
#include "brindle/nn/rmsprop_inl.hpp"
#include "brindle/nn/separable_conv2d_inl.hpp"
#include "brindle/nn/sgd_inl.hpp"
#include "brindle/nn/softmax_inl.hpp"
#include "brindle/nn/sparse_categorical_crossentropy_inl.hpp"
#include "brindle/nn/temperature_inl.hpp"
#include "brindle/nn/value_inl.hpp"

#define BRINDLE_INSTANTIATION
#include "brindle/nn/instantiations.inc"
#include "brindle/nn/zero_padding2d_inl.hpp"
#undef BRINDLE_INSTANTIATION
