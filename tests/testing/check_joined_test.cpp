// SPDX-License-Identifier: MIT
// What a layer says of its neighbours' work, looked at by check_layer.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/testing.hpp"
#include "support/double_models.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

/// What a layer that multiplies each channel by a learned number says of itself; none of it is true but `honest`.
enum class Claim {
  honest,             // nothing
  border,             // puts zeros around its input
  takes_border,       // and writes its input only
  border_in_forward,  // takes it, but for its backward pass
  normalization,      // is one by moving averages, of mean 0 and variance 1
  few_channels,       // the same with an average for one channel only
  normalizes,         // does nothing of it
  fuses_relu,
  fuses_pool,
  relu_in_forward,  // does the activation, but not its gradient
  adds,             // a shortcut
  gives_prologue,   // of shifted numbers
  takes_prologue,
  gives_gradient_prologue,  // of shifted numbers
  takes_gradient_prologue,
};

template <class T, class Device>
class ChannelsLayer final : public Layer<T, Device> {
 public:
  explicit ChannelsLayer(Claim claim) : claim_(claim) {}
  std::string type() const override { return "Channels"; }
  std::string default_name() const override { return "channels"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    return {{"factor", {x.back()}, Initializer::ones()}};
  }
  bool sample_by_sample() const override { return true; }
  Border border() const override { return claim_ == Claim::border ? Border(1) : Border{}; }
  bool takes_border() const override { return claim_ == Claim::takes_border || claim_ == Claim::border_in_forward; }
  std::optional<MovingNormalization<T, Device>> moving_normalization() const override {
    if (claim_ != Claim::normalization && claim_ != Claim::few_channels) return {};
    const TensorView<const T, Device> one(this->parameter(0).data, {1});
    return {{claim_ == Claim::few_channels ? one : this->parameter(0), this->parameter(0), {}, {}, 1}};
  }
  bool normalizes() const override { return claim_ == Claim::normalizes; }
  bool gives_prologue() const override { return claim_ == Claim::gives_prologue; }
  ops::Prologue<T, Device> prologue(const Pass<T, Device>&) const override {
    return {{this->parameter(0), this->parameter(0), this->parameter(0)}};
  }
  bool takes_prologue() const override { return claim_ == Claim::takes_prologue; }
  bool gives_gradient_prologue() const override { return claim_ == Claim::gives_gradient_prologue; }
  ops::GradientPrologue<T, Device> gradient_prologue(const Pass<T, Device>& pass, In<T, Device> x) const override {
    return {x, prologue(pass).normalization, this->parameter(0), this->parameter(0)};
  }
  ops::GradientSums<T, Device> gradient_sums(const Pass<T, Device>& pass) const override {
    return {detail::view_bytes<T>(pass.saved, this->parameter(0).shape),
            detail::view_bytes<T>(pass.saved, this->parameter(0).shape)};
  }
  bool takes_gradient_prologue(const Border&) const override { return claim_ == Claim::takes_gradient_prologue; }
  bool fuses(const Epilogue& behind) const override {
    const auto* activation = std::get_if<ActivationEpilogue>(&behind);
    if (activation && activation->activation == relu)
      return claim_ == Claim::fuses_relu || claim_ == Claim::relu_in_forward;
    if (std::holds_alternative<MaxPoolEpilogue>(behind)) return claim_ == Claim::fuses_pool;
    return std::holds_alternative<ResidualEpilogue>(behind) && claim_ == Claim::adds;
  }
  LayerNeeds needs(const Pass<T, Device>&, const Shape& x) const override {
    return {.saved = x.back() * static_cast<std::int64_t>(sizeof(T)), .reads_input = true};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    const auto f = this->parameter(0);
    const std::int64_t c = f.size();
    if (claim_ == Claim::border_in_forward && !(pass.border == Border{})) {
      ops::reference::zero_padding2d<T>(x, y, pass.border);
      for (std::int64_t i = 0; i < y.size(); ++i) y[i] *= f[i % c];
      return;
    }
    for (std::int64_t i = 0; i < std::min(x.size(), y.size()); ++i) y[i] = x[i] * f[i % c];
    for (std::int64_t i = x.size(); i < y.size(); ++i) y[i] = 0;
    if (claim_ == Claim::relu_in_forward && pass.fused)
      for (T& v : y.span()) v = std::max(v, T(0));
  }
  void backward(const Pass<T, Device>&, In<T, Device> x, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    const auto f = this->parameter(0);
    const std::int64_t c = f.size(), both = std::min(x.size(), dy.size());
    if (!gradients.into.empty()) {
      for (T& v : gradients.into[0].span()) v = 0;
      for (std::int64_t i = 0; i < both; ++i) gradients.into[0][i % c] += x.data[i] * dy[i];
    }
    for (std::int64_t i = 0; i < dx.size(); ++i) dx[i] = i < both ? dy[i] * f[i % c] : T(0);
  }

