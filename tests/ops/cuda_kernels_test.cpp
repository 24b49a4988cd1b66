// SPDX-License-Identifier: MIT
// What one thread of the GPU does, run by the processor: the kernels of ops/*/cuda_kernels.hpp in a plain loop, against
// the ops of the Cpu. Needs neither CUDA nor a GPU.
#include "brindle/ops/adam/cuda_kernels.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "brindle/core/cuda_bfloat16.hpp"
#include "brindle/ops/activation/cuda_kernels.hpp"
#include "brindle/ops/conv2d/cuda_kernels.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/ops/cuda_column_sums_kernel.hpp"
#include "brindle/ops/dropout/cuda_kernels.hpp"
#include "brindle/ops/gemm/cuda_product.hpp"
#include "brindle/ops/maxpool2d/cuda_kernels.hpp"
#include "brindle/ops/rmsprop/cuda_kernels.hpp"
#include "brindle/ops/sgd/cuda_kernels.hpp"
#include "brindle/ops/softmax/cuda_kernels.hpp"
#include "support/each_index.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = brindle::ops::kernel;

namespace {

const Cpu on{1};

/// A tensor with some equal elements, zeros and a NaN, as pooling meets them.
Tensor<float> levels(const Shape& shape, std::uint64_t seed) {
  Tensor<float> t = random_tensor<float>(shape, seed, -3, 3);
  for (float& v : t.span()) v = std::floor(v);
  if (t.size() > 7) t[7] = std::numeric_limits<float>::quiet_NaN();
  return t;
}

}  // namespace

TEST_CASE("the GPU's element-wise gradients have the bits of the processor's", "[ops][cuda_kernels]") {
  const Shape shape{3, 5, 7};
  const Tensor<float> y = random_tensor<float>(shape, 1), dy = random_tensor<float>(shape, 2);
  Tensor<float> expected(shape), got = unwritten<float>(shape);

  ops::relu_backward<float>(on, y, dy, expected);
  each_index(y.size(), kernel::ActivationBackward<float>{y.data(), dy.data(), got.data(), relu});
  CHECK(same_bits(got, expected));

  ops::sigmoid_backward<float>(on, y, dy, expected);
  each_index(y.size(), kernel::ActivationBackward<float>{y.data(), dy.data(), got.data(), sigmoid});
  check_close("sigmoid_backward", got, expected, 1e-6);

  ops::softmax_backward<float>(on, y, dy, expected);
  each_index(15, kernel::SoftmaxBackward<float>{y.data(), dy.data(), got.data(), 7});
  check_close("softmax_backward", got, expected, 1e-6);
}

TEST_CASE("the GPU's pools have the bits and codes of the processor's", "[ops][cuda_kernels]") {
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 window : {Size2(2), Size2(3), Size2(2, 3), Size2(1)})
      for (const Size2 stride : {Size2(1), Size2(2), Size2(3, 2)}) {
        INFO("window " << to_string(window) << ", stride " << to_string(stride));
        const ops::MaxPool2DOptions o{.window = window, .stride = stride, .padding = padding};
        const Shape4 in{2, 7, 6, 3}, out = ops::maxpool2d_shape(in, o);
        const Tensor<float> x = levels(in, 3), dy = random_tensor<float>(out, 4);
        Tensor<float> y(out), dx(in), gpu_y = unwritten<float>(out), gpu_dx = unwritten<float>(in);
        Tensor<std::uint8_t> code(out), gpu_code = unwritten<std::uint8_t>(out);
        ops::maxpool2d<float>(on, x, y, code, o);
        ops::maxpool2d_backward<float>(on, dy, code, dx, o);
        const auto at = kernel::PoolWindows::of(in, out, o);
        each_index(out.size(), kernel::MaxPoolForward<float>{x.data(), gpu_y.data(), gpu_code.data(), at});
        each_index(in.size(), kernel::MaxPoolBackward<float>{dy.data(), code.data(), gpu_dx.data(), at});
        CHECK(same_bits(gpu_y, y));
        CHECK(same_bits(gpu_code, code));
        CHECK(same_bits(gpu_dx, dx));
      }
}

