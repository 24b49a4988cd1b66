// SPDX-License-Identifier: MIT
// A training run by the processes that MPI has started, for tests.
//
//     mpirun -n 2 run_over_mpi OUTCOME EPOCHS [CHECKPOINT [WHAT]]
//
// Goes on from the checkpoint if there is one. When it is done, process 0 writes the checksum of weights and figures to
// OUTCOME, which is that of all processes. Each process leaves its number in OUTCOME.pid.<rank>, for who kills it. WHAT
// goes wrong in the last process: "batch" (another one), "data" (a sample that cannot be read), "alone" (an exception
// that the others do not know of), "later" (the same, behind a run that has failed in all and one that has not), "call"
// (a call that is for all, behind the end of the others), "callback" (the same, in a callback). With BRINDLE_RUN_ON_GPU
// each process trains on a GPU.
#include <unistd.h>

#include <brindle/core/file.hpp>
#include <brindle/distributed.hpp>
#include <brindle/train/checkpoint.hpp>
#include <brindle/train/team.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef BRINDLE_RUN_ON_GPU
#include <brindle/cuda.hpp>
#endif
#include "support/leaf_run.hpp"
#include "support/torn_source.hpp"

using namespace brindle;

namespace {

#ifdef BRINDLE_RUN_ON_GPU
using Device = Cuda;
Device device(const ProcessGroup& group) { return Cuda(Cuda::Options{.gpu = gpu_of(group)}); }
#else
using Device = Cpu;
Device device(const ProcessGroup&) { return Cpu{1}; }
#endif

void run(const std::shared_ptr<MpiGroup>& group, const std::string& outcome, std::int64_t epochs,
         const std::string& file, const std::string& wrong) {
  const bool last = group->rank() == group->size() - 1;
  if (group->local_rank() != group->rank()) detail::raise<Error>("all are on one machine, in the order of their ranks");
  test::LeafSettings s{.epochs = epochs};
  if (!file.empty()) s.checkpoint = checkpoint(file, {.every_seconds = 0.02, .resume = true});
  if (last && wrong == "batch") s.batch = 20;
  const Device on = device(*group);
  if (wrong == "later") {
    try {
      test::LeafRunOn<Device>(on, {.epochs = last ? 0 : 1}, group).fit();
    } catch (const ValueError&) {  // in all of them
    }
    test::LeafRunOn<Device>(on, {.epochs = 1}, group).fit();
  }
  if (last && (wrong == "alone" || wrong == "later")) throw std::runtime_error("this process has no memory left");
  test::LeafRunOn<Device>* trains = nullptr;
  if (wrong == "callback")
    s.callbacks = {{.step = [&](FitState&) {
      if (last) trains->trainer().evaluate(trains->data());
    }}};
  test::LeafRunOn<Device> run(on, s, group);
  trains = &run;
  if (wrong == "call") {
    run.fit();
    if (last) run.trainer().evaluate(run.data());
    return;
  }
  if (wrong == "data") {
    const test::Torn torn(run.data());
    run.trainer().fit(last ? torn : run.data(), {.batch = 10, .epochs = epochs});
    return;
  }
  const std::string own = run.outcome(run.fit());
  detail::Team team(group);
  for (const std::string& other : team.gather(own))
    if (other != own) detail::raise<Error>("the processes have other bits: " + own + " and " + other);
  if (team.first()) {
    replace_file(outcome, own);
    std::printf("%d processes waited for each other and exchanged for %.3f s\n", team.size(),
                run.trainer().exchange_seconds());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return EXIT_FAILURE;
  const std::vector<std::string> words(argv, argv + argc);
  const auto group = std::make_shared<MpiGroup>();
  try {
    replace_file(words[1] + ".pid." + std::to_string(group->rank()), std::to_string(::getpid()));
    run(group, words[1], std::atoi(argv[2]), words.size() > 3 ? words[3] : "", words.size() > 4 ? words[4] : "");
    return EXIT_SUCCESS;
  } catch (const std::exception& e) {
    const bool all = group->failed_together();
    if (!all || group->rank() == 0) std::fprintf(stderr, "run_over_mpi: %s\n", e.what());
    if (!all) group->end_all(EXIT_FAILURE);
    group->wait();  // until it is printed
    return EXIT_FAILURE;
  }
}
