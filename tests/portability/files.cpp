// SPDX-License-Identifier: MIT
// Files that go from one system to another.
//
//     files write FOLDER      writes a file of each format that the library writes
//     files read FOLDER       reads them and compares every number: here, or on a system of another order of bytes
#include <brindle/brindle.hpp>
#include <brindle/core/file.hpp>
#include <brindle/io/load_keras.hpp>
#include <brindle/io/load_onnx.hpp>
#include <brindle/io/load_weights.hpp>
#include <brindle/io/npz.hpp>
#include <brindle/io/run_manifest.hpp>
#include <brindle/io/safetensors.hpp>
#include <brindle/io/save_keras.hpp>
#include <brindle/io/save_onnx.hpp>
#include <brindle/io/saved_model.hpp>
#include <brindle/train/checkpoint.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "checks.hpp"

using namespace brindle;
using portability::Checks;

namespace {

/// Weights that no system rounds: sixty-fourths, given by their number.
Model<float> made_model() {
  Sequential<float> model{Cpu{1}, {6, 6, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{3, softmax}};
  std::int64_t number = 0;
  for (const auto& layer : model.layers())
    for (auto& parameter : layer->parameters())
      for (std::int64_t i = 0; i < parameter.value.size(); ++i)
        parameter.value[i] = static_cast<float>(number++ * 37 % 127 - 63) / 64.0f;
  return model;
}

Tensor<float> made_input() {
  Tensor<float> x({2, 6, 6, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 29 % 64) / 64.0f;
  return x;
}

template <class T>
Tensor<T> made_array(const Shape& shape) {
  Tensor<T> array(shape);
  for (std::int64_t i = 0; i < array.size(); ++i) array[i] = static_cast<T>(i * 5 % 251) / T{2};
  return array;
}

image::Picture made_picture() {
  image::Picture picture(19, 23, 3);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(i / 5 % 256);
  return picture;
}

/// An array as np.save writes it.
std::string npy_of(const Tensor<float>& array) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 7), }";
  header.resize(117, ' ');
  std::string bytes = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + '\n';
  brindle::detail::LittleEndianBytes numbers;
  return bytes + std::string(numbers.of(array.data(), array.bytes(), sizeof(float)));
}

/// A picture of two pixels as a BMP file: red beside blue.
std::string bmp_bytes() {
  const auto number = [](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
    return text;
  };
  return "BM" + number(62, 4) + number(0, 4) + number(54, 4) + number(40, 4) + number(2, 4) + number(1, 4) +
         number(1, 2) + number(24, 2) + number(0, 24) + std::string("\x00\x00\xFF\xFF\x00\x00\x00\x00", 8);
}

void train_a_little(const std::filesystem::path& checkpoint_file, bool resume, std::int64_t epochs, Checks* checks) {
  const data::InMemory data(made_input(), std::vector<float>{0, 2}, {"a", "b", "c"});
  Model<float> model = made_model();
  Trainer trainer{model, Adam{}, SparseCategoricalCrossentropy{}, {.seed = 3}};
  std::string told;
  const History h = trainer.fit(
      data, {.batch = 1,
             .epochs = epochs,
             .checkpoint = checkpoint(checkpoint_file,
                                      {.resume = resume, .tell = [&](const std::string& line) { told += line; }})});
  if (!checks) return;
  checks->is(h.epochs() == static_cast<std::size_t>(epochs), "a checkpoint has the epochs of before");
  checks->is(trainer.steps() == 2 * epochs, "a checkpoint has the steps of before");
}

void write(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto floats = made_array<float>({5, 7});
  const auto doubles = made_array<double>({3});
  const auto whole = made_array<std::int64_t>({2, 2});
  const auto bytes = made_array<std::uint8_t>({4});
  const auto entry = [](const char* name, const char* dtype, const auto& t) {
    return io::SafetensorsEntry{name, dtype, t.shape(), t.data(), static_cast<std::int64_t>(t.bytes())};
  };
  const std::vector<io::SafetensorsEntry> entries{entry("floats", "F32", floats), entry("doubles", "F64", doubles),
                                                  entry("whole", "I64", whole), entry("bytes", "U8", bytes)};
  io::write_safetensors(folder / "arrays.safetensors", entries, {{"text", "Umlaute: \xC3\xA4\xC3\xB6\xC3\xBC"}});
  const Model<float> model = made_model();
  io::save_model(model, folder / "model.safetensors", io::ModelInfo{.class_names = {"a", "b", "c"}});
  for (const char* name : {"model.keras", "model.h5", "model.weights.h5"}) io::save_keras(model, folder / name);
  io::save_onnx(model, folder / "model.onnx");
  replace_file(folder / "array.npy", npy_of(floats));
  replace_file(folder / "picture.bmp", bmp_bytes());
  image::write_png(folder / "picture.png", made_picture());
  image::write_jpeg(folder / "picture.jpg", made_picture(), 95);
  train_a_little(folder / "run.checkpoint", false, 2, nullptr);
  io::RunManifest run = io::run_manifest("files", {});
  run.weights = io::recorded_weights(model);
  io::write_run_manifest(run, folder / "run.json");
}

void check_model(Checks& checks, const Model<float>& model, const std::string& name) {
  const Model<float> made = made_model();
  checks.is(model.layers().size() == made.layers().size(), name + " has the layers");
  std::int64_t wrong = 0;
  for (std::size_t l = 0; l < made.layers().size() && l < model.layers().size(); ++l)
    for (std::size_t p = 0; p < made.layers()[l]->parameters().size(); ++p) {
      const Tensor<float>&a = made.layers()[l]->parameters()[p].value, &b = model.layers()[l]->parameters()[p].value;
      for (std::int64_t i = 0; i < a.size(); ++i) wrong += a[i] != b[i];
    }
  checks.is(wrong == 0, name + " has the weights, bit by bit; wrong are " + std::to_string(wrong));
  checks.near(model.predict(made_input()).span(), made.predict(made_input()).span(), 1e-6, "outputs of " + name);
}

