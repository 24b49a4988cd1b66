// SPDX-License-Identifier: MIT
// A run of which the system makes an end without a word, and that goes on from its checkpoint.
//
//     killed FOLDER SECONDS     trains; is ended after so long, by TerminateProcess or SIGKILL; 0: is not
//
// Writes the weights' checksum to FOLDER/outcome.txt when it is done, and counts what it did itself if the file of
// another run, FOLDER/undisturbed.txt, is there to be compared with.
#include <brindle/core/file.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "checks.hpp"
#include "support/checkpointed_run.hpp"

#ifdef _WIN32
#define NOMINMAX
#include <windows.h>
#else
#include <csignal>
#endif

using namespace brindle;

namespace {

void end_now() {
#ifdef _WIN32
  ::TerminateProcess(::GetCurrentProcess(), 9);
#else
  std::raise(SIGKILL);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::filesystem::path folder = argv[1];
  const double seconds = std::atof(argv[2]);
  std::filesystem::create_directories(folder);
  portability::Checks checks;
  if (seconds > 0)
    std::thread([seconds] {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      end_now();
    }).detach();
  checks.runs("training", [&] {
    test::CheckpointedRun run({.epochs = 12, .units = 32});
    const History h = run.fit(checkpoint(folder / "run.checkpoint", {.every_seconds = 0.001, .resume = true}));
    const std::string outcome = run.outcome(h);
    replace_file(folder / "outcome.txt", outcome);
    checks.is(h.epochs() == 12, "all epochs are done");
    if (!std::filesystem::exists(folder / "undisturbed.txt")) return;
    const std::vector<std::uint8_t> other = read_file(folder / "undisturbed.txt");
    checks.is(std::string(other.begin(), other.end()) == outcome, "a run that was ended and went on has the same bits");
  });
  return checks.finish();
}
