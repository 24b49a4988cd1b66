// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/data/source_view.hpp"

namespace brindle::test {

/// A source one of whose samples cannot be read.
class Torn final : public data::SourceView {
 public:
  explicit Torn(const data::Source& source) : SourceView(source) {}
  using SourceView::read;
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    for (const data::Draw& draw : draws)
      if (draw.row == 13) detail::raise<FileError>("photo.13.jpg: is missing");
    SourceView::read(on, draws, x);
  }
};

}  // namespace brindle::test
