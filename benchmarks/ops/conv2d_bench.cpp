// SPDX-License-Identifier: MIT
// The convolutions of the experiments: VGG16 at 150x150 (batch 30 forward, 20 in fine-tuning; here as many pictures as
// keep a run short), the baseline and the regularised network. "effective" counts the multiplications of a direct
// convolution, so it may exceed the FMA peak; "of_peak" is its share of the peak of as many threads.
//
//     conv2d_bench --benchmark_filter='winograd/forward' --benchmark_min_time=0.2
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/implicit_gemm_convolution.hpp"
#include "brindle/ops/conv2d/winograd.hpp"
#include "support/fma_peak.hpp"

using namespace brindle;
using namespace brindle::ops::kernel;

namespace {

struct Layer {
  const char* name;
  Shape4 x;
  std::int64_t co;
  Padding padding;
};

const Layer layers[] = {
    {"vgg_block1_conv1", {4, 150, 150, 3}, 64, Padding::same},
    {"vgg_block1_conv2", {4, 150, 150, 64}, 64, Padding::same},
    {"vgg_block2_conv1", {8, 75, 75, 64}, 128, Padding::same},
    {"vgg_block2_conv2", {8, 75, 75, 128}, 128, Padding::same},
    {"vgg_block3_conv1", {20, 37, 37, 128}, 256, Padding::same},
    {"vgg_block3_conv2", {20, 37, 37, 256}, 256, Padding::same},
    {"vgg_block4_conv1", {20, 18, 18, 256}, 512, Padding::same},
    {"vgg_block4_conv2", {20, 18, 18, 512}, 512, Padding::same},
    {"vgg_block5_conv1", {20, 9, 9, 512}, 512, Padding::same},
    {"baseline_conv1", {30, 150, 150, 3}, 16, Padding::valid},
    {"baseline_conv2", {30, 74, 74, 16}, 64, Padding::valid},
    {"baseline_conv3", {30, 36, 36, 64}, 128, Padding::valid},
    {"regularised_conv4", {30, 17, 17, 128}, 128, Padding::valid},
    {"vgg_block1_conv2_one_picture", {1, 150, 150, 64}, 64, Padding::same},
    {"vgg_block2_conv2_one_picture", {1, 75, 75, 128}, 128, Padding::same},
    {"vgg_block3_conv2_one_picture", {1, 37, 37, 256}, 256, Padding::same},
    {"vgg_block4_conv2_one_picture", {1, 18, 18, 512}, 512, Padding::same},
    {"vgg_block5_conv1_one_picture", {1, 9, 9, 512}, 512, Padding::same},
};

enum class Pass { forward, forward_pool, data, data_pool, weights, weights_pool };
const char* const pass_names[] = {"forward",          "forward_pool",         "backward_data", "backward_data_pool",
                                  "backward_weights", "backward_weights_pool"};

Tensor<float> noise(const Shape& shape, std::uint32_t name) {
  Tensor<float> t(shape);
  const Random random{.seed = 1, .what = name};
  for (std::int64_t i = 0; i < t.size(); ++i)
    t[i] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(i), -1, 1));
  return t;
}

template <class Kernel>
void run(benchmark::State& state, const Layer& layer, Pass pass, int threads) {
  static const double peak = bench::fma_peak<float>();
  const ConvGeometry g = ConvGeometry::of(layer.x, {3, 3, layer.x.c, layer.co}, Size2{1}, layer.padding);
  const Cpu on(threads);
  const Kernel kernel(g);
  const Tensor<float> x = noise(layer.x, 1), w = noise({3, 3, g.ci, g.co}, 2), bias = noise({g.co}, 3);
  const Tensor<float> dz = noise({g.n, g.oh, g.ow, g.co}, 4);
  Tensor<float> y(dz.shape()), dx(x.shape()), dw(w.shape()), db(bias.shape());
  Tensor<std::uint8_t> code({g.n, g.oh / 2, g.ow / 2, g.co});
  for (std::int64_t i = 0; i < code.size(); ++i)
    code[i] = static_cast<std::uint8_t>(Random{.seed = 2}.below(static_cast<std::uint64_t>(i), 4));
  Tensor<std::byte> workspace({std::max(
      {kernel.forward_workspace(on), kernel.backward_data_workspace(on), kernel.backward_weights_workspace(on)})});
  const bool pool = pass == Pass::data_pool || pass == Pass::weights_pool;
  const Picture<float> picture{x.data(), nullptr, g.h, g.w, g.ci};
  const Picture<float> gradient{dz.data(), pool ? code.data() : nullptr, g.oh, g.ow, g.co};
  for (auto _ : state) {
    switch (pass) {
      case Pass::forward:
        kernel.forward(on, picture, w.data(), {.y = y.data(), .bias = bias.data(), .activation = relu}, workspace);
        break;
      case Pass::forward_pool:
        kernel.forward(on, picture, w.data(),
                       {.y = y.data(), .code = code.data(), .bias = bias.data(), .activation = relu, .pooled = true},
                       workspace);
        break;
      case Pass::data:
      case Pass::data_pool:
        kernel.backward_data(on, gradient, w.data(), dx.data(), workspace);
        break;
      case Pass::weights:
      case Pass::weights_pool:
        kernel.backward_weights(on, picture, gradient, dw.data(), db.data(), workspace);
        break;
    }
    benchmark::ClobberMemory();
  }
  const double flops = 2.0 * 9 * static_cast<double>(g.n * g.oh * g.ow) * static_cast<double>(g.ci * g.co);
  state.counters["effective"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] =
      benchmark::Counter(flops / (peak * threads), benchmark::Counter::kIsIterationInvariantRate);
}

template <class Kernel>
void add(const char* name) {
  for (int pass = 0; pass < 6; ++pass)
    for (const Layer& layer : layers)
      for (const int threads : {1, 2})
        benchmark::RegisterBenchmark(
            (std::string(name) + "/" + pass_names[pass] + "/" + layer.name + "/threads:" + std::to_string(threads))
                .c_str(),
            [&layer, pass, threads](benchmark::State& state) {
              run<Kernel>(state, layer, static_cast<Pass>(pass), threads);
            })
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  add<WinogradConvolution<float, 4>>("winograd_4");
  add<WinogradConvolution<float, 2>>("winograd_2");
  add<ImplicitGemmConvolution<float>>("implicit_gemm");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
