// SPDX-License-Identifier: MIT
// Times the experiments on a GPU, a JSON line for each figure:
//
//     W1 W2 W4 W5   training step of the baseline, the regularised network, the head (30 samples), fine-tuning (20)
//     W3            VGG16, inference of 30 photos and of one
//     W6            augmentation of 30 photos that lie on the GPU
//     E1 to E6      an epoch of each experiment: 3000 photos, or their features
//
//     gpu_bench [--precision float32|tf32|bf16] [--seconds 8] [--photos 3000] [--side 150] [--plain] [--only E1]
//     gpu_bench --describe
//
// --plain: steps are not recorded as CUDA graphs. --only: E1, "E2 and E3", E4, E5, E6, W3 or W6; a profiler wants it
// with --photos 60 --seconds 0 --plain: four steps. --describe: only names the GPU and the libraries.
// Photos are random numbers and weights too: times depend on neither.
// A step's time is that of an epoch after the first, divided by its steps. Needs no package but CUDA and cuDNN.
#include <algorithm>
#include <brindle/cuda.hpp>
#include <brindle/data/in_memory.hpp>
#include <brindle/data/pictures.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "support/networks.hpp"

using namespace brindle;

namespace {

struct Settings {
  Cuda::Options gpu;
  double seconds = 8;
  std::int64_t photos = 3000, side = 150;
  std::string only;  // empty: everything
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// times: seconds of single runs.
void print(const Settings& s, const Cuda& on, const std::string& work, std::vector<double> times, double items,
           double gflop) {
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf(
      "{\"peer\": \"brindle\", \"work\": \"%s\", \"value\": %.5g, \"unit\": \"ms\", \"min\": %.5g, \"max\": %.5g, "
      "\"n\": %zu, \"per_s\": %.5g, \"gflops\": %.5g, \"device\": \"%s\", \"precision\": \"%s\", \"recorded\": %s}\n",
      work.c_str(), median * 1e3, times.front() * 1e3, times.back() * 1e3, times.size(), items / median, gflop / median,
      on.gpu_name().c_str(), to_string(s.gpu.precision).c_str(), s.gpu.record_steps ? "true" : "false");
  std::fflush(stdout);
}

/// Calls work() three times, then until the seconds are spent, waiting for the GPU each time.
template <class Work>
void measure(const Settings& s, const Cuda& on, const std::string& work, double items, double gflop, Work&& call) {
  for (int i = 0; i < 3; ++i) call();
  on.wait();
  std::vector<double> times;
  for (const double end = now() + s.seconds; times.size() < 5 || (now() < end && times.size() < 1000);) {
    const double start = now();
    call();
    on.wait();
    times.push_back(now() - start);
  }
  print(s, on, work, times, items, gflop);
}

/// One epoch that warms up, then some: the line of the epoch and that of its steps. gflop: of a training sample.
void train(const Settings& s, const std::string& experiment, const std::string& step, Sequential<float, Cuda>& model,
           const data::Source& source, std::int64_t batch, double gflop) {
  batch = std::min(batch, source.size());
  Trainer trainer{model, RMSprop{.learning_rate = 1e-5}, BinaryCrossentropy{}};
  std::vector<double> epochs, steps;
  const double end = now() + s.seconds;
  const auto samples = static_cast<double>(source.size());
  const double per_epoch = static_cast<double>((source.size() + batch - 1) / batch);
  for (int epoch = 0; epoch < 2 || (now() < end && epoch < 50); ++epoch) {
    const History h = trainer.fit(source, {.batch = batch, .epochs = 1});
    if (epoch == 0) continue;
    epochs.push_back(h.seconds[0]);
    steps.push_back(h.seconds[0] / per_epoch);
  }
  print(s, model.device(), experiment + " epoch", epochs, samples, gflop * samples);
  if (!step.empty())
    print(s, model.device(), step + " train step", steps, samples / per_epoch, gflop * samples / per_epoch);
}

data::Pictures random_photos(std::int64_t n, std::int64_t side) {
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>({n, side, side, 3});
  const Random random{0, stream_id("benchmark"), 0};
  for (std::int64_t i = 0; i < parts.pixels.size(); i += 4) {
    const Philox words = random.words(static_cast<std::uint64_t>(i));
    for (std::int64_t k = i; k < std::min(i + 4, parts.pixels.size()); ++k)
      parts.pixels[k] = static_cast<std::uint8_t>(words.word[k - i]);
  }
  for (std::int64_t i = 0; i < n; ++i) parts.classes.push_back(i % 2);
  parts.class_names = {"cat", "dog"};
  return data::Pictures(std::move(parts));
}

data::InMemory random_features(std::int64_t n, std::int64_t features) {
  Tensor<float> x({n, features}), labels({n, 1});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 101) / 101;
  for (std::int64_t i = 0; i < n; ++i) labels[i] = static_cast<float>(i % 2);
  return data::InMemory(std::move(x), std::move(labels));
}

/// The line of an error in place of the figures, so that the other workloads get theirs. Returns whether there was
/// none.
template <class Work>
bool attempt(const Settings& s, const char* experiment, Work&& work) {
  if (!s.only.empty() && s.only != experiment) return true;
  try {
    work();
    return true;
  } catch (const std::exception& e) {
    std::string words = e.what();
    std::replace(words.begin(), words.end(), '"', '\'');
    std::printf("{\"peer\": \"brindle\", \"failed\": \"%s\", \"precision\": \"%s\", \"error\": \"%s\"}\n", experiment,
                to_string(s.gpu.precision).c_str(), words.c_str());
    std::fflush(stdout);
    return false;
  }
}

/// Returns whether all workloads got their figures.
bool run(const Settings& s) {
  const Cuda on(s.gpu);
  const data::Pictures photos = random_photos(s.photos, s.side);
  const Augment augment{
      .rotation = 50, .width_shift = 0.2, .height_shift = 0.2, .shear = 0.2, .zoom = 0.3, .flip_horizontal = true};
  const data::CudaAugmented plain(on, photos, {}), augmented(on, photos, augment);

  // Multiply-adds times two, a photo of 150x150; see the experiments' table of networks.
  const double scale = static_cast<double>(s.side * s.side) / (150.0 * 150.0);
  bool all = attempt(s, "E1", [&] {
    auto model = bench::baseline(on, s.side);
    train(s, "E1 baseline", "W1", model, plain, 30, 0.9476 * scale);
  });
  all &= attempt(s, "E2 and E3", [&] {
    auto model = bench::regularised(on, s.side);
    train(s, "E2 dropout", "W2", model, plain, 30, 1.06 * scale);
    train(s, "E3 augmentation", "", model, augmented, 30, 1.06 * scale);
  });
  all &= attempt(s, "W3", [&] {
    const auto vgg16 = models::vgg16<float>(on, {s.side, s.side, 3});
    for (const std::int64_t batch : {std::min<std::int64_t>(30, s.photos), std::int64_t{1}}) {
      const Tensor<float, Cuda> x(vgg16.input_shape().batch(batch));
      measure(s, on, "W3 batch " + std::to_string(batch) + " inference", static_cast<double>(batch),
              13.23 * scale * static_cast<double>(batch), [&] { vgg16.predict(x, batch); });
    }
  });
  all &= attempt(s, "E4", [&] {
    const std::int64_t features = models::vgg16<float>(on, {s.side, s.side, 3}).output_shape().size();
    auto model = bench::head(on, features);
    train(s, "E4 head on features", "W4", model, random_features(s.photos, features), 30, 0.0178);
  });
  all &= attempt(s, "E5", [&] {
    auto model = bench::frozen(on, s.side);
    train(s, "E5 VGG16 frozen", "", model, augmented, 30, 13.25 * scale);
  });
  all &= attempt(s, "E6", [&] {
    auto model = bench::fine_tuned(on, s.side);
    train(s, "E6 fine-tuning", "W5", model, augmented, 20, 22.4 * scale);
  });
  all &= attempt(s, "W6", [&] {
    Tensor<float, Cuda> x({30, s.side, s.side, 3});
    std::vector<data::Draw> draws(30);
    std::uint64_t use = 0;
    measure(s, on, "W6 augmentation bilinear", 30, 0, [&] {
      for (data::Draw& d : draws) d = {static_cast<std::int64_t>(use) % s.photos, use}, ++use;
      augmented.read(on, draws, x.view());
    });
  });
  return all;
}

/// "NVIDIA H100 80GB HBM3, compute capability 9.0, CUDA 13.0 of a driver for 13.0, cuDNN 9.19.0". Throws without a GPU.
std::string describe() {
  const Cuda on;
  cudaDeviceProp gpu;
  int runtime = 0, driver = 0;
  BRINDLE_CUDA_CHECK(cudaGetDeviceProperties(&gpu, on.options().gpu));
  BRINDLE_CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  BRINDLE_CUDA_CHECK(cudaDriverGetVersion(&driver));
  const auto text = [](auto number) { return std::to_string(number); };
  const std::size_t cudnn = cudnnGetVersion();
  return on.gpu_name() + ", compute capability " + text(gpu.major) + "." + text(gpu.minor) + ", CUDA " +
         text(runtime / 1000) + "." + text(runtime % 1000 / 10) + " of a driver for " + text(driver / 1000) + "." +
         text(driver % 1000 / 10) + ", cuDNN " + text(cudnn / 10000) + "." + text(cudnn % 10000 / 100) + "." +
         text(cudnn % 100);
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  try {
    for (int i = 1; i < argc; ++i) {
      const std::string option = argv[i];
      if (option == "--describe") {
        std::printf("%s\n", describe().c_str());
        return EXIT_SUCCESS;
      }
      if (option == "--plain") {
        s.gpu.record_steps = false;
        continue;
      }
      if (++i == argc) detail::raise<ValueError>("gpu_bench: " + option + " needs a value");
      const std::string value = argv[i];
      if (option == "--precision")
        s.gpu.precision = parse_precision(value);
      else if (option == "--seconds")
        s.seconds = std::stod(value);
      else if (option == "--photos")
        s.photos = std::stoll(value);
      else if (option == "--side")
        s.side = std::stoll(value);
      else if (option == "--only")
        s.only = value;
      else
        detail::raise<ValueError>("gpu_bench: no option " + option + "; see the first lines of gpu_bench.cpp");
    }
    return run(s) ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return EXIT_FAILURE;
  }
}
