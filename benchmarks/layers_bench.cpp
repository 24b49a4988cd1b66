// SPDX-License-Identifier: MIT
// Where the time of a workload goes: a line for each step of its plan (a layer, with its pool), forward and backward.
//
//     layers_bench [W1 W2 W3 W5] [--batch N] [--threads 2] [--rounds 12]
//
// Columns: median milliseconds; share of the whole; GFLOP/s of the direct sum (a convolution's backward pass counts
// the gradients that are needed); and the share of what the FMA units would allow: their measured peak, times
// what a Winograd algorithm saves at the layer's size: four times for F(4x4), less for what hangs over the edge.
// W1, W2 and W5 are training steps with RMSprop in them, W3 is inference.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <brindle/brindle.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "support/fma_peak.hpp"
#include "support/networks.hpp"

using namespace brindle;

namespace {

using Clock = std::chrono::steady_clock;

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

/// Multiply-adds times two of one product of the step, a sample; 0 where there is none.
double flops(const Layer<float, Cpu>& layer, const Shape& x) {
  if (layer.parameters().empty()) return 0;
  const Shape w = layer.parameters()[0].value.shape();
  if (w.rank() == 2) return 2.0 * static_cast<double>(w.size());
  const Shape y = layer.output_shape(x);  // of the convolution, before its pool
  return 2.0 * static_cast<double>(y[0] * y[1] * w.size());
}

/// How many multiplications of the direct sum the layer's algorithm saves by one of its own. Pooled, of an odd output
/// only even sizes are made.
double saving(const Layer<float, Cpu>& layer, const Pass<float, Cpu>& pass, const Shape& x, std::int64_t batch) {
  if (layer.type() != "Conv2D") return 1;
  const bool pooled = pass.fused != nullptr;
  const std::string name = layer.kernel_name(pass, x.batch(batch));
  const Shape y = layer.output_shape(x);
  const auto saved = [&]<int m>(const ops::kernel::WinogradTile<float, m>& tile) {
    const std::int64_t odd = pooled ? 1 : 0, h = y[0] - y[0] % 2 * odd, w = y[1] - y[1] % 2 * odd;
    return static_cast<double>(9 * y[0] * y[1]) / static_cast<double>(tile.multiplications(h, w));
  };
  if (name.find("F(4x4") != std::string::npos) return saved(ops::kernel::WinogradTile<float, 4>{});
  if (name.find("F(3x3") != std::string::npos) return saved(ops::kernel::WinogradTile<float, 3>{});
  if (name.find("F(2x2") != std::string::npos) return saved(ops::kernel::WinogradTile<float, 2>{});
  return 1;
}

void measure(const std::string& work, Sequential<float>& model, std::int64_t batch, bool training, int rounds,
             double peak) {
  const Cpu on = model.device();
  Plan<float, Cpu> plan(on, model.graph(),
                        {.batch = batch, .training = training, .backward = training, .logits = training});
  Tensor<float> x(model.input_shape().batch(batch));
  const Random random{0, stream_id("benchmark"), 0};
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(i)));

  const auto optimizer = RMSprop{.learning_rate = 1e-6}.make<float, Cpu>();
  std::vector<std::vector<Tensor<float>>> slots;
  for (const auto& layer : model.layers()) {
    slots.emplace_back();
    for (const auto& p : layer->parameters()) slots.back().emplace_back(p.value.shape());
  }
  const auto update = [&](std::size_t layer, std::span<const TensorView<float, Cpu>> gradients) {
    for (std::size_t p = 0; p < gradients.size(); ++p) {
      if (gradients[p].empty()) continue;
      const TensorView<float, Cpu> slot = slots[layer][p].view();
      optimizer->update(on, 1, model.layers()[layer]->parameters()[p].value.view(), gradients[p], {&slot, 1});
    }
  };
  const auto update_part = [&](std::size_t layer, std::size_t p, std::int64_t first, TensorView<const float, Cpu> g) {
    const TensorView<float, Cpu> slot{slots[layer][p].data() + first, g.shape};
    optimizer->update(on, 1, {model.layers()[layer]->parameters()[p].value.data() + first, g.shape}, g, {&slot, 1});
  };
  const Plan<float, Cpu>::OnStream stream(update_part);
  const auto state = [&](std::size_t layer, std::size_t p) -> TensorView<const float, Cpu> {
    return slots[layer][p].view();
  };
  const Plan<float, Cpu>::StreamState stream_state(state);

  std::vector<std::vector<double>> forward(plan.steps().size()), backward(plan.steps().size());
  std::vector<double> whole;
  Clock::time_point last;
  const auto take = [&](std::size_t step, bool is_backward) {  // a step may be done in several slices
    const Clock::time_point now = Clock::now();
    std::vector<double>& rounds_of_step = (is_backward ? backward : forward)[step];
    rounds_of_step.resize(whole.size() + 1);
    rounds_of_step.back() += std::chrono::duration<double>(now - last).count();
    last = now;
  };
  const Plan<float, Cpu>::OnStep on_step(take);
  for (int round = -2; round < rounds; ++round) {
    if (round == 0) plan.watch(&on_step);
    const Clock::time_point begin = last = Clock::now();
    plan.forward(x.view(), static_cast<std::uint32_t>(round + 2));
    if (training) {
      const TensorView<float, Cpu> dy = plan.output_gradient();
      for (std::int64_t i = 0; i < dy.size(); ++i) dy.data[i] = i % 2 ? 0.1f : -0.1f;
      plan.backward(update, &stream, &stream_state);
    }
    if (round >= 0) whole.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }

  const double all = median(whole);
  std::printf("\n%s, batch %lld, %d threads: %.2f ms; FMA peak %.0f GFLOP/s a thread\n", work.c_str(),
              static_cast<long long>(batch), on.threads(), all * 1e3, peak / 1e9);
  std::printf("%-28s %-16s | %8s %6s %8s %6s | %8s %6s %8s %6s\n", "step", "output", "fwd ms", "share", "GFLOP/s",
              "bound", "bwd ms", "share", "GFLOP/s", "bound");
  bool below = false;  // a gradient for the layer below is needed
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    const auto& step = plan.steps()[i];
    if (step.identity) continue;
    const Layer<float, Cpu>& layer = *step.layer;
    const Shape& input = plan.value_shape(step.inputs.front());
    const double work_of_one = flops(layer, input) * static_cast<double>(batch);
    const double reach = saving(layer, detail::pass_of(on, step, plan.options()), input, batch) * peak * on.threads();
    const auto print = [&](const std::vector<double>& times, double products) {
      if (times.empty()) return static_cast<void>(std::printf(" | %8s %6s %8s %6s", "", "", "", ""));
      const double t = median(times), rate = work_of_one * products / t;
      std::printf(" | %8.3f %5.1f%% %8.0f %5.0f%%", t * 1e3, 100 * t / all, rate / 1e9, 100 * rate / reach);
    };
    std::printf("%-28s %-16s", (layer.name + (step.fused ? " + pool" : "")).c_str(),
                to_string(plan.value_shape(step.output)).c_str());
    print(forward[i], 1);
    print(backward[i], below ? 2 : 1);
    std::printf("\n");
    if (!backward[i].empty()) below = true;
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> works;
  std::int64_t batch = 0;
  int threads = 2, rounds = 12;
  CLI::App app{"times the steps of the experiments' networks"};
  app.add_option("works", works, "W1, W2, W3, W5; without any, all");
  app.add_option("--batch", batch, "samples; without it, the experiment's");
  app.add_option("--threads", threads)->capture_default_str();
  app.add_option("--rounds", rounds)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (works.empty()) works = {"W1", "W2", "W3", "W5"};
  try {
    const Cpu on{threads};
    const double peak = bench::fma_peak<float>();
    for (const std::string& work : works) {
      const bool training = work != "W3";
      if (work != "W1" && work != "W2" && work != "W3" && work != "W5")
        detail::raise<ValueError>("no network is named " + work + "; there are W1, W2, W3 and W5");
      Sequential<float> model = work == "W1"   ? bench::baseline(on)
                                : work == "W2" ? bench::regularised(on)
                                : work == "W3" ? models::vgg16<float>(on, {150, 150, 3})
                                               : bench::fine_tuned(on);
      measure(work, model, batch ? batch : work == "W5" ? 20 : 30, training, rounds, peak);
    }
  } catch (const Error& e) {
    std::fprintf(stderr, "layers_bench: %s\n", e.what());
    return 1;
  }
}
