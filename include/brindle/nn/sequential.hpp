#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/plan.hpp"

namespace brindle {

namespace detail {

/// What may stand where a layer's description does; add() says what is missing if it is none.
template <class D>
concept PossibleDescription = std::is_class_v<D> && !requires {
  std::declval<D&>().get();
};

}  // namespace detail

/// A model: layers in a row, each reading what the one before it gives.
///
///     Sequential<float> model{{150, 150, 3}, Conv2D{16, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
///
/// A model can stand in front of further layers; it is then one group of them, under its name:
///
///     Sequential<float> model{std::move(base), Flatten{}, Dense{1, sigmoid}};
///
/// The weights are there at once, drawn from seed 0; initialize() draws them anew. A model is moved, not copied.
/// predict() may run in several threads at a time.
template <class T, class Device = Cpu>
class Sequential {
  static_assert(std::is_same_v<Device, Cpu> || std::is_same_v<T, float>,
                "a GPU computes in float: write Sequential<float, Cuda>, or Sequential<double> for the processor");

 public:
  using value_type = T;                                    ///< of weights and activations
  using device_type = Device;                              ///< where they lie
  using LayerPointer = std::unique_ptr<Layer<T, Device>>;  ///< never null

  /// input: shape of one sample, (H, W, C) for pictures. Throws ShapeError or ValueError naming the layer that does not
  /// fit.
  template <detail::PossibleDescription... Descriptions>
  explicit Sequential(const Shape& input, const Descriptions&... layers) : Sequential(Device{}, input, layers...) {}

  /// on: the device, with its threads; without it the model has its own.
  template <detail::PossibleDescription... Descriptions>
  Sequential(const Device& on, const Shape& input, const Descriptions&... layers)
      : on_(on), input_(input), predictors_(std::make_unique<Predictors>()) {
    if (input.rank() < 1 || input.size() < 1)
      detail::raise<ShapeError>("Sequential: the input shape must have at least one size, all of them positive, got " +
                                to_string(input));
    (add(layers), ...);
  }

  /// base becomes a group of this model's first layers.
  template <detail::PossibleDescription First, detail::PossibleDescription... Others>
  explicit Sequential(Sequential&& base, const First& first, const Others&... others)
      : on_(base.on_),
        input_(base.input_),
        layers_(std::move(base.layers_)),
        shapes_(std::move(base.shapes_)),
        predictors_(std::make_unique<Predictors>()) {
    groups_.push_back({base.name_, 0, layers_.size()});
    add(first);
    (add(others), ...);
  }

  /// What the model is called in tables, and as a group of another model.
  const std::string& name() const { return name_; }
  /// The name is "sequential" before; returns the model.
  Sequential& set_name(const std::string& name) {
    name_ = name;
    return *this;
  }

  /// Layers [begin, end) that came as a model of their own.
  struct Group {
    std::string name;       ///< that the model had
    std::size_t begin = 0;  ///< number of its first layer
    std::size_t end = 0;    ///< one after its last
  };
  const std::vector<Group>& groups() const { return groups_; }  ///< in the order of their layers

  /// Throws ValueError unless the layers are there and in no other group.
  void add_group(const std::string& name, std::size_t begin, std::size_t end) {
    if (begin >= end || end > layers_.size() || (!groups_.empty() && begin < groups_.back().end))
      detail::raise<ValueError>("model: group \"" + name + "\" of layers " + std::to_string(begin) + " to " +
                                std::to_string(end) + " does not fit the " + std::to_string(layers_.size()) +
                                " layers");
    groups_.push_back({name, begin, end});
  }

  /// The model up to and with the named layer; the layers behind it are dropped.
  Sequential cut_after(const std::string& layer) && {
    const std::size_t end = index_of(layer) + 1;
    layers_.resize(end);
    shapes_.resize(end);
    std::erase_if(groups_, [&](const Group& g) { return g.end > end; });
    forget_plans();
    return std::move(*this);
  }

