// SPDX-License-Identifier: MIT
// Convolutions of sizes that are drawn, by each kernel alone.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/ops/conv2d/cpu.hpp"
#include "support/random_conv2d.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = ops::kernel;

namespace {

/// A kernel at sizes for which the op would choose another one.
template <class T, class Kernel>
void check_kernel(RandomCase& c, Sizes s, bool pools, double more) {
  s.o.activation = c.pick({linear, relu, relu6, ActivationFunction::gelu});
  const kernel::ConvGeometry g =
      kernel::ConvGeometry::of(s.x, Shape4{s.w.kh, s.w.kw, s.w.ci, s.w.co}, s.o.stride, s.o.padding);
  const PlainConvolution plain(s.x, s.w, s.o);
  c.says("x ", to_string(s.x), ", w ", to_string(s.w), ", stride ", to_string(s.o.stride), ", padding ",
         to_string(s.o.padding), ", ", to_string(s.o.activation));
  const Shape4 p{plain.y.n, plain.y.h / 2, plain.y.w / 2, plain.y.c};
  const auto x = c.input<T>(s.x), w = c.input<T>(s.w), dz = c.input<T>(plain.y), dp = c.input<T>(p);
  const auto bias = c.input<T>(Shape{s.w.co});
  const auto given_code = c.whole_numbers<std::uint8_t>(p, 5);
  const bool relu_before = c.chance(0.5);
  pools = pools && plain.y.h > 1 && plain.y.w > 1;
  c.compute([&](const Cpu& on, Outputs& out) {
    const Kernel of(g);
    const kernel::Picture<T> picture{.data = x.data, .h = g.h, .w = g.w, .c = g.ci};
    const auto forward_space = out.workspace(of.forward_workspace(on)),
               data_space = out.workspace(of.backward_data_workspace(on)),
               weights_space = out.workspace(of.backward_weights_workspace(on));
    of.forward(on, picture, w.data,
               {.y = out.tensor<T>("y", plain.y).data, .bias = bias.data, .activation = s.o.activation}, forward_space);
    if (pools)
      of.forward(on, picture, w.data,
                 {.y = out.tensor<T>("pooled y", p).data,
                  .code = out.tensor<std::uint8_t>("pooled code", p).data,
                  .bias = bias.data,
                  .activation = relu_before ? relu : linear,
                  .pooled = true},
                 forward_space);
    const auto gradients = [&](const kernel::Picture<T>& gradient, const std::string& suffix) {
      of.backward_data(on, gradient, w.data, out.tensor<T>("dx" + suffix, s.x).data, data_space);
      of.backward_weights(on, picture, gradient, out.tensor<T>("dw" + suffix, s.w).data,
                          out.tensor<T>("db" + suffix, {s.w.co}).data, weights_space);
    };
    gradients({dz.data, nullptr, g.oh, g.ow, g.co}, "");
    if (pools) gradients({dp.data, given_code.data, g.oh, g.ow, g.co}, " of a pool");
  });
  const std::vector<double> xs = doubles(x), ws = doubles(w);
  check_forward<T>(c, plain, "y", xs, ws, bias, s.o.activation, more);
  check_conv_gradients<T>(c, plain, xs, ws, doubles(dz), "", reference_budget, more);
  if (!pools) return;
  check_pooled<T>(c, plain, xs, ws, bias, relu_before, more);
  check_conv_gradients<T>(c, plain, xs, ws, plain.unpooled(dp, given_code), " of a pool", reference_budget, more);
}

}  // namespace

TEMPLATE_TEST_CASE("each kernel of conv2d agrees with plain loops at random sizes", "[ops][conv2d][random_sizes]",
                   float, double) {
  using T = TestType;
  random_cases(sizeof(T) == 4 ? 200 : 60, [](RandomCase& c) {
    Sizes s;
    s.w.kh = s.w.kw = 3;
    const bool amx = sizeof(T) == 4 && kernel::amx::built_in && brindle::detail::has_amx();
    const std::int64_t which = c.below(amx ? 6 : 4);
    draw_sizes(c, s, c.chance(0.1) ? 2600 : 300);
    s.x.n = std::max<std::int64_t>(s.x.n, 1);
    // Winograd's kernels take what is between valid and same.
    s.o.padding =
        c.chance(0.5) ? Conv2DPadding(Padding::same) : Conv2DPadding(c.below(3), c.below(3), c.below(3), c.below(3));
    s.x.h = std::max<std::int64_t>(s.x.h, 3), s.x.w = std::max<std::int64_t>(s.x.w, 3);
    switch (which) {
      case 0:
        c.says("winograd 4: ");
        return check_kernel<T, kernel::WinogradConvolution<T, 4>>(c, s, true, 20);
      case 1:
        c.says("winograd 3: ");
        return check_kernel<T, kernel::WinogradConvolution<T, 3>>(c, s, false, 20);
      case 2:
        c.says("winograd 2: ");
        return check_kernel<T, kernel::WinogradConvolution<T, 2>>(c, s, true, 3);
      case 5:
#if BRINDLE_UNIT_AMX
        if constexpr (sizeof(T) == 4) {
          c.says("winograd 4 on AMX: ");
          return check_kernel<T, kernel::WinogradConvolution<T, 4, kernel::AmxWinograd<4>>>(c, s, true, 20);
        }
#endif
        return;
      default:
        if (c.chance(0.3)) s.o.stride = {c.between(1, 2), c.between(1, 2)};
#if BRINDLE_UNIT_AMX
        if constexpr (sizeof(T) == 4)
          if (which == 4) {
            c.says("implicit gemm on AMX: ");
            return check_kernel<T, kernel::ImplicitGemmConvolution<T, kernel::AmxGemm>>(c, s, true, 1);
          }
#endif
        c.says("implicit gemm: ");
        check_kernel<T, kernel::ImplicitGemmConvolution<T>>(c, s, true, 1);
    }
  });
}
