// SPDX-License-Identifier: MIT
// Processes whose GPUs send to each other, as threads of one program with a GPU each.
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "brindle/cuda_distributed.hpp"
#include "cuda/gpu.hpp"
#include "support/from_all.hpp"
#include "support/leaf_run.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

using Group = std::shared_ptr<ThreadGroup>;

/// Whether there are so many GPUs; simulated ones are as many as are wanted.
bool gpus(int count) {
#ifdef BRINDLE_CUDA_LAUNCH
  simulated_cuda::set_gpus(count);
#endif
  int found = 0;
  static_cast<void>(cudaGetDeviceCount(&found));
  ::setenv("NCCL_P2P_DIRECT_DISABLE", "1", 1);  // threads: see NcclGroup
  if (found < count) WARN("no CUDA device for each of " << count << " processes");
  return found >= count;
}

std::string trained(const LeafSettings& s, const std::shared_ptr<ProcessGroup>& group, int gpu) {
  return LeafRunOn<Cuda>(Cuda(Cuda::Options{.gpu = gpu}), s, group).trained();
}

std::set<std::string> messages_of(const std::vector<std::exception_ptr>& errors) {
  std::set<std::string> messages;
  for (const auto& error : errors) {
    try {
      if (error) std::rethrow_exception(error);
      messages.insert("no error");
    } catch (const std::exception& e) {
      messages.insert(e.what());
    }
  }
  return messages;
}

}  // namespace

TEST_CASE("GPUs that send to each other train to the bits of one", "[cuda][nccl]") {
  BRINDLE_TEST_NEEDS_GPU();
  for (const LeafSettings& s :
       {LeafSettings{.epochs = 2}, LeafSettings{.epochs = 2, .trainer = {.global_clipnorm = 0.1, .use_ema = true}}}) {
    const std::string alone = trained(s, nullptr, 0);
    const auto one = std::make_shared<NcclGroup>();
    CHECK(one->size() == 1);
    CHECK(trained(s, one, one->gpu()) == alone);
    for (const int processes : {2, 4}) {
      if (!gpus(processes)) continue;
      std::size_t bytes = 0;
      std::vector<std::string> found(static_cast<std::size_t>(processes));
      const auto errors = run_group(
          processes,
          [&](const Group& others) {
            const auto group = std::make_shared<NcclGroup>(others);
            found[static_cast<std::size_t>(group->rank())] = trained(s, group, group->gpu());
          },
          &bytes);
      CHECK(messages_of(errors) == std::set<std::string>{"no error"});
      CHECK(std::set<std::string>(found.begin(), found.end()) == std::set<std::string>{alone});
      // Rows do not go through the processors: what does is less than the weights of a single step.
      std::size_t by_host = 0;
      for (const auto& error : run_group(
               processes, [&](const Group& others) { trained(s, others, others->rank()); }, &by_host))
        CHECK(!error);
      CHECK(2 * bytes < by_host);
    }
  }
  gpus(1);
}

TEST_CASE("each process of a machine takes the next of its GPUs", "[cuda][nccl]") {
  BRINDLE_TEST_NEEDS_GPU();
  for (const int count : {1, 2, 4}) {
    if (!gpus(count)) continue;
    for (const auto& error : run_group(4, [&](const Group& group) {
           if (gpu_of(*group) != group->rank() % count) detail::raise<Error>("another one");
         }))
      CHECK(!error);
  }
  gpus(1);
}

TEST_CASE("two processes on one GPU, and a model on another one, are refused in one line", "[cuda][nccl]") {
  BRINDLE_TEST_NEEDS_GPU();
  if (!gpus(2)) return;
  auto messages = messages_of(run_group(4, [](const Group& others) { NcclGroup group(others); }));
  REQUIRE(messages.size() == 1);
  CHECK_THAT(*messages.begin(), Contains("expected a GPU for each process, got one for ranks 0 and 2"));
  messages = messages_of(run_group(2, [](const Group& others) {
    const auto group = std::make_shared<NcclGroup>(others);
    trained({}, group, 1 - group->gpu());
  }));
  REQUIRE(messages.size() == 1);
  CHECK_THAT(*messages.begin(), Contains("the model is on GPU 1, the group on GPU 0"));
  messages = messages_of(run_group(2, [](const Group& others) { NcclGroup group(others, 7); }));
  REQUIRE(messages.size() == 1);
  CHECK_THAT(*messages.begin(), Contains("cudaSetDevice(gpu_) failed"));
  gpus(1);
}
