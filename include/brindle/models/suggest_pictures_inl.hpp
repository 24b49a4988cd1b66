// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what suggest_pictures.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/folder_listing.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/models/suggest_pictures.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/suggest_samples.hpp"

namespace brindle::models {

template <class Device>
PictureSuggestions suggest_pictures(const PictureClassifier<Device>& classifier, const std::filesystem::path& folder,
                                    const SuggestOptions& options) {
  const std::string who = "suggest_pictures";
  const Model<float, Device>& model = classifier.model();
  const io::ModelInfo& info = classifier.info();
  const bool sigmoids = brindle::detail::last_activation(model).function == ActivationFunction::sigmoid;
  if (info.each_output || (sigmoids && model.output_shape().size() > 1))
    brindle::detail::raise<ValueError>(who + ": the model gives several labels to a photo, expected one class");
  const std::size_t value = brindle::detail::feature_value(who, model);
  const std::int64_t width = brindle::detail::feature_width(model, value), outputs = model.output_shape().size();
  PictureSuggestions found;
  std::vector<std::filesystem::path> listed;
  data::internal::add_class(folder, found.skipped, listed);

  const Cpu host;
  constexpr std::size_t batch = 32;
  const std::int64_t size = model.input_shape().size();
  std::vector<std::string> files;
  std::vector<float> probabilities, features;
  for (std::size_t begin = 0; begin < listed.size(); begin += batch) {
    const std::size_t count = std::min(batch, listed.size() - begin);
    Tensor<float> x = Tensor<float>::uninitialized(model.input_shape().batch(static_cast<std::int64_t>(count)));
    std::vector<std::string> unreadable(count);
    host.parallel(static_cast<std::int64_t>(count), [&](std::int64_t i, int) {
      const std::filesystem::path& file = listed[begin + static_cast<std::size_t>(i)];
      try {
        const Tensor<float> one = classifier.input(image::read_picture(file, classifier.picture_input()));
        std::copy_n(one.data(), size, x.data() + i * size);
      } catch (const FileError& e) {
        unreadable[static_cast<std::size_t>(i)] = data::internal::without_path(e.what(), file);
      }
    });
    std::int64_t n = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string file = listed[begin + i].string();
      if (!unreadable[i].empty()) {
        found.skipped.push_back({file, unreadable[i], false});
        continue;
      }
      std::copy_n(x.data() + static_cast<std::int64_t>(i) * size, size, x.data() + n * size);
      files.push_back(file);
      ++n;
    }
    if (n == 0) continue;
    Tensor<float> y({n, outputs}), part({n, width});
    brindle::detail::predict_with_features<float, Device>(model, value, x.view().slice(0, n), n, y.view(), part.view());
    if (info.from_logits)
      ops::activate<float>(host, outputs == 1 ? ActivationFunction::sigmoid : ActivationFunction::softmax, y.view(),
                           y.view());
    probabilities.insert(probabilities.end(), y.data(), y.data() + y.size());
    features.insert(features.end(), part.data(), part.data() + part.size());
  }
  found.looked_at = static_cast<std::int64_t>(files.size());
  if (files.empty())
    brindle::detail::raise<DataError>(who + ": " + folder.string() + " has no photos that can be read" +
                                      (found.skipped.empty() ? "" : "; " + data::lost_text(found.skipped)));
  const TensorView<const float> p(probabilities.data(), {found.looked_at, outputs});
  const TensorView<const float> f(features.data(), {found.looked_at, width});
  TensorView<const float> labelled;
  if (info.familiarity) labelled = {info.familiarity.features.data(), {info.familiarity.count(), width}};
  for (const Suggestion& s : suggest_samples(host, p, f, labelled, options)) {
    const auto number = static_cast<std::size_t>(s.predicted);
    found.pictures.push_back({files[static_cast<std::size_t>(s.row)],
                              number < info.class_names.size() ? info.class_names[number] : std::to_string(number),
                              s.probability, s.doubt, s.distance});
  }
  return found;
}

}  // namespace brindle::models
