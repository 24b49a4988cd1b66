// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "brindle/core/cuda.hpp"
#include "brindle/core/error.hpp"
#include "brindle/train/cuda_process_group.hpp"
#include "brindle/train/row_transport.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

/// From GPU to GPU where the processes can do that, else through the memory of their processors.
template <class T>
class RowTransport<T, Cuda> {
 public:
  /// As on the Cpu. Throws ValueError for a group whose GPU is another one.
  void prepare(const Cuda& on, const Team& team, std::size_t most) {
    on_ = on;
    gpus_ = dynamic_cast<CudaProcessGroup*>(team.group());
    if (gpus_ && gpus_->gpu() != on.options().gpu)
      raise<ValueError>("Trainer: the model is on GPU " + std::to_string(on.options().gpu) + ", the group on GPU " +
                        std::to_string(gpus_->gpu()) +
                        "; make the model with Cuda(Cuda::Options{.gpu = group->gpu()})");
    const bool by_host = !team.alone() && !gpus_;
    send_ = PinnedArray<T>(by_host ? static_cast<std::int64_t>(most) : 0);
    receive_ = PinnedArray<T>(by_host ? static_cast<std::int64_t>(most) : 0);
  }

  /// Parts of a row in the GPU's memory.
  /// @{
  void start(Team& team, int partner, std::span<const T> send, std::span<T> receive) {
    if (gpus_)
      return gpus_->exchange_on_gpu(on_->stream(), partner, std::as_bytes(send), std::as_writable_bytes(receive));
    to_ = receive;
    copy_in_background(*on_, send_.data(), send.data(), send.size_bytes());
    on_->wait();  // also for the copy of what the exchange before has received
    team.start(partner, std::as_bytes(std::span(send_.data(), send.size())),
               std::as_writable_bytes(std::span(receive_.data(), receive.size())));
  }
  bool ended(Team& team, bool waits) {
    if (gpus_) return true;
    if (!team.ended(waits)) return false;
    copy_in_background(*on_, to_.data(), receive_.data(), to_.size_bytes());
    return true;
  }
  /// @}

 private:
  std::optional<Cuda> on_;
  CudaProcessGroup* gpus_ = nullptr;
  PinnedArray<T> send_, receive_;
  std::span<T> to_;
};

}  // namespace brindle::detail
