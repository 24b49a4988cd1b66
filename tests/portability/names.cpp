// SPDX-License-Identifier: MIT
// Names of files and folders: umlauts, Chinese, paths of more than 260 characters, text with lines that end in CR and
// LF; a file that is written over another one, which somebody may be reading; a folder's reduced copies, which tell a
// photo that has changed by its time.
//
//     names FOLDER
#include <brindle/brindle.hpp>
#include <brindle/core/file.hpp>
#include <brindle/io/saved_model.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "checks.hpp"

using namespace brindle;
using portability::Checks;

namespace {

std::string text_of(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

image::Picture grey_picture(std::uint8_t value) {
  image::Picture picture(16, 16, 3);
  for (std::uint8_t& pixel : picture.pixels) pixel = value;
  return picture;
}

void check_names(Checks& checks, const std::filesystem::path& folder) {
  const std::filesystem::path photos =
      folder / u8"K\u00F6pfe und \u56FE\u7247";                // "Koepfe", with umlaut, and "pictures"
  for (const char8_t* kind : {u8"H\u00FCndin", u8"\u732B"}) {  // "bitch", with umlaut, and "cat"
    std::filesystem::create_directories(photos / kind);
    for (int i = 0; i < 3; ++i) {
      std::filesystem::path file = photos / kind / u8"\u00E4";
      file += std::to_string(i) + (i == 0 ? ".png" : ".jpg");
      i == 0 ? image::write_png(file, grey_picture(90)) : image::write_jpeg(file, grey_picture(90));
    }
  }
  const auto read = data::image_folder(photos, {.size = {16, 16}});
  checks.is(read.size() == 6, "a folder with names in umlauts and Chinese is read");
  const std::vector<std::string> expected{"H\xC3\xBCndin", "\xE7\x8C\xAB"};
  checks.is(read.class_names() == expected, "class names are UTF-8");

  Sequential<float> model{Cpu{1}, {16, 16, 3}, Conv2D{2, 3, relu}, Flatten{}, Dense{1, sigmoid}};
  model.initialize(1);
  const std::filesystem::path saved = photos / u8"mod\u00E8le \u6A21\u578B.safetensors";
  io::save_model(model, saved, read);
  const io::SavedModel<float> loaded = io::load_model(saved);
  checks.is(loaded.info.class_names == expected, "a model of such a name has the class names");
  checks.refuses("a missing file", "\xE7\xBC\xBA.safetensors",
                 [&] { io::load_model(photos / u8"\u7F3A.safetensors"); });
}

/// Reads photos with a folder for reduced copies: the first time they are written, then they are what is read, until
/// the photo has another time or the copy other bytes.
void check_reduced_copies(Checks& checks, const std::filesystem::path& folder) {
  const std::filesystem::path photos = folder / u8"k\u00F6pfe", copies = folder / u8"Kopien \u56FE\u7247";
  const auto an_hour_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  for (const char8_t* kind : {u8"H\u00FCndin", u8"\u732B"}) {
    std::filesystem::create_directories(photos / kind);
    image::write_png(photos / kind / u8"\u00E4.png", grey_picture(90));
    std::filesystem::last_write_time(photos / kind / u8"\u00E4.png", an_hour_ago);
  }
  const std::filesystem::path changed = photos / u8"\u732B" / u8"\u00E4.png";
  const auto level = [&] {  // of the first pixel of the changed photo, which is the last one
    const auto read = data::image_folder(photos, {.size = {8, 8}, .cache = copies});
    return static_cast<int>(read.pixels().data[8 * 8 * 3]);
  };
  checks.is(level() == 90, "photos are read with a folder for reduced copies");
  std::vector<std::filesystem::path> kept;
  for (const auto& entry : std::filesystem::directory_iterator(copies)) kept.push_back(entry.path());
  checks.is(kept.size() == 2, "each photo has a reduced copy");

  // Other bytes, the same length and time: only who reads the copy gives the older level.
  const auto length = std::filesystem::file_size(changed);
  image::write_png(changed, grey_picture(91));
  checks.is(std::filesystem::file_size(changed) == length, "the other photo is as long");
  std::filesystem::last_write_time(changed, an_hour_ago);
  checks.is(level() == 90, "the reduced copy is read");
  std::filesystem::last_write_time(changed, an_hour_ago + std::chrono::seconds(1));
  checks.is(level() == 91, "a photo of another time is read anew");

  for (const std::filesystem::path& copy : kept) {
    std::string bytes = text_of(copy);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    replace_file(copy, bytes);
  }
  std::filesystem::last_write_time(changed, an_hour_ago);
  checks.is(level() == 91, "a damaged copy is made anew");
}

void check_long_path(Checks& checks, const std::filesystem::path& folder) {
  std::filesystem::path deep = folder;
  for (int i = 0; i < 8; ++i) deep /= std::string(50, static_cast<char>('a' + i));
  std::filesystem::create_directories(deep);
  const std::filesystem::path file = deep / "numbers.txt";
  replace_file(file, "one", {.sync = true});
  replace_file(file, "two", {.keep_previous = true});
  checks.is(file.string().size() > 400, "the path is long");
  checks.is(text_of(file) == "two" && text_of(previous_file(file)) == "one", "a path of more than 400 characters");
  checks.refuses("a name of 300 characters", "cannot be written",
                 [&] { replace_file(folder / std::string(300, 'x'), "text"); });
}

void check_replacing(Checks& checks, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "replaced.txt";
  std::string lines = "first\r\nsecond\r\n\x1A";  // the last once ended a text
  replace_file(file, lines);
  checks.is(text_of(file) == lines, "bytes are written as they are, CR, LF and 0x1A");
  replace_file(file, "newer");
  checks.is(text_of(file) == "newer", "a file is written over another one");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files += entry.path().extension() == ".tmp";
  checks.is(files == 0, "no temporary file is left");
  checks.refuses("a folder of that name", "it is a folder", [&] { replace_file(folder, "text"); });
  checks.refuses("a folder that is not there", "create it first",
                 [&] { replace_file(folder / "no" / "file", "text"); });

  // Somebody reads it: either the newer file takes its place, or the older one stays and an error says why.
  std::ifstream reader(file, std::ios::binary);
  char first = 0;
  reader.get(first);
  try {
    replace_file(file, "newest");
    checks.is(text_of(file) == "newest", "a file is written over one that is open");
    std::printf("a file that is open can be replaced here\n");
  } catch (const FileError& e) {
    std::printf("a file that is open cannot be replaced here: %s\n", e.what());
    checks.is(text_of(file) == "newer", "a file that cannot be replaced stays as it was");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  Checks checks;
  std::filesystem::create_directories(folder);
  checks.runs("names", [&] { check_names(checks, folder); });
#ifdef __EMSCRIPTEN__  // whose disk under node gives files other times than it is told to
  std::printf("reduced copies are not tried here\n");
#else
  checks.runs("reduced copies", [&] { check_reduced_copies(checks, folder); });
#endif
  checks.runs("long paths", [&] { check_long_path(checks, folder); });
  checks.runs("replacing", [&] { check_replacing(checks, folder); });
  return checks.finish();
}
