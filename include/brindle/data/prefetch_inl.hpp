// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what prefetch.hpp declares.
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/prefetch.hpp"
#include "brindle/data/source.hpp"

namespace brindle::data {

template <class T>
Prefetch<T>::Prefetch(const Source& source, const Cpu& on, std::int64_t most, const PrefetchOptions& options)
    : source_(&source), on_(on), alone_(on.alone()) {
  if (most < 1) detail::raise<ValueError>("Prefetch: expected batches of at least 1, got " + std::to_string(most));
  if (options.ahead < 0 || options.ahead > 1024)
    detail::raise<ValueError>("Prefetch: expected 0 to 1024 batches ahead, got " + std::to_string(options.ahead));
  if (options.workers < 1 || options.workers > 1024)
    detail::raise<ValueError>("Prefetch: expected 1 to 1024 workers, got " + std::to_string(options.workers));
  slots_.resize(static_cast<std::size_t>(options.ahead) + 1);
  for (Slot& slot : slots_) {
    slot.x = Tensor<T>::uninitialized(source.sample_shape().batch(most));
    slot.draws.reserve(static_cast<std::size_t>(most));
  }
  if (options.ahead == 0) return;
  try {
    for (int i = 0; i < options.workers; ++i) workers_.emplace_back([this] { serve(); });
  } catch (...) {
    stop();
    throw;
  }
}

template <class T>
void Prefetch<T>::order(std::span<const Draw> draws) {
  if (room() < 1) detail::raise<ValueError>("Prefetch: all batches are ordered; call next() first");
  Slot& to = slot(ordered_);
  if (static_cast<std::int64_t>(draws.size()) > to.x.shape()[0] || draws.empty())
    detail::raise<ValueError>("Prefetch: expected a batch of 1 to " + std::to_string(to.x.shape()[0]) + ", got " +
                              std::to_string(draws.size()));
  to.draws.assign(draws.begin(), draws.end());
  to.ready = false;
  to.error = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++ordered_;
  }
  ordered_one_.notify_one();
}

template <class T>
auto Prefetch<T>::next() -> Batch {
  if (taken_ == ordered_) detail::raise<ValueError>("Prefetch: no batch is ordered; call order() first");
  const auto start = std::chrono::steady_clock::now();
  Slot& from = slot(taken_);
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (claimed_ == taken_) {
      ++claimed_;
      lock.unlock();
      read(on_, from);
    } else {
      read_one_.wait(lock, [&] { return from.ready; });
    }
  }
  ++taken_;
  waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (from.error) std::rethrow_exception(std::exchange(from.error, nullptr));
  return {from.x.view().slice(0, static_cast<std::int64_t>(from.draws.size())), from.draws};
}

template <class T>
void Prefetch<T>::read(const Cpu& on, Slot& to) {
  try {
    source_->read(on, to.draws, to.x.view().slice(0, static_cast<std::int64_t>(to.draws.size())));
  } catch (...) {
    to.error = std::current_exception();
  }
}

template <class T>
void Prefetch<T>::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    ordered_one_.wait(lock, [&] { return stopping_ || claimed_ < ordered_; });
    if (stopping_) return;
    Slot& to = slot(claimed_++);
    lock.unlock();
    read(alone_, to);
    lock.lock();
    to.ready = true;
    read_one_.notify_one();
  }
}

template <class T>
void Prefetch<T>::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  ordered_one_.notify_all();
  for (std::thread& w : workers_) w.join();
}

}  // namespace brindle::data
