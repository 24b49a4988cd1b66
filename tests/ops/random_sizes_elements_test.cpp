// SPDX-License-Identifier: MIT
// What works element by element, and what optimizers do, at sizes that are drawn.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/kernels.hpp"
#include "support/random_sizes.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
namespace activations = ops::kernel::activations;

namespace {

/// Elements: pieces of 16384 to a thread, packets of 2 to 16, 16 at a time, 64 draws of dropout at a time.
Shape draw_elements(RandomCase& c) { return Shape{c.chance(0.4) ? c.size(70000, {16384}) : c.size(2000, {16, 64})}; }

}  // namespace

TEMPLATE_TEST_CASE("activations agree with their functions of a number at random sizes",
                   "[ops][activation][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape shape = draw_elements(c);
    const bool in_place = c.chance(0.4);
    const auto f = static_cast<ActivationFunction>(c.below(static_cast<int>(ActivationFunction::softmax)));
    ops::RectifierOptions o;
    if (c.chance(0.5)) o.max_value = c.uniform(1, 5);
    if (c.chance(0.5)) o.negative_slope = c.uniform(0, 1);
    if (c.chance(0.5)) o.threshold = c.uniform(-1, 1);
    const double alpha = c.uniform(0, 2);
    c.says("x ", to_string(shape), ", ", to_string(f), ", in place ", in_place, "; rectifier ", o.max_value, ", ",
           o.negative_slope, ", ", o.threshold, "; elu ", alpha);
    const auto x = c.input<T>(shape, -9, 9), dy = c.input<T>(shape);
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto run = [&](const std::string& name, const TensorView<const T>& from, auto&& op) {
        const auto to = in_place ? out.copy<T>(name, from) : out.tensor<T>(name, shape);
        op(in_place ? TensorView<const T>(to) : from, to);
        return TensorView<const T>(to);
      };
      const auto y = run("y", x, [&](auto from, auto to) { ops::kernel::activate_elements<T>(on, f, from, to); });
      const auto z = ops::gradient_from_input(f) ? x : y;
      run("dx", dy, [&](auto from, auto to) { ops::kernel::activate_elements_backward<T>(on, f, z, from, to); });
      run("rectified", x, [&](auto from, auto to) { ops::rectify<T>(on, from, to, o); });
      run("rectified dx", dy, [&](auto from, auto to) { ops::rectify_backward<T>(on, x, from, to, o); });
      const auto e = run("elu", x, [&](auto from, auto to) { ops::elu<T>(on, from, to, alpha); });
      run("elu dx", dy, [&](auto from, auto to) { ops::elu_backward<T>(on, e, from, to, alpha); });
    });
    std::vector<double> y, dx, rectified, rectified_dx, of_elu, of_elu_dx;
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      const double v = double(x.data[i]), g = double(dy.data[i]);
      const auto k = static_cast<std::size_t>(i);
      y.push_back(activations::value(f, v));
      dx.push_back(activations::gradient(f, ops::gradient_from_input(f) ? v : double(c.result<T>("y")[k]), g));
      // What is compared with a number of type T has its rounding.
      ops::RectifierOptions r = o;
      r.max_value = double(static_cast<T>(o.max_value)), r.threshold = double(static_cast<T>(o.threshold));
      rectified.push_back(activations::Rectifier(r).value(v));
      rectified_dx.push_back(activations::Rectifier(r).gradient(v, g));
      of_elu.push_back(activations::Elu{{}, alpha}.value(v));
      of_elu_dx.push_back(activations::Elu{{}, alpha}.gradient(double(c.result<T>("elu")[k]), g));
    }
    const Share share{4e-6, 2e-14};  // packets of exp, tanh and erfc are good to some units in the last place
    c.close<T>("y", y, share, 1);
    c.close<T>("dx", dx, share, 1);
    c.close<T>("rectified", rectified, share, 1);
    c.close<T>("rectified dx", rectified_dx, share, 1);
    c.close<T>("elu", of_elu, share, 1);
    c.close<T>("elu dx", of_elu_dx, share, 1);
    // An element's bits do not depend on where it stands.
    const std::int64_t i = c.below(shape.size());
    Outputs alone(0);
    const auto one = alone.tensor<T>("y", {1});
    ops::kernel::activate_elements<T>(c.cpu(1), f, x.slice(i, i + 1), one);
    c.same("y of an element alone", one.data, c.result<T>("y").data() + i, 1);
  });
}

