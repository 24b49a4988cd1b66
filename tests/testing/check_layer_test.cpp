// SPDX-License-Identifier: MIT
#include <brindle/nn/library_layers.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/testing.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

/// What is wrong with a layer that multiplies each feature by a learned number.
enum class Fault {
  none,
  x_not_asked,         // reads x in backward without reads_input
  loops_over_x,        // the same, in a loop over x, which is then empty
  y_not_asked,         // reads y in backward without reads_output
  dx_unwritten,        // the last element
  dx_added,            // adds to dx what it never wrote
  gradient_unwritten,  // of the parameter
  reads_workspace,     // before it writes there
  writes_behind,       // more workspace than it asked for
  wrong_gradient,      // of x
  wrong_by_thread,     // other bits for other numbers of threads
  wrong_alone,         // a sample depends on the batch, though it says not
  y_behind,            // writes more outputs than there are
  dx_behind,           // the same of dx
  gradient_behind,     // the same of its parameter's gradient
  saved_unasked,       // writes where it asked for no memory
  not_first,           // no gradient of the parameter where dx is not wanted
  frozen_gradient,     // writes the parameter's gradient where that is not wanted
  keeps_x,             // in itself, from forward to backward
  noise,               // also in predictions
  noise_backward,      // the gradient of noise that a prediction has not
  two_of_a_name,       // parameters
  no_parameters,       // though its passes read one
  setting_lost,        // from() forgets what config() never had
  start_lost,          // the same, of the parameter's first values
};

template <class T, class Device>
class ScaleLayer final : public Layer<T, Device> {
 public:
  explicit ScaleLayer(Fault fault) : fault_(fault) {}
  std::string type() const override { return "Scale"; }
  std::string default_name() const override { return "scale"; }
  Config config() const override {
    if (fault_ == Fault::setting_lost || fault_ == Fault::start_lost) return {};
    return {{"fault", static_cast<std::int64_t>(fault_)}};
  }
  Shape output_shape(const Shape& x) const override { return x; }
  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    const ParameterSpec factor{"factor", {x.size()}, Initializer::glorot_uniform(1, 1)};
    if (fault_ == Fault::no_parameters) return {};
    if (fault_ == Fault::start_lost) return {{factor.name, factor.shape, Initializer::constant(0.5)}};
    if (fault_ == Fault::two_of_a_name) return {factor, factor};
    return {factor};
  }
  bool sample_by_sample() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape& x) const override {
    LayerNeeds needs{.forward_workspace = x.size() * 8, .backward_workspace = x.size() * 8};
    needs.reads_input = fault_ != Fault::x_not_asked && fault_ != Fault::loops_over_x;
    return needs;
  }
  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    const auto f = this->parameter(0);
    const auto* lost = reinterpret_cast<const T*>(pass.workspace.data);
    for (std::int64_t i = 0; i < x.size(); ++i) y[i] = x[i] * f[i % f.size()];
    for (std::int64_t i = 0; i < x.size(); ++i) y[i] *= noise(pass, i, pass.training);
    if (fault_ == Fault::setting_lost) y[0] *= T(2);
    if (fault_ == Fault::keeps_x) kept_.assign(x.data, x.data + x.size());
    if (fault_ == Fault::y_behind) y.data[y.size()] = T(1);
    if (fault_ == Fault::saved_unasked) pass.saved.data[5] = std::byte{0};
    if (fault_ == Fault::reads_workspace) y[1] += lost[1];
    if (fault_ == Fault::wrong_by_thread) y[0] *= static_cast<T>(pass.on.threads());
    if (fault_ == Fault::wrong_alone) y[0] *= static_cast<T>(x.shape[0]);
    if (fault_ == Fault::writes_behind) pass.workspace.data[pass.workspace.size() + 3] = std::byte{0};
  }
  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    const auto f = this->parameter(0);
    if (fault_ == Fault::not_first && dx.empty()) return;
    if (!gradients.into.empty() || fault_ == Fault::frozen_gradient) {
      const auto& df = gradients.into.data()[0];
      if (fault_ != Fault::gradient_unwritten)
        Memory<Device>::clear(df.data, static_cast<std::size_t>(df.size()) * sizeof(T));
      const std::int64_t n = fault_ == Fault::loops_over_x ? x.size() : dy.size();
      const T* from = fault_ == Fault::keeps_x ? kept_.data() : x.data;
      for (std::int64_t i = 0; i < n; ++i) df[i % f.size()] += from[i] * dy[i] * noise(pass, i, true);
      if (fault_ == Fault::setting_lost) df[0] += x.data[0] * dy[0];
      if (fault_ == Fault::gradient_behind) df.data[df.size()] = T(1);
    }
    if (dx.empty()) return;
    if (fault_ == Fault::dx_behind) dx.data[dx.size()] = T(1);
    const std::int64_t n = fault_ == Fault::loops_over_x ? x.size() : dx.size();
    for (std::int64_t i = 0; i < n; ++i) {
      T value = dy[i] * f[i % f.size()] * (fault_ == Fault::wrong_gradient ? T(1.001) : T(1)) * noise(pass, i, true);
      if (fault_ == Fault::setting_lost && i == 0) value *= T(2);
      if (fault_ == Fault::dx_added)
        dx[i] += value;
      else if (fault_ == Fault::y_not_asked)
        dx[i] = value + y.data[i] - y.data[i];
      else if (fault_ != Fault::dx_unwritten || i + 1 < n)
        dx[i] = value;
    }
  }

 private:
  T noise(const Pass<T, Device>& pass, std::int64_t i, bool wanted) const {
    if (fault_ != Fault::noise && (fault_ != Fault::noise_backward || !wanted)) return 1;
    return static_cast<T>(pass.random.uniform(static_cast<std::uint64_t>(i), 0.5, 1.5));
  }

  Fault fault_;
  mutable std::vector<T> kept_;
};

