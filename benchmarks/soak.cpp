// SPDX-License-Identifier: MIT
// A long run, to see that memory stays flat: the baseline network on small pictures.
//
//     soak [steps]            20000 steps of 30 pictures of 36x36
//
// Prints the memory that the program has (RSS) after each thousand steps; exit code 1 if it grew by more than a
// megabyte after the first thousand, or if the weights are no longer finite.
#include <brindle/brindle.hpp>
#include <brindle/train/finite.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

using namespace brindle;

namespace {

/// Kilobytes of memory that the program occupies; 0 where the system does not say.
long resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      long kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  return 0;
}

data::Pictures noise(std::int64_t n) {
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>({n, 36, 36, 3});
  const Random random{1, stream_id("soak"), 0};
  for (std::int64_t i = 0; i < n; ++i) {
    parts.classes.push_back(i % 2);
    // One class is brighter in its upper half, so that there is something to learn.
    for (std::int64_t k = 0; k < 36 * 36 * 3; ++k)
      parts.pixels[i * 36 * 36 * 3 + k] =
          static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i * 36 * 36 * 3 + k), 200) +
                                    (i % 2 == 1 && k < 18 * 36 * 3 ? 20 : 0));
  }
  parts.class_names = {"cat", "dog"};
  return data::Pictures(std::move(parts));
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t steps = argc > 1 ? std::atoll(argv[1]) : 20'000;
  const data::Pictures photos = noise(1000), holdout = noise(100);
  const data::Augmented augmented(photos, {.rotation = 10, .width_shift = 0.1, .flip_horizontal = true});
  Sequential<float> model{Cpu{},        {36, 36, 3},          Conv2D{16, 3, relu}, MaxPool2D{2}, Conv2D{64, 3, relu},
                          MaxPool2D{2}, Conv2D{128, 3, relu}, MaxPool2D{2},        Flatten{},    Dense{512, relu},
                          Dropout{0.3}, Dense{1, sigmoid}};
  Trainer trainer{model, RMSprop{.learning_rate = 1e-4}, BinaryCrossentropy{}};

  long first = 0;
  Callback memory;
  memory.step = [&](FitState& s) { s.stop = trainer.steps() >= steps; };
  memory.epoch = [&](FitState& s) {
    const long now = resident_kilobytes();
    if (s.epoch == 1) first = now;  // by now the validation has the memory that it keeps
    std::printf("step %6lld: %8ld KB  loss %.4f  accuracy %.4f  val_accuracy %.4f\n",
                static_cast<long long>(trainer.steps()), now, s.loss, s.accuracy, s.val_accuracy);
    std::fflush(stdout);
  };
  const History history = trainer.fit(augmented, {.batch = 30,
                                                  .epochs = (steps + 999) / 1000,
                                                  .steps_per_epoch = 1000,
                                                  .validation = holdout,
                                                  .callbacks = {memory}});
  const long last = resident_kilobytes();
  std::printf("RSS %ld KB after 1000 steps, %ld KB after %lld\n", first, last, static_cast<long long>(trainer.steps()));
  return last - first > 1024 || !detail::all_finite<float>(model.layers().back()->parameters()[0].value.view())
             ? EXIT_FAILURE
             : EXIT_SUCCESS;
}