TEMPLATE_TEST_CASE("sums and dropout are their references at random sizes", "[ops][add][dropout][random_sizes]", float,
                   double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape shape = draw_elements(c);
    const double rate = c.uniform(0, 0.95);
    const Random random{static_cast<std::uint64_t>(c.below(1000)), 5, 6};
    Shape4 pictures;
    c.sizes({{&pictures.n, 40, {}}, {&pictures.h, 60, {}}, {&pictures.w, 60, {4}}, {&pictures.c, 300, {4, 16, 64}}},
            double(c.spread(4, 60000)), [&] { return double(pictures.size()); });
    const Shape4 noise{c.chance(0.5) ? pictures.n : 1, c.chance(0.5) ? pictures.h : 1, c.chance(0.5) ? pictures.w : 1,
                       c.chance(0.5) ? pictures.c : 1};
    c.says("x ", to_string(shape), ", rate ", rate, ", pictures ", to_string(pictures), ", noise ", to_string(noise));
    const auto a = c.input<T>(shape), b = c.input<T>(shape), x = c.input<T>(pictures);
    const auto mask = c.whole_numbers<std::uint8_t>(shape, 3);
    Tensor<T> sum(shape), dropped(shape), masked(shape), shared(pictures);
    ops::reference::add<T>(a, b, sum);
    ops::reference::dropout<T>(a, dropped, rate, random);
    ops::reference::dropout_shared<T>(x, noise, shared, rate, random);
    for (std::int64_t i = 0; i < shape.size(); ++i)
      masked[i] = mask.data[i] ? a.data[i] * static_cast<T>(ops::DropoutScale::of(rate).factor) : T(0);
    c.compute([&](const Cpu& on, Outputs& out) {
      ops::add<T>(on, a, b, out.tensor<T>("sum", shape));
      const auto own = out.copy<T>("sum in place", a);
      ops::add<T>(on, own, b, own);
      ops::dropout<T>(on, a, out.tensor<T>("dropped", shape), rate, random);
      const auto there = out.copy<T>("dropped in place", a);
      ops::dropout<T>(on, there, there, rate, random);
      ops::dropout_masked<T>(on, a, mask, out.tensor<T>("masked", shape), rate);
      ops::dropout_shared<T>(on, x, noise, out.tensor<T>("shared", pictures), rate, random);
    });
    for (const char* name : {"sum", "sum in place"}) c.same(name, c.result<T>(name).data(), sum.data(), sum.size());
    for (const char* name : {"dropped", "dropped in place"})
      c.same(name, c.result<T>(name).data(), dropped.data(), dropped.size());
    c.same("masked", c.result<T>("masked").data(), masked.data(), masked.size());
    c.same("shared", c.result<T>("shared").data(), shared.data(), shared.size());
  });
}

TEMPLATE_TEST_CASE("optimizers' steps agree with their references at random sizes",
                   "[ops][sgd][rmsprop][adam][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape shape = draw_elements(c);
    const double decay = c.chance(0.5) ? 0 : c.uniform(0, 0.1), rate = c.uniform(0.001, 0.1);
    const auto w = c.input<T>(shape), g = c.input<T>(shape, 0.05, 1), v = c.input<T>(shape, 0, 0.5),
               mean = c.input<T>(shape, -0.1, 0.1), move = c.input<T>(shape), most = c.input<T>(shape, 0, 0.5);
    const ops::SGDOptions sgd{rate, c.chance(0.5) ? 0.9 : 0, c.chance(0.5), decay};
    const ops::RMSpropOptions rmsprop{.learning_rate = rate,
                                      .rho = 0.9,
                                      .momentum = c.chance(0.5) ? 0.8 : 0,
                                      .centered = c.chance(0.3),
                                      .keras2 = c.chance(0.3),
                                      .decay = decay};
    const ops::AdamOptions adam{.learning_rate = rate, .amsgrad = c.chance(0.5), .decay = decay};
    const std::int64_t t = c.between(1, 1000);
    c.says("w ", to_string(shape), ", decay ", decay, ", momentum ", sgd.momentum, ", nesterov ", sgd.nesterov,
           "; momentum ", rmsprop.momentum, ", centered ", rmsprop.centered, ", keras2 ", rmsprop.keras2, "; amsgrad ",
           adam.amsgrad);
    const auto none = TensorView<T>();
    c.compute([&](const Cpu& on, Outputs& out) {
      ops::sgd<T>(on, out.copy<T>("sgd w", w), g, sgd.momentum != 0 ? out.copy<T>("sgd v", move) : none, sgd);
      ops::rmsprop<T>(on, out.copy<T>("rmsprop w", w), g, out.copy<T>("rmsprop v", v),
                      rmsprop.centered ? out.copy<T>("rmsprop mean", mean) : none,
                      rmsprop.momentum != 0 ? out.copy<T>("rmsprop move", move) : none, rmsprop);
      ops::adam<T>(on, out.copy<T>("adam w", w), g, out.copy<T>("adam m", mean), out.copy<T>("adam v", v),
                   adam.amsgrad ? out.copy<T>("adam most", most) : none, t, adam);
    });
    const Tensor<double> g_ = as_double(g);
    const Share share{4e-6, 2e-14};
    const auto compare = [&](const std::string& name, const Tensor<double>& expected, double size = 1) {
      c.close<T>(name, expected.span(), share, size);
    };
    Tensor<double> w_ = as_double(w), v_ = as_double(move), mean_, move_, most_;
    ops::reference::sgd<double>(w_, g_, v_, sgd);
    compare("sgd w", w_);
    if (sgd.momentum != 0) compare("sgd v", v_);
    w_ = as_double(w), v_ = as_double(v), mean_ = as_double(mean), move_ = as_double(move);
    ops::reference::rmsprop<double>(w_, g_, v_, mean_, move_, rmsprop);
    // v - mean^2 may be small by chance, which makes rounding errors large; of what is below 0 by rounding nothing
    // sensible can be said.
    bool fair = true;
    for (std::int64_t i = 0; i < shape.size() && rmsprop.centered; ++i)
      fair = fair && v_[i] - mean_[i] * mean_[i] > 1e-3;
    if (fair) compare("rmsprop w", w_, 50);
    compare("rmsprop v", v_);
    if (rmsprop.centered) compare("rmsprop mean", mean_);
    if (rmsprop.momentum != 0 && fair) compare("rmsprop move", move_, 50);
    w_ = as_double(w), mean_ = as_double(mean), v_ = as_double(v), most_ = as_double(most);
    ops::reference::adam<double>(w_, g_, mean_, v_, most_, t, adam);
    compare("adam w", w_, 50);
    compare("adam m", mean_);
    compare("adam v", v_);
    if (adam.amsgrad) compare("adam most", most_);
  });
}

