// SPDX-License-Identifier: MIT
// What threads of the GPU do where they cut sums into parts, run by the processor at sizes that are drawn. Needs
// neither CUDA nor a GPU.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/ops/conv2d/cuda_general.hpp"
#include "brindle/ops/cuda_column_sums_kernel.hpp"
#include "support/each_index.hpp"
#include "support/random_convolution.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = ops::kernel;

TEST_CASE("the GPU's kernels for dilation and groups agree with plain loops at random sizes",
          "[ops][conv2d][cuda_kernels][random_sizes]") {
  random_cases(150, [](RandomCase& c) {
    ops::Conv2DOptions o{.stride = {c.between(1, 3), c.between(1, 3)},
                         .padding = c.pick({Padding::valid, Padding::same})};
    o.dilation = {c.between(1, 3), c.between(1, 3)};
    ops::FilterShape w(c.between(1, 4), c.between(1, 4), 1, 1);
    Shape4 x;
    c.sizes({{&o.groups, 20, {}},
             {&w.ci, 20, {4}},
             {&w.co, 20, {4}},
             {&x.n, 40, {8, 16}},
             {&x.h, 40, {4, 64}},
             {&x.w, 40, {4}}},
            double(c.spread(100, 300000)), [&] { return double(x.n * x.h * x.w * o.groups * w.size()); });
    x.c = w.ci * o.groups, w.co *= o.groups;
    x.h = std::max(x.h, (w.kh - 1) * o.dilation.h + 1), x.w = std::max(x.w, (w.kw - 1) * o.dilation.w + 1);
    const PlainConvolution plain(x, w, o);
    c.says("x ", to_string(x), ", w ", to_string(w), ", stride ", to_string(o.stride), ", padding ",
           to_string(o.padding), ", dilation ", to_string(o.dilation), ", ", o.groups, " groups");
    const auto xs = c.input<double>(x), ws = c.input<double>(w), dz = c.input<double>(plain.y),
               bias = c.input<double>({w.co});
    const auto at = kernel::GeneralConvolution::of(x, w, o);
    c.compute([&](const Cpu&, Outputs& out) {
      const auto y = out.tensor<double>("y", plain.y), dx = out.tensor<double>("dx", x),
                 dw = out.tensor<double>("dw", w), db = out.tensor<double>("db", {w.co}),
                 parts = out.tensor<double>("parts", {at.parts() * w.size()});
      each_index(y.size(), kernel::GeneralForward<double>{xs.data, ws.data, bias.data, y.data, at});
      each_index(dx.size(), kernel::GeneralBackwardData<double>{dz.data, ws.data, dx.data, at});
      each_index(parts.size(), kernel::GeneralBackwardWeights<double>{xs.data, dz.data, parts.data, at});
      std::fill_n(dw.data, dw.size(), 0.0);
      for (std::int64_t i = 0; i < parts.size(); ++i) dw.data[i % dw.size()] += parts.data[i];
      // As column_sums() of cuda_column_sums.hpp: sums of parts of the rows until one is left.
      std::vector<double> rows(dz.data, dz.data + dz.size());
      for (std::int64_t count = dz.size() / w.co; count > 1;) {
        const std::int64_t fewer = kernel::ColumnSums<double>::parts(count);
        std::vector<double> sums(static_cast<std::size_t>(fewer * w.co));
        each_index(fewer * w.co, kernel::ColumnSums<double>{rows.data(), nullptr, sums.data(), count, w.co});
        rows = sums, count = fewer;
      }
      std::copy(rows.begin(), rows.end(), db.data);
    });
    const std::vector<double> x_ = doubles(xs), w_ = doubles(ws);
    std::vector<double> y;
    for (std::int64_t i = 0; i < plain.y.n * plain.y.h * plain.y.w; ++i) {
      const std::vector<double> pixel = plain.y_pixel(i, x_, w_);
      for (std::size_t k = 0; k < pixel.size(); ++k) y.push_back(pixel[k] + bias.data[static_cast<std::int64_t>(k)]);
    }
    c.close<double>("y", y, share_of_sum(plain.terms_of_y()), std::sqrt(plain.terms_of_y()) / 3 + 1);
    check_conv_gradients<double>(c, plain, x_, w_, doubles(dz), "", 1e7, 1);
  });
}
