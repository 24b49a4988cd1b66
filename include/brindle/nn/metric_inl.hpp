// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what metric.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/metric.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle::detail {

/// Outputs as rows, and for each whether a sample is of each class.
struct ClassRows {
  std::int64_t samples = 0, outputs = 0;
  const float* y = nullptr;
  std::vector<char> hit;    // (samples, outputs)
  std::vector<float> odds;  // where y were logits of a softmax

  /// Labels that are class numbers, or a label for each output. Throws ShapeError and DataError.
  ClassRows(const char* who, TensorView<const float> p, TensorView<const float> t) {
    samples = p.shape[0];
    outputs = samples ? p.size() / samples : 1;
    y = p.data;
    const bool each = t.size() == p.size();
    if (t.shape.rank() < 1 || t.shape[0] != samples || (!each && t.size() != samples))
      raise<ShapeError>(std::string(who) + ": expected labels (n, 1) or (n, K) for outputs " + to_string(p.shape) +
                        ", got " + to_string(t.shape));
    check_outputs<float>(who, p, {.from_logits = true});  // of any size, but finite
    hit.assign(static_cast<std::size_t>(p.size()), 0);
    for (std::int64_t i = 0; i < t.size(); ++i) {
      const float label = t.data[i];
      const auto refuse = [&](const char* expected) {
        raise<DataError>(std::string(who) + ": expected " + expected + ", sample " +
                         std::to_string(each ? i / outputs : i) + " has label " +
                         number_text(static_cast<double>(label)));
      };
      if (each) {
        if (label != 0 && label != 1) refuse("labels of 0 and 1");
        hit[static_cast<std::size_t>(i)] = label == 1;
      } else {
        if (!(label >= 0 && label < static_cast<float>(outputs)) || label != std::floor(label))
          refuse("class numbers below the number of outputs");
        hit[static_cast<std::size_t>(i * outputs + static_cast<std::int64_t>(label))] = 1;
      }
    }
  }

  /// Samples can be ranked by what is there of a class then: among the logits of a softmax the others of the sample
  /// count as well. By the logarithm of its odds, log p / (1 - p), which tells apart what is all but certain. A sigmoid
  /// leaves the ranks as they are.
  void make_comparable(const OutputOptions& o) {
    if (!o.from_logits || o.each_output || outputs < 2) return;
    odds.resize(hit.size());
    for (std::int64_t n = 0; n < samples; ++n) {
      const float* row = y + n * outputs;
      const std::int64_t first = std::max_element(row, row + outputs) - row;
      const auto above = [&](std::int64_t k, double z) { return static_cast<double>(row[k]) - z; };
      double second = -std::numeric_limits<double>::infinity(), rest = 0;
      for (std::int64_t k = 0; k < outputs; ++k)
        if (k != first) second = std::max(second, static_cast<double>(row[k]));
      for (std::int64_t k = 0; k < outputs; ++k)
        if (k != first) rest += std::exp(above(k, second));
      const double gap = above(first, second), others = rest * std::exp(-gap);  // beside the first, which counts 1
      for (std::int64_t k = 0; k < outputs; ++k) {
        const double z = above(k, static_cast<double>(row[first]));
        odds[static_cast<std::size_t>(n * outputs + k)] =
            static_cast<float>(k == first ? gap - std::log(rest) : z - std::log1p(others - std::exp(z)));
      }
    }
    y = odds.data();
  }

  float at(std::int64_t n, std::int64_t k) const { return y[n * outputs + k]; }
  bool of(std::int64_t n, std::int64_t k) const { return hit[static_cast<std::size_t>(n * outputs + k)] != 0; }

  std::int64_t count(std::int64_t k) const {
    std::int64_t c = 0;
    for (std::int64_t n = 0; n < samples; ++n) c += of(n, k) ? 1 : 0;
    return c;
  }

  /// Samples by the output of a class, the largest first.
  std::vector<std::int64_t> ranked(std::int64_t k) const {
    std::vector<std::int64_t> order(static_cast<std::size_t>(samples));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    detail::stable_sort(order, [&](std::int64_t a, std::int64_t b) { return at(a, k) > at(b, k); });
    return order;
  }

