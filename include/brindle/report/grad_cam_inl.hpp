// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what grad_cam.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/resize.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/report/colour_scale.hpp"
#include "brindle/report/grad_cam.hpp"

namespace brindle::report::internal {

template <class T, class Device>
std::size_t last_map_layer(const Model<T, Device>& model) {
  const auto layers = model.layers();
  const bool row = model.graph().is_row();
  std::size_t read_behind = layers.size();  // the first value that layers behind layer i read
  for (std::size_t i = layers.size(); i-- > 0;) {
    const Shape& y = model.output_shape(i);
    const bool map = y.rank() == 3 && i + 1 < layers.size();
    if (map && (row ? !layers[i]->parameters().empty() : y[0] * y[1] > 1 && read_behind > i)) return i;
    for (const std::size_t value : model.inputs(i)) read_behind = std::min(read_behind, value);
  }
  return layers.size();
}

/// Bilinear between the values' centres, constant beyond the outer ones.
BRINDLE_INLINE double sampled(In<float, Cpu> map, double row, double column) {
  const std::int64_t h = map.shape[0], w = map.shape[1];
  const double r = std::clamp(row, 0.0, static_cast<double>(h - 1));
  const double c = std::clamp(column, 0.0, static_cast<double>(w - 1));
  const auto top = static_cast<std::int64_t>(r), left = static_cast<std::int64_t>(c);
  const std::int64_t bottom = std::min(top + 1, h - 1), right = std::min(left + 1, w - 1);
  const double down = r - static_cast<double>(top), across = c - static_cast<double>(left);
  const auto at = [&](std::int64_t y, std::int64_t x) { return static_cast<double>(map.data[y * w + x]); };
  return (1 - down) * ((1 - across) * at(top, left) + across * at(top, right)) +
         down * ((1 - across) * at(bottom, left) + across * at(bottom, right));
}

}  // namespace brindle::report::internal