/// Leaves its last output unwritten.
template <class T, class Device>
class HalfLayer final : public Layer<T, Device> {
 public:
  std::string type() const override { return "Half"; }
  std::string default_name() const override { return "half"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }
  void forward(const Pass<T, Device>&, In<T, Device> x, Out<T, Device> y) const override {
    for (std::int64_t i = 0; i + 1 < x.size(); ++i) y[i] = x[i];
  }
  void backward(const Pass<T, Device>&, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    for (std::int64_t i = 0; i < dx.size(); ++i) dx[i] = dy[i];
  }
};

struct Scale {
  Fault fault = Fault::none;
  std::string name = {};
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return std::make_unique<ScaleLayer<T, Device>>(fault);
  }
};
struct Half {
  std::string name = {};
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return std::make_unique<HalfLayer<T, Device>>();
  }
};

std::unique_ptr<Layer<float, Cpu>> scale_from(const Config& c) {
  return Scale{static_cast<Fault>(c.get("fault", std::int64_t{0}))}.make<float, Cpu>();
}
std::unique_ptr<Layer<float, Cpu>> flatten_from(const Config&) { return Flatten{}.make<float, Cpu>(); }

/// Two training steps of a network with this layer in its middle.
template <class Description>
void train(const Description& layer) {
  Sequential<float> model{{5}, Dense{4, relu}, layer, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  const Tensor<float> x = testing::random_tensor<float>({6, 5}, 3);
  Tensor<float> labels({6, 1});
  labels[0] = 1;
  for (int step = 0; step < 2; ++step) trainer.train_on_batch(x.view(), labels.view());
}

}  // namespace

TEST_CASE("check_layer passes a layer that keeps its contract", "[testing][check_layer]") {
  CHECK_NOTHROW(testing::check_layer(Scale{}, {4, 3}, {.output = {4, 3}, .parameters = 12, .from = scale_from}));
  CHECK_NOTHROW(testing::check_layer(Dense{3, relu}, {7}));
  CHECK_NOTHROW(train(Scale{}));
}

namespace {

/// Divides by the root of a variance that is not learned, and starts at a value of one's choice.
template <class T, class Device>
class SpreadLayer final : public Layer<T, Device> {
 public:
  std::string type() const override { return "Spread"; }
  std::string default_name() const override { return "spread"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    return {{"variance", {x.size()}, Initializer::constant(0.25), false}};
  }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }
  void forward(const Pass<T, Device>&, In<T, Device> x, Out<T, Device> y) const override { divide(x, y); }
  void backward(const Pass<T, Device>&, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    if (!gradients.into.empty() && !gradients.into[0].empty())
      for (T& now : gradients.into[0].span()) now = T(1);
    if (!dx.empty()) divide(dy, dx);
  }

 private:
  void divide(In<T, Device> from, Out<T, Device> to) const {
    const auto variance = this->parameter(0);
    for (std::int64_t i = 0; i < from.size(); ++i) to[i] = from[i] / std::sqrt(variance[i % variance.size()]);
  }
};

struct Spread {
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return std::make_unique<SpreadLayer<T, Device>>();
  }
};

}  // namespace

TEST_CASE("check_layer gives a variance that starts at any value numbers that it may have", "[testing][check_layer]") {
  CHECK_NOTHROW(testing::check_layer(Spread{}, {4, 3}, {.parameters = 12}));
}

