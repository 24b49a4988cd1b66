// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "brindle/core/cpu.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

/// How parts of a row go from one process to another, by the device whose memory they are in.
template <class T, class Device>
class RowTransport;

template <class T>
class RowTransport<T, Cpu> {
 public:
  /// most: numbers of one exchange. Takes memory.
  void prepare(const Cpu&, const Team&, std::size_t) {}

  /// As Team::start() and Team::ended().
  /// @{
  void start(Team& team, int partner, std::span<const T> send, std::span<T> receive) {
    team.start(partner, std::as_bytes(send), std::as_writable_bytes(receive));
  }
  bool ended(Team& team, bool waits) { return team.ended(waits); }
  /// @}
};

}  // namespace brindle::detail
