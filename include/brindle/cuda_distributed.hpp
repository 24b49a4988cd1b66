// SPDX-License-Identifier: MIT
#pragma once

// Training by several processes whose GPUs send to each other by NCCL, over NVLink, PCIe or the network. Needs NCCL
// (link brindle::nccl, or -lnccl); nothing else in brindle does, and any other ProcessGroup trains on GPUs as well.
#if !__has_include(<nccl.h>)
#error "brindle/cuda_distributed.hpp needs NCCL: install libnccl-dev of NVIDIA's packages, and link brindle::nccl"
#endif
#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cuda_error.hpp"
#include "brindle/core/error.hpp"
#include "brindle/train/cuda_process_group.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/team.hpp"

namespace brindle {

/// Processes with a GPU each, which send rows of numbers from GPU to GPU. They find each other, and exchange what is
/// not in the memory of a GPU, by another group:
///
///     const auto group = std::make_shared<NcclGroup>(std::make_shared<MpiGroup>());
///     Sequential model{Cuda(Cuda::Options{.gpu = group->gpu()}), {150, 150, 3}, ...};
///     Trainer trainer{model, Adam{}, BinaryCrossentropy{}, {.leaves = 8, .group = group}};
///
/// NCCL sends and receives; what is received is added up by brindle, in the order that does not depend on the number of
/// processes. So the weights have the bits of a training over any other group.
///
/// Threads of one program in place of processes need NCCL_P2P_DIRECT_DISABLE=1 in the environment: NCCL would read one
/// GPU's memory from another, and memory of CUDA's pools is not open to that.
class NcclGroup final : public CudaProcessGroup {
 public:
  /// processes: null for this process alone. gpu: CUDA's number of the one of this process; -1: gpu_of(). All
  /// processes make theirs at the same time. Throws in all what one of them throws: CudaError where there is no GPU or
  /// NCCL fails, ValueError for two processes on one GPU, and for a number of processes that is no power of two.
  explicit NcclGroup(std::shared_ptr<ProcessGroup> processes = nullptr, int gpu = -1)
      : processes_(std::move(processes)), team_(processes_), gpu_(gpu) {
    choose_gpu();
    join();
  }

  ~NcclGroup() override {
    // Behind an exception others may be gone, and what was sent to them would be waited for.
    if (std::uncaught_exceptions() > 0)
      static_cast<void>(ncclCommAbort(communicator_));
    else
      static_cast<void>(ncclCommDestroy(communicator_));
  }
  NcclGroup(const NcclGroup&) = delete;
  NcclGroup& operator=(const NcclGroup&) = delete;

  int rank() const override { return team_.rank(); }
  int size() const override { return team_.size(); }
  int local_rank() const override { return processes_ ? processes_->local_rank() : 0; }
  int local_size() const override { return processes_ ? processes_->local_size() : 1; }
  int gpu() const override { return gpu_; }

  /// In the processor's memory, over the other group.
  /// @{
  void exchange(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    processes_->exchange(partner, send, receive);
  }
  void start(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    processes_->start(partner, send, receive);
  }
  bool ended(bool waits) override { return processes_->ended(waits); }
  void fails_together() override {
    if (processes_) processes_->fails_together();
  }
  /// @}

  void exchange_on_gpu(cudaStream_t stream, int partner, std::span<const std::byte> send,
                       std::span<std::byte> receive) override {
    ncclResult_t earlier = ncclSuccess;  // of what was sent before
    check(ncclCommGetAsyncError(communicator_, &earlier), "ncclCommGetAsyncError");
    check(earlier, "an exchange");
    check(ncclGroupStart(), "ncclGroupStart");
    const ncclResult_t sent =
        send.empty() ? ncclSuccess : ncclSend(send.data(), send.size(), ncclInt8, partner, communicator_, stream);
    const ncclResult_t received =
        receive.empty() ? ncclSuccess
                        : ncclRecv(receive.data(), receive.size(), ncclInt8, partner, communicator_, stream);
    const ncclResult_t ended = ncclGroupEnd();  // also behind an error, so that the thread is in no group
    check(sent, "ncclSend");
    check(received, "ncclRecv");
    check(ended, "ncclGroupEnd");
  }

 private:
  void choose_gpu() {
    std::string id;
    team_.together([&] {
      if (gpu_ < 0) gpu_ = gpu_of(*this);
      BRINDLE_CUDA_CHECK(cudaSetDevice(gpu_));
      cudaDeviceProp properties;
      BRINDLE_CUDA_CHECK(cudaGetDeviceProperties(&properties, gpu_));
      id.assign(properties.uuid.bytes, sizeof properties.uuid.bytes);
    });
    const std::vector<std::string> all = team_.gather(id);
    team_.together([&] {
      for (std::size_t a = 0; a < all.size(); ++a)
        for (std::size_t b = 0; b < a; ++b)
          if (all[a] == all[b])
            detail::raise<ValueError>("NcclGroup: expected a GPU for each process, got one for ranks " +
                                      std::to_string(b) + " and " + std::to_string(a) +
                                      "; start as many processes as there are GPUs, or give the Trainer the group "
                                      "that this one is made of, which goes through the memory of the processors");
    });
  }

  void join() {
    std::string id(sizeof(ncclUniqueId), '\0');
    team_.together([&] {
      if (!team_.first()) return;
      ncclUniqueId made;
      check(ncclGetUniqueId(&made), "ncclGetUniqueId");
      std::memcpy(id.data(), &made, sizeof made);
    });
    team_.broadcast(id);
    ncclUniqueId common;
    std::memcpy(&common, id.data(), sizeof common);
    team_.together([&] { check(ncclCommInitRank(&communicator_, size(), common, rank()), "ncclCommInitRank"); });
  }

  void check(ncclResult_t code, const char* call) const {
    if (code == ncclSuccess) return;
    std::string words = ncclGetErrorString(code);
#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 13, 4)
    if (const char* last = ncclGetLastError(communicator_); last && *last) words += std::string(": ") + last;
#endif
    while (!words.empty() && words.back() == '\n') words.pop_back();
    if (words.find("NCCL_DEBUG") == std::string::npos) words += " (run with NCCL_DEBUG=INFO for details)";
    // Without the rank, so that what all say is told once.
    detail::raise<CudaError>(std::string("NcclGroup: ") + call + " failed: " + words +
                             "; without NCCL, a Trainer takes the group that this one is made of");
  }

  std::shared_ptr<ProcessGroup> processes_;
  detail::Team team_;
  int gpu_;
  ncclComm_t communicator_ = nullptr;
};

}  // namespace brindle
