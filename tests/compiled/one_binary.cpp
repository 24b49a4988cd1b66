// SPDX-License-Identifier: MIT
// Computes with the kernels that the library chose and compares them with plain loops, says which they were, and leaves
// with 1 and a line for what is wrong: a result, or what brindle threw. With "class_out_of_range" the error comes out
// of a kernel.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "brindle/core/random.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tolerance.hpp"

using namespace brindle;

namespace {

Tensor<float> filled(const Shape& shape, const char* what) {
  Tensor<float> x(shape);
  for (std::int64_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(Random{7, stream_id(what), 0}.uniform(static_cast<std::uint64_t>(i), -1, 1));
  return x;
}

void compare(const std::string& what, const Tensor<float>& got, const Tensor<float>& expected) {
  float largest = 0, apart = 0;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    apart = std::max(apart, std::abs(got[i] - expected[i]));
    if (got[i] != got[i]) apart = INFINITY;
  }
  if (!(apart <= test::reordered_sum.single * largest))
    throw std::logic_error(what + ": apart by " + std::to_string(apart) + ", of " + std::to_string(largest));
}

/// A convolution forward and backward, by the kernel that its shape gets.
void convolve(const Cpu& on, const Shape& x_shape, const Shape& w_shape, const std::string& kernel) {
  const ops::Conv2DOptions o{.padding = Padding::same, .activation = ActivationFunction::relu};
  const Tensor<float> x = filled(x_shape, "x"), w = filled(w_shape, "w"), bias = filled({w_shape[3]}, "bias");
  const Shape y_shape = ops::conv2d_shape(x_shape, w_shape, o);
  if (const std::string name = ops::conv2d_kernel_name<float>(on, x_shape, w_shape, o); name != kernel)
    throw std::logic_error("expected " + kernel + ", got " + name);
  Tensor<std::byte> workspace({ops::conv2d_workspace<float>(on, x_shape, w_shape, o)});
  Tensor<float> y(y_shape), y_expected(y_shape), dx(x_shape), dx_expected(x_shape), dw(w_shape), dw_expected(w_shape);
  Tensor<float> db({w_shape[3]}), db_expected({w_shape[3]});
  ops::conv2d<float>(on, x, w, bias, y, o, workspace);
  ops::reference::conv2d<float>(x, w, bias, y_expected, o);
  compare(kernel, y, y_expected);
  const Tensor<float> dz = filled(y_shape, "dz");
  ops::conv2d_backward_data<float>(on, dz, w, dx, o, workspace);
  ops::reference::conv2d_backward_data<float>(dz, w, dx_expected, o);
  compare(kernel + ", dx", dx, dx_expected);
  ops::conv2d_backward_weights<float>(on, x, dz, dw, db, o, workspace);
  ops::reference::conv2d_backward_weights<float>(x, dz, dw_expected, db_expected, o);
  compare(kernel + ", dw", dw, dw_expected);
  compare(kernel + ", db", db, db_expected);

  const Shape pooled = ops::conv2d_maxpool2d_shape(x_shape, w_shape, o);
  Tensor<float> best(pooled), best_expected(pooled);
  Tensor<std::uint8_t> code(pooled), code_expected(pooled);
  ops::conv2d_maxpool2d<float>(on, x, w, bias, best, code, o, workspace);
  ops::reference::conv2d_maxpool2d<float>(y_expected, best_expected, code_expected, o);
  compare(kernel + ", pooled", best, best_expected);
}

/// A dense layer forward, and backward with an optimizer that steps its weights block by block.
void dense(const Cpu& on) {
  const Shape x_shape{9, 150}, w_shape{150, 70}, y_shape{9, 70};
  const Tensor<float> x = filled(x_shape, "x"), bias = filled({70}, "bias"), dz = filled(y_shape, "dz");
  Tensor<float> w = filled(w_shape, "w"), w_expected = w.clone(), y(y_shape), y_expected(y_shape);
  Tensor<float> dx(x_shape), dx_expected(x_shape), dw_expected(w_shape);
  Tensor<std::byte> workspace({ops::dense_workspace<float>(on, x_shape, w_shape)});
  ops::dense<float>(on, x, w, bias, y, ActivationFunction::softmax, workspace);
  ops::reference::dense<float>(x, w, bias, y_expected, ActivationFunction::softmax);
  compare("dense with softmax", y, y_expected);
  const ops::SGDOptions o{.learning_rate = 0.5};
  ops::reference::dense_backward_data<float>(dz, w, dx_expected);
  ops::reference::dense_backward_weights<float>(x, dz, dw_expected, {});
  ops::reference::sgd<float>(w_expected, dw_expected, {}, o);
  const auto step = [&](std::int64_t first_row, TensorView<const float> dw) {  // runs inside the kernel's tasks
    ops::sgd<float>(on, w.view().slice(first_row, first_row + dw.shape[0]), dw, {}, o);
  };
  ops::dense_backward_update<float>(on, x, dz, w, dx, {}, step, workspace);
  compare("dense, dx", dx, dx_expected);
  compare("dense, w after its step", w, w_expected);
}

void elementwise(const Cpu& on) {
  const Shape shape{33, 17};
  const Tensor<float> x = filled(shape, "x");
  Tensor<float> y(shape), expected(shape);
  ops::softmax<float>(on, x, y);
  ops::reference::softmax<float>(x, expected);
  compare("softmax", y, expected);
  ops::dropout<float>(on, x, y, 0.3, Random{1, 2, 3});
  ops::reference::dropout<float>(x, expected, 0.3, Random{1, 2, 3});
  compare("dropout", y, expected);
  Tensor<float> w = x.clone(), w_expected = x.clone(), m(shape), m_expected(shape), v(shape), v_expected(shape);
  const Tensor<float> g = filled(shape, "g");
  ops::adam<float>(on, w, g, m, v, {}, 1, {});
  ops::reference::adam<float>(w_expected, g, m_expected, v_expected, {}, 1, {});
  compare("adam", w, w_expected);
}

/// What goes through a kernel from its tasks, and what it throws itself, is what it was, though its unit is closed.
void throw_from_a_kernel(const Cpu& on) {
  const Tensor<float> x = filled({9, 150}, "x"), w = filled({150, 70}, "w"), dz = filled({9, 70}, "dz");
  Tensor<std::byte> workspace({ops::dense_workspace<float>(on, x.shape(), w.shape())});
  const auto refuse = [](std::int64_t, TensorView<const float>) { brindle::detail::raise<DataError>("refused"); };
  try {
    ops::dense_backward_update<float>(on, x, dz, w, {}, {}, refuse, workspace);
    throw std::logic_error("an error inside a kernel's task was lost");
  } catch (const DataError&) {
  }
  const Tensor<float> z = filled({2, 3}, "z");
  Tensor<std::int32_t> classes({2});
  classes[1] = 3;
  Tensor<float> each({2});
  try {
    ops::sparse_categorical_crossentropy_logits<float>(on, z, classes, {}, each, {});
  } catch (const ShapeError&) {
    throw std::logic_error("a ValueError was caught as a ShapeError");
  }
}

}  // namespace

int main(int count, char** argument) {
  try {
    std::printf("%s, %s\n", ops::cpu_isa().c_str(), ops::cpu_simd().c_str());
    for (const int threads : {1, 3}) {
      const Cpu on{threads};
      if (count > 1 && std::string(argument[1]) == "class_out_of_range") throw_from_a_kernel(on);
      convolve(on, {2, 17, 15, 16}, {3, 3, 16, 24}, "winograd F(4x4, 3x3)");
      convolve(on, {1, 9, 9, 16}, {3, 3, 16, 16}, "winograd F(3x3, 3x3)");
      convolve(on, {2, 11, 7, 3}, {5, 3, 3, 21}, "implicit gemm");
      dense(on);
      elementwise(on);
    }
    std::printf("as the reference\n");
    return 0;
  } catch (const ValueError& error) {
    std::fprintf(stderr, "ValueError: %s\n", error.what());
  } catch (const Error& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
  } catch (const std::logic_error& error) {
    std::fprintf(stderr, "wrong: %s\n", error.what());
  }
  return 1;
}
