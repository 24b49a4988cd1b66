// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/flush_denormals.hpp"
#include "brindle/ops/batch_normalization/backward_parts.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/batch_normalization/gradient_rows.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_lanes.hpp"
#include "brindle/ops/cpu_packets.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

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
    with_clamp(f, [&]<class F>(F) { normalize<F>(on, x, mean, variance, gamma, beta, y, epsilon); });
  }

  static void factors(const Cpu&, In<T, Cpu> variance, In<T, Cpu> gamma, In<T, Cpu> beta, double epsilon,
                      Out<T, Cpu> by, Out<T, Cpu> shift) {
    const brindle::detail::FlushDenormals flush;  // as in tasks, where forward() and bands of steps make them
    for (std::int64_t i = 0; i < by.size(); ++i) {
      by.data[i] = factor(variance, gamma, i, epsilon);
      shift.data[i] = beta.empty() ? T(0) : beta.data[i];
    }
  }

  static void backward(const Cpu& on, bool of_batch, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance,
                       In<T, Cpu> gamma, In<T, Cpu> dy, Out<T, Cpu> dx, Out<T, Cpu> dgamma, Out<T, Cpu> dbeta,
                       double epsilon, Workspace<Cpu> workspace, In<T, Cpu> beta, ActivationFunction f) {
    const Rows rows(x.shape);
    Scratch scratch(workspace);
    const Arrays arrays(scratch, rows);
    const auto channels = [&](T* array) { return Out<T, Cpu>(array, Shape{rows.channels}); };
    const GradientSums<T, Cpu> sums{channels(arrays.scale), channels(arrays.shift)};
    const Out<T, Cpu> along = channels(arrays.along), rest = channels(arrays.rest);
    factors(on, variance, gamma, beta, epsilon, channels(arrays.by), channels(arrays.offset));
    const Prologue<T, Cpu> forward{{mean, channels(arrays.by), channels(arrays.offset)}, f};
    if (of_batch || !dgamma.empty() || !dbeta.empty()) gradient_sums(on, x, forward, dy, sums, workspace);
    gradient_factors(on, of_batch, rows.count, variance, gamma, epsilon, sums, dgamma, dbeta, along, rest);
    if (!dx.empty()) backward_data(on, {x, forward.normalization, along, rest, f}, dy, dx);
  }

  static void gradient_sums(const Cpu& on, In<T, Cpu> x, const Prologue<T, Cpu>& forward, In<T, Cpu> dy,
                            const GradientSums<T, Cpu>& sums, Workspace<Cpu> workspace) {
    const Rows rows(x.shape);
    Scratch scratch(workspace);
    const Arrays arrays(scratch, rows);
    const std::int64_t c = rows.channels;
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      const std::int64_t begin = rows.begin(block), at = block * c;
      gradient_sums_of_rows(forward, x.data + begin * c, dy.data + begin * c, rows.begin(block + 1) - begin,
                            arrays.first + at, arrays.second + at);
    });
    add_sums(rows, arrays, sums);
  }

  static void gradient_factors(const Cpu&, bool of_batch, std::int64_t rows, In<T, Cpu> variance, In<T, Cpu> gamma,
                               double epsilon, const GradientSums<T, Cpu>& sums, Out<T, Cpu> dgamma, Out<T, Cpu> dbeta,
                               Out<T, Cpu> along, Out<T, Cpu> rest) {
    for (std::int64_t i = 0; i < along.size(); ++i) {
      const T normal = factor(variance, {}, i, epsilon), by = factor(variance, gamma, i, epsilon);
      const T scale = sums.scale.data[i] * normal, shift = sums.shift.data[i], count = static_cast<T>(rows);
      if (!dgamma.empty()) dgamma.data[i] = scale;
      if (!dbeta.empty()) dbeta.data[i] = shift;
      // dx = by (g - (shift + normal scale) / rows) = by g - along (x - mean) - rest
      along.data[i] = of_batch ? by * scale * normal / count : T(0);
      rest.data[i] = of_batch ? by * shift / count : T(0);
    }
  }

  static void backward_data(const Cpu& on, const GradientPrologue<T, Cpu>& by, In<T, Cpu> dy, Out<T, Cpu> dx) {
    const Rows rows(dy.shape);
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      const std::int64_t begin = rows.begin(block), at = begin * rows.channels;
      gradient_of_rows(by, by.z.data + at, dy.data + at, dx.data + at, rows.channels, rows.begin(block + 1) - begin);
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
  static constexpr std::int64_t most = 64;  // channels at a time, whose factors are on the stack

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

  /// y = f of each channel as it is normalized.
  template <class F>
  static void normalize(const Cpu& on, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance, In<T, Cpu> gamma,
                        In<T, Cpu> beta, Out<T, Cpu> y, double epsilon) {
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
        normalize_rows<F, T>(mean.data + first, scale, shift, x.data + at, nullptr, y.data + at,
                             end - rows.begin(block), c, count);
      }
    });
  }

  /// All sums from those of the blocks.
  static void add_sums(const Rows& rows, const Arrays& arrays, const GradientSums<T, Cpu>& sums) {
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
        sums.scale.data[first + i] = static_cast<T>(scales[i]);
        sums.shift.data[first + i] = static_cast<T>(shifts[i]);
      }
    }
  }

  static T factor(In<T, Cpu> variance, In<T, Cpu> gamma, std::int64_t i, double epsilon) {
    const T f = T(1) / std::sqrt(variance.data[i] + static_cast<T>(epsilon));
    return gamma.empty() ? f : f * gamma.data[i];
  }
};

}  // namespace brindle::ops::kernel
