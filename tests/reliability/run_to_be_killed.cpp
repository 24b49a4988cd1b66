// SPDX-License-Identifier: MIT
// A training run that a test kills and starts again.
//
//     run_to_be_killed CHECKPOINT seconds OUTCOME [steps per epoch]
//
// Goes on from the checkpoint if there is one; when it is done, writes the checksum of weights and figures to OUTCOME.
#include <brindle/core/file.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "support/checkpointed_run.hpp"

int main(int argc, char** argv) {
  using namespace brindle;
  if (argc < 4) return EXIT_FAILURE;
  try {
    test::CheckpointedRun run({.epochs = 12, .steps_per_epoch = argc > 4 ? std::atoi(argv[4]) : 0, .units = 32});
    const History h = run.fit(checkpoint(argv[1], {.every_seconds = std::atof(argv[2]), .resume = true}));
    replace_file(argv[3], run.outcome(h));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return EXIT_FAILURE;
  }
}
