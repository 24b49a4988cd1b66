// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <string>

#include "cuda/gpu.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("activations and their gradients are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  for (int i = 0; i <= static_cast<int>(softmax); ++i)
    for (const Shape& shape : {Shape{1, 1}, Shape{3, 7}, Shape{2, 5, 5, 3}, Shape{70000, 3}}) {
      const auto f = static_cast<ActivationFunction>(i);
      const Tensor<float> x = of(shape, 1, -5, 5), dy = of(shape, 2);
      Tensor<float> y(shape), dx(shape);
      ops::activate<float>(cpu, f, x, y);
      const Tensor<float>& z = ops::gradient_from_input(f) ? x : y;
      ops::activation_backward<float>(cpu, f, z, dy, dx);
      const auto gpu_x = on_gpu(x), gpu_dy = on_gpu(dy), gpu_z = on_gpu(z);
      Tensor<float, Cuda> gpu_y(shape), gpu_dx(shape);
      ops::activate<float>(on, f, gpu_x, gpu_y);
      ops::activation_backward<float>(on, f, gpu_z, gpu_dy, gpu_dx);
      check_gpu(to_string(f), gpu_y, y);
      check_gpu(to_string(f) + " backward", gpu_dx, dx);
      auto in_place = on_gpu(x);
      ops::activate<float>(on, f, in_place, in_place);
      check_gpu(to_string(f) + " in place", in_place, y);
    }
}

TEST_CASE("rectifiers and elu with settings are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const Shape shape{3, 7, 11};
  const Tensor<float> x = of(shape, 1, -5, 5), dy = of(shape, 2);
  const auto gpu_x = on_gpu(x), gpu_dy = on_gpu(dy);
  Tensor<float> y(shape), dx(shape);
  Tensor<float, Cuda> gpu_y(shape), gpu_dx(shape);
  for (const ops::RectifierOptions& o :
       {ops::RectifierOptions{}, ops::RectifierOptions{.max_value = 2, .negative_slope = 0.3, .threshold = 0.5}}) {
    ops::rectify<float>(cpu, x, y, o);
    ops::rectify_backward<float>(cpu, x, dy, dx, o);
    ops::rectify<float>(on, gpu_x, gpu_y, o);
    ops::rectify_backward<float>(on, gpu_x, gpu_dy, gpu_dx, o);
    check_gpu("rectify", gpu_y, y);
    check_gpu("rectify backward", gpu_dx, dx);
  }
  ops::elu<float>(cpu, x, y, 0.6);
  ops::elu_backward<float>(cpu, y, dy, dx, 0.6);
  ops::elu<float>(on, gpu_x, gpu_y, 0.6);
  ops::elu_backward<float>(on, on_gpu(y), gpu_dy, gpu_dx, 0.6);
  check_gpu("elu", gpu_y, y);
  check_gpu("elu backward", gpu_dx, dx);
}

TEST_CASE("pools are the processor's, with codes and without", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 window : {Size2(2), Size2(3), Size2(2, 3)})
      for (const Size2 stride : {Size2(1), Size2(2)}) {
        const ops::MaxPool2DOptions o{.window = window, .stride = stride, .padding = padding};
        const Shape4 in{2, 9, 8, 5}, out = ops::maxpool2d_shape(in, o);
        const Tensor<float> x = of(in, 3), dy = of(out, 4);
        Tensor<float> y(out), dx(in);
        Tensor<std::uint8_t> code(out);
        ops::maxpool2d<float>(cpu, x, y, code, o);
        ops::maxpool2d_backward<float>(cpu, dy, code, dx, o);
        const auto gpu_x = on_gpu(x), gpu_dy = on_gpu(dy);
        Tensor<float, Cuda> gpu_y(out), gpu_dx(in), plain(out);
        Tensor<std::uint8_t, Cuda> gpu_code(out);
        ops::maxpool2d<float>(on, gpu_x, gpu_y, gpu_code, o);
        ops::maxpool2d_backward<float>(on, gpu_dy, gpu_code, gpu_dx, o);
        ops::maxpool2d<float>(on, gpu_x, plain, {}, o);
        CHECK(same_bits(gpu_y.to<Cpu>(), y));
        CHECK(same_bits(gpu_code.to<Cpu>(), code));
        CHECK(same_bits(gpu_dx.to<Cpu>(), dx));
        CHECK(same_bits(plain.to<Cpu>(), y));
      }
}

