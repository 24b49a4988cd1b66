// SPDX-License-Identifier: MIT
// Runs a model that another system has trained and saved: the smallest program that does, header by header as a program
// for a browser or a small device would.
//
//     predict REFERENCE     a folder that the program `train` has written
#include <brindle/io/safetensors.hpp>
#include <brindle/io/saved_model.hpp>
#include <brindle/ops/cpu.hpp>
#include <brindle/ops/cpu_simd.hpp>
#include <cstdio>
#include <filesystem>

#include "checks.hpp"

using namespace brindle;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  portability::Checks checks;
  checks.runs("a saved model", [&] {
    const std::filesystem::path reference = argv[1];
    const io::SavedModel<float> saved = io::load_model(reference / "trained.safetensors", Cpu{1});
    const Tensor<float> outputs = saved.model.predict(portability::drawn_pictures(32, 2), 8);
    io::SafetensorsFile numbers(reference / "numbers.safetensors");
    checks.near(outputs.span(), numbers.read<float>("outputs").span(), 1e-5, "the outputs of the reference's model");
    std::printf("kernels: %s, %s\n", ops::cpu_isa().c_str(), ops::cpu_simd().c_str());
  });
  checks.refuses("a missing model", "none.safetensors: cannot be opened",
                 [] { io::load_model("none.safetensors", Cpu{1}); });
  return checks.finish();
}