  /// Puts a layer behind the last one.
  template <detail::PossibleDescription Description>
  Sequential& add(const Description& description) {
    static_assert(LayerDescription<Description, T, Device>,
                  "a layer is described by a struct with `std::string name` and `template <class T, class Device> "
                  "std::unique_ptr<Layer<T, Device>> make() const`: see docs/howto/own-layer.md");
    if constexpr (LayerDescription<Description, T, Device>)
      add(description.template make<T, Device>(), description.name);
    return *this;
  }

  /// A layer that was made by hand, with weights drawn anew. Empty name: the next default name.
  Sequential& add(LayerPointer layer, const std::string& name = {}) {
    add_uninitialized(std::move(layer), name);
    initialize(*layers_.back(), 0);
    return *this;
  }

  /// The same with all weights zero, for those that are set or read from a file next.
  Sequential& add_uninitialized(LayerPointer layer, const std::string& name = {}) {
    layer->name = name.empty() ? free_name(layer->default_name()) : name;
    for (const LayerPointer& other : layers_)
      if (other->name == layer->name)
        detail::raise<ValueError>("Sequential: two layers are named \"" + name + "\"; give one another .name");
    const Shape x = output_shape();
    const Shape y = layer->output_shape(x);
    layer->build(x);
    layers_.push_back(std::move(layer));
    shapes_.push_back(y);
    forget_plans();
    return *this;
  }

  const Device& device() const { return on_; }                                             ///< does the work
  const Shape& input_shape() const { return input_; }                                      ///< of one sample
  const Shape& output_shape() const { return shapes_.empty() ? input_ : shapes_.back(); }  ///< of one sample
  /// Shape of one sample behind layer i.
  const Shape& output_shape(std::size_t i) const { return shapes_[i]; }

  const std::vector<LayerPointer>& layers() const { return layers_; }  ///< from the input on

  /// Throws ValueError with the names there are.
  /// @{
  Layer<T, Device>& layer(const std::string& name) { return *layers_[index_of(name)]; }
  const Layer<T, Device>& layer(const std::string& name) const { return *layers_[index_of(name)]; }
  /// @}

  /// Elements of all parameters.
  std::int64_t parameter_count() const {
    std::int64_t count = 0;
    for (const LayerPointer& l : layers_) count += l->parameter_count();
    return count;
  }
  /// Without those of frozen layers.
  std::int64_t trainable_parameter_count() const {
    std::int64_t count = 0;
    for (const LayerPointer& l : layers_) count += l->trainable ? l->parameter_count() : 0;
    return count;
  }

  /// Draws all weights anew. Each layer's depend on the seed and its name alone.
  void initialize(std::uint64_t seed) {
    for (const LayerPointer& l : layers_) initialize(*l, seed);
  }

  /// Draws the weights of the named layer and of those behind it anew: a new head on a trained base.
  void initialize(std::uint64_t seed, const std::string& first) {
    for (std::size_t i = index_of(first); i < layers_.size(); ++i) initialize(*layers_[i], seed);
  }

  /// Freezes or frees every layer.
  void set_trainable(bool trainable) {
    for (const LayerPointer& l : layers_) l->trainable = trainable;
  }

  /// Freezes or frees the layers of a group. Throws ValueError if there is none of that name.
  void set_trainable(const std::string& group, bool trainable) {
    for (const Group& g : groups_)
      if (g.name == group) {
        for (std::size_t i = g.begin; i < g.end; ++i) layers_[i]->trainable = trainable;
        return;
      }
    detail::raise<ValueError>("model: has no group of layers named \"" + group + "\"");
  }

  /// Freezes the layers in front of the named one and frees it and those behind it.
  void freeze_before(const std::string& name) {
    const std::size_t first = index_of(name);
    for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i]->trainable = i >= first;
  }

