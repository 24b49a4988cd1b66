// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what source.hpp declares.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/picture_input.hpp"

namespace brindle::data {

BRINDLE_INLINE std::string Source::fingerprint(const Cpu& on) const {
  Checksum sum = names_checksum();
  const std::int64_t n = size(), most = std::min<std::int64_t>(n, 64);
  std::vector<Draw> draws;
  for (std::int64_t i = 0; i < most; ++i) draws.push_back({i * n / most, static_cast<std::uint64_t>(i)});
  Tensor<float> x = Tensor<float>::uninitialized(sample_shape().batch(most));
  read(on, draws, x.view());
  sum.add_numbers(x.data(), static_cast<std::size_t>(x.size()));
  return sum.text();
}

BRINDLE_INLINE std::string Source::describe(std::int64_t row) const { return "sample " + std::to_string(row); }

BRINDLE_INLINE void Source::read_labels(std::span<const Draw> draws, TensorView<float> t) const {
  const TensorView<const float> all = labels();
  const std::int64_t each = all.shape.sample().size();
  for (std::size_t i = 0; i < draws.size(); ++i)
    std::copy_n(all.data + draws[i].row * each, each, t.data + static_cast<std::int64_t>(i) * each);
}

BRINDLE_INLINE void Source::read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const {
  Tensor<float> single = Tensor<float>::uninitialized(x.shape);
  read(on, draws, single.view());
  for (std::int64_t i = 0; i < x.size(); ++i) x.data[i] = static_cast<double>(single.data()[i]);
}

BRINDLE_INLINE void internal::expect_unmixed(const std::string& who, const Source& source) {
  if (source.mixes())
    detail::raise<ValueError>(who + ": the samples are mixed with each other at each use (" + source.augmentation() +
                              "), and are none of those that their labels belong to; give the source that "
                              "data::Mixed was made of");
}

BRINDLE_INLINE Checksum Source::names_checksum() const {
  Checksum sum;
  for (std::int64_t i = 0; i < size(); ++i) {
    const std::string name = describe(i);
    sum.add(name.substr(name.find_last_of("/\\") + 1) + "\n");
  }
  return sum;
}

}  // namespace brindle::data
