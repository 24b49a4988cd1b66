// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "brindle/data/image_folder.hpp"
#include "brindle/image/decode.hpp"
#include "errors/wrong_use.hpp"
#include "support/temporary_folder.hpp"

namespace brindle::test {

/// Pictures that cannot be read, and folders whose classes do not show. In the folder: their files.
inline Chapter picture_mistakes(const TemporaryFolder& folder) {
  const auto load = [&folder](const std::string& name, const data::ImageFolderOptions& options = {}) {
    data::image_folder(folder / name, options, Cpu{1});
  };
  const std::string png = bytes_of(goldens.parent_path() / "image" / "pictures" / "rgb.png");
  std::string huge = png;
  for (const std::size_t side : {16u, 20u}) huge[side + 2] = static_cast<char>(0xea), huge[side + 3] = 0x60;
  const auto one_bad = [load, &folder](const std::string& name, const std::string& bytes) {
    write_picture(folder / (name + "/cat.1.png"));
    write_picture(folder / (name + "/dog.1.png"));
    write(folder / (name + "/cat.2.jpg"), bytes);
    load(name);
  };

  return {"Pictures",
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
                 for (const char* name : {"IMG_1.png", "IMG_2.png", "IMG_3.png"})
                   write_picture(folder / "camera" / name);
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
          }};
}

}  // namespace brindle::test
