// SPDX-License-Identifier: MIT
// Times the networks of today, a JSON line for each row, named as the peers' programs name them:
//
//     M1-1 M1-32   MobileNetV2, 224x224, with its top: inference of one photo, of 32
//     M2-1 M2-32   EfficientNet-Lite0, the same
//     M3-1 M3-32   ResNet50, the same
//     M4-1 M4-32   ResNet18, the same
//     M5           MobileNetV2, 160x160, training step of 32 with all layers, SGD with momentum
//     M6           ResNet18, the same
//     M7           EfficientNet-Lite0, 224x224, training step of 32, the last third learns, Adam
//     M8           a folder of photos to features of EfficientNet-Lite0, 224x224 (--photos FOLDER)
//     M9           the same with large photos, read at a part of their size (--large FOLDER)
//
//     modern_bench M3-32 [--threads 2] [--seconds 8]
//     modern_bench --write FOLDER M1 M2 M2-features M3 M4 W3        networks as ONNX for the peers, with inputs and our
//     outputs modern_bench --make 200 --photos FOLDER --large FOLDER     photos of 12 megapixels for M9
//
// One row a process gives the peak memory of that row. Networks predict folded, with fixed weights. Weights are random:
// the time does not depend on them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/image/encode.hpp>
#include <brindle/io/features.hpp>
#include <brindle/io/safetensors.hpp>
#include <brindle/io/save_onnx.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/measure.hpp"
#include "support/modern_networks.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

struct Settings : bench::Timing {
  std::vector<std::string> rows;
  fs::path photos, large, write;
  std::int64_t make = 0;
};

void infer(const Settings& s, const std::string& row, std::int64_t batch) {
  const Model<float> model = folded(bench::predicting_network(Cpu{s.threads}, row));
  const Tensor<float> x = bench::random_batch(model.input_shape().batch(batch));
  const auto photos = static_cast<double>(batch);
  bench::measure(s, row + " batch " + std::to_string(batch) + " inference", photos,
                 photos * bench::predicting_gflop(row), [&] { model.predict(x, batch); });
}

template <class Optimizer>
void train(const Settings& s, const std::string& work, Model<float> model, const Optimizer& optimizer) {
  constexpr std::int64_t batch = 32;
  Trainer trainer{model, optimizer, SparseCategoricalCrossentropy{}};
  const Tensor<float> x = bench::random_batch(model.input_shape().batch(batch));
  Tensor<float> y({batch, 1});
  for (std::int64_t i = 0; i < batch; ++i) y[i] = static_cast<float>(i % model.output_shape().back());
  bench::measure(s, work, static_cast<double>(batch), 0, [&] { trainer.train_on_batch(x.view(), y.view()); });
}

/// The files to what the base sees in them, once: who repeats it finds the files in the system's memory.
void extract(const Settings& s, const std::string& row, const fs::path& photos, Decoder decoder) {
  const Cpu on{s.threads};
  const Model<float> base = folded(bench::predicting_network(on, "M2-features"));
  const data::ImageFolderOptions how{.size = {224, 224},
                                     .interpolation = image::Interpolation::bilinear,
                                     .preprocessing = Preprocessing::efficientnet_lite,
                                     .decoder = decoder};
  base.predict(bench::random_batch(base.input_shape().batch(32)), 32);
  const double begin = bench::now();
  const io::Features seen = io::extract(base, data::FolderStream(photos, how, on));
  const std::int64_t n = seen.x.shape()[0];
  bench::print_times(s, row + " features of " + std::to_string(n) + " photos", static_cast<double>(n), 0,
                     {bench::now() - begin}, ", \"decoder\": \"" + to_string(decoder) + "\"");
}

/// Writes the network as peers read it, and 32 inputs with what it gives for them.
void write(const Settings& s, const std::string& row) {
  const Model<float> model = folded(bench::predicting_network(Cpu{s.threads}, row));
  const Tensor<float> x = bench::random_batch(model.input_shape().batch(32)), y = model.predict(x, 32);
  io::save_onnx(model, s.write / (row + ".onnx"));
  const auto entry = [](const char* name, const Tensor<float>& t) {
    return io::SafetensorsEntry{name, "F32", t.shape(), t.data(), static_cast<std::int64_t>(t.bytes())};
  };
  const std::vector<io::SafetensorsEntry> entries{entry("x", x), entry("y", y)};
  io::write_safetensors(s.write / (row + ".safetensors"), entries, {});
}

