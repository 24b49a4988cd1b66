// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

#include "brindle/ops/conv2d/kernel_choice.hpp"
#include "brindle/ops/eigen.hpp"

namespace brindle::ops::kernel {

/// The one-dimensional transforms of F(m, 3): m outputs of a filter with 3 taps by m + 2 multiplications,
///
///     y = A' ((G g) . (B' d))      y(i) = d(i) g(0) + d(i + 1) g(1) + d(i + 2) g(2)
///
/// by polynomials: g and d are evaluated at m + 1 points p and at infinity, so with N(p) = product over q != p of p - q
///
///     A'(i, p) = p^i        G(p, k) = p^k / N(p)        B'(p, :) = coefficients of the product over q != p of (x - q)
///
/// and at infinity A' has the last row's 1, G the last tap, B' the product over all points. The points are +-p pairs:
/// even and odd powers are shared. The same points turn the sum over y of a weight gradient around: F(3, m) with m
/// taps, `gradient` (without 1 / N, which `filter_gradient` makes up for). A. Lavin, S. Gray, "Fast Algorithms for
/// Convolutional Neural Networks", CVPR 2016.
///
/// F(4, 3) has the points 0, +-0.625, infinity, +-1.5: five times as exact as 0, +-1, +-2, infinity. After B. Barabasz
/// et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", 2020.
template <class T, int m>
struct WinogradPoints;

/// The first four points are those of an F(2, 3), for half a tile at the edge of a picture. It uses the same G: its B'
/// is multiplied by the quotient of the two N instead.
template <class T>
struct WinogradPoints<T, 4> {
  static constexpr int count = 6;
  static constexpr T a = T(0.625), b = T(1.5), aa = a * a, bb = b * b;
  static constexpr T n0 = T(1 / (0.625 * 0.625 * 1.5 * 1.5));
  static constexpr T na = T(1 / (2 * 0.625 * 0.625 * (0.625 * 0.625 - 1.5 * 1.5)));
  static constexpr T nb = T(1 / (2 * 1.5 * 1.5 * (1.5 * 1.5 - 0.625 * 0.625)));

  template <class P>
  static void input(const P (&d)[6], P (&v)[6]) {
    using namespace Eigen::internal;
    const P e = pmadd(pset1<P>(-bb), d[2], d[4]), o = pmadd(pset1<P>(-bb), d[1], d[3]);
    const P f = pmadd(pset1<P>(-aa), d[2], d[4]), q = pmadd(pset1<P>(-aa), d[1], d[3]);
    v[0] = pmadd(pset1<P>(aa * bb), d[0], pmadd(pset1<P>(-(aa + bb)), d[2], d[4]));
    v[1] = pmadd(pset1<P>(a), o, e);
    v[2] = pmadd(pset1<P>(-a), o, e);
    v[3] = pmadd(pset1<P>(aa * bb), d[1], pmadd(pset1<P>(-(aa + bb)), d[3], d[5]));
    v[4] = pmadd(pset1<P>(b), q, f);
    v[5] = pmadd(pset1<P>(-b), q, f);
  }

  template <class P>
  static void input(const P (&d)[4], P (&v)[4]) {
    using namespace Eigen::internal;
    const P e = pmul(pset1<P>(aa - bb), d[2]);
    v[0] = pmadd(pset1<P>(aa * bb), d[0], pmul(pset1<P>(-bb), d[2]));
    v[1] = pmadd(pset1<P>(a * (aa - bb)), d[1], e);
    v[2] = pmadd(pset1<P>(-a * (aa - bb)), d[1], e);
    v[3] = pmadd(pset1<P>(-aa), d[1], d[3]);
  }

  template <class P>
  static void output(const P (&u)[6], P (&y)[4]) {
    using namespace Eigen::internal;
    const P s = padd(u[1], u[2]), d = psub(u[1], u[2]), t = padd(u[4], u[5]), e = psub(u[4], u[5]);
    y[0] = padd(u[0], padd(s, t));
    y[1] = pmadd(pset1<P>(b), e, pmul(pset1<P>(a), d));
    y[2] = pmadd(pset1<P>(bb), t, pmul(pset1<P>(aa), s));
    y[3] = pmadd(pset1<P>(bb * b), e, pmadd(pset1<P>(aa * a), d, u[3]));
  }

  template <class P>
  static void output(const P (&u)[4], P (&y)[2]) {
    using namespace Eigen::internal;
    y[0] = padd(u[0], padd(u[1], u[2]));
    y[1] = pmadd(pset1<P>(a), psub(u[1], u[2]), u[3]);
  }

