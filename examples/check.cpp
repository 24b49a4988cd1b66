// SPDX-License-Identifier: MIT
// Looks at a folder of pictures before a network is trained on it.
//
//     check --data photos/training --validation photos/validation --weights efficientnet_lite0.safetensors
//     check --data photos                    without a base network: files, copies, blurred and dark photos alone
//     check --smoke --out out/check
//
// Finds pictures that cannot be read, copies and near copies, the same photo in training and validation, labels that
// are probably wrong, blurred, dark, tiny and grey photos, and classes that are small. What a base network sees in the
// pictures tells near copies and wrong labels. The page (check.html) shows each with the reason, the table (check.csv)
// has all. Nothing is changed, and nothing is deleted.
#include <brindle/brindle.hpp>
#include <brindle/io/features.hpp>
#include <brindle/report/data_check.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bases.hpp"
#include "command_line.hpp"
#include "device.hpp"
#include "drawn_pets.hpp"

using namespace brindle;
namespace fs = std::filesystem;

namespace {

struct Options {
  fs::path data = {}, validation = {}, weights = {}, out = "out/check";
  std::string base = "efficientnet_lite0";
  double alpha = 1;
  std::uint64_t seed = 0;
  bool smoke = false;
};

/// The pictures of a folder, and what the base network, if there is one, sees in them.
template <class Device>
report::CheckedSet look_at(const std::string& name, const fs::path& folder, const std::vector<std::string>& classes,
                           const Model<float, Device>* network, const example::Base& base) {
  data::ImageFolderOptions how{.interpolation = image::Interpolation::bilinear,
                               .orientation = Orientation::exif,
                               .preprocessing = base.preprocessing,
                               .on_bad_file = data::BadFile::skip,
                               .classes = classes};
  report::CheckedSet set{name, data::examine_image_folder(folder, how)};
  std::printf("%s: %zu pictures\n", name.c_str(), set.folder.pictures.size());
  std::fflush(stdout);
  if (!network) return set;
  how.size = {network->input_shape()[0], network->input_shape()[1]};
  set.features = io::extract(*network, data::FolderStream(folder, how)).x;
  return set;
}

template <class Device>
int check(const Options& o, const Device& on) {
  const example::Base& base = example::base_of(o.base);
  std::optional<Model<float, Device>> network;
  if (o.smoke || !o.weights.empty()) {
    const std::int64_t side = o.smoke ? 64 : base.side;
    network =
        folded(example::load_base(base, on, {.weights = o.weights, .side = side, .alpha = o.alpha, .random = o.smoke}));
  }
  const Model<float, Device>* const sees = network ? &*network : nullptr;
  std::vector<report::CheckedSet> sets;
  sets.push_back(look_at("training", o.data, {}, sees, base));
  if (!o.validation.empty())
    sets.push_back(look_at("validation", o.validation, sets[0].folder.class_names, sees, base));
  const report::DataCheck found = report::check_data(sets, {.seed = o.seed});

  std::printf("found: %s\n", found.findings.empty() ? "nothing" : found.text().c_str());
  if (found.across_sets() > 0)
    std::printf("%lld photos stand in both sets, or nearly the same: an accuracy on them looks better than it is\n",
                static_cast<long long>(found.across_sets()));
  for (const std::string& text : found.classes) std::printf("%s\n", text.c_str());
  if (!found.features) std::printf("near copies and wrong labels need a base network: --weights\n");
  report::data_check_page(found).write(o.out / "check.html");
  report::data_check_csv(found, o.out / "check.csv");
  std::printf("page and table: %s, %s\n", (o.out / "check.html").string().c_str(),
              (o.out / "check.csv").string().c_str());
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  std::vector<std::string> names;
  for (const example::Base& base : example::bases()) names.push_back(base.name);
  example::DeviceOptions device;
  example::CommandLine line{"looks at a folder of pictures before a network is trained on it"};
  line.add("--data", o.data, "folder with one subfolder a class, or pictures named like cat.12.jpg");
  line.add("--validation", o.validation, "another such folder, which should hold none of these photos");
  line.add("--base", o.base, "the network whose features tell near copies and wrong labels")
      .show_default()
      .one_of(names);
  line.add("--weights", o.weights,
           "its ImageNet weights: docs/howto/bases.md says whose; else files alone are looked at");
  line.add("--alpha", o.alpha, "width of mobilenet_v1 or mobilenet_v2, that of the weights").show_default();
  line.add("--seed", o.seed, "of the classifiers that judge labels").show_default();
  example::add_device_options(line, device);
  line.add("--out", o.out, "folder for page and table").show_default();
  line.flag("--smoke", o.smoke, "on pets that it draws itself, one of them twice, to see that it runs");
  if (const auto code = line.parse(argc, argv)) return *code;

  try {
    fs::create_directories(o.out);
    if (o.smoke) {
      o.data = o.out / "pets";
      fs::remove_all(o.data);
      example_pets::draw_pets(o.data, 12, 3, 60);
      fs::copy_file(o.data / "cat.0.jpg", o.data / "cat.copy.jpg");
    }
    if (o.data.empty()) detail::raise<ValueError>("name a folder of pictures: check --data FOLDER");
    return example::run_on(device, [&](const auto& on) { return check(o, on); });
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "check: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
