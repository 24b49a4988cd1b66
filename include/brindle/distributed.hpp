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
#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

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
///
/// A process that calls alone what all call together is told so by an Error, also if the others have come to their end:
/// a group waits for the others before it goes.
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
    part();
    give_back();
    MPI_Comm_free(&machine_);
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
  int local_size() const override { return local_size_; }

  void exchange(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    do {
      const auto out = send.first(std::min(most, send.size()));
      const auto in = receive.first(std::min(most, receive.size()));
      start(partner, out, in);
      ended(true);
      send = send.subspan(out.size());
      receive = receive.subspan(in.size());
    } while (!send.empty() || !receive.empty());
  }

  void start(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    if (std::max(send.size(), receive.size()) > most) return exchange(partner, send, receive);
    together_ = false;  // the program has gone on behind an exception
    partner_ = partner;
    expected_ = receive.size();
    show_shared();
    check(MPI_Irecv(receive.data(), static_cast<int>(receive.size()), MPI_BYTE, partner, MPI_ANY_TAG, processes_,
                    &under_way_[0]),
          "MPI_Irecv");
    check(MPI_Isend(send.data(), static_cast<int>(send.size()), MPI_BYTE, partner, message, processes_, &under_way_[1]),
          "MPI_Isend");
  }

  bool ended(bool waits) override {
    const bool any = under_way_[0] != MPI_REQUEST_NULL;  // else start() has done it all
    int done = 0, code = MPI_SUCCESS;
    MPI_Status statuses[2];
    for (;;) {  // MPI's own waiting may keep others from the core, where there are more processes than cores
      code = MPI_Testall(2, under_way_, &done, statuses);
      if (done || !waits || code != MPI_SUCCESS) break;
      std::this_thread::yield();
    }
    if (code == MPI_ERR_IN_STATUS)
      for (const MPI_Status& s : statuses)
        if (s.MPI_ERROR != MPI_SUCCESS && s.MPI_ERROR != MPI_ERR_PENDING) code = s.MPI_ERROR;
    if (any && (done || code != MPI_SUCCESS)) expect_received(code, statuses[0]);
    if (done) show_shared();
    return done != 0;
  }

  /// Where the place for it is too small (/dev/shm; `docker run --shm-size`), the processes send each other messages.
  std::shared_ptr<const SharedMemory> share(std::size_t bytes) override {
    if (!all_of_machine(shared_.use_count() <= 1)) return nullptr;  // somebody has it
    if (!all_of_machine(shared_ && shared_->own.size() >= bytes)) {
      give_back();
      take(bytes + line);  // since a window may begin anywhere
    }
    if (shared_) std::fill(shared_->own.begin(), shared_->own.end(), std::byte{});
    return shared_;
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
  static constexpr std::size_t line = 64;                    // bytes: of the cache
  static constexpr int message = 0, goodbye = 1;             // tags

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
    check(MPI_Comm_split_type(processes_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &machine_),
          "MPI_Comm_split_type");
    check(MPI_Comm_set_errhandler(machine_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(machine_, &local_rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(machine_, &local_size_), "MPI_Comm_size");
  }

  bool all_of_machine(bool value) {
    int all = value ? 1 : 0;
    check(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, machine_), "MPI_Allreduce");
    return all == 1;
  }

  // Whether the machine's processes find room for the bytes of each. Linux has it in this folder. MPI takes some there
  // as well when it first sends, and more for a window than its bytes: Open MPI wants a twentieth, and where only a bit
  // is missing, one process gets an error and the others wait for it for ever.
  bool has_place(std::size_t bytes) const {
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space("/dev/shm", error);
    std::uint64_t wanted = bytes + bytes / 8 + (std::size_t{4} << 20);  // then that of all
    check(MPI_Allreduce(MPI_IN_PLACE, &wanted, 1, MPI_UINT64_T, MPI_SUM, machine_), "MPI_Allreduce");
    return local_size_ > 1 && !error && space.available > wanted;
  }

  // Has the system find the pages now. Linux ends a program that writes where no place is left, as when other programs
  // have taken it meanwhile; so it is asked first, where it can be (from Linux 5.14 on).
  static bool has_pages([[maybe_unused]] std::byte* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE
    constexpr std::uintptr_t page = 4096;  // or more, which begin at a multiple of it
    const auto address = reinterpret_cast<std::uintptr_t>(begin), into = address % page;
    return ::madvise(begin - into, bytes + into, MADV_POPULATE_WRITE) == 0 || errno == EINVAL;
#else
    return true;
#endif
  }

  void take(std::size_t bytes) {
    if (!all_of_machine(has_place(bytes))) return;
    std::byte* own = nullptr;
    MPI_Info apart = MPI_INFO_NULL;  // each process's at a page of its own
    check(MPI_Info_create(&apart), "MPI_Info_create");
    check(MPI_Info_set(apart, "alloc_shared_noncontig", "true"), "MPI_Info_set");
    const int code =
        MPI_Win_allocate_shared(static_cast<MPI_Aint>(bytes), 1, apart, machine_, static_cast<void*>(&own), &window_);
    MPI_Info_free(&apart);
    if (!all_of_machine(code == MPI_SUCCESS)) {  // then it is not collective to free it
      window_ = MPI_WIN_NULL;
      return;
    }
    if (!all_of_machine(has_pages(own, bytes))) {
      MPI_Win_free(&window_);
      return;
    }
    check(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
    check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
    std::vector<int> ranks(static_cast<std::size_t>(local_size_));
    check(MPI_Allgather(&rank_, 1, MPI_INT, ranks.data(), 1, MPI_INT, machine_), "MPI_Allgather");
    auto shared = std::make_shared<SharedMemory>();
    shared->own = {at_line(own), bytes - line};
    shared->of_all.assign(static_cast<std::size_t>(size_), nullptr);
    for (int r = 0; r < local_size_; ++r) {
      MPI_Aint size = 0;
      int unit = 0;
      std::byte* begin = nullptr;
      check(MPI_Win_shared_query(window_, r, &size, &unit, static_cast<void*>(&begin)), "MPI_Win_shared_query");
      shared->of_all[static_cast<std::size_t>(ranks[static_cast<std::size_t>(r)])] = at_line(begin);
    }
    shared_ = std::move(shared);
  }

  // All processes of the machine at the same time.
  void give_back() {
    if (!shared_) return;
    shared_ = nullptr;
    MPI_Win_unlock_all(window_);
    MPI_Win_free(&window_);
  }

  // What this process has written is seen by the others, and what they have, by this one.
  void show_shared() {
    if (shared_) MPI_Win_sync(window_);
  }

  static std::byte* at_line(std::byte* p) {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    return p + ((line - address % line) % line);
  }

  // A starter of another MPI gives each process a world of its own: all would write the same files.
  void expect_all() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
      const char* text = std::getenv(name);
      if (!text) continue;
      const int wanted = std::atoi(text);
      if (wanted <= 1 || size_ > 1) return;
      MPI_Comm_free(&machine_);
      MPI_Comm_free(&processes_);
      if (begun_) MPI_Finalize();
      detail::raise<Error>("MpiGroup: " + std::string(name) + " says that " + std::to_string(wanted) +
                           " processes were started, MPI knows one; start them with the mpirun of the MPI that the "
                           "program was built with, or with srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH)");
    }
  }

  // What came must be what was waited for. Else the two are in different calls.
  void expect_received(int code, const MPI_Status& status) {
    int kind = MPI_SUCCESS, bytes = 0;
    if (code != MPI_SUCCESS) MPI_Error_class(code, &kind);
    if (kind != MPI_ERR_TRUNCATE) check(code, "MPI_Testall");
    std::string what = "has sent more than was expected";
    if (kind != MPI_ERR_TRUNCATE) {
      if (status.MPI_TAG != goodbye) {
        check(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
        if (bytes == static_cast<int>(expected_)) return;
        what = "has sent " + std::to_string(bytes) + " bytes, " + std::to_string(expected_) + " were expected";
      } else {
        gone_ |= static_cast<unsigned>(rank_ ^ partner_);
        what = "has ended";
      }
    }
    detail::raise<Error>("MpiGroup: rank " + std::to_string(rank_) + " is in a call in which rank " +
                         std::to_string(partner_) + " is not: that one " + what +
                         "; call fit(), evaluate(), predict() and optimizer_state() in all processes, of a Trainer "
                         "with the group");
  }

  // Tells those with whom exchanges are made, whose numbers differ in one bit, that this process has ended, and waits
  // until they say the same. Who is in an exchange instead is told by that, and does not wait for ever.
  void part() {
    std::vector<MPI_Request> said;
    for (unsigned bit = 1; bit < static_cast<unsigned>(size_); bit *= 2) {
      const int other = rank_ ^ static_cast<int>(bit);
      if (other >= size_) continue;
      said.push_back(MPI_REQUEST_NULL);
      if (MPI_Isend(nullptr, 0, MPI_BYTE, other, goodbye, processes_, &said.back()) != MPI_SUCCESS) return;
    }
    std::vector<std::byte> lost;
    for (unsigned bit = 1; bit < static_cast<unsigned>(size_); bit *= 2) {
      const int other = rank_ ^ static_cast<int>(bit);
      for (bool here = other < size_ && !(gone_ & bit); here;) {
        MPI_Status status;
        int there = 0, bytes = 0;
        if (MPI_Iprobe(other, MPI_ANY_TAG, processes_, &there, &status) != MPI_SUCCESS) return;
        if (!there) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));  // it may compute on this core
          continue;
        }
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        lost.resize(static_cast<std::size_t>(bytes));
        if (MPI_Recv(lost.data(), bytes, MPI_BYTE, other, status.MPI_TAG, processes_, &status) != MPI_SUCCESS) return;
        here = status.MPI_TAG != goodbye;
      }
    }
    MPI_Waitall(static_cast<int>(said.size()), said.data(), MPI_STATUSES_IGNORE);
  }

  static void check(int code, const char* call) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    detail::raise<Error>(std::string("MpiGroup: ") + call + ": " + text +
                         "; another process is gone, or the network is");
  }

  MPI_Comm processes_ = MPI_COMM_NULL, machine_ = MPI_COMM_NULL;  // all, and those of this machine
  MPI_Win window_ = MPI_WIN_NULL;
  std::shared_ptr<SharedMemory> shared_;  // what is in it
  MPI_Request under_way_[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
  int rank_ = 0, size_ = 1, local_rank_ = 0, local_size_ = 1;
  int partner_ = 0;           // of what is under way
  std::size_t expected_ = 0;  // bytes of it
  unsigned gone_ = 0;         // bits in which the numbers of those that have ended differ from this one's
  bool begun_ = false, together_ = false;
};

}  // namespace brindle