TEST_CASE("matrix products are the processor's in every precision", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Precision precision = GENERATE(Precision::float32, Precision::tf32, Precision::bf16);
  const Cuda on(Cuda::Options{.precision = precision});
  for (const auto& [m, n, k] : {std::array<std::int64_t, 3>{1, 1, 1}, {5, 3, 17}, {30, 64, 129}})
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true})
        for (const bool accumulate : {false, true})
          for (const ActivationFunction f : {linear, relu, sigmoid, gelu}) {
            const ops::GemmOptions o{
                .transpose_a = transpose_a, .transpose_b = transpose_b, .accumulate = accumulate, .activation = f};
            const std::int64_t ar = transpose_a ? k : m, ac = transpose_a ? m : k, br = transpose_b ? n : k,
                               bc = transpose_b ? k : n;
            const Tensor<float> a = of({ar, ac + 1}, 10), b = of({br, bc + 2}, 11), bias = of({n}, 12);
            Tensor<float> c = of({m, n + 3}, 13);
            auto gpu_c = on_gpu(c);
            ops::reference::gemm<float>({a.data(), ar, ac, ac + 1}, {b.data(), br, bc, bc + 2}, bias,
                                        {c.data(), m, n, n + 3}, o);
            const auto gpu_a = on_gpu(a), gpu_b = on_gpu(b), gpu_bias = on_gpu(bias);
            auto space = workspace(ops::gemm_workspace<float>(on, m, n, k, o));
            ops::gemm<float>(on, {gpu_a.data(), ar, ac, ac + 1}, {gpu_b.data(), br, bc, bc + 2}, gpu_bias,
                             {gpu_c.data(), m, n, n + 3}, o, space);
            check_gpu("c", gpu_c, c, gpu_tolerance(precision));
          }
}

TEST_CASE("dense layers and their gradients are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  for (const auto& [samples, inputs, outputs] :
       {std::array<std::int64_t, 3>{1, 1, 1}, {5, 33, 7}, {30, 128, 64}, {2, 5, 1}, {5000, 3, 5}})
    for (const ActivationFunction f : {linear, relu, sigmoid, softmax}) {
      const Tensor<float> x = of({samples, inputs}, 14), w = of({inputs, outputs}, 15), bias = of({outputs}, 16),
                          dz = of({samples, outputs}, 17);
      Tensor<float> y({samples, outputs}), dx(x.shape()), dw(w.shape()), db({outputs}), w_new = w.clone();
      ops::reference::dense<float>(x, w, bias, y, f);
      ops::reference::dense_backward_data<float>(dz, w, dx);
      ops::reference::dense_backward_weights<float>(x, dz, dw, db);
      const auto gpu_x = on_gpu(x), gpu_w = on_gpu(w), gpu_bias = on_gpu(bias), gpu_dz = on_gpu(dz);
      Tensor<float, Cuda> gpu_y(y.shape()), gpu_dx(dx.shape()), gpu_dw(dw.shape()), gpu_db(db.shape());
      auto space = workspace(ops::dense_workspace<float>(on, x.shape(), w.shape()));
      ops::dense<float>(on, gpu_x, gpu_w, gpu_bias, gpu_y, f, space);
      ops::dense_backward_data<float>(on, gpu_dz, gpu_w, gpu_dx, space);
      ops::dense_backward_weights<float>(on, gpu_x, gpu_dz, gpu_dw, gpu_db, space);
      check_gpu("y", gpu_y, y);
      check_gpu("dx", gpu_dx, dx);
      check_gpu("dw", gpu_dw, dw);
      check_gpu("db", gpu_db, db);

      Tensor<float, Cuda> streamed(dw.shape()), dx_again(dx.shape());
      std::int64_t rows = 0;
      const auto update = [&](std::int64_t first, TensorView<const float, Cuda> block) {
        Memory<Cuda>::copy(on, streamed.data() + first * outputs, block.data,
                           static_cast<std::size_t>(block.size()) * sizeof(float));
        rows += block.shape[0];
      };
      ops::dense_backward_update<float>(on, gpu_x, gpu_dz, gpu_w, dx_again, gpu_db, update, space);
      CHECK(rows == inputs);
      check_gpu("dw in parts", streamed, dw);
      check_gpu("dx beside it", dx_again, dx);
    }
}