 private:
  Claim claim_;
};

struct Channels {
  Claim claim = Claim::honest;
  std::string name = {};
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return std::make_unique<ChannelsLayer<T, Device>>(claim);
  }
};

}  // namespace

TEST_CASE("check_layer names what a layer says of its neighbours' work and does not do", "[testing][check_layer]") {
  CHECK_NOTHROW(testing::check_layer(Channels{}, {5, 4, 3}));
  const auto says = [](Claim claim, const std::string& words) {
    INFO(words);
    CHECK_THROWS_AS(testing::check_layer(Channels{claim}, {5, 4, 3}), testing::CheckFailed);
    CHECK_THROWS_WITH(testing::check_layer(Channels{claim}, {5, 4, 3}),
                      Contains("check_layer: Channels on (None, 5, 4, 3)") && Contains(words));
  };
  const std::string other = ", and gives other numbers than the layers one after the other";
  says(Claim::border, "says that it only puts zeros around its input, border() ((1, 1), (1, 1))" + other);
  says(Claim::takes_border, "says that it takes_border() ((1, 0), (2, 1))" + other);
  says(Claim::border_in_forward, "takes_border() ((1, 0), (2, 1)), and its gradient of x is another one");
  says(Claim::border_in_forward, "takes_border() ((1, 0), (2, 1)), and its gradient of factor is another one");
  says(Claim::normalization, "says of itself that it is a moving_normalization()" + other);
  says(Claim::few_channels, "moving_normalization() has not a number for each of the 3 channels");
  says(Claim::normalizes, "says that it normalizes()" + other);
  says(Claim::fuses_relu, "says that it fuses ActivationEpilogue{relu}" + other);
  says(Claim::fuses_pool, "says that it fuses MaxPoolEpilogue{(2, 2), (2, 2)}" + other);
  says(Claim::relu_in_forward, "fuses ActivationEpilogue{relu}, and its gradient of x is another one");
  says(Claim::adds, "says that it fuses ResidualEpilogue{relu}" + other);
  says(Claim::gives_prologue, "says that it gives_prologue()" + other);
  says(Claim::takes_prologue, "says that it takes_prologue()" + other);
  says(Claim::takes_prologue, "takes_prologue(), and its gradient of factor is another one");
  says(Claim::gives_gradient_prologue, "says that it gives_gradient_prologue(), and its gradient of x is another one");
  says(Claim::takes_gradient_prologue, "takes_gradient_prologue(), and its gradient of factor is another one");
  CHECK_THROWS_WITH(testing::check_layer(Channels{Claim::takes_border}, {3}), Contains("samples that are no pictures"));
}

TEST_CASE("check_layer passes the library's layers, which do of their neighbours' work what they say",
          "[testing][check_layer]") {
  const auto conv = Conv2D{4, 3}.make<double, Cpu>();
  CHECK(conv->takes_border());
  CHECK(conv->normalizes());
  CHECK(conv->fuses(MaxPoolEpilogue{}));
  CHECK(conv->fuses(ResidualEpilogue{relu}));
  CHECK_NOTHROW(testing::check_layer(Conv2D{4, 1}, {7, 6, 3}));
  CHECK_NOTHROW(testing::check_layer(Conv2D{.filters = 4, .kernel = 1, .activation = silu}, {7, 6, 3}));
  CHECK_NOTHROW(testing::check_layer(DepthwiseConv2D{.kernel = 3, .stride = 2}, {7, 6, 3}));
  CHECK_NOTHROW(testing::check_layer(Conv2D{4, 3}, {7, 6, 3}));
  CHECK_NOTHROW(testing::check_layer(DepthwiseConv2D{.kernel = 3, .depth_multiplier = 2}, {7, 6, 3}));
  CHECK_NOTHROW(testing::check_layer(ZeroPadding2D{.padding = {{0, 1}, {2, 3}}}, {3, 4, 2}));
  CHECK_NOTHROW(testing::check_layer(BatchNormalization{}, {4, 5, 6}));
}
