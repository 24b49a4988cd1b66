#pragma once

// The unit of the library for report/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/ops/cpu.hpp"  // first: the calls into the kernels
#include "brindle/report/canvas_inl.hpp"
#include "brindle/report/chart_inl.hpp"
#include "brindle/report/classification_report_inl.hpp"
#include "brindle/report/colour_scale_inl.hpp"
#include "brindle/report/confusion_matrix_inl.hpp"
#include "brindle/report/drawing_inl.hpp"
#include "brindle/report/feature_map_inl.hpp"
#include "brindle/report/float_picture_inl.hpp"
#include "brindle/report/gallery_inl.hpp"
#include "brindle/report/grad_cam_inl.hpp"
#include "brindle/report/history_csv_inl.hpp"
#include "brindle/report/kernels_inl.hpp"
#include "brindle/report/layer_table_inl.hpp"
#include "brindle/report/model_summary_inl.hpp"
#include "brindle/report/progress_line_inl.hpp"
#include "brindle/report/run_page_inl.hpp"
#include "brindle/report/summary_inl.hpp"
#include "brindle/report/training_curves_inl.hpp"

namespace brindle::report {
template Tensor<float> grad_cam(const Sequential<float>&, In<float, Cpu>, std::int64_t, const std::string&);
template std::string kernels(const Sequential<float>&, std::int64_t);
template std::string layer_table(const Sequential<float>&, const std::string&);
template std::vector<SummaryRow> summary_rows(const Sequential<float>&);
template std::string summary(const Sequential<float>&, SummaryStyle);
template RunPage& RunPage::add_summary(const Sequential<float>&);
}  // namespace brindle::report