  template <class P>
  static void filter(const P (&g)[3], P (&u)[6]) {
    using namespace Eigen::internal;
    const P e = pmadd(pset1<P>(aa), g[2], g[0]), o = pmul(pset1<P>(a), g[1]);
    const P f = pmadd(pset1<P>(bb), g[2], g[0]), q = pmul(pset1<P>(b), g[1]);
    u[0] = pmul(pset1<P>(n0), g[0]);
    u[1] = pmul(pset1<P>(na), padd(e, o));
    u[2] = pmul(pset1<P>(na), psub(e, o));
    u[3] = g[2];
    u[4] = pmul(pset1<P>(nb), padd(f, q));
    u[5] = pmul(pset1<P>(nb), psub(f, q));
  }

  template <class P>
  static void gradient(const P (&z)[4], P (&d)[6]) {
    using namespace Eigen::internal;
    const P e = pmadd(pset1<P>(aa), z[2], z[0]), o = pmadd(pset1<P>(aa), z[3], z[1]);
    const P f = pmadd(pset1<P>(bb), z[2], z[0]), q = pmadd(pset1<P>(bb), z[3], z[1]);
    d[0] = z[0];
    d[1] = pmadd(pset1<P>(a), o, e);
    d[2] = pmadd(pset1<P>(-a), o, e);
    d[3] = z[3];
    d[4] = pmadd(pset1<P>(b), q, f);
    d[5] = pmadd(pset1<P>(-b), q, f);
  }

  template <class P>
  static void gradient(const P (&z)[2], P (&d)[4]) {
    using namespace Eigen::internal;
    d[0] = z[0];
    d[1] = pmadd(pset1<P>(a), z[1], z[0]);
    d[2] = pmadd(pset1<P>(-a), z[1], z[0]);
    d[3] = z[1];
  }

  template <class P>
  static void filter_gradient(const P (&u)[6], P (&g)[3]) {
    using namespace Eigen::internal;
    const P s = pmul(pset1<P>(na), padd(u[1], u[2])), d = pmul(pset1<P>(na), psub(u[1], u[2]));
    const P t = pmul(pset1<P>(nb), padd(u[4], u[5])), e = pmul(pset1<P>(nb), psub(u[4], u[5]));
    g[0] = pmadd(pset1<P>(n0), u[0], padd(s, t));
    g[1] = pmadd(pset1<P>(b), e, pmul(pset1<P>(a), d));
    g[2] = pmadd(pset1<P>(bb), t, pmadd(pset1<P>(aa), s, u[3]));
  }
};

/// Points +-0.4375, +-1.375, infinity: 0.6 of the error of F(4, 3) at 512 channels.
template <class T>
struct WinogradPoints<T, 3> {
  static constexpr int count = 5;
  static constexpr T a = T(0.4375), b = T(1.375), aa = a * a, bb = b * b;
  static constexpr T na = T(1 / (2 * 0.4375 * (0.4375 * 0.4375 - 1.375 * 1.375)));  // 1 / N(a) = -1 / N(-a)
  static constexpr T nb = T(1 / (2 * 1.375 * (1.375 * 1.375 - 0.4375 * 0.4375)));

  template <class P>
  static void input(const P (&d)[5], P (&v)[5]) {
    using namespace Eigen::internal;
    const P e = pmadd(pset1<P>(-bb), d[1], d[3]), o = pmadd(pset1<P>(-bb), d[0], d[2]);
    const P f = pmadd(pset1<P>(-aa), d[1], d[3]), q = pmadd(pset1<P>(-aa), d[0], d[2]);
    v[0] = pmadd(pset1<P>(a), o, e);
    v[1] = pmadd(pset1<P>(-a), o, e);
    v[2] = pmadd(pset1<P>(b), q, f);
    v[3] = pmadd(pset1<P>(-b), q, f);
    v[4] = pmadd(pset1<P>(aa * bb), d[0], pmadd(pset1<P>(-(aa + bb)), d[2], d[4]));
  }

  template <class P>
  static void output(const P (&u)[5], P (&y)[3]) {
    using namespace Eigen::internal;
    const P s = padd(u[0], u[1]), d = psub(u[0], u[1]), t = padd(u[2], u[3]), e = psub(u[2], u[3]);
    y[0] = padd(s, t);
    y[1] = pmadd(pset1<P>(b), e, pmul(pset1<P>(a), d));
    y[2] = pmadd(pset1<P>(bb), t, pmadd(pset1<P>(aa), s, u[4]));
  }

