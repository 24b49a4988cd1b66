// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/ops/eigen.hpp"

// Loops over the channels of pixels in packets. The last packet ends with the last channel and overlaps the one before,
// so that no load is beyond a pixel; with fewer channels than a packet has, packets are smaller.
namespace brindle::ops::kernel {

/// Elements of a packet.
template <class P>
constexpr int packet_size() {
  return Eigen::internal::unpacket_traits<P>::size;
}

/// work.operator()<P>() with the largest packet of T that has no more elements than there are channels.
template <class T, class P = typename Eigen::internal::packet_traits<T>::type, class F>
void with_packet(std::int64_t channels, F&& work) {
  constexpr int size = packet_size<P>(), half = packet_size<typename Eigen::internal::unpacket_traits<P>::half>();
  if constexpr (size == 1) {
    work.template operator()<T>();
  } else {
    if (channels >= size)
      work.template operator()<P>();
    else if constexpr (half == size)
      work.template operator()<T>();
    else
      with_packet<T, typename Eigen::internal::unpacket_traits<P>::half>(channels, work);
  }
}

/// work(c) for the first channel of each packet.
template <class P, class F>
void each_packet(std::int64_t channels, F&& work) {
  constexpr std::int64_t width = packet_size<P>();
  for (std::int64_t c = 0; c < channels; c += width) work(std::min(c, channels - width));
}

}  // namespace brindle::ops::kernel
