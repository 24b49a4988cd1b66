// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <utility>

#include "brindle/data/image_folder.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/trainer.hpp"
#include "errors/wrong_use.hpp"
#include "support/temporary_folder.hpp"

namespace brindle::test {

/// Data, losses and settings that do not fit the model or each other. In the folder: pictures of two sizes.
inline Chapter training_mistakes(const TemporaryFolder& folder) {
  const auto fit = [](const data::Source& data, const FitOptions& options = {.batch = 4, .epochs = 1},
                      double learning_rate = 1e-3) {
    Sequential<float> model = classifier();
    Trainer trainer{model, RMSprop{.learning_rate = learning_rate}, BinaryCrossentropy{}};
    trainer.fit(data, options);
  };

  return {"Training",
          {
              {"Photos of another size than the model's",
               [=] {
                 fit(samples(8, {0, 1}, {6, 6, 1}));
               }},
              {"Validation data whose classes have other numbers",
               [] {
                 Sequential<float> model = classifier();
                 Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
                 const Tensor<float> labels({2, 1});
                 const data::InMemory other(Tensor<float>({2, 4, 4, 1}), labels.clone(), {"dog", "cat"});
                 trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1, .validation = other});
               }},
              {"Validation pictures that were resized in another way",
               [=, &folder] {
                 for (const char* file : {"two/cat.1.png", "two/dog.1.png"}) write_picture(folder / file);
                 const auto nearest = data::image_folder(folder / "two", {.size = {4, 4}});
                 const auto smooth = data::image_folder(
                     folder / "two", {.size = {4, 4}, .interpolation = image::Interpolation::bilinear});
                 Sequential<float> model{Cpu{1}, {4, 4, 3}, Flatten{}, Dense{1, sigmoid}};
                 Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
                 trainer.fit(nearest, {.batch = 2, .epochs = 1, .validation = smooth});
               }},
              {"More outputs than the data have classes",
               [] {
                 Sequential<float> model = classifier(3, softmax);
                 Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{}};
                 trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
               }},
              {"Two outputs with a loss for one",
               [] {
                 Sequential<float> model = classifier(2, softmax);
                 Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
                 trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
               }},
              {"One output with a loss for several",
               [] {
                 Sequential<float> model = classifier();
                 Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{}};
                 trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
               }},
              {"Labels out of range: three classes, two outputs",
               [] {
                 Sequential<float> model = classifier(2, softmax);
                 Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{}};
                 trainer.fit(samples(9, {0, 1, 2}), {.batch = 3, .epochs = 1});
               }},
              {"Labels of -1 and 1",
               [=] {
                 fit(samples(8, {-1, 1}));
               }},
              {"Labels for half of the samples only",
               [] {
                 data::InMemory(Tensor<float>({8, 4}), Tensor<float>({4, 1}));
               }},
              {"A NaN in the data",
               [] {
                 Tensor<float> x({2, 4});
                 x[5] = std::numeric_limits<float>::quiet_NaN();
                 data::InMemory(std::move(x), Tensor<float>({2, 1}));
               }},
              {"All labels the same", [=] { fit(samples(8, {1})); }},
              {"A batch of 0",
               [=] {
                 fit(samples(8, {0, 1}), {.batch = 0, .epochs = 1});
               }},
              {"A model that ends without an activation, with a loss of probabilities",
               [] {
                 Sequential<float> model = classifier(1, linear);
                 Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
               }},
              {"A loss of logits behind a softmax",
               [] {
                 Sequential<float> model = classifier(2, softmax);
                 Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{.from_logits = true}};
               }},
              {"The softmax of one output",
               [] {
                 Sequential<float> model = classifier(1, softmax);
                 Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
               }},
              {"A weight for a class that is not there",
               [=] {
                 fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1, .class_weight = {{2, 10.0}}});
               }},
              {"Early stopping by the validation loss, without validation data",
               [=] {
                 fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1, .callbacks = {early_stopping()}});
               }},
              {"Logits where a confusion matrix expects probabilities",
               [] {
                 Tensor<float> outputs({2, 1}), labels({2, 1});
                 outputs[1] = 1.5f, labels[1] = 1;
                 confusion_matrix(outputs, labels);
               }},
              {"0 epochs",
               [=] {
                 fit(samples(8, {0, 1}), {.batch = 4, .epochs = 0});
               }},
              {"A negative learning rate",
               [=] {
                 fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1}, -0.001);
               }},
              {"A learning rate that is far too large",
               [] {
                 Sequential<float> model{Cpu{1}, {4, 4, 1}, Flatten{}, Dense{2}, Dense{2}, Dense{1, sigmoid}};
                 model.initialize(1);
                 Trainer trainer{model, RMSprop{.learning_rate = 1e30}, BinaryCrossentropy{}};
                 trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 9});
               }},
              {"Everything is frozen",
               [] {
                 Sequential<float> model = classifier();
                 for (const auto& layer : model.layers()) layer->trainable = false;
                 Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
                 trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
               }},
              {"A picture of the wrong size for `predict`",
               [] {
                 classifier().predict(Tensor<float>({1, 6, 6, 1}), 1);
               }},
          }};
}

}  // namespace brindle::test
