// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "brindle/image/decode.hpp"
#include "brindle/image/preprocessing.hpp"
#include "brindle/image/resize.hpp"
#include "brindle/models/pretrained.hpp"
#include "brindle/nn/folded.hpp"
#include "support/real_weights.hpp"

using namespace brindle;
using namespace brindle::test;
namespace fs = std::filesystem;

namespace {

/// The middle 87.5 % of the short side, at 224x224: how these networks are judged.
Tensor<float> seen(const fs::path& file, const Preprocessing& preprocessing) {
  const image::Picture photo = image::decode(file);
  const std::int64_t side = std::min(photo.height, photo.width) * 7 / 8;
  const image::Picture sized = image::resize(photo, {224, 224}, image::Interpolation::bilinear,
                                             {(photo.height - side) / 2, (photo.width - side) / 2, side, side});
  Tensor<float> x({1, 224, 224, 3});
  image::preprocess(preprocessing, x.size() / 3, 3, sized.pixels.data(), x.data());
  return x;
}

struct Shares {
  double cats = 0, dogs = 0;
};

/// Of the first 40 cats and 40 dogs, how many the network says are some cat (281 to 285) and some dog (151 to 268).
Shares top1(const Model<float>& model, const fs::path& photos, const Preprocessing& preprocessing) {
  std::map<std::pair<std::string, int>, fs::path> files;  // by kind and number: cat.19.jpg
  for (const auto& entry : fs::directory_iterator(photos)) {
    const std::string name = entry.path().filename().string();
    files[{name.substr(0, 3), std::stoi(name.substr(4))}] = entry.path();
  }
  const auto share = [&](const std::string& kind, std::int64_t first, std::int64_t last) {
    int right = 0, photo = 0;
    for (const auto& [which, file] : files) {
      if (which.first != kind || photo == 40) continue;
      ++photo;
      const Tensor<float> y = model.predict(seen(file, preprocessing));
      const auto best = std::max_element(y.data(), y.data() + y.size()) - y.data();
      right += best >= first && best <= last;
    }
    REQUIRE(photo == 40);
    return right / 40.0;
  };
  return {share("cat", 281, 285), share("dog", 151, 268)};
}

}  // namespace

// The figures are those that other programs have found for these weights and photos, with bicubic resizing: a photo or
// two may be judged otherwise; the figures of EfficientNet-Lite0 are met.
TEST_CASE("networks with real weights tell real cats and dogs as often as elsewhere", "[models][real]") {
  const auto photos = real_photos("cats-vs-dogs/validation_data");
  const auto efficientnet = real_weights("efficientnet_lite0.safetensors"),
             mobilenet = real_weights("mobilenet_v1_0.75_224.safetensors"),
             small_mobilenet = real_weights("mobilenet_v1_0.25_224.safetensors"),
             squeezenet = real_weights("squeezenet1_1_fp16.safetensors");
  if (photos.empty() || efficientnet.empty() || mobilenet.empty() || small_mobilenet.empty() || squeezenet.empty())
    return;
  const Shape input{224, 224, 3};
  const auto check = [&](Model<float>&& model, const Preprocessing& preprocessing, const Shares& known) {
    INFO(model.name());
    const Shares found = top1(folded(std::move(model)), photos, preprocessing);
    CHECK(found.cats == Approx(known.cats).margin(0.051));
    CHECK(found.dogs == Approx(known.dogs).margin(0.051));
  };
  check(models::efficientnet_lite0<float>(efficientnet, input, {.include_top = true}), Preprocessing::efficientnet_lite,
        {0.85, 0.95});
  check(models::mobilenet_v1<float>(mobilenet, input, {.alpha = 0.75, .include_top = true}),
        Preprocessing::minus_one_to_one, {0.725, 1.0});
  check(models::mobilenet_v1<float>(small_mobilenet, input, {.alpha = 0.25, .include_top = true}),
        Preprocessing::minus_one_to_one, {0.5, 0.875});
  check(models::squeezenet1_1<float>(squeezenet, input, {.include_top = true}), Preprocessing::imagenet_mean_std,
        {0.475, 0.925});
}
