// SPDX-License-Identifier: MIT
// Experiment 5: VGG16, frozen, with a new head, on augmented photos.
//
// Features can be computed once only for photos that never change. To train the head on augmented photos, VGG16 stands
// in front of it, as one model; its weights are frozen, so the backward pass ends where the head begins.
//
//     vgg16_frozen --data cats-vs-dogs --weights vgg16_notop.h5
//     vgg16_frozen --smoke                            a small random VGG16, on pets that it draws itself
//
// 100 epochs of 100 steps: 0.901 validation accuracy at best (the walkthrough: 0.90); docs/results.md.
#include <brindle/brindle.hpp>

#include "example.hpp"

using namespace brindle;

int main(int argc, char** argv) {
  const example::Options defaults{.name = "vgg16_frozen", .epochs = 100, .steps = 100, .base = "VGG16"};
  return example::run(argc, argv, defaults, [](const example::Options& options, const auto& on) {
    const example::Photos photos = example::open_photos(options);
    example::describe("training", photos.training);
    example::describe("validation", photos.validation);
    const Augment augment{.rotation = 50,
                          .width_shift = 0.2,
                          .height_shift = 0.2,
                          .shear = 0.2,
                          .zoom = 0.3,
                          .flip_horizontal = true,
                          .fill = Fill::nearest};
    const auto augmented = data::augmented(on, photos.training, augment, {.seed = options.seed});

    // clang-format off
    Sequential model{example::vgg16(options, on), Flatten{},
                     Dense{512, relu}, Dropout{0.3},
                     Dense{512, relu}, Dropout{0.3},
                     Dense{1, sigmoid}};
    // clang-format on
    model.initialize(options.seed, "dense");  // the head; VGG16 has its weights
    // Every layer of VGG16 keeps its weights: only the head learns.
    model.set_trainable("vgg16", false);
    example::print(report::layer_table(model, "vgg16"));
    example::print(report::summary(model));

    Trainer trainer{model, RMSprop{.learning_rate = 2e-5}, BinaryCrossentropy{}, {.seed = options.seed}};
    const History history = trainer.fit(augmented, {.batch = options.batch,
                                                    .epochs = options.epochs,
                                                    .steps_per_epoch = options.smoke ? 2 : options.steps,
                                                    .validation = photos.validation,
                                                    .callbacks = {report::progress_line(), example::ctrl_c(options)},
                                                    .checkpoint = example::checkpoint(options)});

    example::save(options, model, photos.training);
    report::history_csv(history, options.out / "vgg16_frozen.csv");
    report::training_curves(history, options.out / "vgg16_frozen.svg");
    report::training_curves(history, options.out / "vgg16_frozen.png");
    example::run_page(options, model, history).write(options.out / "vgg16_frozen.html");
    return example::finish(options, history);
  });
}
