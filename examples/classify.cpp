// Says what is on photos, with a model that an experiment saved.
//
//     classify --model out/vgg16_features/vgg16_features.safetensors photo.jpg folder ...
//     classify --smoke                          a random model, on a pet that it draws itself
//
// One line a photo: its file, the class, the probability of that class. A photo that cannot be read is named on the error
// output, and the exit code is then 1.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/saved_model.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "drawn_pets.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

/// The files among paths, and those of the folders among them.
std::vector<fs::path> files_of(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::recursive_directory_iterator(path))
      if (entry.is_regular_file()) inside.push_back(entry.path());
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"says what is on photos"};
  fs::path model_path, out = "out/classify";
  std::vector<fs::path> paths;
  int threads = 0;
  bool smoke = false;
  app.add_option("--model", model_path, "a saved model, .safetensors");
  app.add_option("photos", paths, "photos, or folders of photos");
  app.add_option("--threads", threads, "0: all cores");
  app.add_option("--out", out, "folder for what --smoke draws");
  app.add_flag("--smoke", smoke, "a random model and a drawn pet, to see that it runs");
  CLI11_PARSE(app, argc, argv);

  try {
    if (smoke) {
      example_pets::draw_pets(out / "pets", 1, 7);
      paths = {out / "pets"};
      model_path = out / "random.safetensors";
      Sequential<float> random{{64, 64, 3}, Conv2D{4, 3, relu}, MaxPool2D{8}, Flatten{}, Dense{1, sigmoid}};
      io::save_model(random, model_path, {.class_names = {"cat", "dog"}});
    }
    if (model_path.empty() || paths.empty())
      detail::raise<ValueError>("name a model and at least one photo: classify --model FILE photo.jpg");

    const auto saved = io::load_model(model_path, Cpu{threads});
    const Shape input = saved.model.input_shape();
    const Preprocessing how = preprocessing(saved.info.preprocessing);
    int unreadable = 0;
    for (const fs::path& file : files_of(paths)) {
      try {
        const image::Picture photo = image::resize(image::decode(file), {input[0], input[1]}, image::Interpolation::nearest);
        Tensor<float> x(input.batch(1));
        image::preprocess(how, input[0] * input[1], input[2], photo.pixels.data(), x.data());
        const Tensor<float> y = saved.model.predict(x);

        // One output is the probability of the second class.
        const std::int64_t best = predicted_classes<float>(y.view())[0];
        const float probability = y.size() > 1 ? y[best] : best == 1 ? y[0] : 1 - y[0];
        const auto& names = saved.info.class_names;
        const auto number = static_cast<std::size_t>(best);
        std::printf("%s  %s  %.4f\n", file.string().c_str(),
                    number < names.size() ? names[number].c_str() : std::to_string(best).c_str(),
                    static_cast<double>(probability));
      } catch (const FileError& e) {
        std::fprintf(stderr, "classify: %s\n", e.what());
        ++unreadable;
      }
    }
    return unreadable == 0 ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "classify: %s\n", e.what());
    return 1;
  }
}
