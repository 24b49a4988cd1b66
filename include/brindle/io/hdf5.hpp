// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::io {

/// A file of HDF5: what the files of Keras need of it. open_hdf5 (io/open_hdf5.hpp) gives one.
///
/// Objects are named by their paths, "model_weights/conv2d_1". Sizes are checked against the file's before anything is
/// allocated; links and data that lead to other files are refused. Errors are FileErrors with the path and the object's
/// name. One thread at a time.
class Hdf5File {
 public:
  virtual ~Hdf5File() = default;
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;

  const std::string& path() const { return path_; }  ///< as it was given, for messages

  /// Whether there is a group or dataset of this path ("model_weights/dense").
  virtual bool contains(const std::string& object) = 0;

  /// Names of what is in a group, in alphabetical order; none where there is no such group.
  virtual std::vector<std::string> children(const std::string& group) = 0;

  /// False as well where there is no such object.
  virtual bool has_attribute(const std::string& object, const std::string& name) = 0;

  /// An attribute that is one text or a list of them, of fixed or of variable length. An empty list may be of any type.
  virtual std::vector<std::string> texts(const std::string& object, const std::string& name) = 0;

  /// An attribute that is one text.
  std::string text(const std::string& object, const std::string& name) {
    const std::vector<std::string> all = texts(object, name);
    if (all.size() != 1)
      fail("attribute \"" + name + "\" of \"" + object + "\" holds " + std::to_string(all.size()) +
           " texts, expected one");
    return all[0];
  }

  /// Shape of a dataset of floating numbers. Throws FileError if there is none, or it is not whole.
  virtual Shape shape(const std::string& dataset) = 0;

  /// Reads a dataset of float16, float32 or float64 whose shape is to.shape.
  virtual void read(const std::string& dataset, TensorView<float> to) = 0;

  /// A dataset that is one whole number of 32 or 64 bits.
  virtual std::int64_t integer(const std::string& dataset) = 0;

  /// Throws FileError: "path: what".
  [[noreturn]] void fail(const std::string& what) const { brindle::detail::raise<FileError>(path_ + ": " + what); }

 protected:
  explicit Hdf5File(std::string path) : path_(std::move(path)) {}  ///< path: for messages

  /// Throws FileError unless the dataset's shape is the one wanted.
  void check_shape(const std::string& dataset, const Shape& there, const Shape& wanted) const {
    if (!(there == wanted))
      fail("dataset \"" + dataset + "\" is " + to_string(there) + ", expected " + to_string(wanted));
  }

  /// sizes of a dataset as a Shape, or FileError.
  template <class Size>
  Shape checked_shape(const std::string& what, const Size* sizes, int rank) const {
    if (rank < 0 || rank > Shape::max_rank) fail(what + " has more than 6 axes");
    for (int i = 0; i < rank; ++i)
      if (static_cast<std::uint64_t>(sizes[i]) > (std::uint64_t{1} << 48))
        fail(what + " has a size of " + std::to_string(sizes[i]));
    try {
      return Shape(sizes, sizes + rank);
    } catch (const ShapeError& e) {
      fail(what + ": " + e.what());
    }
  }

 private:
  std::string path_;
};

}  // namespace brindle::io
