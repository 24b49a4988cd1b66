// SPDX-License-Identifier: MIT
// Experiment 6: fine-tuning: the last blocks of VGG16 learn, too.
//
// The first blocks know edges and textures, which cats and dogs share with everything else. The last ones know the
// things of ImageNet; here they are freed from block4_conv1 on, and learn at a rate so small that they keep what is of
// use.
//
//     vgg16_finetune --data cats-vs-dogs --weights vgg16_notop.h5
//     vgg16_finetune --smoke                            a small random VGG16, on pets that it draws itself
//
// 100 epochs of 100 steps: 0.963 validation accuracy at best (the walkthrough: 0.96); docs/results.md.
#include <brindle/brindle.hpp>

#include "example.hpp"

using namespace brindle;

int main(int argc, char** argv) {
  const example::Options defaults{.name = "vgg16_finetune", .epochs = 100, .steps = 100, .base = "VGG16"};
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
    // Blocks 1 to 3 keep their weights; block 4, block 5 and the head learn.
    model.freeze_before("block4_conv1");
    example::print(report::layer_table(model, "vgg16"));
    example::print(report::summary(model));

    Trainer trainer{model, RMSprop{.learning_rate = 1e-5}, BinaryCrossentropy{}, {.seed = options.seed}};
    const History history = trainer.fit(augmented, {.batch = options.batch,
                                                    .epochs = options.epochs,
                                                    .steps_per_epoch = options.smoke ? 2 : options.steps,
                                                    .validation = photos.validation,
                                                    .callbacks = {report::progress_line(), example::ctrl_c(options)},
                                                    .checkpoint = example::checkpoint(options)});

    example::save(options, model, photos.training);
    report::history_csv(history, options.out / "vgg16_finetune.csv");
    report::training_curves(history, options.out / "vgg16_finetune.svg");
    report::training_curves(history, options.out / "vgg16_finetune.png");
    example::run_page(options, model, history).write(options.out / "vgg16_finetune.html");
    return example::finish(options, history);
  });
}
