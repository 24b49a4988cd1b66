// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "support/tensors.hpp"

namespace brindle::test {

/// One convolution.
struct ConvolutionCase {
  Shape4 x;
  ops::FilterShape w;
  ops::Conv2DOptions o;
};

/// Each kernel, channels that fill packets and such as do not, pictures that fill tiles and such as do not.
inline std::vector<ConvolutionCase> convolution_cases() {
  const auto same = Padding::same;
  return {{{2, 7, 7, 40}, {1, 1, 40, 64}, {}},
          {{3, 8, 9, 300}, {1, 1, 300, 24}, {}},
          {{2, 8, 9, 13}, {1, 1, 13, 48}, {.stride = 2}},
          {{2, 7, 9, 70}, {1, 1, 70, 90}, {}},
          {{2, 9, 8, 40}, {3, 3, 40, 36}, {.stride = 2, .padding = same}},
          {{2, 14, 13, 16}, {3, 3, 16, 70}, {.padding = same}},
          {{1, 9, 9, 33}, {3, 3, 33, 40}, {.padding = same}},
          {{2, 70, 66, 16}, {3, 3, 16, 33}, {.padding = same}},
          {{2, 6, 4, 12}, {3, 3, 12, 12}, {.padding = same}},
          {{1, 11, 10, 20}, {3, 3, 20, 36}, {.stride = 2, .padding = same}},
          {{1, 11, 12, 6}, {3, 3, 6, 35}, {.padding = same, .dilation = 2}},
          {{2, 9, 8, 12}, {3, 3, 4, 30}, {.padding = same, .groups = 3}}};
}

/// A convolution that ends in something more, of random numbers, beside one that does not.
template <class T>
struct LongerConvolution {
  /// of: without its end, whose activation is f.
  LongerConvolution(const ConvolutionCase& of, ActivationFunction f_, bool precise)
      : f(f_),
        o(of.o),
        on(with_threads(2, precise)),
        x(random_tensor<T>(of.x, 1)),
        w(random_tensor<T>(of.w, 2)),
        bias(random_tensor<T>({of.w.co}, 3)),
        residual(random_tensor<T>(ops::conv2d_shape(of.x, of.w, of.o), 4)),
        expected(unwritten<T>(residual.shape())),
        y(unwritten<T>(residual.shape())),
        precise_(precise),
        prepared_(unwritten<std::byte>({ops::conv2d_prepared_bytes<T>(on, of.x, of.w, of.o)})) {
    o.activation = linear;
    auto space = unwritten<std::byte>({ops::conv2d_forward_workspace<T>(on, of.x, of.w, of.o)});
    ops::conv2d<T>(on, x, w, bias, expected, o, space);
    o.activation = f;
    ops::conv2d_prepare<T>(on, of.x, w, o, false, prepared_);
  }

  /// call(device, workspace, prepared) for 1, 2 and 3 threads, with prepared filters and without.
  template <class Call>
  void each_call(Call&& call) {
    for (const int threads : {1, 2, 3}) {
      const Cpu of = with_threads(threads, precise_);
      auto room = unwritten<std::byte>({ops::conv2d_forward_workspace<T>(of, x.shape(), w.shape(), o)});
      for (const bool prepared : {false, true})
        call(of, room.view(), prepared ? TensorView<const std::byte>(prepared_) : TensorView<const std::byte>{});
    }
  }

  ActivationFunction f;   ///< last of what is done
  ops::Conv2DOptions o;   ///< with it
  Cpu on;                 ///< of two threads
  Tensor<T> x, w, bias;   ///< of the convolution
  Tensor<T> residual;     ///< of y's shape
  Tensor<T> expected, y;  ///< the convolution without its end; unwritten

 private:
  static Cpu with_threads(int threads, bool precise) {
    return Cpu(Cpu::Options{.threads = threads, .precise = precise});
  }

  bool precise_;
  Tensor<std::byte> prepared_;
};

/// check(convolution) for each of the cases, with activations that kernels do in several ways.
template <class T, class Check>
void each_longer_convolution(Check&& check) {
  for (const bool precise : {false, true})
    for (const ConvolutionCase& c : convolution_cases())
      for (const ActivationFunction f : {linear, relu, relu6, silu}) {
        LongerConvolution<T> longer(c, f, precise);
        INFO("x " << to_string(Shape(c.x)) << ", w " << to_string(c.w) << ", " << to_string(f) << ", "
                  << ops::conv2d_kernel_name<T>(longer.on, c.x, c.w, c.o));
        check(longer);
      }
}

}  // namespace brindle::test
