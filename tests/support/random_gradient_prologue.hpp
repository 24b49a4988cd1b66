// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/kernels.hpp"
#include "support/random_prologue.hpp"
#include "support/random_sizes.hpp"

namespace brindle::test {

/// Normalizations around a convolution in its backward pass, drawn: the one behind it, of z, of dy's shape, and what
/// all gradients at once are compared with.
template <class T>
struct RandomGradientPrologue {
  RandomPrologue<T> forward;  ///< of the normalization behind
  TensorView<const T> along, rest;
  ops::GradientPrologue<T, Cpu> behind;
  bool wants_dx, wants_sums;

  RandomGradientPrologue(RandomCase& c, const Shape& y)
      : forward(c, y),
        along(c.input<T>(Shape{y.back()})),
        rest(c.input<T>(Shape{y.back()})),
        wants_dx(c.chance(0.8)),
        wants_sums(c.chance(0.7)) {
    const auto& [normalization, activation] = forward.prologue;
    behind = {c.input<T>(y), normalization, along, rest, activation};
    if (c.chance(0.2)) behind = {};
  }

  /// dy behind it, by an op of its own.
  Tensor<T> dz(const Cpu& on, const TensorView<const T>& dy) const {
    Tensor<T> z(dy.shape);
    std::copy_n(dy.data, dy.size(), z.data());
    if (!behind.empty()) ops::batch_normalization_backward_data<T>(on, behind, dy, z);
    return z;
  }

  /// all(dw, db, dx, sums, behind) makes all gradients at once, apart(dz, dw, db, dx) the two by ops of their own;
  /// `before` is the prologue of x, if there is one.
  template <class All, class Apart>
  void check(RandomCase& c, const Cpu& on, Outputs& out, const ops::Prologue<T, Cpu>& before,
             const TensorView<const T>& x, const TensorView<const T>& dy, const Shape& w, All&& all,
             Apart&& apart) const {
    const Shape bias{dy.shape.back()}, channels{x.shape.back()};
    const bool sums = wants_dx && wants_sums && !before.empty();
    const auto take = [&](const char* name, const Shape& shape, bool wanted = true) {
      return wanted ? out.tensor<T>(name, shape) : TensorView<T>();
    };
    const auto dw = take("dw at once", w), db = take("db at once", bias), dx = take("dx at once", x.shape, wants_dx),
               scale = take("scale at once", channels, sums), shift = take("shift at once", channels, sums);
    all(dw, db, dx, ops::GradientSums<T, Cpu>{scale, shift}, behind);
    const auto dw_ = take("dw apart", w), db_ = take("db apart", bias), dx_ = take("dx apart", x.shape);
    apart(TensorView<const T>(dz(on, dy)), dw_, db_, dx_);
    c.same("dw at once", dw.data, dw_.data, dw.size());
    c.same("db at once", db.data, db_.data, db.size());
    if (wants_dx) c.same("dx at once", dx.data, dx_.data, dx.size());
    if (!sums) return;
    const auto scale_ = take("scale apart", channels), shift_ = take("shift apart", channels);
    ops::batch_normalization_gradient_sums<T>(on, x, before, dx_, {scale_, shift_},
                                              out.workspace(ops::batch_normalization_workspace<T>(on, x.shape)));
    near(c, before.normalization.mean, x, dx, scale, scale_, true);
    near(c, before.normalization.mean, x, dx, shift, shift_, false);
  }

 private:
  /// Sums in another order are the same to rounding errors of what is summed.
  static void near(RandomCase& c, const TensorView<const T>& mean, const TensorView<const T>& x,
                   const TensorView<T>& dx, const TensorView<T>& got, const TensorView<T>& expected, bool of_x) {
    const std::int64_t channels = x.shape.back();
    std::vector<double> size(static_cast<std::size_t>(channels), 0.0);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const double off = of_x ? double(x.data[i]) - double(mean.data[i % channels]) : 1;
      size[static_cast<std::size_t>(i % channels)] += std::abs(double(dx.data[i]) * off);
    }
    const double share = share_of_sum(static_cast<double>(x.size() / channels)).template of<T>();
    for (std::int64_t i = 0; i < channels; ++i)
      c.expect(std::abs(double(got.data[i]) - double(expected.data[i])) <= share * size[static_cast<std::size_t>(i)],
               of_x ? "scale" : "shift", " at once [", i, "]: got ", got.data[i], ", expected ", expected.data[i]);
  }
};

}  // namespace brindle::test
