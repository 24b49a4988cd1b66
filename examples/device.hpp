#pragma once

// The device that an example program works on: --device, --precision and --threads.
#include <CLI/CLI.hpp>
#include <brindle/brindle.hpp>
#include <cstdio>
#include <string>
#ifdef BRINDLE_EXAMPLE_CUDA
#include <brindle/cuda.hpp>
#endif

namespace example {

struct DeviceOptions {
  std::string name = "cpu";           ///< cpu, cuda or auto
  std::string precision = "float32";  ///< in which a GPU multiplies
  int threads = 0;                    ///< of the processor; 0: all cores
};

inline void add_device_options(CLI::App& app, DeviceOptions& o) {
  app.add_option("--threads", o.threads, "0: all cores")->capture_default_str();
  app.add_option("--device", o.name, "cpu; cuda: an NVIDIA GPU; auto: a GPU if there is one")
      ->capture_default_str()
      ->check(CLI::IsMember({"cpu", "cuda", "auto"}));
  app.add_option("--precision", o.precision, "in which a GPU multiplies: float32, tf32 or bf16")
      ->capture_default_str()
      ->check(CLI::IsMember({"float32", "tf32", "bf16"}));
}

/// program(on), with the device that was asked for. Throws ValueError where this program was built for the processor.
template <class Program>
int run_on(const DeviceOptions& o, Program&& program) {
#ifdef BRINDLE_EXAMPLE_CUDA
  if (o.name == "cuda" || (o.name == "auto" && brindle::Cuda::available())) {
    const brindle::Cuda on(brindle::Cuda::Options{.precision = brindle::parse_precision(o.precision)});
    std::printf("on %s, %s\n", on.gpu_name().c_str(), o.precision.c_str());
    return program(on);
  }
#else
  if (o.name == "cuda")
    brindle::detail::raise<brindle::ValueError>(
        "--device cuda: this program was built without CUDA; configure it with -DBRINDLE_CUDA=ON");
#endif
  return program(brindle::Cpu{o.threads});
}

}  // namespace example
