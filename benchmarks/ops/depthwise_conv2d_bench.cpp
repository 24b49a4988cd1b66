// SPDX-License-Identifier: MIT
// Depthwise convolutions of MobileNetV2 and of nets with 5x5 filters at 224 pixels, one picture, in all directions.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"

using namespace brindle;

namespace {

struct Case {
  std::int64_t side, channels, kernel, stride;
};

constexpr Case cases[] = {{112, 32, 3, 1}, {112, 96, 3, 2}, {56, 144, 3, 1}, {56, 144, 3, 2},
                          {28, 192, 3, 1}, {14, 384, 3, 1}, {14, 576, 3, 2}, {7, 960, 3, 1},
                          {56, 144, 5, 2}, {28, 240, 5, 1}, {14, 672, 5, 1}, {7, 1152, 5, 1}};

Tensor<float> numbers(const Shape& shape) {
  Tensor<float> t(shape);
  for (std::int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(i % 97) * 0.01f - 0.5f;
  return t;
}

enum class Direction { forward, by_x, by_w };

// Arguments: number of the case, threads.
void depthwise(benchmark::State& state, Direction direction) {
  const Case& c = cases[state.range(0)];
  const Cpu on(static_cast<int>(state.range(1)));
  const ops::DepthwiseConv2DOptions o{.stride = c.stride, .padding = Padding::same};
  const Shape4 x_shape{1, c.side, c.side, c.channels};
  const ops::FilterShape w_shape{c.kernel, c.kernel, c.channels, 1};
  Tensor<float> x = numbers(x_shape), w = numbers(w_shape), bias = numbers({c.channels});
  Tensor<float> y = numbers(ops::depthwise_conv2d_shape(x_shape, w_shape, o));
  Tensor<std::byte> workspace({ops::depthwise_conv2d_workspace<float>(on, x_shape, w_shape, o)});
  for (auto _ : state) {
    if (direction == Direction::forward) ops::depthwise_conv2d<float>(on, x, w, bias, y, o, workspace);
    if (direction == Direction::by_x) ops::depthwise_conv2d_backward_data<float>(on, y, w, x, o, workspace);
    if (direction == Direction::by_w) ops::depthwise_conv2d_backward_weights<float>(on, x, y, w, bias, o, workspace);
    benchmark::ClobberMemory();
  }
  const double flops = 2.0 * static_cast<double>(y.size() * c.kernel * c.kernel);
  state.counters["flop"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(std::to_string(c.side) + "x" + std::to_string(c.side) + "x" + std::to_string(c.channels) + ", " +
                 std::to_string(c.kernel) + "x" + std::to_string(c.kernel) + ", stride " + std::to_string(c.stride));
}

void all(benchmark::internal::Benchmark* b) {
  for (const int threads : {1, 2})
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::size(cases)); ++i) b->Args({i, threads});
  b->Unit(benchmark::kMicrosecond)->UseRealTime();
}

BENCHMARK_CAPTURE(depthwise, forward, Direction::forward)->Apply(all);
BENCHMARK_CAPTURE(depthwise, by_x, Direction::by_x)->Apply(all);
BENCHMARK_CAPTURE(depthwise, by_w, Direction::by_w)->Apply(all);

}  // namespace

BENCHMARK_MAIN();