template <class T>
void check_array(Checks& checks, io::SafetensorsFile& file, const char* name, const Shape& shape) {
  const auto read = file.read<T>(name), made = made_array<T>(shape);
  checks.is(std::equal(read.span().begin(), read.span().end(), made.span().begin(), made.span().end()), name);
}

void read(Checks& checks, const std::filesystem::path& folder) {
  checks.runs("arrays.safetensors", [&] {
    io::SafetensorsFile file(folder / "arrays.safetensors");
    check_array<float>(checks, file, "floats", {5, 7});
    check_array<double>(checks, file, "doubles", {3});
    check_array<std::int64_t>(checks, file, "whole", {2, 2});
    checks.is(file.entry("bytes").dtype == "U8" && file.entry("bytes").bytes == 4, "bytes");
    checks.is(file.metadata().at("text") == "Umlaute: \xC3\xA4\xC3\xB6\xC3\xBC", "text in safetensors");
    checks.near(file.read<float>("doubles").span(), made_array<float>({3}).span(), 0, "doubles as floats");
  });
  checks.runs("model.safetensors", [&] {
    const io::SavedModel<float> saved = io::load_model(folder / "model.safetensors");
    check_model(checks, saved.model, "model.safetensors");
    checks.is(saved.info.class_names.size() == 3, "model.safetensors has the class names");
  });
  for (const char* name : {"model.keras", "model.h5"})
    checks.runs(name, [&] { check_model(checks, io::load_keras(folder / name), name); });
  checks.runs("model.weights.h5", [&] {
    Sequential<float> model{Cpu{1}, {6, 6, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{3, softmax}};
    io::load_weights(model, folder / "model.weights.h5");
    check_model(checks, model, "model.weights.h5");
  });
  checks.runs("model.onnx", [&] {
    const Model<float> model = io::load_onnx(folder / "model.onnx");
    checks.near(model.predict(made_input()).span(), made_model().predict(made_input()).span(), 1e-6,
                "outputs of model.onnx");
  });
  checks.runs("array.npy", [&] {
    checks.near(io::read_npy<float>((folder / "array.npy").string()).span(), made_array<float>({5, 7}).span(), 0,
                "array.npy");
  });
  checks.runs("pictures", [&] {
    const image::Picture made = made_picture(), png = image::decode(folder / "picture.png"),
                         jpeg = image::decode(folder / "picture.jpg"), bmp = image::decode(folder / "picture.bmp");
    checks.is(png.pixels == made.pixels, "picture.png has the pixels");
    checks.is(bmp.pixels == std::vector<std::uint8_t>{255, 0, 0, 0, 0, 255}, "picture.bmp is red beside blue");
    checks.is(jpeg.height == made.height && jpeg.width == made.width, "picture.jpg has the size");
    checks.near(jpeg.pixels, made.pixels, 60, "picture.jpg");
  });
  checks.runs("run.checkpoint", [&] {
    // A copy, as a run that goes on writes to it.
    const std::filesystem::path copy = folder / "resumed.checkpoint";
    std::filesystem::remove(copy);
    std::filesystem::copy_file(folder / "run.checkpoint", copy);
    train_a_little(copy, true, 3, &checks);
    checks.is(std::filesystem::exists(previous_file(copy)), "the older checkpoint stays beside the newer one");
    std::filesystem::remove(copy);
    std::filesystem::remove(previous_file(copy));
  });
  checks.runs("run.json", [&] {
    const io::RunManifest run = io::read_run_manifest(folder / "run.json");
    checks.is(run.weights == io::recorded_weights(made_model()), "run.json has the checksums of the same weights");
  });
  checks.runs("damaged files", [&] {
    const std::vector<std::uint8_t> whole = read_file(folder / "model.safetensors");
    const std::filesystem::path cut = folder / "cut.safetensors";
    replace_file(cut, std::string_view(reinterpret_cast<const char*>(whole.data()), whole.size() - 9));
    checks.refuses("a file that is cut short", "cut short", [&] { io::load_model(cut); });
    std::filesystem::remove(cut);
  });
}

/// What a program of 32 bits cannot hold, it refuses by name.
void check_large(Checks& checks, [[maybe_unused]] const std::filesystem::path& folder) {
#ifndef __EMSCRIPTEN__  // which makes no file of more than 2 GB
  const std::filesystem::path large = folder / "large.safetensors";
  replace_file(large, std::string("\x02\0\0\0\0\0\0\0{}", 10));
  std::filesystem::resize_file(large, 3'000'000'000u);
  checks.refuses("a file of 3 GB, read whole", "a program of 32 bits", [&] { read_file(large); });
  checks.refuses("a file of 3 GB, opened", "a program of 32 bits", [&] { io::SafetensorsFile{large}; });
  std::filesystem::remove(large);
#endif
  checks.refuses("a tensor of 4 GB", "larger than memory can be", [] { Tensor<float>({1 << 15, 1 << 15}); });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  Checks checks;
  if (what == "write") {
    checks.runs("writing", [&] {
      write(argv[2]);
      checks.is(true, "written");
    });
  } else if (what == "read") {
    read(checks, argv[2]);
    if (sizeof(void*) == 4) checks.runs("large files and tensors", [&] { check_large(checks, argv[2]); });
  } else {
    return 2;
  }
  return checks.finish();
}