namespace brindle::report {

template <class T, class Device>
Tensor<float, Cpu> grad_cam(const Model<T, Device>& model, In<T, Cpu> x, std::int64_t class_number,
                            const std::string& layer) {
  const auto layers = model.layers();
  std::size_t cut = internal::last_map_layer(model);
  if (!layer.empty()) {
    const auto* named = &model.layer(layer);
    for (cut = 0; layers[cut] != named;) ++cut;
    if (model.output_shape(cut).rank() != 3 || cut + 1 == layers.size())
      detail::raise<ValueError>("grad_cam: layer \"" + layer + "\" gives " + to_string_batch(model.output_shape(cut)) +
                                ", expected one that gives (None, H, W, C) and has further layers behind it");
  }
  if (cut == layers.size())
    detail::raise<ValueError>(std::string("grad_cam: the model has no layer ") +
                              (model.graph().is_row() ? "with weights that gives (None, H, W, C)"
                                                      : "that gives (None, H, W, C) and that all ways lead through") +
                              " before its last one, so there is no map of the photo to draw");
  if (!(x.shape == model.input_shape().batch(1)))
    detail::raise<ShapeError>("grad_cam: expected one sample x " + to_string(model.input_shape().batch(1)) + ", got " +
                              to_string(x.shape));
  const std::int64_t outputs = model.output_shape().size(), classes = std::max<std::int64_t>(outputs, 2);
  if (class_number < 0 || class_number >= classes)
    detail::raise<ValueError>("grad_cam: class " + std::to_string(class_number) + ", expected 0 to " +
                              std::to_string(classes - 1));

  const Shape& map_shape = model.output_shape(cut);
  // Logits, since the gradient of a probability near 1 is nearly none; all other activations belong to the score.
  const LastActivation last = brindle::detail::last_activation(model);
  const bool probabilities =
      last.function == ActivationFunction::sigmoid || last.function == ActivationFunction::softmax;
  Plan<T, Device> plan(model.device(), model.graph(),
                       {.backward = true, .logits = probabilities && last.may_be_left, .gradient_of = cut + 1});
  auto x_there = Tensor<T, Device>::uninitialized(x.shape);
  Memory<Device>::copy_from_host(x_there.data(), x.data, x_there.bytes());
  plan.forward(x_there);
  Tensor<T> d({outputs});
  if (outputs == 1)
    d[0] = class_number == 1 ? T{1} : T{-1};
  else
    d[class_number] = T{1};
  Memory<Device>::copy_from_host(plan.output_gradient().data, d.data(), d.bytes());
  plan.backward([](std::size_t, std::span<const TensorView<T, Device>>) {});
  const detail::HostCopy<T, Device> map_copy(plan.value(cut + 1)), gradient_copy(plan.value_gradient());
  const TensorView<const T> a = map_copy.view(), gradient = gradient_copy.view();

  const std::int64_t positions = map_shape[0] * map_shape[1], channels = map_shape[2];
  std::vector<double> weight(static_cast<std::size_t>(channels), 0.0);
  for (std::int64_t i = 0; i < positions; ++i)
    for (std::int64_t k = 0; k < channels; ++k)
      weight[static_cast<std::size_t>(k)] += static_cast<double>(gradient.data[i * channels + k]);
  Tensor<float, Cpu> map({map_shape[0], map_shape[1]});
  double largest = 0;
  std::vector<double> sums(static_cast<std::size_t>(positions), 0.0);
  for (std::int64_t i = 0; i < positions; ++i) {
    double& sum = sums[static_cast<std::size_t>(i)];
    for (std::int64_t k = 0; k < channels; ++k)
      sum += weight[static_cast<std::size_t>(k)] * static_cast<double>(a.data[i * channels + k]);
    largest = std::max(largest, sum);
  }
  if (largest > 0)
    for (std::int64_t i = 0; i < positions; ++i)
      map[i] = static_cast<float>(std::max(sums[static_cast<std::size_t>(i)], 0.0) / largest);
  return map;
}

BRINDLE_INLINE image::Picture grad_cam_picture(const image::Picture& photo, In<float, Cpu> map, double strength) {
  if (map.shape.rank() != 2 || map.size() < 1)
    detail::raise<ShapeError>("grad_cam_picture: expected a map (h, w), got " + to_string(map.shape));
  if (photo.channels != 1 && photo.channels != 3)
    detail::raise<ShapeError>("grad_cam_picture: expected a photo of 1 or 3 channels, got " +
                              std::to_string(photo.channels));
  image::Picture out(photo.height, photo.width, 3);
  for (std::int64_t r = 0; r < photo.height; ++r)
    for (std::int64_t c = 0; c < photo.width; ++c) {
      const auto position = [](std::int64_t i, std::int64_t size, std::int64_t cells) {
        return (static_cast<double>(i) + 0.5) * static_cast<double>(cells) / static_cast<double>(size) - 0.5;
      };
      const double value =
          internal::sampled(map, position(r, photo.height, map.shape[0]), position(c, photo.width, map.shape[1]));
      const auto level = [&](std::int64_t channel) { return photo.at(r, c)[photo.channels == 3 ? channel : 0]; };
      const Rgb mixed = mix(Rgb{level(0), level(1), level(2)}, viridis(value), strength);
      std::uint8_t* pixel = out.at(r, c);
      pixel[0] = mixed.r, pixel[1] = mixed.g, pixel[2] = mixed.b;
    }
  return out;
}

BRINDLE_INLINE image::Picture grad_cam_beside(const image::Picture& photo, In<float, Cpu> map, std::int64_t height) {
  image::internal::check_picture(photo, "grad_cam_beside");
  const std::int64_t width = std::max<std::int64_t>(height * photo.width / photo.height, 1), gap = 4;
  const image::Picture small = image::resize(photo, {height, width}, image::Interpolation::bilinear);
  const image::Picture both[] = {grad_cam_picture(small, map, 0), grad_cam_picture(small, map)};
  image::Picture out(height, 2 * width + gap, 3);
  std::fill(out.pixels.begin(), out.pixels.end(), std::uint8_t{255});
  for (std::int64_t r = 0; r < height; ++r)
    for (std::int64_t side = 0; side < 2; ++side)
      std::copy_n(both[side].at(r, 0), 3 * width, out.at(r, side * (width + gap)));
  return out;
}

}  // namespace brindle::report