TEST_CASE("the GPU's pool behind a convolution has the codes and gradients of the reference", "[ops][cuda_kernels]") {
  for (const ActivationFunction f : {linear, relu})
    for (const Shape4& z_shape : {Shape4{2, 6, 8, 3}, Shape4{1, 7, 5, 2}, Shape4{3, 2, 3, 1}, Shape4{2, 5, 6, 8}}) {
      const ops::Conv2DOptions o{.activation = f};
      const Shape4 shape{z_shape.n, z_shape.h / 2, z_shape.w / 2, z_shape.c};
      Tensor<float> z = levels(z_shape, 5);
      if (f == relu) ops::relu<float>(on, z, z);
      const Tensor<float> dy = random_tensor<float>(shape, 6);
      Tensor<float> y(shape), dz(z_shape), gpu_y = unwritten<float>(shape), gpu_dz = unwritten<float>(z_shape);
      Tensor<std::uint8_t> code(shape), gpu_code = unwritten<std::uint8_t>(shape);
      ops::reference::conv2d_maxpool2d<float>(z, y, code, o);
      ops::reference::conv2d_maxpool2d_expand<float>(dy, code, dz);
      const auto check = [&]<int width>() {
        each_index(shape.size() / width,
                   kernel::PoolWithCode<float, width>{z.data(), gpu_y.data(), gpu_code.data(), z_shape.h, z_shape.w,
                                                      z_shape.c, shape.h, shape.w, f == relu});
        each_index(z_shape.size() / width,
                   kernel::ExpandPooled<float, width>{dy.data(), code.data(), gpu_dz.data(), z_shape.h, z_shape.w,
                                                      z_shape.c, shape.h, shape.w});
        CHECK(same_bits(gpu_y, y));
        CHECK(same_bits(gpu_code, code));
        CHECK(same_bits(gpu_dz, dz));
      };
      check.template operator()<1>();
      gpu_y = unwritten<float>(shape), gpu_dz = unwritten<float>(z_shape), gpu_code = unwritten<std::uint8_t>(shape);
      if (z_shape.c % 4 == 0) check.template operator()<4>();
    }
}

TEST_CASE("the GPU's dropout draws what the processor draws, also in a recorded step", "[ops][cuda_kernels]") {
  const Random random{.seed = 42, .what = stream_id("layer", "dropout"), .step = 7};
  const detail::StepNumbers numbers{.step = 9};
  for (const std::int64_t n : {1, 3, 4, 5, 64, 1001}) {
    const Tensor<float> x = random_tensor<float>({n}, 8);
    const auto scale = ops::DropoutScale::of(0.3);
    const auto factor = static_cast<float>(scale.factor);
    for (const detail::StepNumbers* step : {static_cast<const detail::StepNumbers*>(nullptr), &numbers}) {
      Tensor<float> expected({n}), got = unwritten<float>({n});
      Random now = random;
      if (step) now.step = step->step;
      ops::dropout<float>(on, x, expected, 0.3, now);
      each_index((n + 3) / 4,
                 kernel::DropoutForward<float>{x.data(), got.data(), n, scale.threshold, factor, random, step});
      CHECK(same_bits(got, expected));
    }
    Tensor<std::uint8_t> mask({n});
    for (std::int64_t i = 0; i < n; ++i) mask[i] = static_cast<std::uint8_t>(i % 3);
    Tensor<float> expected({n}), got = unwritten<float>({n});
    ops::dropout_masked<float>(on, x, mask, expected, 0.3);
    each_index(n, kernel::DropoutMasked<float>{x.data(), mask.data(), got.data(), factor});
    CHECK(same_bits(got, expected));
  }
}

