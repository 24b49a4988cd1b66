// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>

#include "cuda/gpu.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("convolutions with groups, dilation and any border are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  for (const ops::Conv2DOptions& o :
       {ops::Conv2DOptions{.activation = relu, .groups = 2}, ops::Conv2DOptions{.stride = 2, .dilation = 2},
        ops::Conv2DOptions{.padding = {1, 0, 2, 3}}, ops::Conv2DOptions{.padding = Border(1), .activation = relu}}) {
    const Shape4 x_shape{2, 9, 8, 8};
    const ops::FilterShape w_shape{3, 3, 8 / o.groups, 16};
    const Shape4 y_shape = ops::conv2d_shape(x_shape, w_shape, o);
    const Tensor<float> x = of(x_shape, 1), w = of(w_shape, 2), bias = of({16}, 3), dz = of(y_shape, 4);
    Tensor<float> y(y_shape), dx(x_shape), dw(w_shape), db({16});
    Tensor<std::byte> workspace({ops::conv2d_workspace<float>(cpu, x_shape, w_shape, o)});
    ops::conv2d<float>(cpu, x, w, bias, y, o, workspace);
    ops::conv2d_backward_data<float>(cpu, dz, w, dx, o, workspace);
    ops::conv2d_backward_weights<float>(cpu, x, dz, dw, db, o, workspace);
    const auto gpu_x = on_gpu(x), gpu_w = on_gpu(w), gpu_bias = on_gpu(bias), gpu_dz = on_gpu(dz);
    Tensor<float, Cuda> gpu_y(y_shape), gpu_dx(x_shape), gpu_dw(w_shape), gpu_db({16});
    Tensor<std::byte, Cuda> gpu_workspace({ops::conv2d_workspace<float>(on, x_shape, w_shape, o)});
    ops::conv2d<float>(on, gpu_x, gpu_w, gpu_bias, gpu_y, o, gpu_workspace);
    ops::conv2d_backward_data<float>(on, gpu_dz, gpu_w, gpu_dx, o, gpu_workspace);
    ops::conv2d_backward_weights<float>(on, gpu_x, gpu_dz, gpu_dw, gpu_db, o, gpu_workspace);
    check_gpu("y", gpu_y, y);
    check_gpu("dx", gpu_dx, dx);
    check_gpu("dw", gpu_dw, dw);
    check_gpu("db", gpu_db, db);
  }
}

TEST_CASE("convolutions that add a shortcut are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const Shape4 x_shape{2, 9, 8, 12};
  for (const ActivationFunction f : {linear, relu, silu})
    for (const ops::FilterShape& w_shape : {ops::FilterShape{1, 1, 12, 16}, ops::FilterShape{3, 3, 12, 16}}) {
      const ops::Conv2DOptions o{.padding = Padding::same, .activation = f};
      const Shape y_shape = ops::conv2d_shape(x_shape, w_shape, o);
      const Tensor<float> x = of(x_shape, 1), w = of(w_shape, 2), bias = of({16}, 3), residual = of(y_shape, 4);
      Tensor<float> y(y_shape);
      Tensor<std::byte> workspace({ops::conv2d_forward_workspace<float>(cpu, x_shape, w_shape, o)});
      ops::conv2d_add<float>(cpu, x, w, bias, residual, y, o, workspace);
      const auto gpu_x = on_gpu(x), gpu_w = on_gpu(w), gpu_bias = on_gpu(bias), gpu_residual = on_gpu(residual);
      Tensor<float, Cuda> gpu_y(y_shape);
      Tensor<std::byte, Cuda> gpu_workspace({ops::conv2d_forward_workspace<float>(on, x_shape, w_shape, o)});
      ops::conv2d_add<float>(on, gpu_x, gpu_w, gpu_bias, gpu_residual, gpu_y, o, gpu_workspace);
      check_gpu("conv2d_add, " + to_string(f), gpu_y, y);
    }
}

