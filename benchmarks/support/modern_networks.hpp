// SPDX-License-Identifier: MIT
#pragma once

#include <brindle/models/efficientnet_lite0.hpp>
#include <brindle/models/mobilenet_v2.hpp>
#include <brindle/models/resnet.hpp>
#include <brindle/models/vgg16.hpp>
#include <brindle/nn/nn.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

// The networks of the rows M1 to M9, as torchvision builds them: peers/networks_torch.py has the same.
namespace brindle::bench {

/// Draws the kernels so that activations keep their size through all layers, as those of a trained network do: with
/// the usual first weights, and BatchNormalization that has seen nothing, they fade away in nets of inverted residuals.
inline void keep_activations_alive(Model<float>& model) {
  std::uint32_t number = 0;
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters()) {
      const Shape& w = p.value.shape();
      if (p.name != "kernel") continue;
      const bool depthwise = layer->type() == "DepthwiseConv2D", dense = w.rank() == 2;
      const std::int64_t fan_in = depthwise ? w[0] * w[1] : w.size() / w.back();
      const bool linear = dense || (w[0] == 1 && fan_in > w.back());  // nothing cuts off half of what comes out
      const double most = std::sqrt(3 * (linear ? 1.0 : 2.0) / static_cast<double>(fan_in));
      const Random random{1, stream_id("benchmark"), number++};
      for (std::int64_t i = 0; i < p.value.size(); ++i)
        p.value[i] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(i), -most, most));
    }
}

/// The network of a row that predicts, with its thousand classes, VGG16 without them. Throws ValueError for other rows.
inline Model<float> predicting_network(const Cpu& on, const std::string& row) {
  const Shape photo{224, 224, 3};
  if (row == "M1" || row == "M2" || row == "M2-features") {
    Model<float> model = row == "M1"
                             ? models::mobilenet_v2<float>(
                                   on, photo, {.variant = models::MobileNetV2Variant::torchvision, .include_top = true})
                             : models::efficientnet_lite0<float>(on, photo, {.include_top = row == "M2"});
    keep_activations_alive(model);
    return model;
  }
  if (row == "M3")
    return models::resnet50<float>(on, photo, {.variant = models::ResNetVariant::torchvision, .include_top = true});
  if (row == "M4") return models::resnet18<float>(on, photo, {.include_top = true});
  if (row == "W3") return models::vgg16<float>(on, {150, 150, 3});
  detail::raise<ValueError>("no network predicts in a row " + row + "; there are M1 to M4, M2-features and W3");
}

/// Billions of operations for a photo, multiply-adds times two, of convolutions and dense layers.
inline double predicting_gflop(const std::string& row) {
  return row == "M1" ? 0.6014 : row == "M2" ? 0.7701 : row == "M3" ? 8.179 : row == "M4" ? 3.628 : 13.23;
}

/// EfficientNet-Lite0 with a head for two classes: its last five blocks of 16, what is behind them and the head learn.
inline Model<float> fine_tuned_efficientnet(const Cpu& on, bool fold) {
  auto base = predicting_network(on, "M2-features");
  if (fold) base = folded(std::move(base));
  Sequential<float> head(on, {1280}, Dropout{0.2}, Dense{2, softmax});
  Model<float> model{on, {224, 224, 3}, [&](auto x) { return x.then(std::move(base), std::move(head)); }};
  model.freeze_before("block6a_expand_conv");
  model.fix_weights();
  return model;
}

}  // namespace brindle::bench