TEST_CASE("the GPU's optimizers step many parameters of all sizes as the processor does", "[ops][cuda_kernels]") {
  const std::int64_t count = GENERATE(1, 3, 64, 65, 130);
  const auto size_of = [](std::int64_t i) { return i % 7 == 3 ? std::int64_t{0} : 1 + i * 5 % 17; };
  struct Arrays {
    std::vector<Tensor<float>> w, g, a, b, c;
  };
  const auto fill = [&](Arrays& to) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto seed = static_cast<std::uint64_t>(i);
      const Shape shape{size_of(i)};
      to.w.push_back(random_tensor<float>(shape, 100 + seed));
      to.g.push_back(random_tensor<float>(shape, 300 + seed));
      to.a.push_back(random_tensor<float>(shape, 500 + seed, 0, 1));
      to.b.push_back(random_tensor<float>(shape, 700 + seed, 0, 0.1));
      to.c.push_back(random_tensor<float>(shape, 900 + seed));
    }
  };
  const auto updates = [&](Arrays& of) {
    std::vector<ops::ParameterUpdate<float, Cpu>> all;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      // Some begin where no vector may.
      const auto part = [&](auto& t) { return t.view().slice(i % 5 == 4 && t.size() > 1, t.size()); };
      all.push_back({part(of.w[i]), part(of.g[i]), {part(of.a[i]), part(of.b[i]), part(of.c[i])}});
      all.back().decays = i % 3 != 1;
    }
    return all;
  };
  const auto run = [&](auto&& on_cpu, auto&& kernel_of) {
    Arrays expected, got;
    fill(expected), fill(got);
    const auto expected_updates = updates(expected), got_updates = updates(got);
    on_cpu(expected_updates);
    std::int64_t elements = 0, launches = 0;
    for (std::size_t begin = 0; begin < got_updates.size(); ++launches) {
      const auto table =
          kernel::ParameterTable<float>::take(std::span<const ops::ParameterUpdate<float, Cpu>>(got_updates), begin);
      each_index(table.groups, kernel_of(table));
      for (int e = 0; e < table.count; ++e) elements += table.entry[e].size;
    }
    CHECK(launches <= (count + 63) / 64);
    std::int64_t all = 0;
    for (const auto& update : expected_updates) all += update.w.size();
    CHECK(elements == all);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
      for (const auto& [e, g] : {std::pair{&expected.w[i], &got.w[i]}, std::pair{&expected.a[i], &got.a[i]},
                                 std::pair{&expected.b[i], &got.b[i]}, std::pair{&expected.c[i], &got.c[i]}})
        check_close("parameter " + std::to_string(i), *g, *e, 2e-6);
  };

  const detail::StepNumbers numbers{.learning_rate = 0.02, .decay = 0.3};
  for (const detail::StepNumbers* step : {static_cast<const detail::StepNumbers*>(nullptr), &numbers}) {
    const double rate = step ? 0.02 : 0.01;
    for (const bool centered : {false, true})
      for (const double momentum : {0.0, 0.9})
        for (const bool keras2 : {false, true}) {
          ops::RMSpropOptions o{.learning_rate = rate, .momentum = momentum, .centered = centered, .keras2 = keras2};
          o.decay = step ? 0.3 : momentum / 2;
          ops::RMSpropOptions launched = o;
          launched.learning_rate = 0.01;
          if (step) launched.decay = 0.7;
          run([&](const auto& all) { ops::rmsprop_all<float>(on, all, o); },
              [&](const auto& table) {
                return kernel::RMSpropStep<float>{table, launched, step};
              });
        }
    for (const bool nesterov : {false, true})
      for (const double momentum : {0.0, 0.9}) {
        const ops::SGDOptions o{
            .learning_rate = rate, .momentum = momentum, .nesterov = nesterov, .decay = step ? 0.3 : momentum / 2};
        ops::SGDOptions launched = o;
        launched.learning_rate = 0.01;
        if (step) launched.decay = 0.7;
        run([&](const auto& all) { ops::sgd_all<float>(on, all, o); },
            [&](const auto& table) {
              return kernel::SGDStep<float>{table, launched, step};
            });
      }
    for (const bool amsgrad : {false, true})
      for (const double decay : {0.0, 0.25}) {
        const ops::AdamOptions o{.learning_rate = 0.01, .amsgrad = amsgrad, .decay = decay};
        ops::AdamOptions launched = o;
        if (step) launched.decay = 0.7;
        const detail::StepNumbers corrected{.learning_rate = o.rate(3), .decay = decay};
        run([&](const auto& all) { ops::adam_all<float>(on, all, 3, o); },
            [&](const auto& table) {
              return kernel::AdamStep<float>{table, launched, step ? 1.0 : o.rate(3), step ? &corrected : nullptr};
            });
      }
  }
}

TEST_CASE("a launch that takes all parameters along stays below 4 KB", "[ops][cuda_kernels]") {
  CHECK(sizeof(kernel::RMSpropStep<float>) <= 4000);
  CHECK(sizeof(kernel::AdamStep<float>) <= 4000);
  CHECK(sizeof(kernel::SGDStep<float>) <= 4000);
}

