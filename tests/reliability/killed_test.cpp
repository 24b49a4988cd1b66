// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

#include "brindle/core/file.hpp"
#include "brindle/core/random.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;

namespace {

/// Starts the run and kills it after so many milliseconds. Whether it had ended by itself, with success.
bool ended_before_the_kill(const std::string& checkpoint, const char* seconds, const std::string& outcome,
                           const char* steps_per_epoch, int milliseconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(BRINDLE_RUN_TO_BE_KILLED, BRINDLE_RUN_TO_BE_KILLED, checkpoint.c_str(), seconds, outcome.c_str(),
            steps_per_epoch, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  REQUIRE(child > 0);
  int status = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (milliseconds >= 0 && std::chrono::steady_clock::now() >= end) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  // Anything but success and our own kill is a failure: of reading a checkpoint, for example.
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  REQUIRE((killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)));
  return !killed;
}

std::string content(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a run that is killed at random moments ends with the bits of one that is not", "[reliability][killed]") {
  int kills = 0;
  std::uint64_t draw = 0;
  // A checkpoint after each step, and one an epoch; epochs of one pass, and epochs that begin in the middle of one.
  for (const char* seconds : {"0.000000001", "0"})
    for (const char* steps_per_epoch : {"0", "4"}) {
      const TemporaryFolder folder;
      const std::string whole = folder / "whole", outcome = folder / "outcome";
      REQUIRE(ended_before_the_kill(folder / "whole.checkpoint", "0", whole, steps_per_epoch, -1));
      int rounds = 0, here = 0, longest = 60;
      while (here < 15) {
        // The same run again and again, until it has been killed often enough.
        const std::string checkpoint = folder / ("run" + std::to_string(rounds++) + ".checkpoint");
        for (int tries = 0;; ++tries) {
          const auto after = static_cast<int>(Random{17, 0, 0}.below(draw++, longest));
          if (ended_before_the_kill(checkpoint, seconds, outcome, steps_per_epoch, after)) break;
          ++here;
          if (tries > 0 && tries % 15 == 0) longest *= 2;  // a machine that is too busy to come to a checkpoint
        }
        REQUIRE(content(outcome) == content(whole));
        std::filesystem::remove(outcome);
        detail::remove_unfinished(checkpoint);
      }
      kills += here;
    }
  CHECK(kills >= 60);
}
