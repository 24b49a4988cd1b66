// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
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
#include "brindle/train/team.hpp"
#include "brindle/train/weight_penalty.hpp"

namespace brindle::detail {

/// Runs a model over all samples of a source, in their order and without dropout.
template <class T, class Device>
class Evaluator {
 public:
  /// host reads the data; `who` begins each message. Each process of the team computes its share of the batches, and
  /// all have the figures of one process.
  Evaluation evaluate(const std::string& who, const Model<T, Device>& model, Loss<T, Device>& loss,
                      const OutputRules& rules, const Cpu& host, const data::Source& source,
                      const EvaluateOptions& options, Team& team);

  /// The model's outputs as they are, or without its last activation: (size(), output shape). time: which use of each
  /// sample, 0 for the first. The batches are shared by the team, if there is one.
  static Tensor<T, Cpu> predict(const std::string& who, const Model<T, Device>& model, const Cpu& host,
                                const data::Source& source, std::int64_t batch, bool logits = false,
                                std::int64_t time = 0, Team* team = nullptr);

  /// The means of outputs over `times` uses of each sample. Throws ValueError for times < 1.
  static Tensor<T, Cpu> predict_averaged(const Model<T, Device>& model, const Cpu& host, const data::Source& source,
                                         std::int64_t times, std::int64_t batch, Team& team);

 private:
  /// Samples [begin(r), begin(r + 1)) are those of process r: whole batches.
  struct Shares {
    std::int64_t samples = 0, batch = 1;
    int processes = 1;
    std::int64_t begin(int rank) const {
      const std::int64_t batches = (samples + batch - 1) / batch;
      return std::min(samples, batches * rank / processes * batch);
    }
  };

  /// work(begin, count) for each batch of this process; then whatever one has thrown is thrown by all.
  template <class Work>
  static void each_batch(Batch<T, Device>& b, const Cpu& host, const data::Source& source, const Shares& shares,
                         Team& team, const Work& work, std::int64_t time = 0) {
    team.together([&] {
      std::vector<std::int64_t> rows;
      const std::int64_t first = shares.begin(team.rank());
      for_each_batch(shares.begin(team.rank() + 1) - first, shares.batch, [&](std::int64_t begin, std::int64_t end) {
        rows.resize(static_cast<std::size_t>(end - begin));
        std::iota(rows.begin(), rows.end(), first + begin);
        b.read(host, source, rows, time);
        work(first + begin, end - begin);
      });
    });
  }

  /// Rows of all processes, one a sample.
  template <class V>
  static void gather(std::span<V> all, const Shares& shares, Team& team) {
    if (team.alone() || all.empty()) return;
    const auto row = static_cast<std::int64_t>(all.size_bytes()) / shares.samples;
    team.gather(std::as_writable_bytes(all),
                [&](int rank) { return static_cast<std::size_t>(row * shares.begin(rank + 1)); });
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
