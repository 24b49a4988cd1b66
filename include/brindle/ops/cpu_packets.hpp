// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

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

/// work.operator()<packets>(at) with the first channels of one to four packets, until all channels had their turn.
/// The last packet ends with the last channel, and has with it the one that it overlaps.
template <class P, class F>
void each_packets(std::int64_t channels, F&& work) {
  constexpr std::int64_t width = packet_size<P>();
  const std::int64_t packets = (channels + width - 1) / width;
  const auto at = [&](std::int64_t i) { return std::min(i * width, channels - width); };
  for (std::int64_t i = 0; i < packets;) {
    const std::int64_t left = packets - i, taken = left == 5 ? 3 : std::min<std::int64_t>(left, 4);
    if (taken == 4)
      work.template operator()<4>({at(i), at(i + 1), at(i + 2), at(i + 3)});
    else if (taken == 3)
      work.template operator()<3>({at(i), at(i + 1), at(i + 2)});
    else if (taken == 2)
      work.template operator()<2>({at(i), at(i + 1)});
    else
      work.template operator()<1>({at(i)});
    i += taken;
  }
}

/// Codes as numbers to compare packets with; by way of integers, which compilers know packets for.
template <class T, std::size_t width>
[[gnu::always_inline]] inline void widen(const std::uint8_t (&bytes)[width], T (&numbers)[width]) {
  using Integer = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;
  Integer wide[width];
  for (std::size_t l = 0; l < width; ++l) wide[l] = bytes[l];
  for (std::size_t l = 0; l < width; ++l) numbers[l] = static_cast<T>(wide[l]);
}

/// A packet of small whole numbers as bytes.
template <class T, class P>
inline void store_codes(const P& numbers, std::uint8_t* code) {
  constexpr int width = packet_size<P>();
  alignas(64) T wide[width];
  std::uint8_t bytes[width];
  Eigen::internal::pstoreu(wide, numbers);
  for (int l = 0; l < width; ++l) bytes[l] = static_cast<std::uint8_t>(static_cast<int>(wide[l]));
  std::memcpy(code, bytes, width);
}

}  // namespace brindle::ops::kernel