  template <class P>
  static void filter(const P (&g)[3], P (&u)[5]) {
    using namespace Eigen::internal;
    const P e = pmadd(pset1<P>(aa), g[2], g[0]), o = pmul(pset1<P>(a), g[1]);
    const P f = pmadd(pset1<P>(bb), g[2], g[0]), q = pmul(pset1<P>(b), g[1]);
    u[0] = pmul(pset1<P>(na), padd(o, e));
    u[1] = pmul(pset1<P>(na), psub(o, e));
    u[2] = pmul(pset1<P>(nb), padd(q, f));
    u[3] = pmul(pset1<P>(nb), psub(q, f));
    u[4] = g[2];
  }

  template <class P>
  static void gradient(const P (&z)[3], P (&d)[5]) {
    using namespace Eigen::internal;
    const P e = pmadd(pset1<P>(aa), z[2], z[0]), f = pmadd(pset1<P>(bb), z[2], z[0]);
    d[0] = pmadd(pset1<P>(a), z[1], e);
    d[1] = pmadd(pset1<P>(-a), z[1], e);
    d[2] = pmadd(pset1<P>(b), z[1], f);
    d[3] = pmadd(pset1<P>(-b), z[1], f);
    d[4] = z[2];
  }

  template <class P>
  static void filter_gradient(const P (&u)[5], P (&g)[3]) {
    using namespace Eigen::internal;
    const P s = pmul(pset1<P>(na), psub(u[0], u[1])), d = pmul(pset1<P>(na), padd(u[0], u[1]));
    const P t = pmul(pset1<P>(nb), psub(u[2], u[3])), e = pmul(pset1<P>(nb), padd(u[2], u[3]));
    g[0] = padd(s, t);
    g[1] = pmadd(pset1<P>(b), e, pmul(pset1<P>(a), d));
    g[2] = pmadd(pset1<P>(bb), t, pmadd(pset1<P>(aa), s, u[4]));
  }
};

/// Points 0, +-1, infinity: as exact as the plain sum.
template <class T>
struct WinogradPoints<T, 2> {
  static constexpr int count = 4;

  template <class P>
  static void input(const P (&d)[4], P (&v)[4]) {
    using namespace Eigen::internal;
    v[0] = psub(d[2], d[0]);
    v[1] = padd(d[2], d[1]);
    v[2] = psub(d[2], d[1]);
    v[3] = psub(d[3], d[1]);
  }

  template <class P>
  static void output(const P (&u)[4], P (&y)[2]) {
    using namespace Eigen::internal;
    y[0] = padd(u[0], padd(u[1], u[2]));
    y[1] = padd(psub(u[1], u[2]), u[3]);
  }

  template <class P>
  static void filter(const P (&g)[3], P (&u)[4]) {
    using namespace Eigen::internal;
    const P e = padd(g[0], g[2]), half = pset1<P>(T(0.5));
    u[0] = pnegate(g[0]);
    u[1] = pmul(half, padd(e, g[1]));
    u[2] = pmul(half, psub(e, g[1]));
    u[3] = g[2];
  }

  template <class P>
  static void gradient(const P (&z)[2], P (&d)[4]) {
    using namespace Eigen::internal;
    d[0] = z[0];
    d[1] = padd(z[0], z[1]);
    d[2] = psub(z[0], z[1]);
    d[3] = z[1];
  }

  template <class P>
  static void filter_gradient(const P (&u)[4], P (&g)[3]) {
    using namespace Eigen::internal;
    const P half = pset1<P>(T(0.5));
    const P s = pmul(half, padd(u[1], u[2]));
    g[0] = psub(s, u[0]);
    g[1] = pmul(half, psub(u[1], u[2]));
    g[2] = padd(s, u[3]);
  }
};

/// The transforms of a tile: columns first, then rows, one SIMD packet of channels at a time. The last rows and columns
/// of a picture may be half a tile, `rows` x `columns` outputs, that has the first points of either side only.
template <class T, int m>
struct WinogradTile {
  using Points = WinogradPoints<T, m>;
  using Cut = WinogradCut<m>;
  static constexpr int points = Points::count;        ///< a side of the transformed tile
  static constexpr int positions = points * points;   ///< 36, 25 or 16: small matrix products
  static constexpr int inputs = points, outputs = m;  ///< sides of the tiles of x and y
  static constexpr int half = Cut::half;              ///< outputs on a side of the smallest tile
  static constexpr int width = Eigen::internal::packet_traits<T>::size;

  static_assert(points == Cut::points);

  /// As WinogradCut has them.
  /// @{
  static constexpr std::int64_t whole(std::int64_t size) { return Cut::whole(size); }
  static constexpr bool has_half(std::int64_t size) { return Cut::has_half(size); }
  static constexpr std::int64_t multiplications(std::int64_t h, std::int64_t w) { return Cut::multiplications(h, w); }
  /// @}

