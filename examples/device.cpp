// SPDX-License-Identifier: MIT
#include "device.hpp"

#include <brindle/core/cpu.hpp>
#include <brindle/core/error.hpp>
#include <cstdio>
#ifdef BRINDLE_EXAMPLE_CUDA
#include <brindle/cuda.hpp>
#endif

#include "command_line.hpp"

namespace example {

void add_device_options(CommandLine& line, DeviceOptions& o) {
  line.add("--threads", o.threads, "0: all cores").show_default();
  line.add("--device", o.name, "cpu; cuda: an NVIDIA GPU; auto: a GPU if there is one")
      .show_default()
      .one_of({"cpu", "cuda", "auto"});
  line.add(
      "--gpu", o.gpu,
      "CUDA's number of the GPU; without it the first one, and processes of mpirun take those of a machine in turn");
  line.add("--precision", o.precision, "in which a GPU multiplies: float32, tf32 or bf16")
      .show_default()
      .one_of({"float32", "tf32", "bf16"});
}

int run_on(const DeviceOptions& o, const DeviceProgram& program) {
#ifdef BRINDLE_EXAMPLE_CUDA
  if (o.name == "cuda" || (o.name == "auto" && brindle::Cuda::available())) {
    int count = 1;  // no GPU: Cuda says so
    if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) count = 1;
    const Gpu on(brindle::Cuda::Options{.gpu = o.gpu >= 0 ? o.gpu : o.local_rank % count,
                                        .precision = brindle::parse_precision(o.precision)});
    std::printf("on GPU %d, %s, %s\n", on.options().gpu, on.gpu_name().c_str(), o.precision.c_str());
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
