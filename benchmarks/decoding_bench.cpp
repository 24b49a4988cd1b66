// SPDX-License-Identifier: MIT
// Photos a second that a folder is read by each decoder of JPEG, to 224x224, bilinear: a JSON line a decoder. The
// peers: peers/bench_decoding.py.
//
//     decoding_bench --photos FOLDER [--threads 2] [--rounds 5]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <brindle/brindle.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

using namespace brindle;

int main(int argc, char** argv) {
  CLI::App app{"photos a second that a folder is read by each decoder"};
  std::string photos;
  int threads = 2, rounds = 5;
  app.add_option("--photos", photos, "folder with a subfolder a class")->required();
  app.add_option("--threads", threads);
  app.add_option("--rounds", rounds);
  CLI11_PARSE(app, argc, argv);
  const Cpu on(threads);
  std::vector<std::vector<double>> rates(3);
  const Decoder decoders[] = {Decoder::stb, Decoder::libjpeg_turbo, Decoder::libjpeg_turbo_reduced};
  for (int round = 0; round < rounds; ++round)
    for (std::size_t d = 0; d < 3; ++d) {
      const auto begin = std::chrono::steady_clock::now();
      const data::Pictures read = data::image_folder(
          photos, {.size = {224, 224}, .interpolation = image::Interpolation::bilinear, .decoder = decoders[d]}, on);
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      rates[d].push_back(static_cast<double>(read.size()) / seconds);
    }
  for (std::size_t d = 0; d < 3; ++d) {
    std::sort(rates[d].begin(), rates[d].end());
    std::printf(
        "{\"peer\": \"brindle\", \"work\": \"%s\", \"value\": %.1f, \"min\": %.1f, \"max\": %.1f, "
        "\"unit\": \"photos/s\", \"threads\": %d}\n",
        to_string(decoders[d]).c_str(), rates[d][rates[d].size() / 2], rates[d].front(), rates[d].back(), threads);
  }
}
