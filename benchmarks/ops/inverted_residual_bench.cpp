// SPDX-License-Identifier: MIT
// Inverted residual blocks of MobileNetV2 and EfficientNet-Lite0 at 224 pixels, folded, with fixed weights, as they
// predict: a 1x1 convolution that widens, a depthwise one, a 1x1 that narrows, and the sum. Shares of the FMA peak, and
// of the memory's bandwidth for what the block reads and writes itself: its input, its output, its filters.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/folded.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/shares.hpp"

using namespace brindle;

namespace {

struct Case {
  const char* net;
  std::int64_t side, in, out, kernel, stride;
};

constexpr Case cases[] = {{"MobileNetV2", 112, 16, 24, 3, 2},         {"MobileNetV2", 56, 24, 24, 3, 1},
                          {"MobileNetV2", 28, 32, 32, 3, 1},          {"MobileNetV2", 14, 64, 64, 3, 1},
                          {"MobileNetV2", 14, 96, 160, 3, 2},         {"MobileNetV2", 7, 160, 160, 3, 1},
                          {"EfficientNet-Lite0", 56, 24, 40, 5, 2},   {"EfficientNet-Lite0", 28, 40, 40, 5, 1},
                          {"EfficientNet-Lite0", 14, 112, 112, 5, 1}, {"EfficientNet-Lite0", 7, 192, 192, 5, 1}};

Model<float> block(const Cpu& on, const Case& c) {
  const std::int64_t wide = 6 * c.in;
  return folded(Model<float>{
      on, {c.side, c.side, c.in}, [&](auto x) {
        auto y =
            x.then(Conv2D{.filters = wide, .kernel = 1, .use_bias = false}, BatchNormalization{}, ReLU{.max_value = 6},
                   DepthwiseConv2D{.kernel = c.kernel, .stride = c.stride, .padding = Padding::same, .use_bias = false},
                   BatchNormalization{}, ReLU{.max_value = 6}, Conv2D{.filters = c.out, .kernel = 1, .use_bias = false},
                   BatchNormalization{});
        return c.stride == 1 && c.in == c.out ? x + y : y;
      }});
}

// Arguments: number of the case, photos, threads.
void inverted_residual(benchmark::State& state) {
  const Case& c = cases[state.range(0)];
  const std::int64_t photos = state.range(1);
  const auto threads = static_cast<int>(state.range(2));
  const Model<float> model = block(Cpu(threads), c);
  Tensor<float> x(model.input_shape().batch(photos));
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 97) * 0.01f - 0.5f;
  for (auto _ : state) {
    const Tensor<float> y = model.predict(x, photos);
    benchmark::DoNotOptimize(y.data());
  }
  const std::int64_t wide = 6 * c.in, after = (c.side + c.stride - 1) / c.stride, pixels = after * after;
  const std::int64_t products = c.side * c.side * c.in * wide + pixels * wide * (c.kernel * c.kernel + c.out);
  const std::int64_t filters = wide * (c.in + c.kernel * c.kernel + c.out);
  bench::count_shares(state, 2.0 * static_cast<double>(photos * products),
                      static_cast<double>(x.bytes() + 4 * (photos * pixels * c.out + filters)), threads);
  state.SetLabel(std::string(c.net) + " " + std::to_string(c.side) + "x" + std::to_string(c.side) + "x" +
                 std::to_string(c.in) + " to " + std::to_string(c.out) + ", " + std::to_string(c.kernel) + "x" +
                 std::to_string(c.kernel) + ", stride " + std::to_string(c.stride));
}

void all(benchmark::internal::Benchmark* b) {
  for (const int threads : {1, 2})
    for (const int photos : {1, 8})
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::size(cases)); ++i) b->Args({i, photos, threads});
  b->Unit(benchmark::kMicrosecond)->UseRealTime();
}

BENCHMARK(inverted_residual)->Apply(all);

}  // namespace

BENCHMARK_MAIN();
