// SPDX-License-Identifier: MIT
// Makes the mistakes that users make, and compares the messages with docs/errors.md, which it writes where the variable
// BRINDLE_WRITE_ERRORS is set. Built without zlib, HDF5's library and libwebp, so that their absence is among them.
#include <algorithm>
#include <brindle/core/file.hpp>
#include <brindle/io/open_hdf5.hpp>
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "brindle/data/image_folder.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/models/pretrained_vgg16.hpp"
#include "brindle/models/vgg16.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/trainer.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;

namespace {

const std::filesystem::path goldens = BRINDLE_GOLDENS;
const std::filesystem::path page = goldens.parent_path().parent_path() / "docs" / "errors.md";

struct WrongUse {
  std::string what;
  std::function<void()> make;
};

struct Chapter {
  std::string title;
  std::vector<WrongUse> mistakes;
};

std::string bytes_of(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A picture that can be read.
void write_picture(const std::filesystem::path& path) {
  write(path, bytes_of(goldens.parent_path() / "image" / "pictures" / "rgb.png"));
}

/// n samples (4, 4, 1) with these labels, over and over.
data::InMemory samples(std::int64_t n, const std::vector<float>& labels, const Shape& shape = {4, 4, 1}) {
  Tensor<float> x(shape.batch(n));
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) / 7.0f;
  std::vector<float> all;
  for (std::int64_t i = 0; i < n; ++i) all.push_back(labels[static_cast<std::size_t>(i) % labels.size()]);
  const bool named = std::all_of(labels.begin(), labels.end(), [](float l) { return l == 0 || l == 1; });
  return data::InMemory(std::move(x), std::span<const float>(all),
                        named ? std::vector<std::string>{"cat", "dog"} : std::vector<std::string>{});
}

Sequential<float> classifier(std::int64_t outputs = 1, ActivationFunction last = sigmoid) {
  Sequential<float> model{Cpu{1},
                          {4, 4, 1},
                          Conv2D{.filters = 2, .kernel = 3, .activation = relu},
                          Flatten{},
                          Dense{.units = outputs, .activation = last}};
  model.initialize(1);
  return model;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// What the mistake says, with paths relative to the folder.
std::string message(const WrongUse& mistake, const TemporaryFolder& folder) {
  try {
    mistake.make();
  } catch (const Error& e) {
    return replaced(replaced(e.what(), folder.path().string() + "/", ""), goldens.string() + "/weights/", "");
  }
  FAIL("no error: " << mistake.what);
  return {};
}

/// In the folder: training_data and others with their faults, files of weights and models.
std::vector<Chapter> chapters(const TemporaryFolder& folder) {
  const auto fit = [](const data::Source& data, const FitOptions& options = {.batch = 4, .epochs = 1},
                      double learning_rate = 1e-3) {
    Sequential<float> model = classifier();
    Trainer trainer{model, RMSprop{.learning_rate = learning_rate}, BinaryCrossentropy{}};
    trainer.fit(data, options);
  };
  const auto load = [&folder](const std::string& name, const data::ImageFolderOptions& options = {}) {
    data::image_folder(folder / name, options, Cpu{1});
  };
  const std::filesystem::path io_models = goldens.parent_path() / "io" / "models";
  const std::string png = bytes_of(goldens.parent_path() / "image" / "pictures" / "rgb.png");
  std::string huge = png;
  for (const std::size_t side : {16u, 20u}) huge[side + 2] = static_cast<char>(0xea), huge[side + 3] = 0x60;
  const auto one_bad = [load, &folder](const std::string& name, const std::string& bytes) {
    write_picture(folder / (name + "/cat.1.png"));
    write_picture(folder / (name + "/dog.1.png"));
    write(folder / (name + "/cat.2.jpg"), bytes);
    load(name);
  };
  const auto saved_as = [&folder](const std::string& from, const std::string& to) {
    io::save_model(classifier(), folder / "model.safetensors");
    std::string bytes = bytes_of(folder / "model.safetensors");
    REQUIRE(from.size() == to.size());
    REQUIRE(bytes.find(from) != std::string::npos);
    write(folder / "model.safetensors", replaced(bytes, from, to));
    io::load_model(folder / "model.safetensors");
  };

  return {
      {"Pictures",
       {
           {"The folder is not there", [=] { load("training_dta"); }},
           {"The folder has no pictures",
            [=, &folder] {
              write(folder / "empty/notes.txt", "none");
              load("empty");
            }},
           {"All pictures are of one class",
            [=, &folder] {
              write_picture(folder / "cats/cat.1.png");
              write_picture(folder / "cats/cat.2.png");
              load("cats");
            }},
           {"File names without a class in front of the first dot",
            [=, &folder] {
              for (const char* name : {"IMG_1.png", "IMG_2.png", "IMG_3.png"}) write_picture(folder / "camera" / name);
              load("camera");
            }},
           {"Pictures both in the folder and in subfolders",
            [=, &folder] {
              write_picture(folder / "both/cat.1.png");
              write_picture(folder / "both/dog/1.png");
              load("both");
            }},
           {"The validation data have a class that the training data have not",
            [=, &folder] {
              write_picture(folder / "validation/cat.1.png");
              write_picture(folder / "validation/fox.1.png");
              load("validation", {.classes = {"cat", "dog"}});
            }},
           {"The folder above training and validation data",
            [=, &folder] {
              for (const char* file : {"parts/training/cat/1.png", "parts/validation/cat/1.png"})
                write_picture(folder / file);
              load("parts");
            }},
           {"A class without pictures",
            [=, &folder] {
              for (const char* file : {"lost/cat/1.png", "lost/dog/1.png", "lost/owl/notes.txt"})
                write_picture(folder / file);
              load("lost");
            }},
           {"A file that is no picture", [=] { one_bad("text", "Not found"); }},
           {"A picture of a kind that is not read", [=] { one_bad("tiff", std::string("II*\0\x08\0\0\0", 8)); }},
           {"A WebP, in a program without libwebp",
            [=, &folder] {
              write(folder / "photo.webp", bytes_of(goldens / "images" / "webp_lossy.webp"));
              image::decode(folder / "photo.webp");
            }},
           {"A picture in which a bit is wrong",
            [=] {
              std::string flipped = png;
              flipped[45] = static_cast<char>(flipped[45] ^ 4);
              one_bad("flipped", flipped);
            }},
           {"A picture that is cut short", [=] { one_bad("cut", png.substr(0, png.size() / 2)); }},
           {"An empty file", [=] { one_bad("nothing", ""); }},
           {"A picture of 60000 x 60000 pixels", [=] { one_bad("huge", huge); }},
           {"A folder that is named like a picture",
            [=, &folder] {
              std::filesystem::create_directories(folder / "named/cat.3.jpg");
              write_picture(folder / "named/cat.1.png");
              write_picture(folder / "named/dog.1.png");
              load("named");
            }},
       }},
      {"The model",
       {
           {"A layer of the wrong size: `Dense{.units = 1, .features = 100}` behind 8 features",
            [] {
              Sequential<float>{{2, 2, 2}, Flatten{}, Dense{.units = 1, .features = 100}};
            }},
           {"A convolution behind `Flatten`",
            [] {
              Sequential<float>{{8, 8, 3}, Flatten{}, Conv2D{.filters = 8, .kernel = 3}};
            }},
           {"More pools than the picture has pixels for",
            [] {
              Sequential<float>{{4, 4, 3}, MaxPool2D{2}, MaxPool2D{2}, MaxPool2D{2}};
            }},
           {"A kernel that is larger than the picture",
            [] {
              Sequential<float>{{4, 4, 3}, Conv2D{.filters = 8, .kernel = 5}};
            }},
           {"Two layers of one name",
            [] {
              Sequential<float>{{4}, Dense{.units = 2, .name = "head"}, Dense{.units = 1, .name = "head"}};
            }},
           {"Dropout of everything",
            [] {
              Sequential<float>{{4}, Dropout{1.0}};
            }},
           {"No filters",
            [] {
              Sequential<float>{{4, 4, 3}, Conv2D{.filters = 0, .kernel = 3}};
            }},
           {"An activation that there is not", [] { static_cast<void>(activation_function("mish")); }},
           {"A rectifier with a negative slope below 0",
            [] {
              Sequential<float>{{4}, ReLU{.negative_slope = -0.1}};
            }},
           {"A layer name that is not there, in `freeze_before`", [] { classifier().freeze_before("block4_conv1"); }},
           {"VGG16 for pictures that are too small",
            [] {
              models::vgg16<float>({28, 28, 3});
            }},
       }},
      {"Training",
       {
           {"Photos of another size than the model's",
            [=] {
              fit(samples(8, {0, 1}, {6, 6, 1}));
            }},
           {"Validation data whose classes have other numbers",
            [] {
              Sequential<float> model = classifier();
              Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
              const Tensor<float> labels({2, 1});
              const data::InMemory other(Tensor<float>({2, 4, 4, 1}), labels.clone(), {"dog", "cat"});
              trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1, .validation = other});
            }},
           {"Validation pictures that were resized in another way",
            [=, &folder] {
              for (const char* file : {"two/cat.1.png", "two/dog.1.png"}) write_picture(folder / file);
              const auto nearest = data::image_folder(folder / "two", {.size = {4, 4}});
              const auto smooth =
                  data::image_folder(folder / "two", {.size = {4, 4}, .interpolation = image::Interpolation::bilinear});
              Sequential<float> model{Cpu{1}, {4, 4, 3}, Flatten{}, Dense{1, sigmoid}};
              Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
              trainer.fit(nearest, {.batch = 2, .epochs = 1, .validation = smooth});
            }},
           {"More outputs than the data have classes",
            [] {
              Sequential<float> model = classifier(3, softmax);
              Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{}};
              trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
            }},
           {"Two outputs with a loss for one",
            [] {
              Sequential<float> model = classifier(2, softmax);
              Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
              trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
            }},
           {"One output with a loss for several",
            [] {
              Sequential<float> model = classifier();
              Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{}};
              trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
            }},
           {"Labels out of range: three classes, two outputs",
            [] {
              Sequential<float> model = classifier(2, softmax);
              Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{}};
              trainer.fit(samples(9, {0, 1, 2}), {.batch = 3, .epochs = 1});
            }},
           {"Labels of -1 and 1",
            [=] {
              fit(samples(8, {-1, 1}));
            }},
           {"Labels for half of the samples only",
            [] {
              data::InMemory(Tensor<float>({8, 4}), Tensor<float>({4, 1}));
            }},
           {"A NaN in the data",
            [] {
              Tensor<float> x({2, 4});
              x[5] = std::numeric_limits<float>::quiet_NaN();
              data::InMemory(std::move(x), Tensor<float>({2, 1}));
            }},
           {"All labels the same", [=] { fit(samples(8, {1})); }},
           {"A batch of 0",
            [=] {
              fit(samples(8, {0, 1}), {.batch = 0, .epochs = 1});
            }},
           {"A model that ends without an activation, with a loss of probabilities",
            [] {
              Sequential<float> model = classifier(1, linear);
              Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
            }},
           {"A loss of logits behind a softmax",
            [] {
              Sequential<float> model = classifier(2, softmax);
              Trainer trainer{model, RMSprop{}, SparseCategoricalCrossentropy{.from_logits = true}};
            }},
           {"The softmax of one output",
            [] {
              Sequential<float> model = classifier(1, softmax);
              Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
            }},
           {"A weight for a class that is not there",
            [=] {
              fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1, .class_weight = {{2, 10.0}}});
            }},
           {"Early stopping by the validation loss, without validation data",
            [=] {
              fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1, .callbacks = {early_stopping()}});
            }},
           {"Logits where a confusion matrix expects probabilities",
            [] {
              Tensor<float> outputs({2, 1}), labels({2, 1});
              outputs[1] = 1.5f, labels[1] = 1;
              confusion_matrix(outputs, labels);
            }},
           {"0 epochs",
            [=] {
              fit(samples(8, {0, 1}), {.batch = 4, .epochs = 0});
            }},
           {"A negative learning rate",
            [=] {
              fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1}, -0.001);
            }},
           {"A learning rate that is far too large",
            [] {
              Sequential<float> model{Cpu{1}, {4, 4, 1}, Flatten{}, Dense{2}, Dense{2}, Dense{1, sigmoid}};
              model.initialize(1);
              Trainer trainer{model, RMSprop{.learning_rate = 1e30}, BinaryCrossentropy{}};
              trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 9});
            }},
           {"Everything is frozen",
            [] {
              Sequential<float> model = classifier();
              for (const auto& layer : model.layers()) layer->trainable = false;
              Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
              trainer.fit(samples(8, {0, 1}), {.batch = 4, .epochs = 1});
            }},
           {"A picture of the wrong size for `predict`",
            [] {
              classifier().predict(Tensor<float>({1, 6, 6, 1}), 1);
            }},
       }},
      {"Files of weights and models",
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
       }},
  };
}

}  // namespace

TEST_CASE("docs/errors.md has the messages that the library gives", "[errors]") {
  const TemporaryFolder folder;
  std::ostringstream text;
  text << "# Errors\n\n"
          "What users' likeliest mistakes say. Errors are exceptions of a class derived from `brindle::Error`; "
          "`what()`\n"
          "is the message. A test makes each mistake and compares this page, which it writes anew with\n"
          "`BRINDLE_WRITE_ERRORS=1 build/release/tests/errors_tests`.\n";
  for (const Chapter& chapter : chapters(folder)) {
    text << "\n## " << chapter.title << "\n\n| mistake | message |\n|---|---|\n";
    for (const WrongUse& mistake : chapter.mistakes)
      text << "| " << mistake.what << " | `" << replaced(replaced(message(mistake, folder), "|", "\\|"), "\n", "`<br>`")
           << "` |\n";
  }
  if (std::getenv("BRINDLE_WRITE_ERRORS")) std::ofstream(page) << text.str();
  std::istringstream written(bytes_of(page)), made(text.str());
  for (std::string is, should_be; std::getline(made, should_be);) {
    std::getline(written, is);
    CHECK(is == should_be);
  }
  CHECK(bytes_of(page).size() == text.str().size());
}