  /// Outputs for a batch of any size, `batch` samples at a time.
  ///
  ///     x (N, input_shape())  ->  (N, output_shape())
  Tensor<T, Device> predict(In<T, Device> x, std::int64_t batch = 32) const {
    if (x.shape.rank() < 1 || !(x.shape == input_.batch(x.shape[0])))
      detail::raise<ShapeError>("predict: expected x " + to_string_batch(input_) + ", got " + to_string(x.shape));
    if (batch < 1) detail::raise<ValueError>("predict: the batch must be at least 1, got " + std::to_string(batch));
    // Each part then begins at a multiple of 16 bytes, which a GPU reads at once.
    if constexpr (!std::is_same_v<Device, Cpu>) batch = (batch + 3) / 4 * 4;
    const std::int64_t n = x.shape[0];
    Tensor<T, Device> y = Tensor<T, Device>::uninitialized(output_shape().batch(n));
    if (n == 0) return y;
    std::unique_ptr<Plan<T, Device>> plan = borrow_plan(std::min(batch, n));
    for (std::int64_t begin = 0; begin < n; begin += batch) {
      const std::int64_t end = std::min(begin + batch, n);
      const TensorView<T, Device> part = plan->forward(x.slice(begin, end));
      Memory<Device>::copy(on_, y.view().slice(begin, end).data, part.data,
                           static_cast<std::size_t>(part.size()) * sizeof(T));
    }
    give_back_plan(std::move(plan));
    return y;
  }

  /// The same of a tensor.
  Tensor<T, Device> predict(const Tensor<T, Device>& x, std::int64_t batch = 32) const {
    return predict(x.view(), batch);
  }

 private:
  // Inference plans at rest, by batch size; a pointer, so that a model can be moved.
  struct Predictors {
    std::mutex mutex;
    std::vector<std::unique_ptr<Plan<T, Device>>> idle;
  };

  std::unique_ptr<Plan<T, Device>> borrow_plan(std::int64_t batch) const {
    {
      const std::lock_guard<std::mutex> lock(predictors_->mutex);
      auto& idle = predictors_->idle;
      for (auto& plan : idle)
        if (plan->options().batch == batch) {
          std::swap(plan, idle.back());
          auto found = std::move(idle.back());
          idle.pop_back();
          return found;
        }
      idle.clear();  // of another batch size
    }
    return std::make_unique<Plan<T, Device>>(on_, layers_, input_, PlanOptions{.batch = batch});
  }
  void give_back_plan(std::unique_ptr<Plan<T, Device>> plan) const {
    const std::lock_guard<std::mutex> lock(predictors_->mutex);
    predictors_->idle.push_back(std::move(plan));
  }
  void forget_plans() {
    const std::lock_guard<std::mutex> lock(predictors_->mutex);
    predictors_->idle.clear();
  }

  static void initialize(Layer<T, Device>& layer, std::uint64_t seed) {
    for (Parameter<T, Device>& p : layer.parameters()) {
      const Random random{seed, stream_id("weights", layer.name + "/" + p.name)};
      if constexpr (std::is_same_v<Device, Cpu>) {
        p.initializer.template fill<T>(p.value.span(), random);
      } else {
        Tensor<T, Cpu> values(p.value.shape());
        p.initializer.template fill<T>(values.span(), random);
        Memory<Device>::copy_from_host(p.value.data(), values.data(), values.bytes());
      }
    }
  }

  // Keras's rule: dense, dense_1, dense_2.
  std::string free_name(const std::string& stem) const {
    for (int number = 0;; ++number) {
      const std::string name = number == 0 ? stem : stem + "_" + std::to_string(number);
      if (std::none_of(layers_.begin(), layers_.end(), [&](const LayerPointer& l) { return l->name == name; }))
        return name;
    }
  }

  std::size_t index_of(const std::string& name) const {
    std::string names;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (layers_[i]->name == name) return i;
      names += (i ? ", " : "") + layers_[i]->name;
    }
    detail::raise<ValueError>("model: no layer is named \"" + name + "\"; there are: " + names);
  }

  Device on_;
  Shape input_;
  std::string name_ = "sequential";
  std::vector<LayerPointer> layers_;
  std::vector<Shape> shapes_;
  std::vector<Group> groups_;
  std::unique_ptr<Predictors> predictors_;
};

/// Sequential{on, {150, 150, 3}, Conv2D{16, 3, relu}, ...} is a model of floats on that device.
template <class Device, detail::PossibleDescription... Descriptions>
Sequential(const Device&, const Shape&, const Descriptions&...) -> Sequential<float, Device>;

}  // namespace brindle