TEST_CASE("convolutions that normalize are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const Shape4 x_shape{2, 9, 8, 16};
  const Tensor<float> x = of(x_shape, 1), mean = of({16}, 5), gamma = of({16}, 6), beta = of({16}, 7);
  const Tensor<float> variance = random_tensor<float>({16}, 8, 0.5, 2);
  const auto gpu_x = on_gpu(x), gpu_mean = on_gpu(mean), gpu_gamma = on_gpu(gamma), gpu_beta = on_gpu(beta),
             gpu_variance = on_gpu(variance);
  for (const bool scales : {true, false})
    for (const ActivationFunction f : {linear, relu6, silu}) {
      Tensor<float> factor({16}), shift({16});
      Tensor<float, Cuda> gpu_factor({16}), gpu_shift({16});
      ops::batch_normalization_factors<float>(cpu, variance, scales ? gamma.view() : TensorView<const float>(),
                                              scales ? beta.view() : TensorView<const float>(), 1e-3, factor, shift);
      ops::batch_normalization_factors<float>(
          on, gpu_variance, scales ? gpu_gamma.view() : TensorView<const float, Cuda>(),
          scales ? gpu_beta.view() : TensorView<const float, Cuda>(), 1e-3, gpu_factor, gpu_shift);
      check_gpu("factors", gpu_factor, factor);
      const ops::ChannelNormalization<float, Cpu> by{mean.view(), factor.view(), shift.view()};
      const ops::ChannelNormalization<float, Cuda> gpu_by{gpu_mean.view(), gpu_factor.view(), gpu_shift.view()};
      const ops::Conv2DOptions o{.padding = Padding::same, .activation = f};
      const ops::FilterShape w_shape{3, 3, 16, 16}, depthwise_shape{3, 3, 16, 1};
      const Tensor<float> w = of(w_shape, 2), depthwise = of(depthwise_shape, 3), residual = of(x_shape, 4);
      const auto gpu_w = on_gpu(w), gpu_depthwise = on_gpu(depthwise), gpu_residual = on_gpu(residual);
      Tensor<float> y(x_shape);
      Tensor<float, Cuda> gpu_y(x_shape);
      Tensor<std::byte> workspace({ops::conv2d_forward_workspace<float>(cpu, x_shape, w_shape, o)});
      Tensor<std::byte, Cuda> gpu_workspace({ops::conv2d_forward_workspace<float>(on, x_shape, w_shape, o)});
      for (const bool adds : {true, false}) {
        ops::conv2d_normalized<float>(cpu, x, w, {}, by, adds ? residual.view() : TensorView<const float>(), y, o,
                                      workspace);
        ops::conv2d_normalized<float>(on, gpu_x, gpu_w, {}, gpu_by,
                                      adds ? gpu_residual.view() : TensorView<const float, Cuda>(), gpu_y, o,
                                      gpu_workspace);
        check_gpu("conv2d_normalized, " + to_string(f), gpu_y, y);
      }
      const ops::DepthwiseConv2DOptions d{.padding = Padding::same, .activation = f};
      ops::depthwise_conv2d_normalized<float>(cpu, x, depthwise, {}, by, y, d, {});
      ops::depthwise_conv2d_normalized<float>(on, gpu_x, gpu_depthwise, {}, gpu_by, gpu_y, d, {});
      check_gpu("depthwise_conv2d_normalized, " + to_string(f), gpu_y, y);
    }
}

TEST_CASE("convolutions and their gradients are the processor's in every precision", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Precision precision = GENERATE(Precision::float32, Precision::tf32, Precision::bf16);
  const Cuda on(Cuda::Options{.precision = precision});
  const double share = gpu_tolerance(precision);
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 kernel : {Size2(1), Size2(3), Size2(2), Size2(4, 3)})
      for (const Size2 stride : {Size2(1), Size2(2)})
        for (const ActivationFunction f : {linear, relu, sigmoid, relu6, silu})
          for (const bool with_bias : {true, false}) {
            if ((f != linear && f != relu) && (with_bias || stride == Size2(2))) continue;
            const ops::Conv2DOptions o{.stride = stride, .padding = padding, .activation = f};
            const Shape4 x_shape{2, 9, 8, 8};
            const ops::FilterShape w_shape{kernel.h, kernel.w, 8, 16};
            const Shape4 y_shape = ops::conv2d_shape(x_shape, w_shape, o);
            INFO("kernel " << to_string(kernel) << " stride " << to_string(stride) << " "
                           << (padding == Padding::same ? "same " : "valid ") << to_string(f) << " "
                           << to_string(precision));
            const Tensor<float> x = of(x_shape, 5), w = of(w_shape, 6), bias = of({16}, 7), dz = of(y_shape, 8);
            Tensor<float> y(y_shape), dx(x_shape), dw(w_shape), db({16});
            const TensorView<const float> cpu_bias = with_bias ? bias.view() : TensorView<const float>{};
            Tensor<std::byte> space({ops::conv2d_workspace<float>(cpu, x_shape, w_shape, o)});
            ops::conv2d<float>(cpu, x, w, cpu_bias, y, o, space);
            const auto gpu_x = on_gpu(x), gpu_w = on_gpu(w), gpu_bias = on_gpu(bias), gpu_dz = on_gpu(dz);
            const TensorView<const float, Cuda> there = with_bias ? gpu_bias.view() : TensorView<const float, Cuda>{};
            Tensor<float, Cuda> gpu_y(y_shape), gpu_dx(x_shape), gpu_dw(w_shape), gpu_db({16});
            auto gpu_space = workspace(ops::conv2d_workspace<float>(on, x_shape, w_shape, o));
            CHECK_FALSE(ops::conv2d_kernel_name<float>(on, x_shape, w_shape, o).empty());
            ops::conv2d<float>(on, gpu_x, gpu_w, there, gpu_y, o, gpu_space);
            check_gpu("y", gpu_y, y, share);
            if (f == linear) {
              ops::conv2d_backward_data<float>(cpu, dz, w, dx, o, space);
              ops::conv2d_backward_weights<float>(cpu, x, dz, dw, db, o, space);
              ops::conv2d_backward_data<float>(on, gpu_dz, gpu_w, gpu_dx, o, gpu_space);
              ops::conv2d_backward_weights<float>(on, gpu_x, gpu_dz, gpu_dw, gpu_db, o, gpu_space);
              check_gpu("dx", gpu_dx, dx, share);
              check_gpu("dw", gpu_dw, dw, share);
              check_gpu("db", gpu_db, db);
            }
            if ((f != linear && f != relu) || y_shape.h < 2 || y_shape.w < 2) continue;
            const Shape4 pooled = ops::conv2d_maxpool2d_shape(x_shape, w_shape, o);
            const Tensor<float> dy = of(pooled, 9);
            Tensor<float> p(pooled);
            Tensor<std::uint8_t> code(pooled);
            ops::conv2d_maxpool2d<float>(cpu, x, w, cpu_bias, p, code, o, space);
            ops::conv2d_maxpool2d_backward_data<float>(cpu, dy, code, w, dx, o, space);
            ops::conv2d_maxpool2d_backward_weights<float>(cpu, x, dy, code, dw, db, o, space);
            const auto gpu_dy = on_gpu(dy);
            const auto gpu_code_in = on_gpu(code);
            Tensor<float, Cuda> gpu_p(pooled), plain(pooled);
            Tensor<std::uint8_t, Cuda> gpu_code(pooled);
            ops::conv2d_maxpool2d<float>(on, gpu_x, gpu_w, there, gpu_p, gpu_code, o, gpu_space);
            ops::conv2d_maxpool2d<float>(on, gpu_x, gpu_w, there, plain, {}, o, gpu_space);
            // With the processor's codes: near ties may fall the other way.
            ops::conv2d_maxpool2d_backward_data<float>(on, gpu_dy, gpu_code_in, gpu_w, gpu_dx, o, gpu_space);
            ops::conv2d_maxpool2d_backward_weights<float>(on, gpu_x, gpu_dy, gpu_code_in, gpu_dw, gpu_db, o, gpu_space);
            check_gpu("pooled y", gpu_p, p, share);
            CHECK(same_bits(gpu_p.to<Cpu>(), plain.to<Cpu>()));
            check_gpu("pooled dx", gpu_dx, dx, share);
            check_gpu("pooled dw", gpu_dw, dw, share);
            check_gpu("pooled db", gpu_db, db);
          }
}

