// SPDX-License-Identifier: MIT
// Matrix products of the experiments: square ones against the FMA peak, and the dense layer of the baseline, 36992 x
// 512 at batch 30 and 1, where reading its 76 MB is the limit ("bytes" counts the large matrix once).
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/gemm/cpu.hpp"
#include "support/fma_peak.hpp"

using namespace brindle;
using namespace brindle::ops;

namespace {

struct Product {
  const char* name;
  std::int64_t m, n, k;
  GemmOptions options;
};

const Product products[] = {
    {"square_512", 512, 512, 512, {}},
    {"square_1500", 1500, 1500, 1500, {}},
    {"dense_forward_30", 30, 512, 36992, {.activation = ActivationFunction::relu}},
    {"dense_backward_data_30", 30, 36992, 512, {.transpose_b = true}},
    {"dense_backward_weights_30", 36992, 512, 30, {.transpose_a = true}},
    {"dense_forward_1", 1, 512, 36992, {.activation = ActivationFunction::relu}},
    {"dense_backward_data_1", 1, 36992, 512, {.transpose_b = true}},
    {"head_forward_30", 30, 256, 8192, {.activation = ActivationFunction::relu}},
};

void run(benchmark::State& state, const Product& p, int threads) {
  static const double peak = bench::fma_peak<float>();
  const Cpu on(threads);
  Tensor<float> a({p.m, p.k}), b({p.k, p.n}), c({p.m, p.n}), bias({p.n});
  for (Tensor<float>* t : {&a, &b, &bias})
    for (std::int64_t i = 0; i < t->size(); ++i) (*t)[i] = static_cast<float>(i % 97) * 0.01f - 0.5f;
  Tensor<std::byte> workspace({gemm_workspace<float>(on, p.m, p.n, p.k, p.options)});
  const MatrixView<const float> a_view = p.options.transpose_a ? MatrixView<const float>{a.data(), p.k, p.m, p.m}
                                                               : MatrixView<const float>{a.data(), p.m, p.k, p.k};
  const MatrixView<const float> b_view = p.options.transpose_b ? MatrixView<const float>{b.data(), p.n, p.k, p.k}
                                                               : MatrixView<const float>{b.data(), p.k, p.n, p.n};
  for (auto _ : state) {
    gemm<float>(on, a_view, b_view, bias, {c.data(), p.m, p.n, p.n}, p.options, workspace);
    benchmark::ClobberMemory();
  }
  const double flops = 2.0 * static_cast<double>(p.m * p.n) * static_cast<double>(p.k);
  state.counters["flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] =
      benchmark::Counter(flops / (peak * threads), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["bytes"] = benchmark::Counter(4.0 * static_cast<double>(std::max({p.m * p.n, p.n * p.k, p.m * p.k})),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

/// Reads 76 MB and adds them up: the bandwidth that a dense layer can hope for.
void read_memory(benchmark::State& state, int threads) {
  const Cpu on(threads);
  const Tensor<float> w({36992, 512});
  std::vector<float> sums(64);
  for (auto _ : state) {
    on.parallel(64, [&](std::int64_t task, int) {
      const std::int64_t part = w.size() / 64;
      float sum[64] = {};
      for (std::int64_t i = task * part; i < (task + 1) * part; i += 64)
        for (int j = 0; j < 64; ++j) sum[j] += w.data()[i + j];
      for (const float s : sum) sums[static_cast<std::size_t>(task)] += s;
    });
    benchmark::DoNotOptimize(sums.data());
  }
  state.counters["bytes"] =
      benchmark::Counter(static_cast<double>(w.bytes()), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
  for (const int threads : {1, 2}) {
    const std::string suffix = "/threads:" + std::to_string(threads);
    benchmark::RegisterBenchmark(("read_memory" + suffix).c_str(),
                                 [threads](benchmark::State& state) { read_memory(state, threads); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    for (const Product& p : products)
      benchmark::RegisterBenchmark(("gemm/" + std::string(p.name) + suffix).c_str(),
                                   [&p, threads](benchmark::State& state) { run(state, p, threads); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
