// SPDX-License-Identifier: MIT
// Times loading VGG16's weights from a file into a model that is ready to run, and says how much memory that took: a
// JSON line.
//
//     load_bench vgg16_notop.safetensors [--repeat 9]
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/models/pretrained_vgg16.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <vector>

using namespace brindle;

int main(int argc, char** argv) {
  CLI::App app{"times loading VGG16's weights"};
  std::filesystem::path weights;
  int repeat = 9;
  app.add_option("weights", weights, "VGG16's weights without the top: .safetensors, .h5, .keras or .npz")->required();
  app.add_option("--repeat", repeat)->capture_default_str()->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<double> seconds;
    for (int i = 0; i < repeat; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const auto model = models::vgg16<float>(weights, {150, 150, 3});
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    const double first = seconds.front();
    std::sort(seconds.begin(), seconds.end());
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "{\"peer\": \"brindle\", \"work\": \"load VGG16 from %s\", \"value\": %.4g, \"unit\": \"s\", \"first\": %.4g, "
        "\"min\": %.4g, \"max\": %.4g, \"n\": %zu, \"rss_peak_mb\": %.5g}\n",
        weights.extension().string().c_str(), seconds[seconds.size() / 2], first, seconds.front(), seconds.back(),
        seconds.size(), static_cast<double>(usage.ru_maxrss) / 1024);
  } catch (const Error& e) {
    std::fprintf(stderr, "load_bench: %s\n", e.what());
    return 1;
  }
}
