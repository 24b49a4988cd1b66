// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/definitions_of.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/predictor.hpp"

namespace brindle {

template <class T, class Device>
class Value;

namespace detail {

/// What may stand where a layer's description does; add() says what is missing if it is none.
template <class D>
concept PossibleDescription = std::is_class_v<D> && !requires {
  std::declval<D&>().get();
};

/// A function from the model's input, a value, to its output.
template <class G, class T, class Device>
concept GraphFunction = !std::is_convertible_v<G, Shape> && std::invocable<G, Value<T, Device>>;

}  // namespace detail

/// A model: layers, and which of them reads what another gives. Sequential is the one whose layers stand in a row; any
/// other is written as a function from its input to its output:
///
///     Model<float> model{{32, 32, 16}, [](auto x) {
///       auto y = x.then(Conv2D{16, 3, relu, 1, Padding::same}, Conv2D{.filters = 16, .kernel = 1});
///       return (x + y).then(Flatten{}, Dense{1, sigmoid});
///     }};
///
/// The function runs once, and each then(), + and * puts layers into the model, see Value (value.hpp). Keras: its
/// functional API.
///
/// The weights are there at once, drawn from seed 0; initialize() draws them anew. A model is moved, not copied.
/// predict() may run in several threads at a time.
template <class T, class Device = Cpu>
class Model {
  static_assert(std::is_same_v<Device, Cpu> || std::is_same_v<T, float>,
                "a GPU computes in float: write Model<float, Cuda>, or Model<double> for the processor");

 public:
  using value_type = T;                                    ///< of weights and activations
  using device_type = Device;                              ///< where they lie
  using LayerPointer = std::unique_ptr<Layer<T, Device>>;  ///< never null

  /// A model without layers yet. input: shape of one sample, (H, W, C) for pictures. Throws ShapeError for one without
  /// a size, or with one that is not positive.
  explicit Model(const Shape& input) : Model(Device{}, input) {}

  /// on: the device, with its threads; without it the model has its own.
  Model(const Device& on, const Shape& input) : on_(on), predictors_(std::make_unique<Predictors>()) {
    detail::expect_definitions<T, Device>();
    if (input.rank() < 1 || input.size() < 1)
      detail::raise<ShapeError>("Sequential: the input shape must have at least one size, all of them positive, got " +
                                to_string(input));
    graph_.input = input;
  }

  /// What `graph` gives for the input is the model's output; see Value for what it can write. Throws ShapeError or
  /// ValueError naming the layer that does not fit, or that leads nowhere.
  template <detail::GraphFunction<T, Device> Graph>
  Model(const Shape& input, Graph&& graph) : Model(Device{}, input, std::forward<Graph>(graph)) {}
  /// The same on a device.
  template <detail::GraphFunction<T, Device> Graph>
  Model(const Device& on, const Shape& input, Graph&& graph) : Model(on, input) {
    name_ = "functional";
    const Value<T, Device> output = std::forward<Graph>(graph)(Value<T, Device>(*this, 0));
    check_output(output.number());
  }

  /// What the model is called in tables, and as a group of another model.
  const std::string& name() const { return name_; }
  /// The name is "sequential" before; returns the model.
  Model& set_name(const std::string& name);

  /// Layers [begin, end) that came as a model of their own.
  struct Group {
    std::string name;       ///< that the model had
    std::size_t begin = 0;  ///< number of its first layer
    std::size_t end = 0;    ///< one after its last
    /// Runs as in prediction while the model is trained, see Layer::inference.
    bool inference = false;
    /// Those that the model had itself, in the order of their layers; numbers are of the layers of the whole model.
    std::vector<Group> groups;  // without "= {}", on which GCC 12 fails where a group is written inside another
  };
  const std::vector<Group>& groups() const { return groups_; }  ///< in the order of their layers

  /// The groups of a model are added in the order of their layers. Throws ValueError unless the layers are there, one
  /// at least, and all behind those of the groups that were added before.
  void add_group(const std::string& name, std::size_t begin, std::size_t end) {
    add_group({name, begin, end, false, {}});
  }
  /// With groups inside it, which must not overlap either; sets Layer::inference where one of them says so.
  void add_group(const Group& group);

  /// The model up to and with the named layer; the layers behind it are dropped, those of a graph that it does not
  /// need, too, and groups that lose layers, but not whole ones inside these. Throws ValueError, with the names there
  /// are, for a layer that there is not; the model is then as it was.
  Model cut_after(const std::string& layer) &&;

