// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for train/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/ops/cpu.hpp"
// After the calls into the kernels, in any order.
#include "brindle/train/accuracy_forecast_inl.hpp"
#include "brindle/train/batch_inl.hpp"
#include "brindle/train/calibrate_inl.hpp"
#include "brindle/train/checkpoint_inl.hpp"
#include "brindle/train/class_weights_inl.hpp"
#include "brindle/train/cosine_decay_restarts_inl.hpp"
#include "brindle/train/cross_validate_inl.hpp"
#include "brindle/train/csv_logger_inl.hpp"
#include "brindle/train/distilled_labels_inl.hpp"
#include "brindle/train/early_stopping_inl.hpp"
#include "brindle/train/evaluator_inl.hpp"
#include "brindle/train/familiarity_of_inl.hpp"
#include "brindle/train/finite_inl.hpp"
#include "brindle/train/fit_callbacks_inl.hpp"
#include "brindle/train/fit_place_inl.hpp"
#include "brindle/train/interrupt_inl.hpp"
#include "brindle/train/keep_best_inl.hpp"
#include "brindle/train/leaf_gradients_inl.hpp"
#include "brindle/train/leaf_step_inl.hpp"
#include "brindle/train/leaf_update_inl.hpp"
#include "brindle/train/learning_rate_range_inl.hpp"
#include "brindle/train/learning_rate_schedules_inl.hpp"
#include "brindle/train/leaves_inl.hpp"
#include "brindle/train/linear_classifier_inl.hpp"
#include "brindle/train/linear_head_inl.hpp"
#include "brindle/train/linear_svm_inl.hpp"
#include "brindle/train/logistic_regression_inl.hpp"
#include "brindle/train/monitor_inl.hpp"
#include "brindle/train/nearest_neighbours_inl.hpp"
#include "brindle/train/one_cycle_inl.hpp"
#include "brindle/train/optimizer_slots_inl.hpp"
#include "brindle/train/out_of_fold_inl.hpp"
#include "brindle/train/output_rules_inl.hpp"
#include "brindle/train/polynomial_decay_inl.hpp"
#include "brindle/train/progressive_resizing_inl.hpp"
#include "brindle/train/run_choices_inl.hpp"
#include "brindle/train/run_identity_inl.hpp"
#include "brindle/train/same_data_inl.hpp"
#include "brindle/train/scheduled_rate_inl.hpp"
#include "brindle/train/sharded_slots_inl.hpp"
#include "brindle/train/shared_image_folder_inl.hpp"
#include "brindle/train/similar_samples_inl.hpp"
#include "brindle/train/step_schedule_inl.hpp"
#include "brindle/train/suggest_samples_inl.hpp"
#include "brindle/train/team_checkpoint_inl.hpp"
#include "brindle/train/team_inl.hpp"
#include "brindle/train/team_row_inl.hpp"
#include "brindle/train/trainer_fit_inl.hpp"
#include "brindle/train/trainer_inl.hpp"
#include "brindle/train/training_cost_inl.hpp"
#include "brindle/train/training_step_inl.hpp"
#include "brindle/train/update_rules_inl.hpp"
#include "brindle/train/weight_penalty_inl.hpp"
#include "brindle/train/weight_update_inl.hpp"

#define BRINDLE_INSTANTIATION
#include "brindle/train/instantiations.inc"
#undef BRINDLE_INSTANTIATION