TEMPLATE_TEST_CASE("clipping and the L2 penalty agree with their references at random sizes",
                   "[ops][clip][l2_penalty][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    std::vector<TensorView<const T>> all;
    for (std::int64_t k = c.between(1, 4); k > 0; --k) all.push_back(c.input<T>(draw_elements(c)));
    const double limit = c.uniform(0.1, 30), factor = c.uniform(0, 0.1);
    c.says("limit ", limit);
    double elements = 1;
    for (const auto& g : all) c.says(", g ", to_string(g.shape)), elements += double(g.size());
    c.compute([&](const Cpu& on, Outputs& out) {
      std::vector<TensorView<T>> each, global;
      for (std::size_t k = 0; k < all.size(); ++k) {
        each.push_back(out.copy<T>("each" + std::to_string(k), all[k]));
        global.push_back(out.copy<T>("global" + std::to_string(k), all[k]));
        ops::clip_by_value<T>(on, out.copy<T>("value" + std::to_string(k), all[k]), limit / 40);
      }
      ops::clip_by_norm<T>(on, each, limit, out.numbers<double>(ops::clip_workspace<T>(on, each)));
      ops::clip_by_global_norm<T>(on, global, limit, out.numbers<double>(ops::clip_workspace<T>(on, global)));
      const auto total = out.tensor<double>("penalty", {1});
      total.data[0] = 0.25;
      ops::l2_penalty<T>(on, all[0], factor, total,
                         out.numbers<double>(ops::l2_penalty_workspace<T>(on, all[0].size())));
      ops::l2_penalty_backward<T>(on, all[0], factor, out.copy<T>("penalty's gradient", all[0]));
    });
    std::vector<Tensor<double>> each, global;
    for (const auto& g : all) each.push_back(as_double(g)), global.push_back(as_double(g));
    const auto views = [](std::vector<Tensor<double>>& of) {
      return std::vector<TensorView<double>>(of.begin(), of.end());
    };
    ops::reference::clip_by_norm<double>(views(each), limit, false);
    ops::reference::clip_by_norm<double>(views(global), limit, true);
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::string number = std::to_string(k);
      c.close<T>("each" + number, each[k].span(), share_of_sum(elements), 0.01);
      c.close<T>("global" + number, global[k].span(), share_of_sum(elements), 0.01);
      std::vector<double> value;
      for (const T v : std::span<const T>(all[k].data, static_cast<std::size_t>(all[k].size())))
        value.push_back(std::clamp(double(v), -limit / 40, limit / 40));
      c.close<T>("value" + number, value, share_of_sum(1), 1);
    }
    std::vector<double> gradient;
    for (const T v : std::span<const T>(all[0].data, static_cast<std::size_t>(all[0].size())))
      gradient.push_back(double(v) * (1 + 2 * factor));
    c.close<T>("penalty's gradient", gradient, share_of_sum(1), 1);
    const double penalty = 0.25 + ops::reference::l2_penalty<T>(all[0], factor), got = c.result<double>("penalty")[0];
    c.expect(std::abs(got - penalty) <= 1e-12 * penalty, "penalty ", got, ", expected ", penalty);
  });
}