  /// Puts a layer behind the last one. Throws ShapeError or ValueError naming a layer that does not fit.
  template <detail::PossibleDescription Description>
  Model& add(const Description& description) {
    add_after(description, graph_.output());
    return *this;
  }

  /// Puts a layer behind value `input`, for Value::then(); gives the number of its value.
  template <detail::PossibleDescription Description>
  std::size_t add_after(const Description& description, std::size_t input) {
    static_assert(LayerDescription<Description, T, Device>,
                  "a layer is described by a struct with `std::string name` and `template <class T, class Device> "
                  "std::unique_ptr<Layer<T, Device>> make() const`: see docs/howto/own-layer.md");
    if constexpr (LayerDescription<Description, T, Device>)
      return add(description.template make<T, Device>(), description.name, {input});
    return 0;
  }

  /// A layer that was made by hand, with weights drawn anew. Empty name: the next default name. Throws as the add() of
  /// a description, and ValueError for a name that another layer has.
  Model& add(LayerPointer layer, const std::string& name = {});

  /// A layer that reads these values, with weights drawn anew; gives the number of its own value. For what reads graphs
  /// from files; check_output() belongs at the end. Throws ValueError for a value that is not there.
  std::size_t add(LayerPointer layer, const std::string& name, const std::vector<std::size_t>& inputs);

  /// As add() of a layer behind the last one, with all weights zero: for those that are set or read from a file next.
  Model& add_uninitialized(LayerPointer layer, const std::string& name = {});
  /// The same of a layer that reads these values.
  std::size_t add_uninitialized(LayerPointer layer, const std::string& name, const std::vector<std::size_t>& inputs);

  /// All layers of another model behind value `input`, as one group under its name, with the groups that it had; gives
  /// the number of the last value. Throws ShapeError if the value is not what that model takes, ValueError if two
  /// layers have one name; both models are then as they were.
  std::size_t add(Model&& base, std::size_t input);

  /// Throws ValueError unless this is the value that the model gives, and each layer leads to it.
  void check_output(std::size_t value) const;

  const Device& device() const { return on_; }                                       ///< does the work
  const Shape& input_shape() const { return graph_.input; }                          ///< of one sample
  const Shape& output_shape() const { return graph_.value_shape(graph_.output()); }  ///< of one sample
  /// Shape of one sample behind layer i.
  const Shape& output_shape(std::size_t i) const { return graph_.shapes[i]; }

  /// In the order of computing. Those of a const model are const, too.
  /// @{
  const std::vector<LayerPointer>& layers() { return graph_.layers; }
  /// The same, to read.
  ConstLayers<T, Device> layers() const { return ConstLayers<T, Device>(graph_.layers); }
  /// @}
  /// The values that layer i reads: 0 is the model's input, j + 1 what layer j gives.
  const std::vector<std::size_t>& inputs(std::size_t i) const { return graph_.inputs[i]; }
  /// Takes layers and wiring out of a model that is not needed any more.
  LayerGraph<T, Device> release() && {
    forget_predictors();
    return std::move(graph_);
  }
  /// Layers and wiring, for a Plan.
  const LayerGraph<T, Device>& graph() const { return graph_; }

  /// Throws ValueError with the names there are.
  /// @{
  Layer<T, Device>& layer(const std::string& name) { return *graph_.layers[index_of(name)]; }
  /// The same, to read.
  const Layer<T, Device>& layer(const std::string& name) const { return *graph_.layers[index_of(name)]; }
  /// @}

  /// Elements of all parameters.
  std::int64_t parameter_count() const;
  /// Without those of frozen layers.
  std::int64_t trainable_parameter_count() const;

  /// Draws all weights anew. Each layer's depend on the seed and its name alone.
  void initialize(std::uint64_t seed);

  /// Draws the weights of the named layer and of those behind it in layers() anew: a new head on a trained base. Throws
  /// ValueError, with the names there are, for a layer that there is not.
  void initialize(std::uint64_t seed, const std::string& first);

  /// Freezes or frees every layer.
  void set_trainable(bool trainable);

  /// Freezes or frees the layers of a group, the outermost of that name. Throws ValueError if there is none.
  void set_trainable(const std::string& group, bool trainable);

