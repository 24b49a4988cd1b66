#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/picture_source.hpp"

namespace brindle::data {

/// A file that was not taken, and why.
struct SkippedFile {
  std::string path;      ///< as it was found
  std::string reason;    ///< in words
  bool harmless = true;  ///< no picture was lost: hidden files, Thumbs.db, notes; false: a picture or a class was
};

/// One line that says what was lost, for a program to print once: "left out: 2 pictures (a/1.jpg: is empty; ...)";
/// empty if nothing but harmless files was left out.
inline std::string lost_text(std::span<const SkippedFile> skipped) {
  std::int64_t lost = 0;
  std::string text;
  for (const SkippedFile& file : skipped)
    if (!file.harmless && ++lost <= 3) text += (text.empty() ? "" : "; ") + file.path + ": " + file.reason;
  if (lost == 0) return {};
  if (lost > 3) text += "; and " + std::to_string(lost - 3) + " more";
  return "left out: " + text;
}

/// Pictures in memory, a byte a channel, with the numbers of their classes.
class Pictures : public PictureSource {
 public:
  struct Parts {
    Tensor<std::uint8_t> pixels;                            ///< (N, H, W, C)
    std::vector<std::int64_t> classes;                      ///< (N): the number of each picture's class
    std::vector<std::string> class_names;                   ///< by number
    std::vector<std::string> files;                         ///< (N), or empty: what messages call each picture
    std::vector<SkippedFile> skipped;                       ///< files that were left out
    Preprocessing preprocessing = Preprocessing::unit_rgb;  ///< what read() makes of pixels
    /// How files became the pixels, with the same preprocessing; none: not known, and a model that was trained on them
    /// does not know how photos become its input.
    std::optional<PictureInput> input = {};
  };

  /// Throws ShapeError if the sizes do not fit together, ValueError if the preprocessing needs other channels,
  /// DataError if a picture's class has no name.
  explicit Pictures(Parts parts) : parts_(std::move(parts)) {
    const Shape& shape = parts_.pixels.shape();
    if (parts_.pixels.empty() || shape.rank() != 4 || shape.size() == 0)
      detail::raise<ShapeError>("data::Pictures: expected pixels (N, H, W, C), got " + to_string(shape));
    const std::size_t n = static_cast<std::size_t>(shape[0]);
    if (parts_.classes.size() != n)
      detail::raise<ShapeError>("data::Pictures: expected " + std::to_string(n) + " classes for pixels " +
                                to_string(shape) + ", got " + std::to_string(parts_.classes.size()));
    if (!parts_.files.empty() && parts_.files.size() != n)
      detail::raise<ShapeError>("data::Pictures: expected " + std::to_string(n) + " file names or none for pixels " +
                                to_string(shape) + ", got " + std::to_string(parts_.files.size()));
    image::check_preprocessing("data::Pictures", parts_.preprocessing, shape[3]);
    if (parts_.input &&
        (parts_.input->shape() != shape.sample() || !(parts_.input->preprocessing == parts_.preprocessing)))
      detail::raise<ValueError>("data::Pictures: input says " + to_string(*parts_.input) + ", the pixels are " +
                                to_string(shape) + " with preprocessing " + to_string(parts_.preprocessing));
    labels_ = Tensor<float>(Shape{shape[0], 1});
    for (std::size_t i = 0; i < n; ++i) {
      const std::int64_t c = parts_.classes[i];
      if (c < 0 || c >= static_cast<std::int64_t>(parts_.class_names.size()))
        detail::raise<DataError>("data::Pictures: " + describe(static_cast<std::int64_t>(i)) + " has class " +
                                 std::to_string(c) + ", but there are names for " +
                                 std::to_string(parts_.class_names.size()) + " classes");
      labels_[static_cast<std::int64_t>(i)] = static_cast<float>(c);
    }
  }

  std::int64_t size() const override { return parts_.pixels.shape()[0]; }
  Shape sample_shape() const override { return parts_.pixels.shape().sample(); }
  TensorView<const float> labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return parts_.class_names; }
  std::string describe(std::int64_t row) const override {
    return parts_.files.empty() ? "picture " + std::to_string(row) : parts_.files[static_cast<std::size_t>(row)];
  }

