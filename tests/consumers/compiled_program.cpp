// SPDX-License-Identifier: MIT
// A program of the compiled form, of its own parts and ours: a layer, a loss, an optimizer, a source of samples and a
// callback that it defines itself. It trains, saves, loads, classifies and writes a page. With CONSUMER_DOUBLE it has a
// model of double, too, and includes the definitions.
#include <brindle/brindle.hpp>
#include <brindle/inference.hpp>
#include <brindle/io/saved_model.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace brindle;

namespace {

struct Leaky {
  double slope = 0.1;
  std::string name = {};
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;
};

template <class T, class Device>
class LeakyLayer final : public Layer<T, Device> {
 public:
  explicit LeakyLayer(const Leaky& d) : slope_(static_cast<T>(d.slope)) {}
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Leaky{.slope = c.get("slope", 0.1)}.template make<T, Device>();
  }
  std::string type() const override { return "Leaky"; }
  std::string default_name() const override { return "leaky"; }
  Config config() const override { return {{"slope", static_cast<double>(slope_)}}; }
  Shape output_shape(const Shape& x) const override { return x; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {.reads_input = true}; }
  void forward(const Pass<T, Device>&, In<T, Device> x, Out<T, Device> y) const override {
    for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = x.data[i] > 0 ? x.data[i] : slope_ * x.data[i];
  }
  void backward(const Pass<T, Device>&, In<T, Device> x, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (dx.empty()) return;
    for (std::int64_t i = 0; i < x.size(); ++i) dx.data[i] = x.data[i] > 0 ? dy.data[i] : slope_ * dy.data[i];
  }

 private:
  T slope_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Leaky::make() const {
  return std::make_unique<LeakyLayer<T, Device>>(*this);
}

/// The squared error of one output.
template <class T, class Device>
class SquaredErrorLoss final : public Loss<T, Device> {
 public:
  std::string type() const override { return "SquaredError"; }
  Config config() const override { return {}; }
  bool takes_logits_of(ActivationFunction) const override { return false; }
  void check(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output) const override {
    if (!(labels.shape.sample() == output)) throw ShapeError(who + ": labels " + to_string(labels.shape));
  }
  void prepare(std::int64_t) override {}
  void operator()(const Device&, bool, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const std::int64_t n = y.shape[0];
    for (std::int64_t i = 0; i < n; ++i) {
      const T error = y.data[i] - t.data[i], w = weight.empty() ? T(1) : weight.data[i];
      each.data[i] = error * error;
      if (!dy.empty()) dy.data[i] = 2 * w * error / static_cast<T>(n);
    }
  }
};

struct SquaredError {
  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const {
    return std::make_unique<SquaredErrorLoss<T, Device>>();
  }
};

/// Steps by the sign of the gradient.
template <class T, class Device>
class SignOptimizer final : public Optimizer<T, Device> {
 public:
  explicit SignOptimizer(double rate) : rate_(rate) {}
  std::string type() const override { return "Sign"; }
  Config config() const override { return {{"learning_rate", rate_}}; }
  int slots() const override { return 0; }
  double learning_rate() const override { return rate_; }
  void set_learning_rate(double rate) override { rate_ = rate; }
  void update(const Device&, std::int64_t, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>>) const override {
    for (std::int64_t i = 0; i < w.size(); ++i) w[i] -= static_cast<T>(rate_) * static_cast<T>((g[i] > 0) - (g[i] < 0));
  }

 private:
  double rate_;
};

struct Sign {
  double learning_rate = 1e-3;
  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const {
    return std::make_unique<SignOptimizer<T, Device>>(learning_rate);
  }
};

/// Bright and dark pictures.
class Lamps final : public data::Source {
 public:
  Lamps() : labels_({16, 1}) {
    for (std::int64_t i = 0; i < labels_.size(); i += 2) labels_[i] = 1;
  }
  std::int64_t size() const override { return 16; }
  Shape sample_shape() const override { return {12, 12, 3}; }
  TensorView<const float> labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return {"off", "on"}; }
  std::optional<PictureInput> picture_input() const override { return PictureInput{.size = {12, 12}}; }
  void read(const Cpu&, std::span<const data::Draw> draws, TensorView<float> x) const override {
    const std::int64_t each = 12 * 12 * 3;
    for (std::size_t d = 0; d < draws.size(); ++d)
      for (std::int64_t i = 0; i < each; ++i)
        x[static_cast<std::int64_t>(d) * each + i] = draws[d].row % 2 == 0 ? 0.9f : 0.1f;
  }
  using Source::read;

