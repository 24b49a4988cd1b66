// SPDX-License-Identifier: MIT
#pragma once

// The trained networks that `train` can begin with. Compiled once, in bases.cpp; for a Device the library's, Cpu or
// Cuda.
#include <brindle/image/preprocessing.hpp>
#include <brindle/nn/model.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace example {

/// A network that was trained on ImageNet, and how one goes on from it.
struct Base {
  std::string name;                      ///< of --base
  brindle::Preprocessing preprocessing;  ///< that its pictures need
  std::int64_t side = 224;               ///< rows and columns of the pictures, unless the user says others
  std::int64_t hidden = 0;               ///< units of a layer between its features and the classes; 0: none
  std::string fine_tuned_from;           ///< the first layer that fine-tuning changes
  std::string weights;                   ///< whose weights it takes, for who has none yet
};

/// All of them; the names that --base takes are theirs.
const std::vector<Base>& bases();

/// By its name. Throws ValueError for one that is not there.
const Base& base_of(const std::string& name);

struct LoadBaseOptions {
  std::filesystem::path weights = {};  ///< a file
  std::int64_t side = 224;             ///< rows and columns of the pictures
  double alpha = 1;                    ///< the width of a MobileNet
  bool random = false;                 ///< without a file: random weights, to see that a program runs
};

/// The network, which gives features (F) for a picture (side, side, 3): the mean of what it sees over the picture, or,
/// where a hidden layer reads them, all of it. Throws FileError for a file of another network, ValueError without one.
template <class Device>
brindle::Model<float, Device> load_base(const Base& base, const Device& on, const LoadBaseOptions& options);

}  // namespace example
