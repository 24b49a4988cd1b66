// SPDX-License-Identifier: MIT
#pragma once

#include <brindle/io/open_hdf5.hpp>
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/models/pretrained_vgg16.hpp"
#include "brindle/models/vgg16.hpp"
#include "brindle/nn/nn.hpp"
#include "errors/wrong_use.hpp"
#include "support/temporary_folder.hpp"

namespace brindle::test {

/// Files of weights and models that are damaged, of another model or of a kind that is not read. In the folder: these.
inline Chapter file_mistakes(const TemporaryFolder& folder) {
  const std::filesystem::path io_models = goldens.parent_path() / "io" / "models";
  const auto saved_as = [&folder](const std::string& from, const std::string& to) {
    io::save_model(classifier(), folder / "model.safetensors");
    std::string bytes = bytes_of(folder / "model.safetensors");
    REQUIRE(from.size() == to.size());
    REQUIRE(bytes.find(from) != std::string::npos);
    write(folder / "model.safetensors", replaced(bytes, from, to));
    io::load_model(folder / "model.safetensors");
  };

  return {"Files of weights and models",
          {
              {"The file is not there",
               [&folder] {
                 Sequential<float> model = classifier();
                 io::load_weights(model, folder / "vgg16_notop.h5");
               }},
              {"Weights of another model",
               [] {
                 Sequential<float> model = classifier();
                 io::load_weights(model, goldens / "weights" / "tiny_seq.weights.h5");
               }},
              {"Class names for two of three classes",
               [&folder] {
                 io::save_model(classifier(3, softmax), folder / "three.safetensors", {.class_names = {"cat", "dog"}});
               }},
              {"A classifier of a model that was saved without the data",
               [&folder] {
                 io::save_model(classifier(), folder / "pets.safetensors", {.class_names = {"cat", "dog"}});
                 models::PictureClassifier(folder / "pets.safetensors", Cpu{1});
               }},
              {"A classifier of a model that ends in logits",
               [&folder] {
                 io::save_model(classifier(1, linear), folder / "pets.safetensors",
                                {.input = PictureInput{.size = {4, 4}, .color_mode = ColorMode::grayscale}});
                 models::PictureClassifier(folder / "pets.safetensors", Cpu{1});
               }},
              {"A file that is cut short",
               [&folder] {
                 io::save_model(classifier(), folder / "model.safetensors");
                 const std::string whole = bytes_of(folder / "model.safetensors");
                 write(folder / "model.safetensors", whole.substr(0, whole.size() - 8));
                 io::load_model(folder / "model.safetensors");
               }},
              {"A web page that was saved as weights",
               [&folder] {
                 write(folder / "vgg16.h5", "<!DOCTYPE html><html><body>Too many requests</body></html>");
                 Sequential<float> model = classifier();
                 io::load_weights(model, folder / "vgg16.h5");
               }},
              {"Weights by PyTorch's names",
               [&folder, io_models] {
                 write(folder / "torch.safetensors", bytes_of(io_models / "t6_torch.safetensors"));
                 Sequential<float> model = classifier();
                 io::load_weights(model, folder / "torch.safetensors");
               }},
              {"Weights that Keras computed with Theano",
               [&folder, io_models] {
                 write(folder / "theano.h5", bytes_of(io_models / "th_k1.h5"));
                 Sequential<float> model = classifier();
                 io::load_weights(model, folder / "theano.h5");
               }},
              {"Weights of a model of Keras that reads channels first",
               [&folder, io_models] {
                 write(folder / "channels_first.h5", bytes_of(io_models / "y_cf.h5"));
                 Sequential<float> model = classifier();
                 io::load_weights(model, folder / "channels_first.h5");
               }},
              {"VGG16's weights, for grey pictures",
               [&folder] {
                 models::VGG16Options thin{.filters = {1, 1, 1, 1, 1}};
                 io::save_model(models::vgg16<float>({32, 32, 3}, thin), folder / "vgg16.safetensors");
                 models::vgg16<float>(folder / "vgg16.safetensors", {150, 150, 1}, thin);
               }},
              {"Weights where a model was expected",
               [&folder] {
                 const float value = 0;
                 const std::vector<io::SafetensorsEntry> entries{{"dense/kernel", "F32", {1, 1}, &value, 4}};
                 io::write_safetensors(folder / "weights.safetensors", entries);
                 io::load_model(folder / "weights.safetensors");
               }},
              {"A model that a newer version of the library saved",
               [=] { saved_as(R"(\"version\":2)", R"(\"version\":9)"); }},
              {"A model with a layer that is not known", [=] { saved_as(R"(\"Flatten\")", R"(\"Flotten\")"); }},
              {"A model of Keras with a layer that is not there",
               [&folder] {
                 const std::string bytes = bytes_of(goldens / "weights" / "tiny_seq_keras2.h5");
                 write(folder / "pets.h5", replaced(bytes, "\"MaxPooling2D\"", "\"MinPooling2D\""));
                 io::load_keras(folder / "pets.h5");
               }},
              {"Weights of Keras where a model was expected",
               [] { io::load_keras(goldens / "weights" / "tiny_vgg_keras2_notop.h5"); }},
              {"HDF5 in its later layout, in a program without HDF5's library",
               [&folder] {
                 write(folder / "latest.h5", std::string("\x89HDF\r\n\x1a\n\x03", 9) + std::string(64, '\0'));
                 io::open_hdf5(folder / "latest.h5");
               }},
              {"A compressed file, in a program without zlib",
               [&folder] {
                 write(folder / "deflated.npz", bytes_of(goldens.parent_path() / "fuzz/corpus/npz/deflated.npz"));
                 io::NpzFile((folder / "deflated.npz").string()).read<float>("f");
               }},
              {"An array of another type",
               [&folder] {
                 write(folder / "arrays.npz", bytes_of(goldens.parent_path() / "fuzz/corpus/npz/stored.npz"));
                 io::NpzFile((folder / "arrays.npz").string()).read<float>("d");
               }},
              {"The folder to save in is not there",
               [&folder] { io::save_model(classifier(), folder / "results/model.safetensors"); }},
          }};
}

}  // namespace brindle::test
