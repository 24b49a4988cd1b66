// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for report/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/ops/cpu.hpp"
// After the calls into the kernels, in any order.
#include "brindle/report/answered_photos_inl.hpp"
#include "brindle/report/canvas_inl.hpp"
#include "brindle/report/chart_inl.hpp"
#include "brindle/report/classification_report_inl.hpp"
#include "brindle/report/colour_scale_inl.hpp"
#include "brindle/report/confusion_matrix_inl.hpp"
#include "brindle/report/data_check_inl.hpp"
#include "brindle/report/drawing_inl.hpp"
#include "brindle/report/feature_map_inl.hpp"
#include "brindle/report/float_picture_inl.hpp"
#include "brindle/report/gallery_inl.hpp"
#include "brindle/report/grad_cam_inl.hpp"
#include "brindle/report/history_csv_inl.hpp"
#include "brindle/report/kernels_inl.hpp"
#include "brindle/report/layer_table_inl.hpp"
#include "brindle/report/model_card_inl.hpp"
#include "brindle/report/model_summary_inl.hpp"
#include "brindle/report/progress_line_inl.hpp"
#include "brindle/report/reliability_diagram_inl.hpp"
#include "brindle/report/run_forecast_inl.hpp"
#include "brindle/report/run_page_inl.hpp"
#include "brindle/report/suggestions_inl.hpp"
#include "brindle/report/summary_inl.hpp"
#include "brindle/report/training_curves_inl.hpp"

#define BRINDLE_INSTANTIATION
#include "brindle/report/instantiations.inc"
#undef BRINDLE_INSTANTIATION
