// SPDX-License-Identifier: MIT
#pragma once

// Training by several processes, on one machine or on several, that exchange what they compute over MPI. Needs MPI
// (link brindle::mpi, or compile with mpicxx); nothing else in brindle does.
#if !__has_include(<mpi.h>)
#error "brindle/distributed.hpp needs MPI: install libopenmpi-dev or libmpich-dev, and link brindle::mpi or use mpicxx"
#endif

// The functions of C; those of C++ are gone from MPI since version 3.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/train/process_group.hpp"

namespace brindle {

/// The processes of `mpirun -n 4 program`, or of Slurm's `srun`:
///
///     const auto group = std::make_shared<MpiGroup>();
///     Trainer trainer{model, Adam{}, BinaryCrossentropy{}, {.leaves = 8, .group = group}};
///
/// Of a program that was started by itself the group has one process. An exception that fit() throws in all processes
/// is known to all (failed_together()), so that rank 0 may print it and all may end. One that is thrown in one process
/// alone would leave the others waiting: print it and call end_all(). The program may use MPI itself meanwhile; the
/// group has a communicator of its own.
class MpiGroup final : public ProcessGroup {
 public:
  /// Of all processes; begins MPI unless the program has, and ends it then. Throws Error if that cannot be, and if
  /// several processes were started that MPI does not know of each other.
  MpiGroup() {
    begin();
    join(MPI_COMM_WORLD);
    expect_all();
  }

  /// Of the processes of a communicator of a program that has begun MPI.
  explicit MpiGroup(MPI_Comm of) { join(of); }

  ~MpiGroup() override {
    int ended = 0;
    MPI_Finalized(&ended);
    // An exception that the others do not know of: they do not come here, so that waiting for them would be for ever.
    if (ended || (std::uncaught_exceptions() > 0 && !together_)) return;
    MPI_Comm_free(&processes_);
    if (begun_) MPI_Finalize();
  }
  MpiGroup(const MpiGroup&) = delete;
  MpiGroup& operator=(const MpiGroup&) = delete;

  /// Whether the program was started by mpirun, mpiexec or srun, as their variables of the environment say.
  static bool started() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMI_RANK", "PMIX_RANK"})
      if (std::getenv(name)) return true;
    const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
    return tasks && std::atoi(tasks) > 1;
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int local_rank() const override { return local_rank_; }

  void exchange(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    together_ = false;  // the program has gone on behind an exception
    do {
      const auto out = send.first(std::min(most, send.size()));
      const auto in = receive.first(std::min(most, receive.size()));
      check(MPI_Sendrecv(out.data(), static_cast<int>(out.size()), MPI_BYTE, partner, 0, in.data(),
                         static_cast<int>(in.size()), MPI_BYTE, partner, 0, processes_, MPI_STATUS_IGNORE),
            "MPI_Sendrecv");
      send = send.subspan(out.size());
      receive = receive.subspan(in.size());
    } while (!send.empty() || !receive.empty());
  }

  void start(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    if (std::max(send.size(), receive.size()) > most) return exchange(partner, send, receive);
    together_ = false;
    check(MPI_Irecv(receive.data(), static_cast<int>(receive.size()), MPI_BYTE, partner, 0, processes_, &under_way_[0]),
          "MPI_Irecv");
    check(MPI_Isend(send.data(), static_cast<int>(send.size()), MPI_BYTE, partner, 0, processes_, &under_way_[1]),
          "MPI_Isend");
  }

  bool ended(bool waits) override {
    int done = 1;
    if (waits)
      check(MPI_Waitall(2, under_way_, MPI_STATUSES_IGNORE), "MPI_Waitall");
    else
      check(MPI_Testall(2, under_way_, &done, MPI_STATUSES_IGNORE), "MPI_Testall");
    return done != 0;
  }

  void fails_together() override { together_ = true; }
  /// Whether the exception that has left fit() has left it in all processes. False again as soon as they go on.
  bool failed_together() const { return together_; }

  /// Waits until all processes are here.
  void wait() { check(MPI_Barrier(processes_), "MPI_Barrier"); }

  /// Ends all processes with this exit code, at once.
  [[noreturn]] void end_all(int code) {
    MPI_Abort(processes_, code);
    std::abort();
  }

 private:
  static constexpr std::size_t most = std::size_t{1} << 30;  // bytes: MPI counts in int

  void begin() {
    int running = 0, given = 0;
    MPI_Initialized(&running);
    if (running) return;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &given), "MPI_Init_thread");
    begun_ = true;
    if (given < MPI_THREAD_FUNNELED)
      detail::raise<Error>("MpiGroup: this MPI is for programs of one thread; use one with MPI_THREAD_FUNNELED");
  }

  void join(MPI_Comm of) {
    check(MPI_Comm_dup(of, &processes_), "MPI_Comm_dup");
    check(MPI_Comm_set_errhandler(processes_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(processes_, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(processes_, &size_), "MPI_Comm_size");
    MPI_Comm machine = MPI_COMM_NULL;
    check(MPI_Comm_split_type(processes_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &machine), "MPI_Comm_split_type");
    check(MPI_Comm_rank(machine, &local_rank_), "MPI_Comm_rank");
    check(MPI_Comm_free(&machine), "MPI_Comm_free");
  }

  // A starter of another MPI gives each process a world of its own: all would write the same files.
  void expect_all() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
      const char* text = std::getenv(name);
      if (!text) continue;
      const int wanted = std::atoi(text);
      if (wanted <= 1 || size_ > 1) return;
      MPI_Comm_free(&processes_);
      if (begun_) MPI_Finalize();
      detail::raise<Error>("MpiGroup: " + std::string(name) + " says that " + std::to_string(wanted) +
                           " processes were started, MPI knows one; start them with the mpirun of the MPI that the "
                           "program was built with, or with srun --mpi=pmix (srun --mpi=list names others)");
    }
  }

  static void check(int code, const char* call) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    detail::raise<Error>(std::string("MpiGroup: ") + call + ": " + text +
                         "; another process is gone, or the network is");
  }

  MPI_Comm processes_ = MPI_COMM_NULL;
  MPI_Request under_way_[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
  int rank_ = 0, size_ = 1, local_rank_ = 0;
  bool begun_ = false, together_ = false;
};

}  // namespace brindle
