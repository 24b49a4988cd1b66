// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/keras_description.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/io/zip.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {
namespace detail {

/// "conv2d_2" before "conv2d_10": by letters, then by number.
inline bool counts_before(const std::string& a, const std::string& b) {
  const auto split = [](const std::string& text) {
    const std::size_t digits = text.find_last_not_of("0123456789") + 1;
    const std::string number = text.substr(digits);
    return std::pair(text.substr(0, digits), std::pair(number.size(), number));
  };
  return split(a) < split(b);
}

inline std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

inline std::string without_last_part(const std::string& path) {
  const std::size_t cut = path.rfind('/');
  return cut == std::string::npos ? std::string() : path.substr(0, cut);
}

/// A list of names, which Keras cuts into several attributes ("layer_names0", ...) where it is long.
inline std::vector<std::string> keras_names(Hdf5File& file, const std::string& object, const std::string& name) {
  if (file.has_attribute(object, name)) return file.texts(object, name);
  std::vector<std::string> all;
  for (int i = 0; file.has_attribute(object, name + std::to_string(i)); ++i)
    for (std::string& text : file.texts(object, name + std::to_string(i))) all.push_back(std::move(text));
  return all;
}

/// turned: the kernel of a convolution that Theano computed, which reads a picture's part the other way round.
inline StoredTensor keras_tensor(const std::shared_ptr<Hdf5File>& file, const std::string& place,
                                 const std::string& name, const std::string& parameter, bool turned = false) {
  const Shape shape = file->shape(place);
  if (!turned || parameter != "kernel" || shape.rank() != 4)
    return {name, parameter, shape, [file, place](TensorView<float> to) { file->read(place, to); }};
  return {name, parameter, shape, [file, place](TensorView<float> to) {
            file->read(place, to);
            const std::int64_t places = to.shape[0] * to.shape[1], values = to.shape[2] * to.shape[3];
            for (std::int64_t i = 0; i < places / 2; ++i)
              std::swap_ranges(to.data + i * values, to.data + (i + 1) * values, to.data + (places - 1 - i) * values);
          }};
}

/// Whether the weights of a group are of several layers, by their names. One layer's stand under its own name, which
/// TensorFlow may have counted ("conv2d_1_1/kernel:0" in "conv2d_1"), or under none (Keras 1).
inline bool is_nested_group(const std::string& group, const std::vector<std::string>& weights) {
  const auto names_group = [&](const std::string& layer) {
    return layer.empty() || layer == group ||
           (layer.rfind(group + "_", 0) == 0 &&
            layer.find_first_not_of("0123456789", group.size() + 1) == std::string::npos);
  };
  return std::any_of(weights.begin(), weights.end(),
                     [&](const std::string& w) { return !names_group(last_part(without_last_part(w))); });
}

/// Whether a weight is one: not the state of a Dropout's random numbers, nor how many samples a Normalization has seen.
inline bool is_weight(const std::string& weight) {
  return !weight.starts_with("seed_generator_state") && weight != "count" && weight != "count:0";
}

/// Keras 1, Keras 2, and what Keras 3 calls its legacy format: a group for each layer of `root`, with a list of
/// weights. description: of the model, if the file has one.
inline void add_legacy_layers(const std::shared_ptr<Hdf5File>& file, const std::string& root,
                              const KerasDescription& description, WeightFile& to) {
  std::vector<std::string> groups = keras_names(*file, root, "layer_names");
  groups.push_back("top_level_model_weights");
  for (const std::string& group : groups) {
    const std::string place = root == "/" ? group : root + "/" + group;
    if (!file->contains(place)) {
      if (group == groups.back()) continue;
      file->fail("layer_names lists \"" + group + "\", but there is no such group");
    }
    const std::vector<std::string> weights = keras_names(*file, place, "weight_names");
    const bool nested = description.known ? description.nested.count(group) > 0 : is_nested_group(group, weights);
    const std::size_t first = to.layers.size();
    if (!nested) to.layers.push_back({group, {}});
    for (const std::string& weight : weights) {
      if (!is_weight(last_part(weight))) continue;
      std::size_t at = first;
      if (nested) {
        // A layer's weights need not stand together: what is trained comes first.
        const std::string scope = without_last_part(weight);
        while (at < to.layers.size() && to.layers[at].scope != scope) ++at;
        if (at == to.layers.size()) to.layers.push_back({last_part(scope), {}, group, {}, {}, scope});
      }
      to.layers[at].tensors.push_back(
          keras_tensor(file, place + "/" + weight, weight, parameter_of(last_part(weight)), description.turned));
    }
  }
}

/// Keras 3: `container`/layers/<kind and number>/vars/0, 1, ...; a nested model has layers of its own. Later versions
/// write down the layers' names as well. path: of the container, with a slash behind it; null: the file lacks names.
inline void add_keras3_layers(const std::shared_ptr<Hdf5File>& file, const std::string& container,
                              const std::string* path, int depth, WeightFile& to) {
  if (depth > 32) file->fail("nests models more than 32 deep");
  for (const std::string list : {"layers", "_layer_checkpoint_dependencies"}) {
    const std::string root = container.empty() ? list : container + "/" + list;
    std::vector<std::string> keys = file->children(root);
    std::sort(keys.begin(), keys.end(), counts_before);
    for (const std::string& key : keys) {
      const std::string place = root + "/" + key, vars = place + "/vars";
      const std::string name = file->has_attribute(vars, "name") ? file->text(vars, "name") : std::string();
      const std::string whole = path == nullptr || name.empty() ? std::string() : *path + name;
      if (file->contains(place + "/layers") || file->contains(place + "/_layer_checkpoint_dependencies")) {
        const std::string inner = whole + "/";
        add_keras3_layers(file, place, whole.empty() ? nullptr : &inner, depth + 1, to);
        continue;
      }
      StoredLayer layer{name, {}, container, key, whole};
      std::vector<std::string> numbers = file->children(vars);
      std::sort(numbers.begin(), numbers.end(), counts_before);
      if (key.starts_with("normalization") && numbers.size() == 3) numbers.pop_back();  // its count, a whole number
      for (const std::string& number : numbers)
        layer.tensors.push_back(keras_tensor(file, vars + "/" + number, vars + "/" + number, {}));
      to.layers.push_back(std::move(layer));
    }
  }
}

/// Names the layers of a file that only counts them: the second Conv2D of a model is its "conv2d_1". Not where the file
/// has the model's configuration, and by its names a layer for each of the model's.
template <class T, class Device>
void name_counted_layers(const Model<T, Device>& model, WeightFile& file) {
  if (std::all_of(model.layers().begin(), model.layers().end(), [&](const auto& layer) {
        return layer->parameters().empty() || std::any_of(file.layers.begin(), file.layers.end(), [&](const auto& s) {
                 return !s.path.empty() && s.is(layer->name);
               });
      }))
    return;
  std::vector<std::string> nested;  // in the order of the file
  for (const StoredLayer& stored : file.layers)
    if (!stored.group.empty() && std::find(nested.begin(), nested.end(), stored.group) == nested.end())
      nested.push_back(stored.group);
  std::vector<std::pair<std::string, std::string>> seen;  // (group, kind)
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    std::string group;
    for (std::size_t g = 0; g < model.groups().size() && g < nested.size(); ++g)
      if (i >= model.groups()[g].begin && i < model.groups()[g].end) group = nested[g];
    const std::string kind = model.layers()[i]->default_name();
    const auto number = std::count(seen.begin(), seen.end(), std::pair(group, kind));
    const std::string key = number == 0 ? kind : kind + "_" + std::to_string(number);
    seen.emplace_back(group, kind);
    for (StoredLayer& stored : file.layers)
      if (stored.name.empty() && stored.group == group && stored.key == key) stored.name = model.layers()[i]->name;
  }
  for (StoredLayer& stored : file.layers)
    if (stored.name.empty() && stored.path.empty())
      stored.name = stored.group.empty() ? stored.key : stored.group + "/" + stored.key;
}

}  // namespace detail

