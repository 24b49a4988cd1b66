// SPDX-License-Identifier: MIT
// Says which photos to label next: those that a model is in doubt about, of all kinds.
//
//     suggest --model pets.safetensors --count 40 --out out/suggest unlabelled
//     suggest --smoke --out out/suggest
//
// The photos lie in a folder, or in folders inside it; labels are not needed. Those of whose class the model is least
// sure are suggested, spread over all kinds of them; of near copies one. suggest.html shows them, suggest.csv has file,
// class, probability, doubt and distance. Nothing is moved or changed (docs/howto/suggest.md).
#include <brindle/brindle.hpp>
#include <brindle/models/suggest_pictures.hpp>
#include <brindle/report/suggestions.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "device.hpp"
#include "drawn_pets.hpp"

using namespace brindle;
namespace fs = std::filesystem;

int main(int argc, char** argv) {
  example::CommandLine line{"says which photos to label next"};
  fs::path model_path, folder, out = "out/suggest";
  SuggestOptions how;
  std::string doubt = "margin";
  example::DeviceOptions device;
  bool smoke = false;
  line.add("--model", model_path, "a saved model of what has been labelled so far, as train writes it");
  line.add("photos", folder, "a folder of photos without labels");
  line.add("--count", how.count, "photos to suggest").show_default().positive();
  line.add("--doubtful", how.doubtful, "choose among so many times as many, those that the model doubts most")
      .show_default();
  line.add("--doubt", doubt, "what counts as doubt").show_default().one_of({"margin", "entropy"});
  line.add("--near-copy", how.near_copy, "least cosine of what the network sees in near copies").show_default();
  example::add_device_options(line, device);
  line.add("--out", out, "folder for page and table").show_default();
  line.flag("--smoke", smoke, "on pets that it draws itself, to see that it runs");
  if (const auto code = line.parse(argc, argv)) return *code;

  try {
    how.doubt = doubt == "margin" ? Doubt::margin : Doubt::entropy;
    fs::create_directories(out);
    if (smoke) {
      folder = out / "pets";
      fs::remove_all(folder);
      example_pets::draw_pets(folder, 12, 3, 60);
      model_path = out / "random.safetensors";
      how.count = 5;
      Sequential<float> random{{64, 64, 3}, Conv2D{8, 3, relu}, GlobalAveragePooling2D{}, Dense{1, sigmoid}};
      io::save_model(random, model_path, {.class_names = {"cat", "dog"}, .input = PictureInput{.size = {64, 64}}});
    }
    if (model_path.empty() || folder.empty())
      detail::raise<ValueError>("name a model and a folder of photos: suggest --model FILE FOLDER");
    return example::run_on(device, [&](const auto& on) {
      const models::PictureClassifier classifier(model_path, on);
      const models::PictureSuggestions found = models::suggest_pictures(classifier, folder, how);
      for (const models::SuggestedPicture& s : found.pictures)
        std::printf("%s  %s  %.4f\n", s.file.c_str(), s.name.c_str(), s.probability);
      for (const data::SkippedFile& lost : found.skipped)
        if (!lost.harmless) std::fprintf(stderr, "suggest: %s: %s\n", lost.path.c_str(), lost.reason.c_str());
      report::suggestions_page(found).write(out / "suggest.html");
      report::suggestions_csv(found, out / "suggest.csv");
      std::printf("%zu of %lld photos; page and table: %s, %s\n", found.pictures.size(),
                  static_cast<long long>(found.looked_at), (out / "suggest.html").string().c_str(),
                  (out / "suggest.csv").string().c_str());
      return EXIT_SUCCESS;
    });
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "suggest: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
