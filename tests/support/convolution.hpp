// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

namespace brindle::test {

/// One convolution with its gradients, by the kernel that is chosen for its shape.
template <class T>
struct Convolution {
  const Cpu& on;
  Tensor<T> x, w, bias, dz;
  ops::Conv2DOptions o;
  Tensor<T> y, dx, dw, db;

  Convolution(const Cpu& on_, const Shape4& x_, const ops::FilterShape& w_, const ops::Conv2DOptions& o_)
      : on(on_),
        x(random_tensor<T>(x_, 1)),
        w(random_tensor<T>(w_, 2)),
        bias(random_tensor<T>({w_.co}, 3)),
        dz(random_tensor<T>(ops::conv2d_shape(x_, w_, o_), 4)),
        o(o_) {}

  void run() {
    y = unwritten<T>(dz.shape()), dx = unwritten<T>(x.shape()), dw = unwritten<T>(w.shape());
    db = unwritten<T>(bias.shape());
    const auto workspace = [&](std::int64_t bytes) { return unwritten<std::byte>({bytes}); };
    Tensor<std::byte> forward = workspace(ops::conv2d_forward_workspace<T>(on, x.shape(), w.shape(), o));
    ops::conv2d<T>(on, x, w, bias, y, o, forward);
    Tensor<std::byte> all = workspace(ops::conv2d_workspace<T>(on, x.shape(), w.shape(), o));
    ops::conv2d_backward_data<T>(on, dz, w, dx, o, all);
    ops::conv2d_backward_weights<T>(on, x, dz, dw, db, o, all);
  }

  void check_reference() {
    run();
    Tensor<T> y_(y.shape()), dx_(dx.shape()), dw_(dw.shape()), db_(db.shape());
    ops::reference::conv2d<T>(x, w, bias, y_, o);
    ops::reference::conv2d_backward_data<T>(dz, w, dx_, o);
    ops::reference::conv2d_backward_weights<T>(x, dz, dw_, db_, o);
    check_close("y", y, y_, reordered_sum.of<T>());
    check_close("dx", dx, dx_, reordered_sum.of<T>());
    check_close("dw", dw, dw_, reordered_sum.of<T>());
    check_close("db", db, db_, reordered_sum.of<T>());
  }
};

}  // namespace brindle::test