/// Photos of 4000x3000, from small ones: enlarged, with noise as of a sensor, without which their files would be a
/// fraction of what a camera's are.
void make_large(const Settings& s) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(s.photos))
    if (entry.path().extension() == ".jpg") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (static_cast<std::int64_t>(files.size()) < s.make)
    detail::raise<ValueError>(s.photos.string() + ": has " + std::to_string(files.size()) + " photos (.jpg), wanted " +
                              std::to_string(s.make));
  const auto step = static_cast<std::int64_t>(files.size()) / s.make;  // through all classes
  fs::create_directories(s.large);
  Cpu{s.threads}.parallel(s.make, [&](std::int64_t i, int) {
    const fs::path& from = files[static_cast<std::size_t>(i * step)];
    image::Picture photo = image::resize(image::decode(from), {3000, 4000}, image::Interpolation::bilinear);
    const Random random{1, stream_id("noise"), static_cast<std::uint32_t>(i)};
    for (std::size_t p = 0; p < photo.pixels.size(); ++p) {
      const int noise = static_cast<int>(random.below(p, 17)) - 8;
      photo.pixels[p] = static_cast<std::uint8_t>(std::clamp(photo.pixels[p] + noise, 0, 255));
    }
    image::write_jpeg(s.large / from.filename(), photo, 90);
  });
}

void run(const Settings& s, const std::string& row) {
  const Cpu on{s.threads};
  const std::size_t dash = row.find('-');
  if (row == "M5")
    train(s, "M5 train step",
          models::mobilenet_v2<float>(on, {160, 160, 3},
                                      {.variant = models::MobileNetV2Variant::torchvision, .include_top = true}),
          SGD{.learning_rate = 0.01, .momentum = 0.9});
  else if (row == "M6")
    train(s, "M6 train step", models::resnet18<float>(on, {160, 160, 3}, {.include_top = true}),
          SGD{.learning_rate = 0.01, .momentum = 0.9});
  else if (row == "M7")
    train(s, "M7 train step", bench::fine_tuned_efficientnet(on, false), Adam{.learning_rate = 1e-4});
  else if (row == "M7-folded")
    train(s, "M7 train step, folded", bench::fine_tuned_efficientnet(on, true), Adam{.learning_rate = 1e-4});
  else if (row == "M8" && !s.photos.empty())
    extract(s, row, s.photos, Decoder::libjpeg_turbo);
  else if (row == "M9" && !s.large.empty())
    extract(s, row, s.large, Decoder::libjpeg_turbo_reduced);
  else if (dash != std::string::npos && (row.substr(dash) == "-1" || row.substr(dash) == "-32"))
    infer(s, row.substr(0, dash), std::stoll(row.substr(dash + 1)));
  else
    detail::raise<ValueError>("no row is " + row +
                              "; there are M1-1, M1-32, ..., M4-32, M5, M6, M7, M7-folded, M8 with --photos, M9 with "
                              "--large");
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app{"times the networks of today"};
  app.add_option("rows", s.rows,
                 "M1-1, M1-32, ..., M4-32, M5, M6, M7, M7-folded, M8, M9; with --write M1 to M4, M2-features, W3");
  app.add_option("--photos", s.photos, "folder of photos for M8 and --make");
  app.add_option("--large", s.large, "folder of large photos for M9");
  app.add_option("--make", s.make, "make so many large photos");
  app.add_option("--write", s.write, "folder for networks as ONNX");
  app.add_option("--threads", s.threads)->capture_default_str();
  app.add_option("--seconds", s.seconds, "for each row")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    if (s.make > 0) make_large(s);
    for (const std::string& row : s.rows) s.write.empty() ? run(s, row) : write(s, row);
  } catch (const Error& e) {
    std::fprintf(stderr, "modern_bench: %s\n", e.what());
    return 1;
  }
}