TEST_CASE("losses and their gradients are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const std::int64_t n = 33, k = 5;
  const Tensor<float> z = of({n, k}, 18, -30, 30), p = of({n, k}, 19, 0.01, 0.99), t = of({n, k}, 20, 0, 1),
                      weight = of({n}, 21, 0, 2);
  Tensor<float> labels({n});
  for (std::int64_t i = 0; i < n; ++i) labels[i] = static_cast<float>(i % k);
  Tensor<std::int32_t> classes({n});
  ops::class_numbers<float>(cpu, labels, classes);
  const auto gpu_z = on_gpu(z), gpu_p = on_gpu(p), gpu_t = on_gpu(t), gpu_weight = on_gpu(weight);
  Tensor<std::int32_t, Cuda> gpu_classes({n});
  ops::class_numbers<float>(on, on_gpu(labels), gpu_classes);
  CHECK(same_bits(gpu_classes.to<Cpu>(), classes));
  for (const bool with_weights : {false, true}) {
    const TensorView<const float> w = with_weights ? weight.view() : TensorView<const float>{};
    const TensorView<const float, Cuda> gpu_w = with_weights ? gpu_weight.view() : TensorView<const float, Cuda>{};
    Tensor<float> each({n}), d({n, k});
    Tensor<float, Cuda> gpu_each({n}), gpu_d({n, k});
    const auto check = [&](const char* what) {
      check_gpu(std::string(what) + ", loss", gpu_each, each);
      check_gpu(std::string(what) + ", gradient", gpu_d, d);
    };
    ops::binary_crossentropy_logits<float>(cpu, z, t, w, each, d);
    ops::binary_crossentropy_logits<float>(on, gpu_z, gpu_t, gpu_w, gpu_each, gpu_d);
    check("binary, logits");
    ops::binary_crossentropy<float>(cpu, p, t, w, each, d);
    ops::binary_crossentropy<float>(on, gpu_p, gpu_t, gpu_w, gpu_each, gpu_d);
    check("binary, probabilities");
    ops::sparse_categorical_crossentropy_logits<float>(cpu, z, classes, w, each, d);
    ops::sparse_categorical_crossentropy_logits<float>(on, gpu_z, gpu_classes, gpu_w, gpu_each, gpu_d);
    check("class numbers, logits");
    ops::sparse_categorical_crossentropy<float>(cpu, p, classes, w, each, d);
    ops::sparse_categorical_crossentropy<float>(on, gpu_p, gpu_classes, gpu_w, gpu_each, gpu_d);
    check("class numbers, probabilities");
    const ops::CategoricalCrossentropyOptions focal{.label_smoothing = 0.1, .gamma = 2, .alpha = 0.5};
    ops::categorical_crossentropy_logits<float>(cpu, z, t, w, each, d, focal);
    ops::categorical_crossentropy_logits<float>(on, gpu_z, gpu_t, gpu_w, gpu_each, gpu_d, focal);
    check("rows of labels, logits");
    ops::categorical_crossentropy<float>(cpu, p, t, w, each, d, focal);
    ops::categorical_crossentropy<float>(on, gpu_p, gpu_t, gpu_w, gpu_each, gpu_d, focal);
    check("rows of labels, probabilities");
    const ops::RegressionErrorOptions huber{ops::RegressionError::huber, 2};
    ops::regression_error<float>(cpu, z, t, w, each, d, huber);
    ops::regression_error<float>(on, gpu_z, gpu_t, gpu_w, gpu_each, gpu_d, huber);
    check("numbers");
  }
}

