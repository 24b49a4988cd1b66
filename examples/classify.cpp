// SPDX-License-Identifier: MIT
// Says what is on photos, with a model that an experiment saved.
//
//     classify --model out/vgg16_features/vgg16_features.safetensors photo.jpg folder ...
//     classify --model pets.safetensors --onnx pets.onnx      write it for onnxruntime and other programs
//     classify --smoke                          a random model, on a pet that it draws itself
//
// One line a photo: its file, the class, the probability of that class; with --explain also the picture that shows
// which parts of the photo speak for the class. With --at-least 0.995 photos of which the model is not sure enough to
// be right so often are left to a person; photos unlike those that it was trained on are marked (docs/howto/sure.md). A
// photo that cannot be read is named on the error output, and the exit code is then 1.
#include <brindle/brindle.hpp>
#include <brindle/io/save_onnx.hpp>
#include <brindle/models/picture_classifier.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "device.hpp"
#include "drawn_pets.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

/// The files among paths, and the pictures in the folders among them.
std::vector<fs::path> files_of(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const std::vector<fs::path> inside = data::picture_files(path);
    if (inside.empty()) std::fprintf(stderr, "classify: %s: has no pictures\n", path.string().c_str());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

/// A PNG file in a folder that is not there yet: two photos may have the same name in two folders.
fs::path unused_path(const fs::path& folder, const std::string& stem) {
  fs::create_directories(folder);
  fs::path path = folder / (stem + ".png");
  for (int n = 2; fs::exists(path); ++n) path = folder / (stem + "_" + std::to_string(n) + ".png");
  return path;
}

}  // namespace

int main(int argc, char** argv) {
  example::CommandLine line{"says what is on photos"};
  fs::path model_path, onnx, out = "out/classify";
  std::vector<fs::path> paths;
  example::DeviceOptions device;
  bool smoke = false, explain = false, card = false;
  double at_least = 0;
  line.add("--model", model_path, "a saved model, .safetensors");
  line.add("photos", paths, "photos, or folders of photos");
  line.add("--onnx", onnx, "write the model for onnxruntime and other programs; photos are then not needed");
  line.add("--at-least", at_least,
           "say \"not sure\" where the model is not so sure that it was right in this share of its "
           "answers to the validation pictures, 0.995 for example");
  example::add_device_options(line, device);
  line.flag("--card", card, "print what the model says of itself: data, figures, limits; photos are then not needed");
  line.flag("--explain", explain,
            "draw beside each photo which of its parts speak for the class (Grad-CAM), into --out");
  line.add("--out", out, "folder for what --explain and --smoke draw").show_default();
  line.flag("--smoke", smoke, "a random model and a drawn pet, to see that it runs");
  if (const auto code = line.parse(argc, argv)) return *code;

  try {
    if (smoke) {
      example_pets::draw_pets(out / "pets", 1, 7);
      paths = {out / "pets"};
      model_path = out / "random.safetensors";
      Sequential<float> random{{64, 64, 3}, Conv2D{4, 3, relu}, MaxPool2D{8}, Flatten{}, Dense{1, sigmoid}};
      io::save_model(random, model_path, {.class_names = {"cat", "dog"}, .input = PictureInput{.size = {64, 64}}});
    }
    if (model_path.empty() || (paths.empty() && onnx.empty() && !card))
      detail::raise<ValueError>("name a model and at least one photo: classify --model FILE photo.jpg");

    return example::run_on(device, [&](const auto& on) {
      const models::PictureClassifier classifier(model_path, on);
      if (card)
        std::printf("%s", classifier.info().card.empty() ? "the model says nothing of itself\n"
                                                         : classifier.info().card.c_str());
      if (!onnx.empty()) io::save_onnx(classifier.model(), onnx, {.info = classifier.info()});
      AnswerThreshold sure;
      if (line.given("--at-least")) sure = classifier.answer_threshold(at_least);
      int unreadable = 0, left = 0, read = 0;
      for (const fs::path& file : files_of(paths)) {
        try {
          const models::Classification c = classifier.classify_file(file);
          const bool is_sure = c.probability >= sure.probability;
          ++read, left += is_sure ? 0 : 1;
          if (is_sure)
            std::printf("%s  %s  %.4f", file.string().c_str(), c.name.c_str(), c.probability);
          else
            std::printf("%s  not sure  (%s, %.4f)", file.string().c_str(), c.name.c_str(), c.probability);
          if (c.unlike_training) std::printf("  unlike the training pictures, distance %.3f", *c.distance);
          if (explain) {
            const PictureInput& how = classifier.picture_input();
            const image::Picture whole = image::read_upright(file, how), photo = image::seen(whole, how);
            const Tensor<float> map = report::grad_cam<float>(classifier.model(), classifier.input(whole), c.number);
            const fs::path picture = unused_path(out, file.stem().string() + "_" + c.name);
            report::gallery(
                {photo, report::grad_cam_picture(photo, map)}, {file.filename().string(), "what speaks for " + c.name},
                picture,
                {.columns = 2, .side = 300, .scale_low = "speaks little for it", .scale_high = "speaks most for it"});
            std::printf("  %s", picture.string().c_str());
          }
          std::printf("\n");
        } catch (const FileError& e) {
          std::fprintf(stderr, "classify: %s\n", e.what());
          ++unreadable;
        }
      }
      if (sure.answered > 0)
        std::printf(
            "not sure of %d of %d photos: below %.4f; of the %lld validation pictures above it %lld were right, %s\n",
            left, read, sure.probability, static_cast<long long>(sure.answered), static_cast<long long>(sure.right),
            report::share_text(sure.accuracy(), sure.answered).c_str());
      return unreadable == 0 ? 0 : 1;
    });
  } catch (const std::exception& e) {
    std::fprintf(stderr, "classify: %s\n", e.what());
    return 1;
  }
}
