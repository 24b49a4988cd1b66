#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/output_rules.hpp"

namespace brindle::detail {

/// Runs a model over all samples of a source, in their order and without dropout.
template <class T, class Device>
class Evaluator {
 public:
  /// host reads the data; `who` begins each message.
  Evaluation evaluate(const std::string& who, const Model<T, Device>& model, Loss<T, Device>& loss,
                      const OutputRules& rules, const Cpu& host, const data::Source& source,
                      const EvaluateOptions& options);

  /// The model's outputs as they are: (size(), output shape).
  static Tensor<T, Cpu> predict(const std::string& who, const Model<T, Device>& model, const Cpu& host,
                                const data::Source& source, std::int64_t batch);

 private:
  template <class Work>
  static void each_batch(Batch<T, Device>& b, const Cpu& host, const data::Source& source, std::int64_t batch,
                         const Work& work) {
    const std::int64_t n = source.size();
    std::vector<std::int64_t> rows(static_cast<std::size_t>(batch));
    for (std::int64_t begin = 0; begin < n; begin += batch) {
      const std::int64_t count = std::min(batch, n - begin);
      for (std::int64_t i = 0; i < count; ++i) rows[static_cast<std::size_t>(i)] = begin + i;
      b.read(host, source, std::span(rows).first(static_cast<std::size_t>(count)));
      work(begin, count);
    }
  }

  /// Reads the sample again to tell whether it is to blame.
  [[noreturn]] static void raise_bad_sample(const std::string& who, const std::string& what, double value,
                                            const Cpu& host, const data::Source& source, std::int64_t row);

  std::unique_ptr<Plan<T, Device>> plan_;
  Batch<T, Device> batch_;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/evaluator_inl.hpp"
#endif
