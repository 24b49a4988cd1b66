// SPDX-License-Identifier: MIT
// Trains a small network on drawn pictures.
//
//     train FOLDER               writes losses, the model and its outputs there
//     train FOLDER REFERENCE     the same, and compares with what another system has written to REFERENCE
//
// The same seeds give the same pictures, weights and order everywhere. Sums are rounded differently by other kernels,
// and training makes much of a last bit: losses may differ by 0.002 after eight epochs, those of one model by 0.00001.
#include <brindle/brindle.hpp>
#include <brindle/core/file.hpp>
#include <brindle/io/safetensors.hpp>
#include <brindle/io/saved_model.hpp>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "checks.hpp"

using namespace brindle;

namespace {

constexpr std::int64_t samples = 96, held_out = 32;

std::vector<float> alternating(std::int64_t n) {
  std::vector<float> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(static_cast<float>(i % 2));
  return labels;
}

void write_numbers(const std::filesystem::path& path, const std::vector<double>& losses, const Tensor<float>& outputs) {
  const std::vector<io::SafetensorsEntry> entries{
      {"losses",
       "F64",
       {static_cast<std::int64_t>(losses.size())},
       losses.data(),
       static_cast<std::int64_t>(losses.size() * sizeof(double))},
      {"outputs", "F32", outputs.shape(), outputs.data(), static_cast<std::int64_t>(outputs.bytes())}};
  io::write_safetensors(path, entries);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  portability::Checks checks;
  checks.runs("training", [&] {
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    const data::InMemory train(portability::drawn_pictures(samples, 1), alternating(samples), {"disc", "square"});
    const data::InMemory validation(portability::drawn_pictures(held_out, 2), alternating(held_out),
                                    {"disc", "square"});
    Sequential<float> model{Cpu{2},
                            {16, 16, 3},
                            Conv2D{8, 3, relu},
                            MaxPool2D{2},
                            SeparableConv2D{16, 3, relu},
                            BatchNormalization{.momentum = 0.8},
                            Flatten{},
                            Dropout{0.25},
                            Dense{16, relu},
                            Dense{1, sigmoid}};
    model.initialize(5);
    Trainer trainer{model, Adam{.learning_rate = 0.005}, BinaryCrossentropy{}, {.seed = 5}};
    const History h = trainer.fit(train, {.batch = 16, .epochs = 8, .validation = validation});
    std::vector<double> losses = h.loss;
    losses.insert(losses.end(), h.val_loss.begin(), h.val_loss.end());
    for (std::size_t e = 0; e < h.epochs(); ++e)
      std::printf("epoch %d loss %.6f accuracy %.4f val_loss %.6f val_accuracy %.4f\n", static_cast<int>(e) + 1,
                  h.loss[e], h.accuracy[e], h.val_loss[e], h.val_accuracy[e]);
    checks.is(h.loss.back() < h.loss.front() * 0.7, "the loss falls below 0.7 of the first epoch's");
    checks.is(h.accuracy.back() > 0.8, "the accuracy is above 0.8");
    const Tensor<float> x = portability::drawn_pictures(held_out, 2), outputs = model.predict(x, 8);
    io::save_model(model, folder / "trained.safetensors", train);
    write_numbers(folder / "numbers.safetensors", losses, outputs);

    const Tensor<float> again = io::load_model(folder / "trained.safetensors").model.predict(x, 8);
    checks.near(again.span(), outputs.span(), 0, "the outputs of the model, saved and loaded,");
    if (argc < 3) return;
    const std::filesystem::path reference = argv[2];
    io::SafetensorsFile numbers(reference / "numbers.safetensors");
    checks.near(losses, numbers.read<double>("losses").span(), 0.002, "the reference's losses");
    const Tensor<float> theirs = io::load_model(reference / "trained.safetensors").model.predict(x, 8);
    checks.near(theirs.span(), numbers.read<float>("outputs").span(), 1e-5, "the outputs of the reference's model");
  });
  return checks.finish();
}