TEST_CASE("dropout draws what the processor draws", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const Random random{.seed = 7, .what = 3, .step = 11};
  for (const std::int64_t n : {1, 5, 1000, 100003}) {
    const Tensor<float> x = of({n}, 22);
    Tensor<float> y({n});
    Tensor<float, Cuda> gpu_y({n});
    ops::dropout<float>(cpu, x, y, 0.4, random);
    ops::dropout<float>(on, on_gpu(x), gpu_y, 0.4, random);
    CHECK(same_bits(gpu_y.to<Cpu>(), y));
    Tensor<std::uint8_t> mask({n});
    for (std::int64_t i = 0; i < n; ++i) mask[i] = static_cast<std::uint8_t>(i % 2);
    ops::dropout_masked<float>(cpu, x, mask, y, 0.4);
    ops::dropout_masked<float>(on, on_gpu(x), on_gpu(mask), gpu_y, 0.4);
    CHECK(same_bits(gpu_y.to<Cpu>(), y));
  }
}

TEST_CASE("optimizers step as the processor does, one parameter or all", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const Tensor<float> w = of({1003}, 23), g = of({1003}, 24), a = of({1003}, 25, 0, 1), b = of({1003}, 26, 0, 0.1),
                      c = of({1003}, 27);
  struct Set {
    Tensor<float> w, a, b, c;
  };
  struct GpuSet {
    Tensor<float, Cuda> w, a, b, c;
  };
  const auto gpu_g = on_gpu(g);
  const auto compare = [&](const std::string& what, auto&& on_cpu, auto&& one, auto&& all) {
    Set s{w.clone(), a.clone(), b.clone(), c.clone()};
    on_cpu(s);
    for (const bool together : {false, true}) {
      GpuSet d{on_gpu(w), on_gpu(a), on_gpu(b), on_gpu(c)};
      if (together)
        all(std::array{ops::ParameterUpdate<float, Cuda>{d.w, gpu_g.view(), {d.a, d.b, d.c}}});
      else
        one(d);
      check_gpu(what + " w", d.w, s.w);
      check_gpu(what + " slot 0", d.a, s.a);
      check_gpu(what + " slot 1", d.b, s.b);
      check_gpu(what + " slot 2", d.c, s.c);
    }
  };
  const ops::RMSpropOptions r{.momentum = 0.9, .centered = true};
  compare(
      "rmsprop", [&](Set& s) { ops::rmsprop<float>(cpu, s.w, g, s.a, s.c, s.b, r); },
      [&](GpuSet& s) { ops::rmsprop<float>(on, s.w, gpu_g, s.a, s.c, s.b, r); },
      [&](const auto& all) { ops::rmsprop_all<float>(on, all, r); });
  const ops::SGDOptions m{.momentum = 0.9, .nesterov = true};
  compare(
      "sgd", [&](Set& s) { ops::sgd<float>(cpu, s.w, g, s.a, m); },
      [&](GpuSet& s) { ops::sgd<float>(on, s.w, gpu_g, s.a, m); },
      [&](const auto& all) { ops::sgd_all<float>(on, all, m); });
  const ops::AdamOptions w_decay{.amsgrad = true, .decay = 0.1};
  compare(
      "adamw", [&](Set& s) { ops::adam<float>(cpu, s.w, g, s.a, s.b, s.c, 5, w_decay); },
      [&](GpuSet& s) { ops::adam<float>(on, s.w, gpu_g, s.a, s.b, s.c, 5, w_decay); },
      [&](const auto& all) { ops::adam_all<float>(on, all, 5, w_decay); });
  compare(
      "adam", [&](Set& s) { ops::adam<float>(cpu, s.w, g, s.a, s.b, {}, 5, {}); },
      [&](GpuSet& s) { ops::adam<float>(on, s.w, gpu_g, s.a, s.b, {}, 5, {}); },
      [&](const auto& all) { ops::adam_all<float>(on, all, 5, {}); });
}
