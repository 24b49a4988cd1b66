#pragma once

// The definitions of templates but for the kernels: see brindle/definitions.hpp.
#include "brindle/core/inline_again.inc"
// Before all that uses it.
#include "brindle/ops/cpu.hpp"
// After the calls into the kernels, in any order.
#include "brindle/models/picture_classifier_inl.hpp"
#include "brindle/models/pretrained_vgg16_inl.hpp"
#include "brindle/models/vgg16_inl.hpp"
#include "brindle/nn/activation_inl.hpp"
#include "brindle/nn/adam_inl.hpp"
#include "brindle/nn/average_pooling2d_inl.hpp"
#include "brindle/nn/binary_crossentropy_inl.hpp"
#include "brindle/nn/classification_metrics_inl.hpp"
#include "brindle/nn/conv2d_inl.hpp"
#include "brindle/nn/dense_inl.hpp"
#include "brindle/nn/dropout_inl.hpp"
#include "brindle/nn/flatten_inl.hpp"
#include "brindle/nn/global_average_pooling2d_inl.hpp"
#include "brindle/nn/global_max_pooling2d_inl.hpp"
#include "brindle/nn/last_activation_inl.hpp"
#include "brindle/nn/max_pooling2d_inl.hpp"
#include "brindle/nn/model_inl.hpp"
#include "brindle/nn/output_options_inl.hpp"
#include "brindle/nn/plan_inl.hpp"
#include "brindle/nn/registry_inl.hpp"
#include "brindle/nn/rmsprop_inl.hpp"
#include "brindle/nn/sgd_inl.hpp"
#include "brindle/nn/sparse_categorical_crossentropy_inl.hpp"
#include "brindle/report/grad_cam_inl.hpp"
#include "brindle/report/kernels_inl.hpp"
#include "brindle/report/layer_table_inl.hpp"
#include "brindle/report/model_summary_inl.hpp"
#include "brindle/report/run_page_inl.hpp"
#include "brindle/train/batch_inl.hpp"
#include "brindle/train/evaluator_inl.hpp"
#include "brindle/train/finite_inl.hpp"
#include "brindle/train/keep_best_inl.hpp"
#include "brindle/train/optimizer_slots_inl.hpp"
#include "brindle/train/output_rules_inl.hpp"
#include "brindle/train/run_identity_inl.hpp"
#include "brindle/train/trainer_inl.hpp"
#include "brindle/train/training_step_inl.hpp"

#ifdef BRINDLE_COMPILED
#define BRINDLE_INSTANTIATION extern
#include "brindle/models/instantiations.inc"
#include "brindle/nn/instantiations.inc"
#include "brindle/report/instantiations.inc"
#include "brindle/train/instantiations.inc"
#undef BRINDLE_INSTANTIATION
#endif