TEST_CASE("the gradient of a bias sums a batch's pixels, the same each time", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const ops::Conv2DOptions o{.activation = relu};
  for (const std::int64_t filters : {3, 16}) {  // channels alone, and four at a time
    const Shape4 x_shape{3, 61, 60, 2};
    const ops::FilterShape w_shape{1, 1, 2, filters};
    const Tensor<float> x = of(x_shape, 21), w = of(w_shape, 22), bias = of({filters}, 23);
    const Shape4 pooled = ops::conv2d_maxpool2d_shape(x_shape, w_shape, o);
    const Tensor<float> dz = of(ops::conv2d_shape(x_shape, w_shape, o), 24), dy = of(pooled, 25);
    Tensor<float> p(pooled), dw(w_shape), db({filters}), db_pooled({filters});
    Tensor<std::uint8_t> code(pooled);
    Tensor<std::byte> space({ops::conv2d_workspace<float>(cpu, x_shape, w_shape, o)});
    ops::conv2d_maxpool2d<float>(cpu, x, w, bias, p, code, o, space);
    ops::conv2d_backward_weights<float>(cpu, x, dz, dw, db, o, space);
    ops::conv2d_maxpool2d_backward_weights<float>(cpu, x, dy, code, dw, db_pooled, o, space);
    const auto gpu_x = on_gpu(x), gpu_dz = on_gpu(dz), gpu_dy = on_gpu(dy);
    const auto gpu_code = on_gpu(code);
    auto gpu_space = workspace(ops::conv2d_workspace<float>(on, x_shape, w_shape, o));
    Tensor<float, Cuda> gpu_dw(w_shape), gpu_db({filters}), again({filters}), gpu_db_pooled({filters});
    ops::conv2d_backward_weights<float>(on, gpu_x, gpu_dz, gpu_dw, gpu_db, o, gpu_space);
    ops::conv2d_backward_weights<float>(on, gpu_x, gpu_dz, gpu_dw, again, o, gpu_space);
    ops::conv2d_maxpool2d_backward_weights<float>(on, gpu_x, gpu_dy, gpu_code, gpu_dw, gpu_db_pooled, o, gpu_space);
    check_gpu("db", gpu_db, db);
    CHECK(same_bits(again.to<Cpu>(), gpu_db.to<Cpu>()));
    check_gpu("pooled db", gpu_db_pooled, db_pooled);
  }
}
