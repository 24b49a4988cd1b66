// SPDX-License-Identifier: MIT
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

/// Another source as it is, for classes that change one thing of it. The source must outlive this.
class SourceView : public Source {
 public:
  std::int64_t size() const override { return source_->size(); }
  Shape sample_shape() const override { return source_->sample_shape(); }
  TensorView<const float> labels() const override { return source_->labels(); }
  std::vector<std::string> class_names() const override { return source_->class_names(); }
  std::optional<PictureInput> picture_input() const override { return source_->picture_input(); }
  std::string augmentation() const override { return source_->augmentation(); }
  bool mixes() const override { return source_->mixes(); }
  std::string fingerprint(const Cpu& on) const override { return source_->fingerprint(on); }
  std::string describe(std::int64_t row) const override { return source_->describe(row); }
  /// The rows of labels(); of samples that are mixed, the mixtures that the source gives. Throws ValueError where those
  /// would be of other labels than this view's own: it must say itself what its mixtures are.
  void read_labels(std::span<const Draw> draws, TensorView<float> t) const override {
    if (!source_->mixes()) return Source::read_labels(draws, t);
    if (labels().data != source_->labels().data)
      internal::expect_unmixed("read_labels of a view with other labels", *this);
    source_->read_labels(draws, t);
  }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override {
    source_->read(on, draws, x);
  }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override {
    source_->read(on, draws, x);
  }

 protected:
  explicit SourceView(const Source& source) : source_(&source) {}  ///< not copied
  const Source& source() const { return *source_; }                ///< as it was given

 private:
  const Source* source_;
};

}  // namespace brindle::data
