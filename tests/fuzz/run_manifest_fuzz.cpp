// SPDX-License-Identifier: MIT
// What write_run_manifest writes: what went into a run and came out of it, as JSON.
#include "brindle/io/run_manifest.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::InputFile file(data, size);
  try {
    const io::RunManifest run = io::read_run_manifest(file.path());
    if (!io::first_difference(run, run).empty() || !io::different_surroundings(run, run).empty()) std::abort();
  } catch (const FileError&) {
  }
  return 0;
}