  /// (N, H, W, C), 0..255.
  TensorView<const std::uint8_t> pixels() const { return parts_.pixels; }

  /// Names of the pictures' files in their order; empty if they have none.
  const std::vector<std::string>& files() const { return parts_.files; }

  /// Files that were left out when the pictures were loaded, each with the reason.
  const std::vector<SkippedFile>& skipped() const { return parts_.skipped; }

  Preprocessing preprocessing() const override { return parts_.preprocessing; }
  std::optional<PictureInput> picture_input() const override { return parts_.input; }
  /// The pixels that are handed over stay where they are as long as this object.
  void with_pixels(std::int64_t row, FunctionRef<void(const std::uint8_t*)> use) const override {
    use(parts_.pixels.data() + row * sample_shape().size());
  }

  /// Of the names and of all pixels.
  std::string fingerprint(const Cpu&) const override {
    Checksum sum = names_checksum();
    sum.add({reinterpret_cast<const char*>(parts_.pixels.data()), parts_.pixels.bytes()});
    return sum.text();
  }

  /// Pictures of each class, by its number.
  std::vector<std::int64_t> class_counts() const {
    std::vector<std::int64_t> counts(parts_.class_names.size());
    for (const std::int64_t c : parts_.classes) ++counts[static_cast<std::size_t>(c)];
    return counts;
  }

  /// Copies of the pictures `rows`, in that order. Throws ValueError for a row that there is not, or none.
  Pictures subset(std::span<const std::int64_t> rows) const {
    if (rows.empty()) detail::raise<ValueError>("data::Pictures: a subset of no pictures");
    Parts to;
    to.pixels = Tensor<std::uint8_t>::uninitialized(sample_shape().batch(static_cast<std::int64_t>(rows.size())));
    to.class_names = parts_.class_names;
    to.preprocessing = parts_.preprocessing;
    to.input = parts_.input;
    const std::int64_t n = sample_shape().size();
    std::uint8_t* out = to.pixels.data();
    for (const std::int64_t row : rows) {
      check_row(who(), row);
      std::memcpy(out, parts_.pixels.data() + row * n, static_cast<std::size_t>(n));
      out += n;
      to.classes.push_back(parts_.classes[static_cast<std::size_t>(row)]);
      if (!parts_.files.empty()) to.files.push_back(parts_.files[static_cast<std::size_t>(row)]);
    }
    return Pictures(std::move(to));
  }

  /// Copies in two parts: of each class about `share` of its pictures, picked by the seed, in the second (to validate
  /// with), the rest in the first. Both keep the order. Throws ValueError unless 0 < share < 1 and both parts get some.
  std::pair<Pictures, Pictures> split(double share, std::uint64_t seed) const {
    if (!(share > 0.0 && share < 1.0))
      detail::raise<ValueError>("data::Pictures: split(share): expected a share between 0 and 1, got " +
                                std::to_string(share));
    std::vector<bool> second(static_cast<std::size_t>(size()));
    for (std::size_t c = 0; c < parts_.class_names.size(); ++c) {
      std::vector<std::int64_t> members;
      for (std::int64_t row = 0; row < size(); ++row)
        if (parts_.classes[static_cast<std::size_t>(row)] == static_cast<std::int64_t>(c)) members.push_back(row);
      const auto count = static_cast<std::int64_t>(members.size());
      const auto order =
          permutation(count, Random{.seed = seed, .what = stream_id("split"), .step = static_cast<std::uint32_t>(c)});
      const auto picked = static_cast<std::size_t>(std::llround(share * static_cast<double>(count)));
      for (std::size_t i = 0; i < picked; ++i)
        second[static_cast<std::size_t>(members[static_cast<std::size_t>(order[i])])] = true;
    }
    std::vector<std::int64_t> rows[2];
    for (std::int64_t row = 0; row < size(); ++row) rows[second[static_cast<std::size_t>(row)]].push_back(row);
    if (rows[0].empty() || rows[1].empty())
      detail::raise<ValueError>("data::Pictures: split: " + std::to_string(size()) +
                                " pictures are too few for a share of " + std::to_string(share));
    return {subset(rows[0]), subset(rows[1])};
  }

 protected:
  std::string who() const override { return "data::Pictures"; }

 private:
  Parts parts_;
  Tensor<float> labels_;
};

}  // namespace brindle::data
