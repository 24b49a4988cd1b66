// SPDX-License-Identifier: MIT
#include "processes.hpp"

#include <algorithm>
#include <brindle/core/error.hpp>
#include <brindle/train/leaves.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#ifdef BRINDLE_MPI
#include <unistd.h>

#include <brindle/distributed.hpp>
#endif
#ifdef BRINDLE_NCCL
#include <brindle/cuda_distributed.hpp>
#endif

namespace example {

#ifdef BRINDLE_MPI

struct Processes::Mpi {
  std::shared_ptr<brindle::MpiGroup> group = std::make_shared<brindle::MpiGroup>();
  std::FILE* errors = stderr;  ///< for what only this process knows
  int here = 1;                ///< processes on this machine
};

Processes::Processes() {
  if (!brindle::MpiGroup::started()) return;
  mpi_ = std::make_unique<Mpi>();
  group_ = mpi_->group;
  MPI_Comm machine;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  MPI_Comm_size(machine, &mpi_->here);
  MPI_Comm_free(&machine);
  if (first()) return;
  mpi_->errors = ::fdopen(::dup(2), "w");
  for (std::FILE* out : {stdout, stderr})
    if (!std::freopen("/dev/null", "w", out)) brindle::detail::raise<brindle::Error>("/dev/null: cannot be opened");
}

std::optional<int> Processes::parsed(std::optional<int> code) const {
  if (!mpi_) return code;
  const int own = code.value_or(-1);
  std::vector<int> all(static_cast<std::size_t>(group_->size()));
  MPI_Allgather(&own, 1, MPI_INT, all.data(), 1, MPI_INT, MPI_COMM_WORLD);
  std::string others;  // ranks
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank] != all[0]) others += (others.empty() ? "" : ", ") + std::to_string(rank);
  if (others.empty()) return code;
  group_->fails_together();
  brindle::detail::raise<brindle::Error>(
      "the command line of rank " + others +
      " is another than that of rank 0, and one of them is refused or asks for help; "
      "give all processes the same options");
}

int Processes::threads(int asked) const {
  if (asked > 0 || !mpi_ || mpi_->here == 1) return asked;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / mpi_->here);
}

int Processes::fail(const char* program, const std::exception& e) {
  std::fflush(stdout);
  const bool all = !mpi_ || mpi_->group->failed_together();
  if (!all || first()) {
    std::FILE* errors = mpi_ ? mpi_->errors : stderr;
    std::fprintf(errors, "%s: %s\n", program, e.what());
    std::fflush(errors);
  }
  if (!all) mpi_->group->end_all(EXIT_FAILURE);
  if (mpi_) mpi_->group->wait();  // until it is printed
  return EXIT_FAILURE;
}

void Processes::begin(std::int64_t leaves) {
  team_ = brindle::detail::Team(group_);
  team_.together([&] { brindle::detail::leaves_of("--leaves", leaves, team_); });
}

#else

struct Processes::Mpi {};

std::optional<int> Processes::parsed(std::optional<int> code) const { return code; }

void Processes::begin(std::int64_t) {}

Processes::Processes() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* size = std::getenv(name); size && std::atoi(size) > 1)
      brindle::detail::raise<brindle::Error>(
          "this program was started in several processes and built without MPI; install libopenmpi-dev or libmpich-dev "
          "and build it anew");
}

int Processes::threads(int asked) const { return asked; }

int Processes::fail(const char* program, const std::exception& e) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s\n", program, e.what());
  return EXIT_FAILURE;
}

#endif

std::shared_ptr<brindle::ProcessGroup> Processes::group_on_gpu([[maybe_unused]] int gpu) {
#ifdef BRINDLE_NCCL
  if (gpu_group_ || !group_) return gpu_group_;
  int count = 0;
  const bool few = cudaGetDeviceCount(&count) != cudaSuccess || group_->local_rank() >= count;
  if (!team_.any(few)) {
    std::printf("GPUs send to each other by NCCL\n");
    return gpu_group_ = std::make_shared<brindle::NcclGroup>(group_, gpu);
  }
#endif
  if (group_) std::printf("GPUs exchange through the memory of the processors\n");
  return group_;
}

Processes::~Processes() = default;

}  // namespace example
