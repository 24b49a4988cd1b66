// SPDX-License-Identifier: MIT
// A convolution whose filters were prepared once, beside one that prepares them in each call: the shapes of ResNet50
// and MobileNetV2 at 224x224. Filters take turns, so that they come from memory as they do in a network. Rounds of both
// alternate; a line has the median time of both, and the median of the rounds' ratios.
//
//     prepared_filters_bench [threads = 1] [rounds = 15]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/models/efficientnet_lite0.hpp"
#include "brindle/models/mobilenet_v2.hpp"
#include "brindle/models/resnet.hpp"
#include "brindle/models/vgg16.hpp"
#include "brindle/nn/folded.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/cpu.hpp"

using namespace brindle;

namespace {

struct Case {
  const char* name;
  std::int64_t side, ci, co, kernel, stride;
};

const Case cases[] = {
    {"1x1 64->256 at 56", 56, 64, 256, 1, 1},      {"1x1 256->64 at 56", 56, 256, 64, 1, 1},
    {"1x1 128->512 at 28", 28, 128, 512, 1, 1},    {"1x1 512->128 at 28", 28, 512, 128, 1, 1},
    {"1x1 256->1024 at 14", 14, 256, 1024, 1, 1},  {"1x1 1024->256 at 14", 14, 1024, 256, 1, 1},
    {"1x1 512->2048 at 7", 7, 512, 2048, 1, 1},    {"1x1 2048->512 at 7", 7, 2048, 512, 1, 1},
    {"1x1 s2 256->512 at 56", 56, 256, 512, 1, 2}, {"1x1 96->24 at 56", 56, 96, 24, 1, 1},
    {"1x1 320->1280 at 7", 7, 320, 1280, 1, 1},    {"3x3 64->64 at 56", 56, 64, 64, 3, 1},
    {"3x3 128->128 at 28", 28, 128, 128, 3, 1},    {"3x3 256->256 at 14", 14, 256, 256, 3, 1},
    {"3x3 512->512 at 7", 7, 512, 512, 3, 1},      {"3x3 s2 128->128 at 56", 56, 128, 128, 3, 2},
    {"3x3 s2 256->256 at 28", 28, 256, 256, 3, 2}, {"3x3 s2 512->512 at 14", 14, 512, 512, 3, 2},
    {"7x7 s2 3->64 at 224", 224, 3, 64, 7, 2},
};

Tensor<float> noise(const Shape& shape, std::uint32_t name) {
  Tensor<float> t(shape);
  const Random random{.seed = 1, .what = name};
  for (std::int64_t i = 0; i < t.size(); ++i)
    t[i] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(i), -1, 1));
  return t;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(const Case& c, std::int64_t batch, int threads, int rounds) {
  const Cpu on(threads);
  const ops::Conv2DOptions o{.stride = c.stride, .padding = Padding::same, .activation = relu};
  const Shape4 x_shape{batch, c.side, c.side, c.ci};
  const Shape w_shape{c.kernel, c.kernel, c.ci, c.co};
  const std::int64_t bytes = ops::conv2d_prepared_bytes<float>(on, x_shape, w_shape, o);
  const Tensor<float> x = noise(x_shape, 1), bias = noise({c.co}, 2);
  const std::int64_t sets = std::clamp<std::int64_t>((64 << 20) / (4 * w_shape.size()), 2, 64);
  std::vector<Tensor<float>> w;
  std::vector<Tensor<std::byte>> prepared;
  for (std::int64_t i = 0; i < sets; ++i) {
    w.push_back(noise(w_shape, static_cast<std::uint32_t>(3 + i)));
    prepared.push_back(Tensor<std::byte>::uninitialized({bytes}));
    ops::conv2d_prepare<float>(on, x_shape, w.back().view(), o, false, prepared.back().view());
  }
  Tensor<float> y(ops::conv2d_shape(x_shape, w_shape, o));
  Tensor<std::byte> space({ops::conv2d_forward_workspace<float>(on, x_shape, w_shape, o)});
  std::size_t next = 0;
  const auto time = [&](bool with, int calls) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i, next = (next + 1) % w.size())
      ops::conv2d<float>(on, x.view(), w[next].view(), bias.view(), y.view(), o, space.view(),
                         with ? prepared[next].view() : TensorView<std::byte>{});
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count() / calls;
  };
  const int calls = std::max(1, static_cast<int>(20 / time(false, 2)));
  std::vector<double> without, with, ratios;
  for (int r = 0; r < rounds; ++r) {
    without.push_back(time(false, calls));
    with.push_back(time(true, calls));
    ratios.push_back(with.back() / without.back());
  }
  const double flops = 2.0 * static_cast<double>(y.size()) * static_cast<double>(w_shape.size() / c.co);
  std::printf("%-24s batch %2d  %-21s %8.3f ms  prepared %8.3f ms  ratio %.2f  %4.0f GFLOP/s  %6.1f of %5.1f MB\n",
              c.name, static_cast<int>(batch), ops::conv2d_kernel_name<float>(on, x_shape, w_shape, o).c_str(),
              median(without), median(with), median(ratios), flops / median(with) * 1e-6,
              static_cast<double>(bytes) / 1e6, 4e-6 * static_cast<double>(w_shape.size()));
}

template <class Make>
void run_network(const char* name, const Make& make, std::int64_t batch, int threads, int rounds) {
  const Cpu on(threads);
  const Model<float> with = folded(make(on));
  Model<float> without = folded(make(on));
  for (const auto& layer : without.layers()) layer->parameters();  // might change them from here on
  const Tensor<float> x = noise(with.input_shape().batch(batch), 1);
  const auto time = [&](const Model<float>& model) {
    const auto begin = std::chrono::steady_clock::now();
    model.predict(x);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  time(with), time(without);
  std::vector<double> slow, quick, ratios;
  for (int r = 0; r < rounds; ++r) {
    slow.push_back(time(without));
    quick.push_back(time(with));
    ratios.push_back(quick.back() / slow.back());
  }
  std::printf("%-24s batch %2d  %8.1f ms  prepared %8.1f ms  ratio %.2f  %.1f of %.1f MB\n", name,
              static_cast<int>(batch), median(slow), median(quick), median(ratios),
              static_cast<double>(with.prepared_bytes()) / 1e6, 4e-6 * static_cast<double>(with.parameter_count()));
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1, rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  const Shape input{224, 224, 3};
  for (const std::int64_t batch : {1, 8}) {
    run_network(
        "ResNet50", [&](const Cpu& on) { return models::resnet50<float>(on, input); }, batch, threads, rounds);
    run_network(
        "ResNet18", [&](const Cpu& on) { return models::resnet18<float>(on, input); }, batch, threads, rounds);
    run_network(
        "MobileNetV2", [&](const Cpu& on) { return models::mobilenet_v2<float>(on, input); }, batch, threads, rounds);
    run_network(
        "EfficientNet-Lite0", [&](const Cpu& on) { return models::efficientnet_lite0<float>(on, input); }, batch,
        threads, rounds);
    run_network(
        "VGG16", [&](const Cpu& on) { return models::vgg16<float>(on, input); }, batch, threads, rounds);
  }
  for (const std::int64_t batch : {1, 8})
    for (const Case& c : cases) run(c, batch, threads, rounds);
}
