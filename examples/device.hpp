// SPDX-License-Identifier: MIT
#pragma once

// The device that an example program works on: --device, --gpu, --precision and --threads.
#include <brindle/core/cpu.hpp>
#include <string>
#include <type_traits>
#ifdef BRINDLE_EXAMPLE_CUDA
#include <brindle/cuda.hpp>
#include <brindle/io/definitions.hpp>  // models on the GPU are saved, too
#endif

#include "command_line.hpp"

namespace example {

struct DeviceOptions {
  std::string name = "cpu";           ///< cpu, cuda or auto
  int gpu = -1;                       ///< CUDA's number of it; -1: by local_rank
  int local_rank = 0;                 ///< of several processes on a machine, which take its GPUs in turn
  std::string precision = "float32";  ///< in which a GPU multiplies
  int threads = 0;                    ///< of the processor; 0: all cores
};

void add_device_options(CommandLine& line, DeviceOptions& o);

#ifdef BRINDLE_EXAMPLE_CUDA
using Gpu = brindle::Cuda;
#else
struct Gpu;  // there is none
#endif

/// Any program(on) for a Cpu, and for a Gpu where it is built for one; a reference, which the program must outlive.
class DeviceProgram {
 public:
  template <class Program, class = std::enable_if_t<!std::is_same_v<Program, DeviceProgram>>>
  DeviceProgram(const Program& program)
      : program_(&program),
        on_cpu_([](const void* p, const brindle::Cpu& on) -> int { return (*static_cast<const Program*>(p))(on); }) {
#ifdef BRINDLE_EXAMPLE_CUDA
    on_gpu_ = [](const void* p, const Gpu& on) -> int { return (*static_cast<const Program*>(p))(on); };
#endif
  }

  int operator()(const brindle::Cpu& on) const { return on_cpu_(program_, on); }
  int operator()(const Gpu& on) const { return on_gpu_(program_, on); }

 private:
  const void* program_;
  int (*on_cpu_)(const void*, const brindle::Cpu&);
  int (*on_gpu_)(const void*, const Gpu&) = nullptr;
};

/// program(on), with the device that was asked for. Throws ValueError where this program was built for the processor.
int run_on(const DeviceOptions& o, const DeviceProgram& program);

}  // namespace example