/// The weights of an HDF5 file that Keras wrote: weights only (Keras 1, 2, and 3's legacy format), a whole model of
/// these formats, or Keras 3's .weights.h5. Layers that the file only counts have a key and no name.
///
/// configuration: the model's, where it stands in another file (.keras). With it, or the file's own, layers have their
/// whole paths. Kernels that Theano computed are turned to our order. Throws FileError, also for a file whose axes are
/// in another order than ours, or may be.
inline WeightFile keras_weights(const std::shared_ptr<Hdf5File>& file, const std::string& configuration = {}) {
  WeightFile weights{file->path(), {}};
  const std::string root = file->contains("model_weights") ? "model_weights" : "/";
  std::string json = configuration;
  if (json.empty() && file->has_attribute("/", "model_config")) json = file->text("/", "model_config");
  const detail::KerasDescription description = detail::keras_description(*file, root, json);
  if (file->has_attribute(root, "layer_names") || file->has_attribute(root, "layer_names0"))
    detail::add_legacy_layers(file, root, description, weights);
  else if (const std::string top; file->contains("layers") || file->contains("_layer_checkpoint_dependencies"))
    detail::add_keras3_layers(file, "", &top, 0, weights);
  else
    file->fail("holds no weights of Keras: neither the attribute \"layer_names\" nor the group \"layers\" is there");
  if (description.known) detail::add_paths(description.model, weights);
  return weights;
}

namespace detail {

/// The HDF5 file inside a .keras file.
inline std::shared_ptr<Hdf5File> keras_archive_weights(const ZipFile& zip) {
  if (!zip.contains("model.weights.h5"))
    brindle::detail::raise<FileError>(zip.path() + ": is no .keras file, it holds no model.weights.h5");
  return open_hdf5(zip.path() + ": model.weights.h5", zip.read("model.weights.h5"));
}

}  // namespace detail

}  // namespace brindle::io
