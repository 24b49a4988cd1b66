// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"

// The models and trainers whose files for Keras are in goldens/keras/ (goldens/make_saved_keras.py).
namespace brindle::test {

inline const std::filesystem::path files_for_keras = std::filesystem::path(BRINDLE_GOLDENS) / "keras";

// Weights that any compiler gives the same bits: sums of few powers of two. Averages are no zeros and ones.
template <class T>
Model<T> with_weights(Model<T> model) {
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters())
      for (std::int64_t i = 0; i < p.value.size(); ++i) {
        const bool positive = p.name == "moving_variance" || p.name == "gamma";
        p.value[i] = static_cast<T>((i * 37 + 11) % 101 - (positive ? -80 : 50)) / static_cast<T>(positive ? 128 : 256);
      }
  return model;
}

// Layers in a row, with settings that are no defaults.
template <class T>
Model<T> row() {
  return with_weights<T>(Sequential<T>{
      {14, 13, 3},
      Rescaling{.scale = {0.5}, .offset = {-0.25}},
      Normalization{.mean = {0.1, 0.2, 0.3}, .variance = {1.1, 1.2, 0.9}},
      Conv2D{.filters = 8, .kernel = {3, 5}, .activation = relu, .padding = {1, 0, 2, 1}, .use_bias = false},
      BatchNormalization{.momentum = 0.9, .epsilon = 1e-4, .name = "bn"},
      ReLU{.max_value = 6, .negative_slope = 0.1},
      MaxPooling2D{.pool_size = {3, 2}, .stride = {2, 1}, .padding = Padding::same},
      DepthwiseConv2D{.kernel = 3, .padding = Padding::same, .depth_multiplier = 2},
      LeakyReLU{.negative_slope = 0.2},
      SeparableConv2D{.filters = 6, .kernel = 3, .activation = silu, .padding = Padding::same},
      ELU{.alpha = 0.7},
      LayerNormalization{.epsilon = 1e-4},
      Dropout{.rate = 0.3, .noise_shape = {1, 1, -1}},
      ZeroPadding2D{.padding = {1, 0, 2, 0}},
      AveragePooling2D{.pool_size = 2},
      Conv2D{.filters = 8, .kernel = 2, .activation = hard_silu, .dilation = {2, 1}, .groups = 2},
      BatchNormalization{.center = false, .scale = false},
      Activation{softplus},
      Flatten{},
      Dense{12, gelu},
      Reshape{.target_shape = {3, -1}},
      Flatten{},
      Dense{5},
      Softmax{}});
}

// Branches of different lengths, whose layers Keras puts into another order; two inputs that are one value.
template <class T>
Model<T> graph() {
  Model<T> model{{8, 8, 4}, [](auto x) {
                   auto a = x.then(Conv2D{.filters = 6, .kernel = 1, .name = "a"});
                   auto b = x.then(Conv2D{.filters = 6, .kernel = 3, .padding = Padding::same, .name = "b1"},
                                   BatchNormalization{.name = "b2"}, Activation{relu6, "b3"},
                                   Conv2D{.filters = 6, .kernel = 3, .padding = Padding::same, .name = "b4"});
                   auto s = (a + b).then(GlobalAveragePooling2D{.keepdims = true},
                                         Conv2D{.filters = 6, .kernel = 1, .activation = sigmoid});
                   auto y = concatenate(b, (a + b) * s, a);
                   auto top = y.then(GlobalMaxPooling2D{}), mean = y.then(GlobalAveragePooling2D{});
                   return concatenate(top, mean + mean).then(Dense{3, ActivationFunction::tanh});
                 }};
  model.set_name("two_ways");
  return with_weights<T>(std::move(model));
}

// Models in models, of which one is frozen and, if inference, called with training=False; names that are repeated.
template <class T>
Model<T> nested(double rate = 0.4, bool inference = true) {
  Model<T> inner{{6, 6, 4}, [](auto x) {
                   auto y = x.then(Conv2D{.filters = 4, .kernel = 3, .padding = Padding::same, .name = "conv"},
                                   BatchNormalization{.name = "bn"});
                   return (x + y).then(Activation{relu, "out"});
                 }};
  inner.set_name("inner");
  Model<T> base{{8, 8, 3}, [&](auto x) {
                  return x.then(Conv2D{.filters = 4, .kernel = 3, .name = "first"}, std::move(inner),
                                Dropout{.rate = rate}, BatchNormalization{.name = "last"});
                }};
  base.set_name("base");
  Model<T> model{{8, 8, 3}, [&](auto x) {
                   return x.then(Rescaling{.scale = {2}}, std::move(base), Flatten{},
                                 Dense{.units = 2, .activation = sigmoid, .name = "head"});
                 }};
  model.set_trainable("base", false);
  model.layer("last").trainable = true;
  model.set_inference("base", inference);
  // As load_keras names layers whose names several have.
  model.layer("conv").name = "base/inner/conv";
  return with_weights<T>(std::move(model));
}

// More names than one node of a group's tree has room for, and than one attribute.
inline Model<float> wide() {
  Sequential<float> inner{{3}, Dense{3}};
  inner.set_name("inner");
  for (int i = 0; i < 300; ++i)
    inner.add(Dense{
        .units = 3,
        .name = "dense_with_a_name_that_is_rather_long_for_what_it_does_" + std::string(60, 'x') + std::to_string(i)});
  return with_weights<float>(Sequential<float>{std::move(inner), Dense{2}});
}

// A trainer that remembers three steps whose averages any compiler gives the same bits.
template <class OptimizerValue>
Trainer<float, Cpu> trained(Model<float>& model, const OptimizerValue& optimizer, const TrainerOptions& options = {}) {
  Trainer trainer{model, optimizer, BinaryCrossentropy{}, options};
  OptimizerState<float> state = trainer.optimizer_state();
  state.steps = 3;
  for (auto& slot : state.slots)
    for (std::int64_t i = 0; i < slot.value.size(); ++i)
      slot.value[i] = static_cast<float>((i * 13 + 5 * slot.number + 3) % 47 + 1) / 4096;
  trainer.set_optimizer_state(state);
  return trainer;
}

// What each of four optimizers is saved with: a use of the trainer for each.
template <class Use>
void each_trained(Use&& use) {
  Model<float> in_models = nested<float>(0, false);
  const auto small = [] {
    return with_weights<float>(
        Sequential<float>{{5, 5, 3}, Conv2D{4, 3, relu}, BatchNormalization{}, Flatten{}, Dense{2, sigmoid}});
  };
  Model<float> a = small(), b = small(), c = small();
  a.layers()[0]->trainable = false;
  use("trained_adam", trained(in_models, Adam{.learning_rate = 1.0 / 64, .amsgrad = true}));
  use("trained_adamw", trained(a, AdamW{.learning_rate = 1.0 / 64, .weight_decay = 0.125}));
  use("trained_rmsprop", trained(b, RMSprop{.learning_rate = 1.0 / 512, .momentum = 0.875, .centered = true}));
  use("trained_sgd",
      trained(c, SGD{.learning_rate = 1.0 / 64, .momentum = 0.875, .nesterov = true}, {.clipnorm = 0.125}));
}

}  // namespace brindle::test