  /// Calls f(hits, samples) behind each run of equal outputs of a class, the largest first.
  template <class F>
  void each_threshold(std::int64_t k, const F& f) const {
    const std::vector<std::int64_t> order = ranked(k);
    std::int64_t hits = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      hits += of(order[i], k) ? 1 : 0;
      if (i + 1 == order.size() || at(order[i + 1], k) < at(order[i], k))
        f(hits, static_cast<std::int64_t>(i) + 1, at(order[i], k));
    }
  }

  /// Mean of f(class) over the classes that labels are of.
  template <class F>
  double mean(const char* who, bool others, const F& f) const {
    double sum = 0;
    for (std::int64_t k = 0; k < outputs; ++k) {
      const std::int64_t c = count(k);
      if (c == 0 || (others && c == samples))
        raise<DataError>(std::string(who) + (c == 0 ? ": no sample is of class " : ": all samples are of class ") +
                         std::to_string(outputs == 1 ? 1 : k) + ", so the figure has no meaning");
      sum += f(k);
    }
    return sum / static_cast<double>(outputs);
  }
};

/// roc_auc() of one class against the rest.
inline double area_below_roc(const ClassRows& rows, std::int64_t k) {
  std::vector<float> scores, labels;
  for (std::int64_t n = 0; n < rows.samples; ++n) {
    scores.push_back(rows.at(n, k));
    labels.push_back(rows.of(n, k) ? 1.0f : 0.0f);
  }
  return roc_auc(scores, labels);
}

inline double precision_over_recall(const ClassRows& rows, std::int64_t k) {
  const auto all = static_cast<double>(rows.count(k));
  double sum = 0, last = 0;
  rows.each_threshold(k, [&](std::int64_t h, std::int64_t n, float) {
    const auto hits = static_cast<double>(h);
    sum += (hits - last) / all * hits / static_cast<double>(n);
    last = hits;
  });
  return sum;
}

inline void check_targets(const char* who, TensorView<const float> y, TensorView<const float> t) {
  if (y.size() != t.size())
    raise<ShapeError>(std::string(who) + ": expected a label for each output, got outputs " + to_string(y.shape) +
                      " and labels " + to_string(t.shape));
}

inline double f1_of(double hits, double predicted, double there) {
  return predicted + there > 0 ? 2 * hits / (predicted + there) : 0;
}

BRINDLE_INLINE std::vector<double> metric_values(const std::string& who, const std::vector<Metric>& metrics,
                                                 TensorView<const float> outputs, TensorView<const float> labels,
                                                 const OutputOptions& options) {
  std::vector<double> values;
  for (const Metric& m : metrics) try {
      values.push_back(m.value(outputs, labels, options));
    } catch (const ShapeError& e) {
      raise<ShapeError>(who + ": metric " + e.what());
    } catch (const DataError& e) {
      raise<DataError>(who + ": metric " + e.what());
    }
  return values;
}

BRINDLE_INLINE void check_metrics(const std::string& who, const std::vector<Metric>& metrics, std::int64_t outputs,
                                  TensorView<const float> labels) {
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (metrics[i].name.empty() || !metrics[i].value)
      raise<ValueError>(who + ": metric number " + std::to_string(i + 1) + " has no name or no function");
    for (std::size_t j = 0; j < i; ++j)
      if (metrics[j].name == metrics[i].name)
        raise<ValueError>(who + ": two metrics have the name " + metrics[i].name + "; give one another");
  }
  if (metrics.empty()) return;
  Tensor<float> alike({labels.shape[0], outputs});
  for (float& p : alike.span()) p = 1 / static_cast<float>(std::max<std::int64_t>(outputs, 2));
  metric_values(who, metrics, alike.view(), labels, {});
}

}  // namespace brindle::detail