  /// Whether a group, the outermost of that name, runs as in prediction while the model is trained: nothing is dropped,
  /// and BatchNormalization takes its moving averages, which stand still. A layer runs so if any group around it does.
  /// Throws ValueError if there is none of that name. Keras: base(x, training=False).
  void set_inference(const std::string& group, bool inference);

  /// A penalty on large weights: training makes the loss and the sum of l2 w^2 over the layer's parameter small, and
  /// loss and val_loss tell it as well. 0: none. A frozen layer has none. Keras: kernel_regularizer=L2(l2); saved
  /// models and Keras's files keep it. Throws ValueError for a layer or a parameter that is not there or not learned,
  /// or l2 outside of 0 to 1e30.
  void set_l2(const std::string& layer, const std::string& parameter, double l2);

  /// The same for the kernels of all layers: "kernel", "depthwise_kernel", "pointwise_kernel". Throws ValueError for l2
  /// outside of 0 to 1e30.
  void set_l2(double l2);

  /// Freezes the layers in front of the named one in layers(), and frees it and those behind it. Throws ValueError,
  /// with the names there are, for a layer that there is not.
  void freeze_before(const std::string& name);

  /// Says that the weights stay as they are. The filters of each layer are then brought into the layout of the kernel
  /// that reads them once, at the first prediction, where else each prediction does so; outputs have the same bits. It
  /// takes about as much memory as the weights, see prepared_bytes().
  ///
  /// Nobody may change weights through a reference or a view that was there before. Whoever asks for weights to change
  /// them afterwards, as load_weights(), initialize() and a trainer's steps do, or by Layer::parameters(), ends this
  /// for the layers that are asked for: predictions are slower from then on, and right. Frozen layers in front of those
  /// that learn are prepared once for fit(), too. folded() does this, and PictureClassifier.
  void fix_weights();

  /// Bytes of filters that are prepared now, see fix_weights(). They are freed with the model, or by the prediction
  /// after their weights were changed.
  std::int64_t prepared_bytes() const { return graph_.prepared->bytes(); }

  /// Outputs for any number of samples, `batch` of them at a time (on a GPU rounded up to a multiple of 4). They are
  /// not looked at: NaN and infinity come out as they are, where Trainer::predict() throws.
  ///
  ///     x (N, input_shape())  ->  (N, output_shape())
  ///
  /// Throws ShapeError for an x of another shape, ValueError for batch < 1.
  Tensor<T, Device> predict(In<T, Device> x, std::int64_t batch = 32) const;

  /// The same of a tensor.
  Tensor<T, Device> predict(const Tensor<T, Device>& x, std::int64_t batch = 32) const;

 protected:
  /// The model as a group, under its name, of a model that is called "sequential" again.
  static Model as_group(Model&& base);

 private:
  using Predictor = detail::Predictor<T, Device>;

  // Those at rest, by batch size; a pointer, so that a model can be moved.
  struct Predictors {
    std::mutex mutex;
    std::vector<std::unique_ptr<Predictor>> idle;
  };

  std::unique_ptr<Predictor> borrow_predictor(std::int64_t batch) const;
  void give_back(std::unique_ptr<Predictor> predictor) const;
  void forget_predictors();

  static void initialize(Layer<T, Device>& layer, std::uint64_t seed);

  // Keras's rule: dense, dense_1, dense_2.
  std::string free_name(const std::string& stem) const;

  void expect_new(const std::string& name) const;
  std::size_t index_of(const std::string& name) const;

  // What base becomes as a part of another model, its first layer being that one's number `begin`.
  static Group group_of(const Model& base, std::size_t begin);
  static void expect_in_order(const Group& group, std::size_t begin, std::size_t end);
  static bool runs_for_inference(const std::vector<Group>& groups, std::size_t layer);
  static Group* find_group(std::vector<Group>& groups, const std::string& name);
  Group& group(const std::string& name);

  Device on_;
  LayerGraph<T, Device> graph_;
  std::string name_ = "sequential";
  std::vector<Group> groups_;
  std::unique_ptr<Predictors> predictors_;
};

/// Model{on, {224, 224, 3}, [](auto x) { ... }} is a model of floats on that device.
template <class Device, detail::GraphFunction<float, Device> Graph>
Model(const Device&, const Shape&, Graph&&) -> Model<float, Device>;

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/model_inl.hpp"
#endif