TEST_CASE("sums of columns go from the first row of a part to its last", "[ops][cuda_kernels]") {
  for (const std::int64_t rows : {1, 5, 64, 65, 200}) {
    const std::int64_t parts = kernel::ColumnSums<float>::parts(rows);
    CHECK(parts == (rows + 63) / 64);
    const Tensor<float> x = random_tensor<float>({rows, 3}, 13);
    Tensor<std::uint8_t> code({rows, 3});
    for (std::int64_t i = 0; i < code.size(); ++i) code[i] = static_cast<std::uint8_t>(i % 5);
    for (const bool with_code : {false, true}) {
      Tensor<float> sums = unwritten<float>({parts, 3}), expected({parts, 3});
      for (std::int64_t i = 0; i < x.size(); ++i)
        if (!with_code || code[i] != 4) expected[i / 3 / 64 * 3 + i % 3] += x[i];
      each_index(sums.size(),
                 kernel::ColumnSums<float>{x.data(), with_code ? code.data() : nullptr, sums.data(), rows, 3});
      CHECK(same_bits(sums, expected));
    }
  }
}

TEST_CASE("a column-major product of the given sizes and strides is the row-major one", "[ops][cuda_kernels]") {
  // What BLAS promises, in plain loops over columns.
  const auto column_major = [](const kernel::ColumnMajorProduct& p, const float* first, const float* second, float* c,
                               bool accumulate) {
    const auto rows = [](bool turned, std::int64_t r, std::int64_t n) { return turned ? n : r; };
    CHECK(rows(p.transpose_first, p.first_rows, p.first_columns) == p.m);
    CHECK(rows(p.transpose_first, p.first_columns, p.first_rows) == p.k);
    CHECK(rows(p.transpose_second, p.second_rows, p.second_columns) == p.k);
    CHECK(rows(p.transpose_second, p.second_columns, p.second_rows) == p.n);
    for (std::int64_t j = 0; j < p.n; ++j)
      for (std::int64_t i = 0; i < p.m; ++i) {
        double sum = accumulate ? double(c[i + j * p.c_stride]) : 0.0;
        for (std::int64_t t = 0; t < p.k; ++t)
          sum += double(p.transpose_first ? first[t + i * p.first_stride] : first[i + t * p.first_stride]) *
                 double(p.transpose_second ? second[j + t * p.second_stride] : second[t + j * p.second_stride]);
        c[i + j * p.c_stride] = static_cast<float>(sum);
      }
  };
  const std::int64_t m = 4, n = 3, k = 5;
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true})
      for (const bool accumulate : {false, true}) {
        const ops::GemmOptions o{.transpose_a = transpose_a, .transpose_b = transpose_b, .accumulate = accumulate};
        const std::int64_t a_rows = transpose_a ? k : m, a_columns = transpose_a ? m : k;
        const std::int64_t b_rows = transpose_b ? n : k, b_columns = transpose_b ? k : n;
        const Tensor<float> a = random_tensor<float>({a_rows, a_columns + 2}, 14),
                            b = random_tensor<float>({b_rows, b_columns + 1}, 15);
        Tensor<float> expected = random_tensor<float>({m, n + 3}, 16);
        Tensor<float> got = expected.clone();
        const ops::MatrixView<const float> a_view{a.data(), a_rows, a_columns, a_columns + 2},
            b_view{b.data(), b_rows, b_columns, b_columns + 1};
        const ops::MatrixView<float> c{expected.data(), m, n, n + 3};
        ops::reference::gemm<float>(a_view, b_view, {}, c, o);
        column_major(kernel::ColumnMajorProduct::of(a_view, b_view, c, o), b.data(), a.data(), got.data(), accumulate);
        check_close("product", got, expected, 1e-6);
      }
}

TEST_CASE("cuDNN's convolution of the padded pictures is Keras's", "[ops][cuda_kernels]") {
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 kernel_size : {Size2(1), Size2(2), Size2(3), Size2(4, 3)})
      for (const Size2 stride : {Size2(1), Size2(2), Size2(3), Size2(1, 2)})
        for (const std::int64_t side : {4, 7, 8}) {
          const Shape4 x_shape{2, side, side + 1, 2};
          const ops::FilterShape w_shape{kernel_size.h, kernel_size.w, 2, 3};
          const ops::Conv2DOptions o{.stride = stride, .padding = padding};
          const auto c = kernel::CudaConvolution::of(x_shape, w_shape, o);
          INFO("kernel " << to_string(kernel_size) << ", stride " << to_string(stride) << ", x " << to_string(x_shape));
          // cuDNN's formula for the size of its output.
          CHECK((c.convolved.h + 2 * c.pad_h - w_shape.kh) / stride.h + 1 == c.y.h);
          CHECK((c.convolved.w + 2 * c.pad_w - w_shape.kw) / stride.w + 1 == c.y.w);
          CHECK(c.padded == !(c.convolved == c.x));

          // Every position of every window, by cuDNN's rule in `convolved`, by Keras's in x.
          const std::int64_t top = ops::WindowAxis::of(x_shape.h, w_shape.kh, stride.h, padding).before;
          const std::int64_t left = ops::WindowAxis::of(x_shape.w, w_shape.kw, stride.w, padding).before;
          CHECK(c.top + c.pad_h == top);
          CHECK(c.left + c.pad_w == left);
        }
}

