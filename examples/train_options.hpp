// SPDX-License-Identifier: MIT
#pragma once

// What `train` can be told, and what of it follows from the rest.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "bases.hpp"
#include "command_line.hpp"
#include "device.hpp"
#include "processes.hpp"

namespace example {

struct TrainOptions {
  std::filesystem::path data = {}, validation = {}, weights = {}, onnx = {}, cache = {};
  std::filesystem::path out = "model.safetensors";
  std::string base = "small", fine_tuned_from = {}, aspect_ratio = "stretch", decoder = "stb";
  std::string stages = {};  ///< empty: chosen
  std::int64_t epochs = 40, fine_tuning_epochs = 5, batch = 0, side = 0, patience = 8, memory = 4000, leaves = 1;
  double share = 0.2, learning_rate = 0, fine_tuning_rate = 0, alpha = 1;  ///< batch and rates: 0: chosen
  std::uint64_t seed = 42;
  DeviceOptions device = {};
  Processes* processes = nullptr;
  bool augment = true, class_weights = true, calibrate = true, check = true, find_rates = false, smoke = false;
};

/// Those of the command line.
inline void add_options(CommandLine& line, TrainOptions& o) {
  std::vector<std::string> names = {"small"};
  for (const Base& base : bases()) names.push_back(base.name);
  line.add("--data", o.data, "folder with one subfolder a class, or pictures named like cat.12.jpg");
  line.add("--validation", o.validation, "another such folder to validate with; else a share of --data is");
  line.add("--validation-share", o.share, "of each class, without --validation").show_default();
  line.add("--base", o.base, "a trained network to go on from, with --weights; small: one that is trained from nothing")
      .show_default()
      .one_of(names);
  line.add("--weights", o.weights, "the base's ImageNet weights: docs/howto/bases.md says whose");
  line.add("--alpha", o.alpha, "width of mobilenet_v1 or mobilenet_v2, that of the weights").show_default();
  line.add("--epochs", o.epochs, "at most so many passes over the pictures").show_default();
  line.add("--patience", o.patience, "end when the validation loss has not fallen for so many epochs").show_default();
  line.add("--batch", o.batch, "pictures a step; without it 32, or what of it fits --memory").positive();
  line.add("--memory", o.memory, "MB that a training step may take, for choosing the batch").show_default().positive();
  line.add("--size", o.side, "rows and columns that pictures get; 150 for small and vgg16, else 224").between(46, 2048);
  line.add("--aspect-ratio", o.aspect_ratio,
           "how photos that are no squares become square: stretched, or what is too long "
           "cut off on both sides, or black added")
      .show_default()
      .one_of({"stretch", "crop", "pad"});
  line.add("--decoder", o.decoder,
           "who decodes JPEG; the last takes a fraction of the time for large photos, by reading "
           "them at a half to an eighth of their size")
      .show_default()
      .one_of({"stb", "libjpeg_turbo", "libjpeg_turbo_reduced"});
  line.add("--cache-photos", o.cache,
           "folder that keeps the photos as they are used, reduced, so that the next run reads them "
           "from there; for large photos");
  line.add("--learning-rate", o.learning_rate,
           "of Adam, for a head or small; a tenth of it for the head on vgg16. Without it "
           "a range test finds the head's, and small has 0.001")
      .positive();
  line.flag("--find-rates", o.find_rates, "find the learning rate of every stage by a range test (200 steps)");
  line.add("--stages", o.stages, "how far a base is trained on; chosen by the pictures of a class, unless it is said")
      .one_of({"linear-head", "head", "fine-tuning"});
  line.add("--fine-tuning-epochs", o.fine_tuning_epochs,
           "at most so many of the last stage, which there is then; 0: none")
      .show_default();
  line.add("--fine-tuning-rate", o.fine_tuning_rate, "of Adam in the last stage; without it 0.00003").positive();
  line.add("--fine-tuned-from", o.fine_tuned_from,
           "the first layer of the base that learns in the last stage; else the base's own");
  line.add("--leaves", o.leaves,
           "parts of each batch, a power of two, as many as processes of mpirun or more; the model depends on "
           "them, not on the processes")
      .show_default()
      .positive();
  line.add("--seed", o.seed, "of weights, shuffling, dropout and the split").show_default();
  add_device_options(line, o.device);
  line.flag("!--no-augment", o.augment, "show every picture as it is");
  line.flag("!--no-class-weights", o.class_weights, "let classes with more pictures count more");
  line.flag("!--no-check", o.check, "do not look for doubled, wrongly labelled, blurred and dark photos; needs a base");
  line.flag("!--no-calibration", o.calibrate, "leave the probabilities as they were trained, without a temperature");
  line.add("--out", o.out, "the model; page, card and tables are written beside it").show_default();
  line.add("--onnx", o.onnx, "write the model for onnxruntime and other programs, too");
  line.flag("--smoke", o.smoke, "two epochs on three drawn classes, to see that it runs");
}

/// The stages and the size of the pictures. What is typed of a stage asks for it.
inline void choose_stages(CommandLine& line, TrainOptions& o) {
  const auto any_given = [&](std::initializer_list<const char*> typed) {
    return std::any_of(typed.begin(), typed.end(), [&](const char* name) { return line.given(name); });
  };
  if (o.stages.empty() && any_given({"--fine-tuning-epochs", "--fine-tuning-rate", "--fine-tuned-from"}))
    o.stages = o.fine_tuning_epochs > 0 ? "fine-tuning" : "head";
  else if (o.stages.empty() && any_given({"--learning-rate", "--epochs", "--patience"}))
    o.stages = "head";
  if (o.stages.empty() && o.smoke) o.stages = "fine-tuning";
  if (o.side == 0) o.side = o.base == "small" ? 150 : base_of(o.base).side;
}

}  // namespace example
