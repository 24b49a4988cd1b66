// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what concatenate.hpp declares.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/concatenate.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/ops/concatenate/concatenate.hpp"

namespace brindle {

template <class T, class Device>
class ConcatenateLayer final : public MergeLayer<T, Device> {
 public:
  using MergeLayer<T, Device>::output_shape;
  using MergeLayer<T, Device>::needs;
  using MergeLayer<T, Device>::forward;
  using MergeLayer<T, Device>::backward;

  explicit ConcatenateLayer(const Concatenate& d) : axis_(d.axis) {}  ///< see Concatenate

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Concatenate{.axis = static_cast<int>(c.get("axis", std::int64_t{-1}))}.template make<T, Device>();
  }

  std::string type() const override { return "Concatenate"; }
  std::string default_name() const override { return "concatenate"; }
  Config config() const override { return {{"axis", std::int64_t{axis_}}}; }

  Shape output_shape(std::span<const Shape> x) const override {
    if (x.size() < 2)
      detail::raise<ValueError>(
          this->who() + ": expected two values or more, got one; write concatenate(x, y) in the graph of a Model");
    const int rank = x.front().rank(), axis = axis_of(rank);
    if (axis < 0 || axis >= rank)
      detail::raise<ValueError>(this->who() + ": axis is " + std::to_string(axis_) + ", expected -1 or 1 to " +
                                std::to_string(rank) + " for values " + to_string_batch(x.front()));
    std::int64_t length = x.front()[axis];
    for (std::size_t i = 1; i < x.size(); ++i) {
      if (x[i].rank() != rank || !(with_length(x[i], x.front()[axis]) == x.front()))
        detail::raise<ShapeError>(this->who() + ": expected values that differ along axis " + std::to_string(axis + 1) +
                                  " only, got " + to_string_batch(x.front()) + " and " + to_string_batch(x[i]));
      length += x[i][axis];
    }
    return with_length(x.front(), length);
  }

  bool sample_by_sample() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, std::span<const Shape>) const override { return {}; }

  void forward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>> x,
               Out<T, Device> y) const override {
    const std::int64_t rows = rows_of(y.shape), whole = y.size() / rows;
    std::int64_t first = 0;
    for (const TensorView<const T, Device>& part : x) {
      const std::int64_t width = part.size() / rows;
      ops::concatenate_part<T>(pass.on, rows, width, first, whole, part, y);
      first += width;
    }
  }

  void backward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>> x, Out<T, Device> dy,
                std::span<const TensorView<T, Device>> dx) const override {
    const std::int64_t rows = rows_of(dy.shape), whole = dy.size() / rows;
    std::int64_t first = 0;
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const std::int64_t width = x[i].shape.size() / rows;
      if (!dx[i].empty()) ops::concatenate_part_backward<T>(pass.on, rows, width, first, whole, dy, dx[i]);
      first += width;
    }
  }

 private:
  // Of a sample's shape.
  int axis_of(int rank) const { return axis_ < 0 ? axis_ + rank : axis_ - 1; }
  // The same shape with another length of the axis.
  Shape with_length(const Shape& x, std::int64_t length) const {
    std::vector<std::int64_t> sizes(x.begin(), x.end());
    sizes[static_cast<std::size_t>(axis_of(x.rank()))] = length;
    return Shape(sizes.begin(), sizes.end());
  }
  // Runs of numbers of a batch: what stands in front of the axis.
  std::int64_t rows_of(const Shape& y) const {
    std::int64_t rows = 1;
    for (int i = 0; i <= axis_of(y.rank() - 1); ++i) rows *= y[i];
    return rows;
  }

  int axis_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Concatenate::Concatenate::make() const {
  return std::make_unique<ConcatenateLayer<T, Device>>(*this);
}

}  // namespace brindle
