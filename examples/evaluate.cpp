// SPDX-License-Identifier: MIT
// Experiment 7: the trained models side by side, on photos that none of them has seen.
//
// Accuracy alone hides which mistakes a model makes: precision says how often "dog" is right, recall how many of the
// dogs were found. The table compares the models, each gets a confusion matrix, a report by class, and its surest
// mistakes with what it looked at (Grad-CAM).
//
//     evaluate --data cats-vs-dogs --models out/baseline/baseline.safetensors out/dropout/dropout.safetensors ...
//     evaluate --data cats-vs-dogs --page --models ...    for each model a page with the photos behind its mistakes
//     evaluate --smoke                          two small random models, on pets that it draws itself
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <brindle/models/picture_classifier.hpp>
#include <brindle/report/data_check.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "example.hpp"

using namespace brindle;

namespace {

/// Two models to compare when there are none, the second one of logits.
std::vector<std::filesystem::path> random_models(const example::Options& options) {
  std::vector<std::filesystem::path> paths;
  for (const std::uint64_t seed : {1u, 2u}) {
    Sequential<float> model{{150, 150, 3}, Conv2D{4, 3, relu}, MaxPool2D{8}, Flatten{}};
    model.add(Dense{1, seed == 1 ? sigmoid : linear});
    model.initialize(seed);
    paths.push_back(options.out / ("random_" + std::to_string(seed) + ".safetensors"));
    io::save_model(
        model, paths.back(),
        {.class_names = {"cat", "dog"}, .input = PictureInput{.size = {150, 150}}, .from_logits = seed == 2});
  }
  return paths;
}

/// Area under the curve by the probability of class 1, which the only output or the second of two is; of more classes,
/// or where all photos are of one, there is none.
std::string auc_text(const Tensor<float>& outputs, const data::Source& photos) {
  const std::int64_t n = outputs.shape()[0], columns = outputs.shape()[1];
  if (columns > 2) return "-";
  const auto labels = photos.labels().span();
  if (std::adjacent_find(labels.begin(), labels.end(), std::not_equal_to<>()) == labels.end()) return "-";  // one class
  std::vector<float> scores;
  for (std::int64_t i = 0; i < n; ++i) scores.push_back(outputs[i * columns + columns - 1]);
  return report::fixed(roc_auc(scores, labels), 4);
}

/// What each model is called: by its file; where two files have one name, by as many of their folders as tell them
/// apart.
std::vector<std::string> names_of(const std::vector<std::filesystem::path>& paths) {
  const auto name_with = [](const std::filesystem::path& path, int folders) {
    std::string name = path.stem().string();
    std::filesystem::path folder = std::filesystem::weakly_canonical(path).parent_path();
    for (; folders > 0 && folder.has_relative_path(); --folders, folder = folder.parent_path())
      name = folder.filename().string() + "_" + name;
    return name;
  };
  std::vector<std::string> names;
  for (const std::filesystem::path& path : paths) {
    std::string name;
    for (int folders = 0;; ++folders) {
      std::string longer = name_with(path, folders);
      if (longer == name) throw std::runtime_error("--models: " + path.string() + " is given twice");
      name = longer;
      const auto has_name = [&](const auto& other) { return name_with(other, folders) == name; };
      if (std::count_if(paths.begin(), paths.end(), has_name) == 1) break;
    }
    names.push_back(name);
  }
  return names;
}

/// The photos that a model is most wrongly sure of, each beside what speaks for its mistake, where its layers give a
/// map of that.
template <class Device>
void add_mistakes(report::RunPage& page, const std::string& name, const models::PictureClassifier<Device>& classifier,
                  const data::Pictures& photos, const Tensor<float>& outputs) {
  std::vector<image::Picture> pictures;
  std::vector<std::string> captions;
  const std::vector<std::string> classes = photos.class_names();
  const bool maps = report::internal::last_map_layer(classifier.model()) < classifier.model().layers().size();
  for (const Mistake& m : worst_mistakes(outputs, photos.labels(), 6)) {
    const std::filesystem::path file = photos.files()[static_cast<std::size_t>(m.row)];
    const image::Picture photo = image::read_upright(file, classifier.picture_input());
    pictures.push_back(image::seen(photo, classifier.picture_input()));
    if (maps)
      pictures.back() = report::grad_cam_beside(
          pictures.back(), report::grad_cam<float>(classifier.model(), classifier.input(photo), m.predicted));
    captions.push_back(file.filename().string() + (maps ? ": what speaks for " : ": taken for ") +
                       classes[static_cast<std::size_t>(m.predicted)] + ", probability " +
                       report::fixed(m.probability, 4));
  }
  const std::string heading = name + ", the surest mistakes";
  if (!pictures.empty())
    maps ? page.add_grad_cam(heading, pictures, captions) : page.add_gallery(heading, pictures, captions);
}

/// What the model gives for the photos, as probabilities also where it gives logits.
template <class Device>
Tensor<float> probabilities_of(const models::PictureClassifier<Device>& classifier, const data::Pictures& photos) {
  Tensor<float> y = io::extract(classifier.model(), photos, {.batch = 20}).x;
  const io::ModelInfo& info = classifier.info();
  if (info.from_logits)
    ops::activate<float>(
        Cpu(), y.shape()[1] == 1 || info.each_output ? ActivationFunction::sigmoid : ActivationFunction::softmax,
        y.view(), y.view());
  return y;
}

/// The photos that are read as the model's file says, with its classes.
template <class Device>
data::Pictures photos_for(const models::PictureClassifier<Device>& classifier, const std::filesystem::path& folder) {
  return data::image_folder(folder,
                            data::ImageFolderOptions::of(classifier.picture_input(), classifier.info().class_names));
}

/// A page for one model, whose confusion matrix leads to the photos behind it. training: a folder to look for the
/// nearest photos in, if there is one.
template <class Device>
void write_mistakes(const std::filesystem::path& path, const std::string& name,
                    const models::PictureClassifier<Device>& classifier, const data::Pictures& photos,
                    const std::filesystem::path& training_folder, const Tensor<float>& outputs) {
  std::optional<data::Pictures> training;
  if (std::filesystem::is_directory(training_folder)) training = photos_for(classifier, training_folder);
  const data::Pictures* among = training ? &*training : nullptr;
  const report::AnsweredPhotos answered = report::answered_photos(classifier.model(), outputs, photos, among);
  report::RunPage page{.title = name};
  report::add_answered_photos(page, answered, photos, among, {.photos = "test"});
  page.add_classification_report(answered.matrix, photos.class_names());
  page.write(path);
  std::printf("the photos behind the mistakes: %s\n\n", path.string().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(
      argc, argv, {.name = "evaluate", .compares = true}, [](const example::Options& options, const auto& on) {
        const auto paths = options.models.empty() && options.smoke ? random_models(options) : options.models;
        if (paths.empty())
          detail::raise<ValueError>("name the models to compare: --models FILE ...; the experiments write them");
        // Photos that no model has seen; of the drawn ones those to validate with.
        const example::Data data = options.data.empty()
                                       ? example::open_data(options)
                                       : example::Data{options.data / "training_data", options.data / "test_data"};
        const std::filesystem::path& folder = data.validation;

        report::RunPage page{.title = "The models side by side"};
        report::PageTable table{.columns = {"model", "accuracy", "precision", "recall", "F1", "ROC AUC"}, .rows = {}};
        std::string text = "model                    accuracy  precision  recall      F1  ROC AUC\n";
        std::string csv = "model,photos,accuracy,precision,recall,f1,roc_auc\n";
        const std::vector<std::string> names = names_of(paths);
        for (std::size_t i = 0; i < paths.size(); ++i) {
          const std::filesystem::path& path = paths[i];
          const std::string& name = names[i];
          // Each model says how photos become its input, and what its classes are.
          const models::PictureClassifier classifier(path, on);
          const data::Pictures photos = photos_for(classifier, folder);
          const Tensor<float> outputs = probabilities_of(classifier, photos);
          const ConfusionMatrix matrix = confusion_matrix(outputs.view(), photos.labels());
          const ClassificationMetrics metrics(matrix);
          const std::string auc = auc_text(outputs, photos);
          const Calibration sure = calibration(outputs, photos.labels());

          char line[256];  // of figures: names are of any length
          std::snprintf(line, sizeof line, " %8.4f  %9.4f  %6.4f  %6.4f  %7s\n", metrics.accuracy,
                        metrics.weighted.precision, metrics.weighted.recall, metrics.weighted.f1, auc.c_str());
          text += name + std::string(24 - std::min<std::size_t>(24, name.size()), ' ') + line;
          table.rows.push_back({name, report::share_text(metrics.accuracy, matrix.total()),
                                report::fixed(metrics.weighted.precision, 3), report::fixed(metrics.weighted.recall, 3),
                                report::fixed(metrics.weighted.f1, 3), auc});
          std::snprintf(line, sizeof line, ",%lld,%.4f,%.4f,%.4f,%.4f,%s\n", static_cast<long long>(photos.size()),
                        metrics.accuracy, metrics.weighted.precision, metrics.weighted.recall, metrics.weighted.f1,
                        auc.c_str());
          csv += report::internal::csv_cell(name) + line;
          const std::string report = report::classification_report(matrix, photos.class_names());
          std::printf("%s, %lld photos\n\n%s\n", name.c_str(), static_cast<long long>(photos.size()), report.c_str());
          std::printf("negative log-likelihood %.4f, expected calibration error %.4f, Brier score %.4f\n\n",
                      sure.negative_log_likelihood, sure.expected_calibration_error, sure.brier_score);
          report::confusion_matrix(matrix, photos.class_names(), options.out / (name + "_confusion.png"),
                                   {.title = name});
          page.add_confusion_matrix(matrix, photos.class_names(), name);
          page.add_classification_report(matrix, photos.class_names(), name + ", by class");
          page.add_drawing(name + ", how right it is by how sure",
                           report::reliability_diagram_drawing(sure, {.title = ""}));
          add_mistakes(page, name, classifier, photos, outputs);
          if (options.page || options.smoke)
            write_mistakes(options.out / (name + "_mistakes.html"), name, classifier, photos, data.training, outputs);
        }
        std::printf("precision, recall and F1 are means weighted by the photos of each class\n%s", text.c_str());
        page.add_table("Comparison", table);
        std::rotate(page.sections.begin(), page.sections.end() - 1, page.sections.end());  // it comes first
        page.write(options.out / "evaluate.html");
        replace_file(options.out / "evaluate.csv", csv);
        std::printf("\nconfusion matrices, page and table: %s, .csv\n",
                    (options.out / "evaluate.html").string().c_str());
        return EXIT_SUCCESS;
      });
}
