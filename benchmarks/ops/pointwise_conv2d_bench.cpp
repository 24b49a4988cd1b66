// SPDX-License-Identifier: MIT
// Convolutions of 1x1 of MobileNetV2, EfficientNet-Lite0 and ResNet50 at 224 pixels, in all directions, as shares of
// the FMA peak and of the memory's bandwidth; forward with prepared filters, as folded networks predict, and beside it
// the reference's plain loops. Batches of 32 come from memory, as in a training step, which has made much else since.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/shares.hpp"

using namespace brindle;

namespace {

struct Case {
  const char* net;
  std::int64_t side, in, out, stride;
};

constexpr Case cases[] = {{"MobileNetV2", 112, 16, 96, 1},
                          {"MobileNetV2", 56, 144, 24, 1},
                          {"MobileNetV2", 28, 32, 192, 1},
                          {"MobileNetV2", 14, 384, 64, 1},
                          {"MobileNetV2", 14, 96, 576, 1},
                          {"MobileNetV2", 7, 960, 160, 1},
                          {"MobileNetV2", 7, 320, 1280, 1},
                          {"EfficientNet-Lite0", 28, 240, 40, 1},
                          {"EfficientNet-Lite0", 14, 480, 80, 1},
                          {"EfficientNet-Lite0", 14, 112, 672, 1},
                          {"EfficientNet-Lite0", 7, 192, 1152, 1},
                          {"ResNet50", 56, 64, 256, 1},
                          {"ResNet50", 56, 256, 64, 1},
                          {"ResNet50", 56, 256, 512, 2},
                          {"ResNet50", 14, 1024, 256, 1},
                          {"ResNet50", 7, 512, 2048, 1}};

Tensor<float> numbers(const Shape& shape) {
  Tensor<float> t(shape);
  for (std::int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(i % 97) * 0.01f - 0.5f;
  return t;
}

enum class Direction { forward, prepared, by_x, by_w, reference };

// Arguments: number of the case, photos, threads.
void pointwise(benchmark::State& state, Direction direction) {
  const Case& c = cases[state.range(0)];
  const auto threads = static_cast<int>(state.range(2));
  const Cpu on(threads);
  const ops::Conv2DOptions o{.stride = c.stride, .padding = Padding::same};
  const Shape4 x_shape{state.range(1), c.side, c.side, c.in};
  const Shape w_shape{1, 1, c.in, c.out};
  Tensor<float> w = numbers(w_shape), bias = numbers({c.out});
  std::vector<Tensor<float>> xs, ys;
  do {
    xs.push_back(numbers(x_shape));
    ys.push_back(numbers(ops::conv2d_shape(x_shape, w_shape, o)));
  } while (state.range(1) >= 32 &&
           xs.size() * (xs[0].bytes() + ys[0].bytes()) < 8 * static_cast<std::size_t>(Cpu::slice_bytes));
  Tensor<std::byte> workspace({ops::conv2d_workspace<float>(on, x_shape, w_shape, o)});
  Tensor<std::byte> prepared({ops::conv2d_prepared_bytes<float>(on, x_shape, w_shape, o)});
  if (direction == Direction::prepared && prepared.size() > 0)
    ops::conv2d_prepare<float>(on, x_shape, w.view(), o, false, prepared.view());
  const TensorView<std::byte> filters = direction == Direction::prepared ? prepared.view() : TensorView<std::byte>{};
  std::size_t next = 0;
  for (auto _ : state) {
    Tensor<float>&x = xs[next], &y = ys[next];
    next = (next + 1) % xs.size();
    if (direction == Direction::reference)
      ops::reference::conv2d<float>(x.view(), w.view(), bias.view(), y.view(), o);
    else if (direction == Direction::by_x)
      ops::conv2d_backward_data<float>(on, y.view(), w.view(), x.view(), o, workspace.view());
    else if (direction == Direction::by_w)
      ops::conv2d_backward_weights<float>(on, x.view(), y.view(), w.view(), bias.view(), o, workspace.view());
    else
      ops::conv2d<float>(on, x.view(), w.view(), bias.view(), y.view(), o, workspace.view(), filters);
    benchmark::ClobberMemory();
  }
  const double read = static_cast<double>(xs[0].bytes()) / static_cast<double>(c.stride * c.stride);
  bench::count_shares(state, 2.0 * static_cast<double>(ys[0].size() * c.in),
                      read + static_cast<double>(ys[0].bytes() + w.bytes()), threads);
  state.SetLabel(std::string(c.net) + " " + std::to_string(c.side) + "x" + std::to_string(c.side) + ", " +
                 std::to_string(c.in) + " to " + std::to_string(c.out) + ", stride " + std::to_string(c.stride));
}

void all(benchmark::internal::Benchmark* b) {
  for (const int threads : {1, 2})
    for (const int photos : {1, 8, 32})
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::size(cases)); ++i) b->Args({i, photos, threads});
  b->Unit(benchmark::kMicrosecond)->UseRealTime();
}

void one_thread(benchmark::internal::Benchmark* b) {
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::size(cases)); ++i) b->Args({i, 1, 1});
  b->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(3);
}

BENCHMARK_CAPTURE(pointwise, forward, Direction::forward)->Apply(all);
BENCHMARK_CAPTURE(pointwise, prepared, Direction::prepared)->Apply(all);
BENCHMARK_CAPTURE(pointwise, by_x, Direction::by_x)->Apply(all);
BENCHMARK_CAPTURE(pointwise, by_w, Direction::by_w)->Apply(all);
BENCHMARK_CAPTURE(pointwise, reference, Direction::reference)->Apply(one_thread);

}  // namespace

BENCHMARK_MAIN();
