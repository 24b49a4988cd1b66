// SPDX-License-Identifier: MIT
#pragma once

// What the example programs share: their options, the pictures they draw when they are given none, the last lines. It
// is compiled once, in example.cpp; for a Device the library's, Cpu or Cuda.
#include <brindle/data/pictures.hpp>
#include <brindle/image/interpolation.hpp>
#include <brindle/nn/sequential.hpp>
#include <brindle/report/run_page.hpp>
#include <brindle/train/callback.hpp>
#include <brindle/train/checkpoint_store.hpp>
#include <brindle/train/history.hpp>
#include <brindle/train/interrupt.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "device.hpp"

namespace example {

struct Options {
  std::string name;               ///< of the program
  std::int64_t epochs = 0;        ///< the walkthrough's, for real photos
  std::int64_t drawn_epochs = 6;  ///< for the drawn ones, which are easier
  std::filesystem::path data = {};
  std::filesystem::path out = {};
  std::int64_t steps = 0;
  std::int64_t batch = 30;
  std::uint64_t seed = 42;
  DeviceOptions device = {};
  double expect = 0;
  bool smoke = false;
  bool resume = false;
  double checkpoint_seconds = 60;
  std::string command = {};  ///< what the user typed
  std::shared_ptr<brindle::Interrupt> interrupt = {};
  // of the programs with a base network
  std::string base = {};    ///< whose weights are wanted: "VGG16"
  std::int64_t side = 150;  ///< rows and columns of the photos
  /// How photos get that size; nearest is the walkthrough's.
  brindle::image::Interpolation interpolation = brindle::image::Interpolation::nearest;
  std::filesystem::path weights = {};
  std::string preprocess = "unit_rgb";
  std::int64_t limit = 0;
  // of the program that compares models
  bool compares = false;
  std::vector<std::filesystem::path> models = {};
  bool page = false;  ///< for each of them one with the photos behind its mistakes
};

/// Reads the options of the command line and runs the program with the device that they name. Errors become one line
/// and exit code 1.
int parse_and_run(int argc, char** argv, Options& o, const DeviceProgram& program);

/// The same for program(options, on), on the Cpu or a GPU.
template <class Program>
int run(int argc, char** argv, Options o, const Program& program) {
  return parse_and_run(argc, argv, o, [&](const auto& on) { return program(std::as_const(o), on); });
}

struct Data {
  std::filesystem::path training, validation;
};

/// The folders with the photos; without --data, pets are drawn into the output folder first.
Data open_data(const Options& o);

struct Photos {
  brindle::data::Pictures training, validation;
};

/// The photos of an experiment with a base network, prepared as --preprocess says, at most --limit of them.
Photos open_photos(const Options& o);

/// VGG16 without its top for photos of 150x150, with the weights of --weights. With --smoke a thin one, random.
template <class Device>
brindle::Sequential<float, Device> vgg16(const Options& o, const Device& on);

/// Prints shape, number and classes of the pictures.
void describe(const char* what, const brindle::data::Pictures& pictures);

void print(const std::string& text);

/// Where the run is kept, so that --resume goes on with it.
std::shared_ptr<brindle::CheckpointStore> checkpoint(const Options& o);

/// Ends the training after its step when Ctrl-C is pressed; run() then says how to go on.
brindle::Callback ctrl_c(const Options& o);

/// The page of a run: settings, model, curves, times; a program adds what is its own.
template <class Device>
brindle::report::RunPage run_page(const Options& o, const brindle::Sequential<float, Device>& model,
                                  const brindle::History& history);

/// Writes the trained model, for `evaluate` and `classify`.
template <class Device>
void save(const Options& o, const brindle::Model<float, Device>& model, const brindle::data::Source& photos);

/// The last lines; exit code 1 if --expect was missed.
int finish(const Options& o, const brindle::History& history);

}  // namespace example
