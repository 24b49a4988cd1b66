// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"

namespace brindle {

/// A layer that reads several values, and learns nothing: Add, Multiply, Concatenate. The functions of Layer that are
/// of one input are those of a merge of one.
///
/// The inputs of a pass lie apart from each other, or are the same value twice.
template <class T, class Device>
class MergeLayer : public Layer<T, Device> {
 public:
  const MergeLayer* merge() const final { return this; }

  /// Shape of one output sample for samples of these shapes. Throws ShapeError or ValueError, beginning with who().
  virtual Shape output_shape(std::span<const Shape> x) const = 0;

  /// x: shapes of batches, see Layer::needs(). `reads_input`: of all.
  virtual LayerNeeds needs(const Pass<T, Device>& pass, std::span<const Shape> x) const = 0;

  /// y from all x, of a whole batch. y lies apart from them.
  virtual void forward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>> x,
                       Out<T, Device> y) const = 0;

  /// One dx an input, empty where nobody needs it. One of them may lie where dy does if backward_in_place() says so;
  /// dy may be overwritten. x have their shapes, and no data unless needs() asked for them; y is Pass::output.
  virtual void backward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>> x, Out<T, Device> dy,
                        std::span<const TensorView<T, Device>> dx) const = 0;

  Shape output_shape(const Shape& x) const final { return output_shape(std::span<const Shape>(&x, 1)); }
  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const final {
    return needs(pass, std::span<const Shape>(&x, 1));
  }
  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const final {
    forward(pass, std::span<const TensorView<const T, Device>>(&x, 1), y);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const final {
    backward(pass, std::span<const TensorView<const T, Device>>(&x, 1), dy,
             std::span<const TensorView<T, Device>>(&dx, 1));
  }
};

}  // namespace brindle