TEST_CASE("check_layer names each fault of a layer", "[testing][check_layer]") {
  const auto says = [](Fault fault, const std::string& words) {
    INFO(words);
    CHECK_THROWS_AS(testing::check_layer(Scale{fault}, {4, 3}, {.from = scale_from}), testing::CheckFailed);
    CHECK_THROWS_WITH(testing::check_layer(Scale{fault}, {4, 3}, {.from = scale_from}),
                      Contains("check_layer: Scale on (None, 4, 3)") && Contains(words));
  };
  says(Fault::x_not_asked, "the gradient of its factor (12) from x or y, which it did not ask for");
  says(Fault::y_not_asked, "element 0 of dx (3, 4, 3) from x or y, which it did not ask for");
  says(Fault::dx_unwritten, "leaves element 35 of dx (3, 4, 3) unwritten");
  says(Fault::dx_added, "leaves element 0 of dx (3, 4, 3) unwritten, or adds to what it never wrote");
  says(Fault::gradient_unwritten, "leaves element 0 of the gradient of its factor (12) unwritten");
  says(Fault::reads_workspace, "from workspace or saved memory that it has not written");
  says(Fault::writes_behind, "writes behind the 288 bytes of workspace");
  says(Fault::wrong_gradient, "gradient of x: element");
  says(Fault::wrong_by_thread, "3 threads give other bits than one");
  says(Fault::wrong_alone, "a sample alone has other bits");
  says(Fault::y_behind, "forward writes behind the end of y (3, 4, 3)");
  says(Fault::dx_behind, "backward writes behind the end of dx (3, 4, 3)");
  says(Fault::gradient_behind, "backward writes behind the end of the gradient of its factor (12)");
  says(Fault::saved_unasked, "forward writes behind the 0 bytes of saved that needs() asks for");
  says(Fault::not_first, "leaves element 0 of the gradient of its factor (12) unwritten");
  says(Fault::frozen_gradient, "writes the gradient of its factor where the layer is frozen");
  says(Fault::keeps_x, "gives other gradients where it has had another forward pass in between");
  says(Fault::noise, "its outputs depend on Pass::random also where Pass::training is false");
  says(Fault::noise_backward, "gradient of x where Pass::training is false: element");
  says(Fault::two_of_a_name, "Scale \"lone\": two of its parameters are named \"factor\"");
  says(Fault::no_parameters, "Scale \"lone\": asks for its parameter 0, and has 0");
  says(Fault::setting_lost, "comes back from its config() and gives other numbers");
  says(Fault::start_lost, "comes back from its config() with other parameters, or other first values of them");
  CHECK_THROWS_WITH(testing::check_layer(Half{}, {4}), Contains("its forward leaves element 11 of y (3, 4) unwritten"));
  CHECK_THROWS_WITH(testing::check_layer(Scale{}, {4}, {.output = {5}, .parameters = 3}),
                    Contains("gives (None, 4), expected (None, 5)") && Contains("has 4 parameters, expected 3"));
  CHECK_THROWS_WITH(testing::check_layer(Scale{}, {4}, {.from = flatten_from}),
                    Contains("comes back from its config() as a Flatten"));
}

TEST_CASE("the first training step names a layer of the user's own that touches what it may not", "[testing][plan]") {
  const auto says = [](const auto& layer, const std::string& words) {
    INFO(words);
    CHECK_THROWS_AS(train(layer), ValueError);
    CHECK_THROWS_WITH(train(layer), Contains(words));
  };
  says(Scale{Fault::x_not_asked},
       "Scale \"scale\": its backward computes element 0 of the gradient of its factor (4) from x or y");
  says(Scale{Fault::loops_over_x}, "Scale \"scale\": its backward computes");
  says(Scale{Fault::y_not_asked}, "Scale \"scale\": its backward computes element 0 of dx");
  says(Scale{Fault::dx_unwritten}, "leaves element 23 of dx (6, 4) unwritten");
  says(Scale{Fault::dx_added}, "leaves element 0 of dx (6, 4) unwritten");
  says(Scale{Fault::gradient_unwritten}, "the gradient of its factor (4) unwritten");
  says(Scale{Fault::reads_workspace}, "from workspace or saved memory");
  says(Scale{Fault::two_of_a_name}, "two of its parameters are named \"factor\"");
  says(Half{}, "Half \"half\": its forward leaves element 23 of y (6, 4) unwritten");
  Sequential<float> model{{5}, Half{}};
  CHECK_THROWS_WITH(model.predict(Tensor<float>({2, 5})), Contains("Half \"half\": its forward leaves"));
}

TEST_CASE("the library's layers are known by the names of its registry", "[testing][plan]") {
  std::string names;
  for (const char* name : detail::library_layers) names += (names.empty() ? "" : ", ") + std::string(name);
  CHECK_THROWS_WITH((LayerRegistry<float, Cpu>().make("none", {})), Contains("there are: " + names + ";"));
}