namespace brindle::metrics {

BRINDLE_INLINE Metric top_k_accuracy(std::int64_t k) {
  if (k < 1) detail::raise<ValueError>("top_k_accuracy: k must be at least 1, got " + std::to_string(k));
  const std::string name = "top_" + std::to_string(k) + "_accuracy";
  return {name, [k, name](TensorView<const float> p, TensorView<const float> t, const OutputOptions&) {
            const detail::ClassRows rows(name.c_str(), p, t);
            if (rows.outputs < 2)
              detail::raise<ShapeError>(name + ": expected one output a class, got " + to_string(p.shape));
            std::int64_t found = 0;
            for (std::int64_t n = 0; n < rows.samples; ++n) {
              const float* row = p.data + n * rows.outputs;
              float own = 0;
              std::int64_t classes = 0;
              for (std::int64_t c = 0; c < rows.outputs; ++c)
                if (rows.of(n, c)) own = row[c], ++classes;
              if (classes != 1)
                detail::raise<DataError>(name + ": expected one class a sample, sample " + std::to_string(n) + " has " +
                                         std::to_string(classes));
              const auto larger = std::count_if(row, row + rows.outputs, [own](float v) { return v > own; });
              found += larger < k ? 1 : 0;
            }
            return static_cast<double>(found) / static_cast<double>(rows.samples);
          }};
}

BRINDLE_INLINE Metric f1_score(const F1ScoreOptions& options) {
  return {options.name,
          [options](TensorView<const float> p, TensorView<const float> t, const OutputOptions& o) -> double {
            const std::int64_t samples = p.shape[0], outputs = samples ? p.size() / samples : 1;
            const bool largest = std::isnan(options.threshold) && outputs > 1;
            const auto above = !std::isnan(options.threshold) ? static_cast<float>(options.threshold)
                               : o.from_logits                ? 0.0f
                                                              : 0.5f;
            const detail::ClassRows rows(options.name.c_str(), p, t);
            double sum = 0;
            for (std::int64_t k = 0; k < outputs; ++k) {
              std::int64_t hits = 0, predicted = 0;
              for (std::int64_t n = 0; n < samples; ++n) {
                const float* row = p.data + n * outputs;
                const bool yes = largest ? std::max_element(row, row + outputs) - row == k : row[k] > above;
                predicted += yes ? 1 : 0;
                hits += yes && rows.of(n, k) ? 1 : 0;
              }
              sum += detail::f1_of(static_cast<double>(hits), static_cast<double>(predicted),
                                   static_cast<double>(rows.count(k)));
            }
            return sum / static_cast<double>(outputs);
          }};
}

BRINDLE_INLINE Metric auc() {
  return {"auc", [](TensorView<const float> p, TensorView<const float> t, const OutputOptions& o) {
            detail::ClassRows rows("auc", p, t);
            rows.make_comparable(o);
            return rows.mean("auc", true, [&](std::int64_t k) { return detail::area_below_roc(rows, k); });
          }};
}

BRINDLE_INLINE Metric average_precision() {
  return {"average_precision", [](TensorView<const float> p, TensorView<const float> t, const OutputOptions& o) {
            detail::ClassRows rows("average_precision", p, t);
            rows.make_comparable(o);
            return rows.mean("average_precision", false,
                             [&](std::int64_t k) { return detail::precision_over_recall(rows, k); });
          }};
}

BRINDLE_INLINE Metric mean_absolute_error() {
  return {"mean_absolute_error",
          [](TensorView<const float> y, TensorView<const float> t, const OutputOptions&) {
            detail::check_targets("mean_absolute_error", y, t);
            double sum = 0;
            for (std::int64_t i = 0; i < y.size(); ++i)
              sum += std::abs(static_cast<double>(y.data[i]) - static_cast<double>(t.data[i]));
            return sum / static_cast<double>(y.size());
          },
          false};
}

BRINDLE_INLINE Metric root_mean_squared_error() {
  return {"root_mean_squared_error",
          [](TensorView<const float> y, TensorView<const float> t, const OutputOptions&) {
            detail::check_targets("root_mean_squared_error", y, t);
            double sum = 0;
            for (std::int64_t i = 0; i < y.size(); ++i) {
              const double e = static_cast<double>(y.data[i]) - static_cast<double>(t.data[i]);
              sum += e * e;
            }
            return std::sqrt(sum / static_cast<double>(y.size()));
          },
          false};
}

}  // namespace brindle::metrics

namespace brindle {

BRINDLE_INLINE std::vector<double> f1_thresholds(In<float, Cpu> outputs, In<float, Cpu> labels) {
  if (outputs.shape.rank() != 2 || !(labels.shape == outputs.shape))
    detail::raise<ShapeError>("f1_thresholds: expected outputs and labels (n, K), got " + to_string(outputs.shape) +
                              " and " + to_string(labels.shape));
  detail::check_outputs<float>("f1_thresholds", outputs, {});
  const detail::ClassRows rows("f1_thresholds", outputs, labels);
  std::vector<double> thresholds;
  rows.mean("f1_thresholds", false, [&](std::int64_t k) {
    double best = -1, at = 0.5;
    const auto all = static_cast<double>(rows.count(k));
    rows.each_threshold(k, [&](std::int64_t hits, std::int64_t n, float from) {
      const double f1 = detail::f1_of(static_cast<double>(hits), static_cast<double>(n), all);
      if (f1 > best) best = f1, at = static_cast<double>(from);
    });
    thresholds.push_back(at);
    return best;
  });
  return thresholds;
}

}  // namespace brindle