TEST_CASE("bfloat16 keeps the nearest of its numbers, and what is no number", "[ops][cuda_kernels]") {
  for (const float number : {0.0f, -0.0f, 1.0f, -2.5f, 0x1p-126f, 0x1.FEp127f, 1.0078125f})
    CHECK(detail::bfloat16::of(number).value() == number);
  CHECK(detail::bfloat16::of(1.0f + 0x1p-9f).value() == 1.0f);                      // closer to 1
  CHECK(detail::bfloat16::of(1.0f + 0x1p-8f).value() == 1.0f);                      // halfway: even
  CHECK(detail::bfloat16::of(1.0f + 0x1p-7f + 0x1p-8f).value() == 1.0f + 0x1p-6f);  // halfway: even
  CHECK(detail::bfloat16::of(1.0f + 0x1p-8f + 0x1p-20f).value() == 1.0f + 0x1p-7f);
  CHECK(std::isinf(detail::bfloat16::of(std::numeric_limits<float>::max()).value()));
  CHECK(std::isnan(detail::bfloat16::of(std::numeric_limits<float>::quiet_NaN()).value()));
  CHECK(std::isinf(detail::bfloat16::of(std::numeric_limits<float>::infinity()).value()));
}

TEST_CASE("pictures and filters come back from bfloat16 where they were", "[ops][cuda_kernels]") {
  const Shape4 x_shape{2, 3, 4, 5}, around{2, 6, 6, 5};
  Tensor<float> x = random_tensor<float>(x_shape, 17), back = unwritten<float>(x_shape);
  for (float& v : x.span()) v = detail::bfloat16::of(v).value();
  std::vector<detail::bfloat16> numbers(static_cast<std::size_t>(around.size()), detail::bfloat16{0xFFFF});
  each_index(around.size(), kernel::PicturesToBfloat16{x.data(), numbers.data(), 6, 6, 5, 3, 4, 1, 2});
  double sum = 0, expected = 0;
  for (const detail::bfloat16 v : numbers) sum += double(std::abs(v.value()));
  for (const float v : x.span()) expected += double(std::abs(v));
  CHECK(sum == Approx(expected));  // zeros around
  each_index(x_shape.size(), kernel::PicturesFromBfloat16{numbers.data(), back.data(), 6, 6, 5, 3, 4, 1, 2});
  CHECK(same_bits(back, x));

  const std::int64_t taps = 6, co = 5;
  Tensor<float> w = random_tensor<float>({taps, co}, 18), w_back = unwritten<float>({taps, co});
  for (float& v : w.span()) v = detail::bfloat16::of(v).value();
  std::vector<detail::bfloat16> turned(static_cast<std::size_t>(w.size()));
  each_index(w.size(), kernel::FiltersToBfloat16{w.data(), turned.data(), taps, co});
  CHECK(turned[static_cast<std::size_t>(2 * taps + 4)].value() == w[4 * co + 2]);
  each_index(w.size(), kernel::FiltersFromBfloat16{turned.data(), w_back.data(), taps, co});
  CHECK(same_bits(w_back, w));

  const Tensor<float> bias = random_tensor<float>({co}, 19);
  for (const ActivationFunction f : {linear, relu, sigmoid})
    for (const bool with_bias : {false, true}) {
      Tensor<float> y = unwritten<float>({taps, co}), z({taps, co});
      for (std::int64_t i = 0; i < z.size(); ++i)
        z[i] = turned[static_cast<std::size_t>(i)].value() + (with_bias ? bias[i % co] : 0.0f);
      ops::activate<float>(on, f, z, z);
      each_index(z.size(),
                 kernel::BiasActivationFromBfloat16{turned.data(), with_bias ? bias.data() : nullptr, y.data(), co, f});
      check_close(to_string(f), y, z, 1e-6);
    }
}
