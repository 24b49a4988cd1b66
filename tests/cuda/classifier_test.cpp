// SPDX-License-Identifier: MIT
#include <cstdint>

#include "brindle/io/definitions.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/report/grad_cam.hpp"
#include "cuda/gpu.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

image::Picture picture(std::uint64_t seed) {
  image::Picture p(31, 23, 3);
  const Random random{seed, stream_id("test"), 0};
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i), 256));
  return p;
}

}  // namespace

TEST_CASE("a PictureClassifier on the GPU says what it says on the processor, and Grad-CAM shows the same", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const TemporaryFolder folder;
  Sequential<float> model{{16, 16, 3}, Conv2D{8, 3, relu}, MaxPool2D{2},   Conv2D{8, 3, relu}, MaxPool2D{2},
                          Flatten{},   Dropout{0.5},       Dense{8, relu}, Dense{3, softmax}};
  model.initialize(5);
  io::save_model(model, folder / "m.safetensors",
                 {.class_names = {"a", "b", "c"}, .input = PictureInput{.size = {16, 16}}});
  const models::PictureClassifier here(folder / "m.safetensors", Cpu{1});
  const models::PictureClassifier there(folder / "m.safetensors", Cuda{});
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const image::Picture photo = picture(seed);
    const models::Classification expected = here.classify(photo), got = there.classify(photo);
    CHECK(got.name == expected.name);
    CHECK(got.probability == Approx(expected.probability).margin(1e-5));
    const Tensor<float> x = there.input(photo);
    for (std::int64_t c = 0; c < 3; ++c) {
      check_close("map", report::grad_cam<float>(there.model(), x, c), report::grad_cam<float>(here.model(), x, c),
                  1e-4);
      check_close("map of the first layer", report::grad_cam<float>(there.model(), x, c, "conv2d"),
                  report::grad_cam<float>(here.model(), x, c, "conv2d"), 1e-4);
    }
  }
}
