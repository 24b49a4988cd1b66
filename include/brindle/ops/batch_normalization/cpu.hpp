// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "brindle/core/cpu.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_lanes.hpp"
#include "brindle/ops/cpu_packets.hpp"
#include "brindle/ops/cpu_scratch.hpp"

namespace brindle::ops::kernel {

template <class T>
struct batch_normalization<T, Cpu> {
  static std::int64_t workspace(const Cpu&, const Shape& x) {
    Scratch scratch;
    static_cast<void>(Arrays(scratch, Rows(x)));
    return scratch.bytes();
  }

  static void statistics(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> mean, Out<T, Cpu> variance,
                         Workspace<Cpu> workspace) {
    const Rows rows(x.shape);
    Scratch scratch(workspace);
    const Arrays arrays(scratch, rows);
    // A block's mean, then its squares around that while it is still in the cache.
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      const std::int64_t begin = rows.begin(block), at = block * rows.channels;
      with_packet<T>(rows.channels, [&]<class P>() {
        moments<P>(x.data + begin * rows.channels, rows.begin(block + 1) - begin, rows.channels, arrays.first + at,
                   arrays.second + at);
      });
    });
    for (std::int64_t first = 0; first < rows.channels; first += most) {
      const std::int64_t channels = std::min(most, rows.channels - first);
      double count = 0, m[most] = {}, s[most] = {};
      for (std::int64_t block = 0; block < rows.blocks; ++block) {
        const auto n = static_cast<double>(rows.begin(block + 1) - rows.begin(block));
        const double both = count * n / (count + n), share = n / (count + n);
        const T *means = arrays.first + block * rows.channels + first,
                *squares = arrays.second + block * rows.channels + first;
        for (std::int64_t i = 0; i < channels; ++i) {
          const double off = static_cast<double>(means[i]) - m[i];
          s[i] += static_cast<double>(squares[i]) + off * off * both;
          m[i] += off * share;
        }
        count += n;
      }
      for (std::int64_t i = 0; i < channels; ++i) {
        mean.data[first + i] = static_cast<T>(m[i]);
        variance.data[first + i] = static_cast<T>(s[i] / count);
      }
    }
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance, In<T, Cpu> gamma,
                      In<T, Cpu> beta, Out<T, Cpu> y, double epsilon, ActivationFunction f) {
    with_clamp(f, [&](auto function) { normalize(on, x, mean, variance, gamma, beta, y, epsilon, function); });
  }

  static void factors(const Cpu&, In<T, Cpu> variance, In<T, Cpu> gamma, In<T, Cpu> beta, double epsilon,
                      Out<T, Cpu> by, Out<T, Cpu> shift) {
    for (std::int64_t i = 0; i < by.size(); ++i) {
      by.data[i] = factor(variance, gamma, i, epsilon);
      shift.data[i] = beta.empty() ? T(0) : beta.data[i];
    }
  }

  static void backward(const Cpu& on, bool of_batch, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance,
                       In<T, Cpu> gamma, In<T, Cpu> dy, Out<T, Cpu> dx, Out<T, Cpu> dgamma, Out<T, Cpu> dbeta,
                       double epsilon, Workspace<Cpu> workspace, In<T, Cpu> beta, ActivationFunction f) {
    with_clamp(f, [&](auto function) {
      gradients(on, of_batch, x, mean, variance, gamma, dy, dx, dgamma, dbeta, epsilon, workspace, beta, function);
    });
  }

  static void follow(const Cpu& on, Out<T, Cpu> value, In<T, Cpu> now, double momentum) {
    const T keep = static_cast<T>(momentum), take = static_cast<T>(1 - momentum);
    on.parallel_ranges(value.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      in_chunks<T>(
          end - begin, [=](auto v, auto n) { v = v * keep + n * take; }, value.data + begin, now.data + begin);
    });
  }

 private:
  static constexpr std::int64_t most = normalized_channels;

  /// The rows of channels of a batch, and their blocks: 64 KB of floats each.
  struct Rows {
    std::int64_t channels, count, blocks;

    explicit Rows(const Shape& x) : channels(x.back()), count(x.size() / x.back()) {
      const std::int64_t rows = std::max<std::int64_t>(elementwise_piece / channels, 1);
      blocks = std::max<std::int64_t>((count + rows - 1) / rows, 1);
    }
    std::int64_t begin(std::int64_t block) const { return block * count / blocks; }
  };

  /// Sums of each block, and what is made of all of them.
  struct Arrays {
    T *first, *second, *scale, *shift, *by, *along, *rest, *offset;

    Arrays(Scratch& scratch, const Rows& rows)
        : first(scratch.take<T>(rows.blocks * rows.channels)),
          second(scratch.take<T>(rows.blocks * rows.channels)),
          scale(scratch.take<T>(rows.channels)),
          shift(scratch.take<T>(rows.channels)),
          by(scratch.take<T>(rows.channels)),
          along(scratch.take<T>(rows.channels)),
          rest(scratch.take<T>(rows.channels)),
          offset(scratch.take<T>(rows.channels)) {}
  };

  /// The mean of each channel of some rows, and the sum of the squares of x - mean; from sums of the even and the odd
  /// rows, which need not wait for each other.
  template <class P>
  static void moments(const T* x, std::int64_t rows, std::int64_t channels, T* means, T* squares) {
    using namespace Eigen::internal;
    each_packets<P>(channels, [&]<int packets>(const std::int64_t(&at)[packets]) {
      const auto sum_of = [&](auto term, P(&sum)[packets]) {
        P odd[packets];
        for (int j = 0; j < packets; ++j) sum[j] = odd[j] = pset1<P>(T(0));
        std::int64_t r = 0;
        for (; r + 2 <= rows; r += 2)
#pragma GCC unroll 4
          for (int j = 0; j < packets; ++j) {
            sum[j] = term(ploadu<P>(x + r * channels + at[j]), j, sum[j]);
            odd[j] = term(ploadu<P>(x + (r + 1) * channels + at[j]), j, odd[j]);
          }
        for (int j = 0; j < packets; ++j) {
          if (r < rows) sum[j] = term(ploadu<P>(x + r * channels + at[j]), j, sum[j]);
          sum[j] = padd(sum[j], odd[j]);
        }
      };
      P mean[packets], square[packets];
      sum_of([](P value, int, P sum) { return padd(sum, value); }, mean);
      for (int j = 0; j < packets; ++j) mean[j] = pdiv(mean[j], pset1<P>(static_cast<T>(rows)));
      sum_of(
          [&](P value, int j, P sum) {
            const P off = psub(value, mean[j]);
            return pmadd(off, off, sum);
          },
          square);
      for (int j = 0; j < packets; ++j) pstoreu(means + at[j], mean[j]), pstoreu(squares + at[j], square[j]);
    });
  }

  /// y = f of each channel as it is normalised.
  template <class F>
  static void normalize(const Cpu& on, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance, In<T, Cpu> gamma,
                        In<T, Cpu> beta, Out<T, Cpu> y, double epsilon, const F& f) {
    const Rows rows(x.shape);
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      const std::int64_t c = rows.channels, end = rows.begin(block + 1);
      for (std::int64_t first = 0; first < c; first += most) {
        const std::int64_t count = std::min(most, c - first);
        alignas(64) T scale[most], shift[most];
        for (std::int64_t i = 0; i < count; ++i) {
          scale[i] = factor(variance, gamma, first + i, epsilon);
          shift[i] = beta.empty() ? T(0) : beta.data[first + i];
        }
        const std::int64_t at = rows.begin(block) * c + first;
        normalize_rows<T>(mean.data + first, scale, shift, x.data + at, nullptr, y.data + at, end - rows.begin(block),
                          c, count, f);
      }
    });
  }

  /// Numbers of all channels: y = by (x - mean) + offset, dx = by g - along (x - mean) - rest.
  struct Factors {
    const T *mean, *by, *offset, *along, *rest;
  };

  /// dy where f lets it pass; `off` is x - mean. f is a functor without state: y is computed again.
  template <class F, class V>
  [[gnu::always_inline]] static V passed(V off, V by, V offset, V dy) {
    if constexpr (std::is_same_v<F, activations::Linear>)
      return dy;
    else
      return F::gradient(multiply_add(off, by, offset), dy);
  }

  /// Calls for what the loops below read soon. From memory, the processor by itself brings two arrays too late: 20 in
  /// place of 34 GB of x a second for the sums of 80 MB; where all is in the cache, to call costs a tenth.
  [[gnu::always_inline]] static void read_soon(const T* x, const T* dy) {
    constexpr std::int64_t ahead = 2048 / sizeof(T);
    brindle::detail::prefetch(x + ahead);
    brindle::detail::prefetch(dy + ahead);
  }

  /// For each channel of some rows the sums of g (x - mean) and of g, which is what passes f of dy.
  template <class F, class P>
  static void gradient_sums(const T* x, const T* dy, std::int64_t rows, std::int64_t channels, const Factors& f,
                            T* scales, T* shifts) {
    each_packets<P>(channels, [&]<int packets>(const std::int64_t(&at)[packets]) {
      using V = Lanes<T, packet_size<P>()>;
      V scale[packets], shift[packets], mean[packets], by[packets], offset[packets];
      for (int j = 0; j < packets; ++j) {
        scale[j] = shift[j] = V(0);
        mean[j] = V::load(f.mean + at[j]), by[j] = V::load(f.by + at[j]), offset[j] = V::load(f.offset + at[j]);
      }
      for (std::int64_t r = 0; r < rows; ++r)
#pragma GCC unroll 4
        for (int j = 0; j < packets; ++j) {
          const std::int64_t i = r * channels + at[j];
          read_soon(x + i, dy + i);
          const V off = V::load(x + i) - mean[j];
          const V g = passed<F>(off, by[j], offset[j], V::load(dy + i));
          scale[j] = multiply_add(g, off, scale[j]);
          shift[j] = shift[j] + g;
        }
      for (int j = 0; j < packets; ++j) scale[j].store(scales + at[j]), shift[j].store(shifts + at[j]);
    });
  }

  /// dx = by g - along (x - mean) - rest of some rows. dx may be dy.
  template <class F, class P>
  static void gradient_rows(const T* x, const T* dy, T* dx, std::int64_t rows, std::int64_t channels,
                            const Factors& f) {
    each_packets<P>(channels, [&]<int packets>(const std::int64_t(&at)[packets]) {
      using V = Lanes<T, packet_size<P>()>;
      V mean[packets], by[packets], offset[packets], along[packets], rest[packets];
      for (int j = 0; j < packets; ++j) {
        mean[j] = V::load(f.mean + at[j]), by[j] = V::load(f.by + at[j]), offset[j] = V::load(f.offset + at[j]);
        along[j] = -V::load(f.along + at[j]), rest[j] = -V::load(f.rest + at[j]);
      }
      for (std::int64_t r = 0; r < rows; ++r) {
        V d[packets];  // all are read before one is written: two packets may overlap
#pragma GCC unroll 4
        for (int j = 0; j < packets; ++j) {
          const std::int64_t i = r * channels + at[j];
          read_soon(x + i, dy + i);
          const V off = V::load(x + i) - mean[j];
          const V g = passed<F>(off, by[j], offset[j], V::load(dy + i));
          d[j] = multiply_add(by[j], g, multiply_add(along[j], off, rest[j]));
        }
#pragma GCC unroll 4
        for (int j = 0; j < packets; ++j) d[j].store(dx + r * channels + at[j]);
      }
    });
  }

  /// work.operator()<packets>(at) with the first channels of one to four packets, until all channels had their turn.
  /// The last packet ends with the last channel, and has with it the one that it overlaps.
  template <class P, class F>
  static void each_packets(std::int64_t channels, F&& work) {
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

  template <class F>
  static void gradients(const Cpu& on, bool of_batch, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance,
                        In<T, Cpu> gamma, In<T, Cpu> dy, Out<T, Cpu> dx, Out<T, Cpu> dgamma, Out<T, Cpu> dbeta,
                        double epsilon, Workspace<Cpu> workspace, In<T, Cpu> beta, const F&) {
    const Rows rows(x.shape);
    Scratch scratch(workspace);
    const Arrays arrays(scratch, rows);
    const std::int64_t c = rows.channels;
    for (std::int64_t i = 0; i < c; ++i) {
      arrays.by[i] = factor(variance, gamma, i, epsilon);
      arrays.offset[i] = beta.empty() ? T(0) : beta.data[i];
      arrays.along[i] = arrays.rest[i] = T(0);
    }
    const Factors factors{mean.data, arrays.by, arrays.offset, arrays.along, arrays.rest};
    if (of_batch || !dgamma.empty() || !dbeta.empty()) {
      on.parallel(rows.blocks, [&](std::int64_t block, int) {
        const std::int64_t begin = rows.begin(block), at = block * c;
        with_packet<T>(c, [&]<class P>() {
          gradient_sums<F, P>(x.data + begin * c, dy.data + begin * c, rows.begin(block + 1) - begin, c, factors,
                              arrays.first + at, arrays.second + at);
        });
      });
      add_sums(rows, arrays);
      for (std::int64_t i = 0; i < c; ++i) {
        arrays.scale[i] *= factor(variance, {}, i, epsilon);
        if (!dgamma.empty()) dgamma.data[i] = arrays.scale[i];
        if (!dbeta.empty()) dbeta.data[i] = arrays.shift[i];
      }
    }
    if (dx.empty()) return;
    // dx = by (g - (shift + normal scale) / rows) = by g - along (x - mean) - rest
    for (std::int64_t i = 0; of_batch && i < c; ++i) {
      const T by = arrays.by[i], count = static_cast<T>(rows.count);
      arrays.along[i] = by * arrays.scale[i] * factor(variance, {}, i, epsilon) / count;
      arrays.rest[i] = by * arrays.shift[i] / count;
    }
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      const std::int64_t begin = rows.begin(block), at = begin * c;
      with_packet<T>(c, [&]<class P>() {
        gradient_rows<F, P>(x.data + at, dy.data + at, dx.data + at, rows.begin(block + 1) - begin, c, factors);
      });
    });
  }

  /// arrays.scale and arrays.shift from the sums of the blocks.
  static void add_sums(const Rows& rows, const Arrays& arrays) {
    for (std::int64_t first = 0; first < rows.channels; first += most) {
      const std::int64_t channels = std::min(most, rows.channels - first);
      double scales[most] = {}, shifts[most] = {};
      for (std::int64_t block = 0; block < rows.blocks; ++block) {
        const T *scale = arrays.first + block * rows.channels + first,
                *shift = arrays.second + block * rows.channels + first;
        for (std::int64_t i = 0; i < channels; ++i) {
          scales[i] += static_cast<double>(scale[i]);
          shifts[i] += static_cast<double>(shift[i]);
        }
      }
      for (std::int64_t i = 0; i < channels; ++i) {
        arrays.scale[first + i] = static_cast<T>(scales[i]);
        arrays.shift[first + i] = static_cast<T>(shifts[i]);
      }
    }
  }

  static T factor(In<T, Cpu> variance, In<T, Cpu> gamma, std::int64_t i, double epsilon) {
    const T f = T(1) / std::sqrt(variance.data[i] + static_cast<T>(epsilon));
    return gamma.empty() ? f : f * gamma.data[i];
  }
};

}  // namespace brindle::ops::kernel
