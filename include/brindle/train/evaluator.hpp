// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "brindle/core/for_each_batch.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/weight_penalty.hpp"

namespace brindle::detail {

/// Runs a model over all samples of a source, in their order and without dropout.
template <class T, class Device>
class Evaluator {
 public:
  /// host reads the data; `who` begins each message.
  Evaluation evaluate(const std::string& who, const Model<T, Device>& model, Loss<T, Device>& loss,
                      const OutputRules& rules, const Cpu& host, const data::Source& source,
                      const EvaluateOptions& options);

  /// The model's outputs as they are, or without its last activation: (size(), output shape). time: which use of each
  /// sample, 0 for the first.
  static Tensor<T, Cpu> predict(const std::string& who, const Model<T, Device>& model, const Cpu& host,
                                const data::Source& source, std::int64_t batch, bool logits = false,
                                std::int64_t time = 0);

 private:
  template <class Work>
  static void each_batch(Batch<T, Device>& b, const Cpu& host, const data::Source& source, std::int64_t batch,
                         const Work& work, std::int64_t time = 0) {
    std::vector<std::int64_t> rows;
    for_each_batch(source.size(), batch, [&](std::int64_t begin, std::int64_t end) {
      rows.resize(static_cast<std::size_t>(end - begin));
      std::iota(rows.begin(), rows.end(), begin);
      b.read(host, source, rows, time);
      work(begin, end - begin);
    });
  }

  /// Reads the sample again to tell whether it is to blame.
  [[noreturn]] static void raise_bad_sample(const std::string& who, const std::string& what, double value,
                                            const Cpu& host, const data::Source& source, std::int64_t row);

  std::unique_ptr<Plan<T, Device>> plan_;
  Batch<T, Device> batch_;
  WeightPenalty<T, Device> penalty_;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/evaluator_inl.hpp"
#endif
