// SPDX-License-Identifier: MIT
// Experiment 4: features of VGG16, computed once, and a small network on them.
//
// A network that has learned a million photos of a thousand things knows what fur, ears and eyes look like. Its last
// pool gives 4 x 4 x 512 such features for a photo. They are computed once and kept in a file; then only the head is
// trained, which takes a second an epoch.
//
//     vgg16_features --data cats-vs-dogs --weights vgg16_notop.h5 [--preprocess caffe]
//     vgg16_features --smoke                    a small random VGG16, on pets that it draws itself
//
// Result with --seed 42 on two busy cores of a Xeon with AVX-512 (9bc3205): validation accuracy 0.901 at best, 0.896 at
// last; with --preprocess caffe 0.979 and 0.978; 12 s for the head. With seeds 43 and 44 0.904 and 0.901 at best.
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "example.hpp"

using namespace brindle;

int main(int argc, char** argv) {
  const example::Options defaults{.name = "vgg16_features", .epochs = 30, .base = "VGG16"};
  return example::run(argc, argv, defaults, [](const example::Options& options, const auto& on) {
    const example::Photos photos = example::open_photos(options);
    example::describe("training", photos.training);
    example::describe("validation", photos.validation);

    // What VGG16 gives for each photo. A second run with the same weights and photos reads the file.
    auto vgg16 = example::vgg16(options, on);
    const Shape pool = vgg16.output_shape();  // (4, 4, 512)
    vgg16.add(Flatten{});
    io::Features training = io::extract(vgg16, photos.training, {.cache = options.out / "training.safetensors"});
    io::Features holdout = io::extract(vgg16, photos.validation, {.cache = options.out / "validation.safetensors"});
    std::printf("features: %s and %s%s\n", to_string(training.x.shape()).c_str(), to_string(holdout.x.shape()).c_str(),
                training.from_cache ? ", read from the last run" : "");

    // The first of the 512 channels for one photo: bright where it found what it looks for.
    report::feature_map(training.x.view().slice(0, 1).reshape(pool), options.out / "block5_pool.png",
                        {.title = "block5_pool, channel 0"});

    // clang-format off
    Sequential head{on, vgg16.output_shape(),
                    Dense{512, relu}, Dropout{0.3},
                    Dense{512, relu}, Dropout{0.3},
                    Dense{1, sigmoid}};
    // clang-format on
    head.initialize(options.seed);
    example::print(report::summary(head));

    const data::InMemory features = std::move(training).in_memory(), unseen = std::move(holdout).in_memory();
    Trainer trainer{head, RMSprop{.learning_rate = 1e-4}, BinaryCrossentropy{}, {.seed = options.seed}};
    const History history = trainer.fit(features, {.batch = options.batch,
                                                   .epochs = options.epochs,
                                                   .steps_per_epoch = options.steps,
                                                   .validation = unseen,
                                                   .callbacks = {report::progress_line(), example::ctrl_c(options)},
                                                   .checkpoint = example::checkpoint(options)});

    report::history_csv(history, options.out / "vgg16_features.csv");
    report::training_curves(history, options.out / "vgg16_features.svg");
    report::training_curves(history, options.out / "vgg16_features.png");
    example::run_page(options, head, history).write(options.out / "vgg16_features.html");

    // One model of both parts, which takes photos: for `evaluate` and `classify`.
    Model model{on, photos.training.sample_shape(), [&](auto x) { return x.then(std::move(vgg16), std::move(head)); }};
    example::save(options, model, photos.training);
    return example::finish(options, history);
  });
}
