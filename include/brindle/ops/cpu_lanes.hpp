// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "brindle/ops/cpu_packets.hpp"
#include "brindle/ops/eigen.hpp"

namespace brindle::ops::kernel {

/// A packet of `count` numbers T: this one, or a half of it, or a half of that.
template <int count, class T, class P>
auto packet_of(const P& packet) {
  using Half = typename Eigen::internal::unpacket_traits<P>::half;
  if constexpr (packet_size<P>() == count)
    return packet;
  else if constexpr (packet_size<Half>() == packet_size<P>())
    return T{};
  else
    return packet_of<count, T>(Half{});
}

/// A SIMD packet of `count` numbers T, as many as the machine has at most, that one calculates with as with a number,
/// so that one function serves numbers and packets: with operators, choose(a < b, ..), and what <cmath> calls exp,
/// expm1, log1p, tanh and erfc. Where Eigen has no packet of such a function, it is computed number by number.
template <class T, int count = Eigen::internal::packet_traits<T>::size>
class Lanes {
  using Packet = decltype(packet_of<count, T>(typename Eigen::internal::packet_traits<T>::type{}));
  using Traits = Eigen::internal::packet_traits<T>;

 public:
  static constexpr int width = count;  ///< numbers

  /// What a comparison gives.
  template <class M>
  struct Mask {
    M lanes;
  };

  Lanes() : Lanes(0.0) {}  ///< zeros
  explicit Lanes(double constant) : lanes_(Eigen::internal::pset1<Packet>(static_cast<T>(constant))) {}

  static Lanes load(const T* from) { return Lanes(Eigen::internal::ploadu<Packet>(from), 0); }
  void store(T* to) const { Eigen::internal::pstoreu(to, lanes_); }

  friend Lanes operator-(Lanes a) { return {Eigen::internal::pnegate(a.lanes_), 0}; }
  friend Lanes operator+(Lanes a, Lanes b) { return {Eigen::internal::padd(a.lanes_, b.lanes_), 0}; }
  friend Lanes operator-(Lanes a, Lanes b) { return {Eigen::internal::psub(a.lanes_, b.lanes_), 0}; }
  friend Lanes operator*(Lanes a, Lanes b) { return {Eigen::internal::pmul(a.lanes_, b.lanes_), 0}; }
  friend Lanes operator/(Lanes a, Lanes b) { return {Eigen::internal::pdiv(a.lanes_, b.lanes_), 0}; }
  /// a b + c, rounded once where the machine does so.
  friend Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
#ifdef __ARM_FEATURE_FMA  // Eigen rounds packets once there, and a number of its own twice
    if constexpr (width == 1 && Traits::size > 1) return {std::fma(a.lanes_, b.lanes_, c.lanes_), 0};
#endif
    return {Eigen::internal::pmadd(a.lanes_, b.lanes_, c.lanes_), 0};
  }
  friend auto operator<(Lanes a, Lanes b) { return mask(a.lanes_ < b.lanes_); }
  friend auto operator<=(Lanes a, Lanes b) { return mask(a.lanes_ <= b.lanes_); }

  /// a where the condition holds, else b.
  template <class M>
  friend Lanes choose(Mask<M> condition, Lanes a, Lanes b) {
    return {condition.lanes ? a.lanes_ : b.lanes_, 0};
  }

  friend Lanes exp(Lanes x) {
    if constexpr (Traits::HasExp)
      return {Eigen::internal::pexp(x.lanes_), 0};
    else
      return one_by_one(x, [](T v) { return std::exp(v); });
  }
  friend Lanes expm1(Lanes x) {
    if constexpr (Traits::HasExpm1)
      return {Eigen::internal::pexpm1(x.lanes_), 0};
    else
      return one_by_one(x, [](T v) { return std::expm1(v); });
  }
  friend Lanes log1p(Lanes x) {
    if constexpr (Traits::HasLog1p)
      return {Eigen::internal::plog1p(x.lanes_), 0};
    else
      return one_by_one(x, [](T v) { return std::log1p(v); });
  }
  friend Lanes tanh(Lanes x) {
    if constexpr (Traits::HasTanh)
      return {Eigen::internal::ptanh(x.lanes_), 0};
    else
      return one_by_one(x, [](T v) { return std::tanh(v); });
  }
  /// float: exp(-x^2) times a polynomial of t = 1 / (1 + x / 2), fitted to exp(x^2) erfc(x) of 0 <= x <= 15 with a
  /// relative error of 4.4e-8. erfc(-x) is 2 - erfc(x).
  friend Lanes erfc(Lanes x) {
    if constexpr (Traits::HasExp && sizeof(T) == 4) {
      const Lanes most(11), away = choose(x < Lanes(0), -x, x);  // further out it is less than the smallest number
      const Lanes size = choose(most < away, most, away), t = Lanes(1) / (Lanes(1) + size * Lanes(0.5));
      Lanes sum(-0.05938687764);
      for (const double c : {0.2861258905, -0.4904101068, 0.2817372327, -0.02915100174, 0.2037534533, 0.2428349139,
                             0.2824121212, 0.2820843304})
        sum = sum * t + Lanes(c);
      // The square has a rounding error that exp() would make large: it is given back as a factor.
      const Lanes square = size * size;
      const Lanes lost(Eigen::internal::pmadd(size.lanes_, size.lanes_, Eigen::internal::pnegate(square.lanes_)), 0);
      const Lanes tail = exp(-square) * (Lanes(1) - lost) * (t * sum);
      return choose(x < Lanes(0), Lanes(2) - tail, tail);
    } else {
      return one_by_one(x, [](T v) { return std::erfc(v); });
    }
  }

 private:
  Lanes(Packet lanes, int) : lanes_(lanes) {}

  template <class M>
  static Mask<M> mask(M lanes) {
    return {lanes};
  }

  template <class F>
  static Lanes one_by_one(Lanes x, F&& f) {
    alignas(64) T numbers[width];
    x.store(numbers);
    for (T& v : numbers) v = f(v);
    return load(numbers);
  }

  Packet lanes_;
};

/// to[i] = f(from[i], ...) for n elements, a packet at a time; `to` may be one of the others.
///
/// The last packet is filled up with zeros, so that every element goes through the same SIMD instructions: its bits
/// depend neither on where it stands nor on the alignment of the memory.
template <class T, class F, class... From>
inline void in_lanes(std::int64_t n, F&& f, T* to, const From*... from) {
  constexpr int width = Lanes<T>::width;
  std::int64_t i = 0;
  for (; i + width <= n; i += width) f(Lanes<T>::load(from + i)...).store(to + i);
  if (i == n) return;
  alignas(64) T result[width];
  const auto padded = [rest = n - i](const T* numbers) {
    alignas(64) T copy[Lanes<T>::width] = {};
    std::copy_n(numbers, rest, copy);
    return Lanes<T>::load(copy);
  };
  f(padded(from + i)...).store(result);
  std::copy_n(result, n - i, to + i);
}

}  // namespace brindle::ops::kernel