  /// v(position) = B' d B for the packets d(i, j) = load(i, j); the positions are `plane` elements apart.
  template <int rows = m, int columns = m, class Load>
  [[gnu::always_inline]] static void input(Load load, T* v, std::int64_t plane) {
    forward<rows + 2, columns + 2, rows + 2, columns + 2>(load, v, plane,
                                                          [](const auto& d, auto& u) { Points::input(d, u); });
  }

  /// d(position) of the output gradient z(i, j) = load(i, j).
  template <int rows = m, int columns = m, class Load>
  [[gnu::always_inline]] static void gradient(Load load, T* d, std::int64_t plane) {
    forward<rows, columns, rows + 2, columns + 2>(load, d, plane,
                                                  [](const auto& z, auto& u) { Points::gradient(z, u); });
  }

  /// u(position) = G g G' of filters g(i, j) that are `tap` elements apart.
  static void filter(const T* g, std::int64_t tap, T* u, std::int64_t plane) {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    forward<3, 3, points, points>([&](int i, int j) { return Eigen::internal::ploadu<Packet>(g + (3 * i + j) * tap); },
                                  u, plane, [](const auto& w, auto& v) { Points::filter(w, v); });
  }

  /// G g alone, (points, 3) packets: those of a row side by side, the rows `row` elements apart.
  static void filter_columns(const T* g, std::int64_t tap, T* to, std::int64_t row) {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
#pragma GCC unroll 3
    for (int j = 0; j < 3; ++j) {
      const Packet in[3] = {ploadu<Packet>(g + j * tap), ploadu<Packet>(g + (3 + j) * tap),
                            ploadu<Packet>(g + (6 + j) * tap)};
      Packet out[points];
      Points::filter(in, out);
#pragma GCC unroll 6
      for (int i = 0; i < points; ++i) pstore(to + i * row + j * width, out[i]);
    }
  }

  /// y = A' u A; takes each result as take(i, j, packet).
  template <int rows = m, int columns = m, class Take>
  [[gnu::always_inline]] static void output(const T* u, std::int64_t plane, Take take) {
    inverse<rows + 2, columns + 2, rows, columns>(
        u, plane, [](const auto& v, auto& z) { Points::output(v, z); }, take);
  }

  /// The filters' gradient from its sum over tiles; taps of dw are `tap` elements apart.
  static void filter_gradient(const T* u, std::int64_t plane, T* dw, std::int64_t tap) {
    inverse<points, points, 3, 3>(
        u, plane, [](const auto& v, auto& g) { Points::filter_gradient(v, g); },
        [&](int i, int j, const auto& g) { Eigen::internal::pstoreu(dw + (3 * i + j) * tap, g); });
  }

 private:
  /// rows x columns packets load(i, j) -> the first down x across positions.
  template <int rows, int columns, int down, int across, class Load, class Transform>
  [[gnu::always_inline]] static void forward(Load load, T* to, std::int64_t plane, Transform transform) {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    Packet half_way[down][columns];
#pragma GCC unroll 6
    for (int j = 0; j < columns; ++j) {
      Packet in[rows], out[down];
#pragma GCC unroll 6
      for (int i = 0; i < rows; ++i) in[i] = load(i, j);
      transform(in, out);
#pragma GCC unroll 6
      for (int i = 0; i < down; ++i) half_way[i][j] = out[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < down; ++i) {
      Packet out[across];
      transform(half_way[i], out);
#pragma GCC unroll 6
      for (int j = 0; j < across; ++j) pstoreu(to + (i * points + j) * plane, out[j]);
    }
  }

  /// The first down x across positions -> take(i, j, packet) for rows x columns.
  template <int down, int across, int rows, int columns, class Transform, class Take>
  [[gnu::always_inline]] static void inverse(const T* from, std::int64_t plane, Transform transform, Take take) {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    Packet half_way[rows][across];
#pragma GCC unroll 6
    for (int j = 0; j < across; ++j) {
      Packet in[down], out[rows];
#pragma GCC unroll 6
      for (int i = 0; i < down; ++i) in[i] = ploadu<Packet>(from + (i * points + j) * plane);
      transform(in, out);
#pragma GCC unroll 6
      for (int i = 0; i < rows; ++i) half_way[i][j] = out[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i) {
      Packet out[columns];
      transform(half_way[i], out);
#pragma GCC unroll 6
      for (int j = 0; j < columns; ++j) take(i, j, out[j]);
    }
  }
};

}  // namespace brindle::ops::kernel
