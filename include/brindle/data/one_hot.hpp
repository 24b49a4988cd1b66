#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"

namespace brindle::data {

/// The samples of a source with rows for labels: 1 at the number of the class, else 0. For CategoricalCrossentropy;
/// Keras: to_categorical().
///
///     const data::OneHot rows(photos);
///     trainer.fit(rows, {.batch = 32, .epochs = 10, .validation = data::OneHot(holdout)});
class OneHot : public Source {
 public:
  /// classes: how many; 0: as many as the source has names. The source must outlive this. Throws DataError for labels
  /// that are no class numbers below `classes`, ValueError for less than two classes.
  explicit OneHot(const Source& source, std::int64_t classes = 0);
  explicit OneHot(const Source&& gone_too_soon, std::int64_t classes = 0) = delete;

  std::int64_t size() const override { return source_->size(); }
  Shape sample_shape() const override { return source_->sample_shape(); }
  TensorView<const float> labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return source_->class_names(); }
  std::optional<PictureInput> picture_input() const override { return source_->picture_input(); }
  std::string augmentation() const override { return source_->augmentation(); }
  std::string fingerprint(const Cpu& on) const override { return source_->fingerprint(on); }
  std::string describe(std::int64_t row) const override { return source_->describe(row); }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override {
    source_->read(on, draws, x);
  }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override {
    source_->read(on, draws, x);
  }

 private:
  const Source* source_;
  Tensor<float> labels_;  // (size(), classes)
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/one_hot_inl.hpp"
#endif
