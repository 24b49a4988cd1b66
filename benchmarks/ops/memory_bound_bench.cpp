// SPDX-License-Identifier: MIT
// Ops that memory limits: the baseline's dense layer of 36992 x 512 with its update, pooling, dropout and the
// optimizers, as bytes a second and as a share of what a small probe measured on the same machine. Bytes count each
// array once that the op must read or write.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/bandwidth.hpp"

using namespace brindle;

namespace {

constexpr int threads = 2;

Tensor<float> numbers(const Shape& shape) {
  Tensor<float> t(shape);
  for (std::int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(i % 97) * 0.01f - 0.5f;
  return t;
}

template <class Work>
void run(benchmark::State& state, double bytes, Work&& work) {
  static const double most = bench::memory_bandwidth(Cpu(threads));
  for (auto _ : state) {
    work();
    benchmark::ClobberMemory();
  }
  state.counters["bytes"] = benchmark::Counter(bytes, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_bandwidth"] = benchmark::Counter(bytes / most, benchmark::Counter::kIsIterationInvariantRate);
}

void dense_backward_and_rmsprop(benchmark::State& state) {
  const Cpu on(threads);
  const Tensor<float> x = numbers({30, 36992}), dz = numbers({30, 512});
  Tensor<float> w = numbers({36992, 512}), v({36992, 512}), dx({30, 36992}), db({512});
  Tensor<std::byte> workspace({ops::dense_workspace<float>(on, x.shape(), w.shape())});
  const auto update = [&](std::int64_t row, TensorView<const float> g) {
    ops::kernel::rmsprop_range<float>(w.data() + row * 512, g.data, v.data() + row * 512, nullptr, nullptr, g.size(),
                                      {});
  };
  run(state, 4.0 * static_cast<double>(w.bytes()), [&] {
    ops::dense_backward_update<float>(on, x.view(), dz.view(), w.view(), dx.view(), db.view(), update,
                                      workspace.view());
  });
}
BENCHMARK(dense_backward_and_rmsprop)->Unit(benchmark::kMillisecond)->UseRealTime();

void dense_forward(benchmark::State& state) {
  const Cpu on(threads);
  const Tensor<float> x = numbers({state.range(0), 36992}), w = numbers({36992, 512}), bias = numbers({512});
  Tensor<float> y({state.range(0), 512});
  Tensor<std::byte> workspace({ops::dense_workspace<float>(on, x.shape(), w.shape())});
  run(state, static_cast<double>(w.bytes()), [&] {
    ops::dense<float>(on, x.view(), w.view(), bias.view(), y.view(), ActivationFunction::relu, workspace.view());
  });
}
BENCHMARK(dense_forward)->Arg(1)->Arg(30)->Unit(benchmark::kMillisecond)->UseRealTime();

void rmsprop(benchmark::State& state) {
  const Cpu on(threads);
  Tensor<float> w = numbers({36992, 512}), v({36992, 512});
  const Tensor<float> g = numbers({36992, 512});
  run(state, 5.0 * static_cast<double>(w.bytes()),
      [&] { ops::rmsprop<float>(on, w.view(), g.view(), v.view(), {}, {}, {}); });
}
BENCHMARK(rmsprop)->Unit(benchmark::kMillisecond)->UseRealTime();

void adam(benchmark::State& state) {
  const Cpu on(threads);
  Tensor<float> w = numbers({36992, 512}), m({36992, 512}), v({36992, 512});
  const Tensor<float> g = numbers({36992, 512});
  std::int64_t step = 0;
  run(state, 7.0 * static_cast<double>(w.bytes()),
      [&] { ops::adam<float>(on, w.view(), g.view(), m.view(), v.view(), {}, ++step, {}); });
}
BENCHMARK(adam)->Unit(benchmark::kMillisecond)->UseRealTime();

void maxpool2d(benchmark::State& state) {
  const Cpu on(threads);
  const Tensor<float> x = numbers({30, 150, 150, 64});
  Tensor<float> y({30, 75, 75, 64});
  run(state, static_cast<double>(x.bytes() + y.bytes()),
      [&] { ops::maxpool2d<float>(on, x.view(), y.view(), {}, {}); });
}
BENCHMARK(maxpool2d)->Unit(benchmark::kMillisecond)->UseRealTime();

void dropout(benchmark::State& state) {
  const Cpu on(threads);
  Tensor<float> x = numbers({30, 74, 74, 16});
  run(state, 2.0 * static_cast<double>(x.bytes()), [&] {
    ops::dropout<float>(on, x.view(), x.view(), 0.3, Random{1, 2, 3});
  });
}
BENCHMARK(dropout)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