 private:
  Tensor<float> labels_;
};

int fail(const char* what) {
  std::printf("wrong: %s\n", what);
  return 1;
}

int run() {
  const Lamps lamps;
  int epochs = 0;
  const Callback count{.epoch = [&](FitState&) { ++epochs; }};

  // Parts of its own: a layer, a loss, an optimizer.
  Sequential<float> own{{12, 12, 3}, Conv2D{.filters = 4, .kernel = 3}, Leaky{}, Flatten{}, Dense{1}};
  Trainer own_trainer{own, Sign{.learning_rate = 1e-3}, SquaredError{}};
  const History history = own_trainer.fit(lamps, {.batch = 8, .epochs = 4, .callbacks = {count}});
  if (epochs != 4) return fail("the callback was not called");
  if (!(history.loss.back() < history.loss.front())) return fail("the model of own parts did not learn");
  io::save_model(own, "own.safetensors");
  LayerRegistry<float, Cpu> registry;
  registry.add("Leaky", LeakyLayer<float, Cpu>::from);
  if (io::load_model<float>("own.safetensors", Cpu{}, registry).model.layers().size() != 4)
    return fail("the model of own parts was not loaded");

  // A classifier of the library's parts.
  Sequential<float> model{{12, 12, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dropout{0.1}, Dense{1, sigmoid}};
  Trainer trainer{model, Adam{.learning_rate = 1e-2}, BinaryCrossentropy{}};
  const History learned = trainer.fit(lamps, {.batch = 8, .epochs = 12});
  io::save_model(model, "lamps.safetensors", lamps);
  const Classifier classifier("lamps.safetensors");
  const std::vector<std::uint8_t> bright(12 * 12 * 3, 230);
  const models::Classification seen = classifier.classify(bright, 12, 12);
  if (seen.name != "on") return fail("a lamp that is on was taken for one that is off");

  report::RunPage page{.title = "Lamps"};
  page.add_summary(model).add_history(learned).write("lamps.html");
  if (std::filesystem::file_size("lamps.html") < 2000) return fail("the page is empty");
  std::printf("brindle %d.%d.%d, kernels for %s: %s, %.2f\n", BRINDLE_VERSION_MAJOR, BRINDLE_VERSION_MINOR,
              BRINDLE_VERSION_PATCH, ops::cpu_isa().c_str(), seen.name.c_str(), static_cast<double>(seen.probability));
  return 0;
}

#ifdef CONSUMER_DOUBLE
/// Another type: its definitions come behind it.
int run_double() {
  Sequential<double> model{{3}, Dense{4, relu}, Leaky{}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  Tensor<double> x({2, 3});
  Tensor<float> labels({2, 1});
  x[0] = labels[0] = 1;
  const double first = trainer.train_on_batch(x.view(), labels.view()).loss;
  for (int i = 0; i < 20; ++i) trainer.train_on_batch(x.view(), labels.view());
  io::save_model(model, "double.safetensors");
  LayerRegistry<double, Cpu> registry;
  registry.add("Leaky", LeakyLayer<double, Cpu>::from);
  if (io::load_model<double>("double.safetensors", Cpu{}, registry).model.layers().size() != 3)
    return fail("the model of double was not loaded");
  return trainer.train_on_batch(x.view(), labels.view()).loss < first ? 0 : fail("the model of double did not learn");
}
#else
int run_double() { return 0; }
#endif

}  // namespace

int main() {
  try {
    const int wrong = run();
    return wrong ? wrong : run_double();
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

#ifdef CONSUMER_DOUBLE
#include <brindle/definitions.hpp>
#include <brindle/inference_implementation.hpp>
#include <brindle/io/definitions.hpp>
#endif
