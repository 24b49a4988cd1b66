// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"

// Whether a layer's passes touch what they may: what is to be written starts as one kind of NaN, what is not to be read
// as another, and arithmetic hands a NaN's bits on. A plan's first step runs layers of the user's own so, and
// check_layer() every layer. On the Cpu; the results are those of a plain run.
namespace brindle::detail {

/// A NaN by its bits. As of IEEE 754, an operation with one NaN gives that NaN.
enum class Mark : std::uint32_t {
  unwritten = 0x0B1D0,  ///< stands where the layer has to write
  unasked = 0x0B1D1,    ///< stands where it must not read
  scratch = 0x0B1D2,    ///< stands in memory whose contents are lost
};

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
T marked(Mark mark) {
  constexpr BitsOf<T> nan =
      sizeof(T) == 4 ? BitsOf<T>{0x7FC00000u} : static_cast<BitsOf<T>>(std::uint64_t{0x7FF8} << 48);
  const BitsOf<T> bits = nan | static_cast<BitsOf<T>>(mark);
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Whatever its sign, which arithmetic may change.
template <class T>
bool is_marked(T value, Mark mark) {
  constexpr BitsOf<T> sign = BitsOf<T>{1} << (8 * sizeof(T) - 1);
  const T wanted = marked<T>(mark);
  BitsOf<T> a, b;
  std::memcpy(&a, &value, sizeof value);
  std::memcpy(&b, &wanted, sizeof wanted);
  return (a & ~sign) == b;
}

/// Fills a view with a mark; an empty one is left.
template <class T>
void mark_all(const TensorView<T, Cpu>& view, Mark mark) {
  const T value = marked<T>(mark);
  for (T& element : view.span()) element = value;
}

/// The same of raw memory, as far as whole elements go.
template <class T>
void mark_bytes(const TensorView<std::byte, Cpu>& bytes, Mark mark) {
  if (bytes.empty()) return;
  mark_all(TensorView<T, Cpu>(reinterpret_cast<T*>(bytes.data), {bytes.size() / static_cast<std::int64_t>(sizeof(T))}),
           mark);
}

/// Throws ValueError, beginning with the layer, if a mark is left in what it wrote.
template <class T>
void check_written(const Layer<T, Cpu>& layer, const std::string& pass, const std::string& what,
                   const TensorView<T, Cpu>& view) {
  const std::string who = layer.who() + ": its " + pass + " ";
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(view.span().size()); ++i) {
    const std::string element = "element " + std::to_string(i) + " of " + what + " " + to_string(view.shape);
    if (is_marked(view.data[i], Mark::unwritten))
      raise<ValueError>(
          who + "leaves " + element + " unwritten, or adds to what it never wrote; write every element" +
          (pass == "backward" ? ", and if it goes over x or y, have needs() set reads_input or reads_output" : ""));
    if (is_marked(view.data[i], Mark::unasked))
      raise<ValueError>(who + "computes " + element +
                        " from x or y, which it did not ask for; have needs() set reads_input or reads_output");
    if (is_marked(view.data[i], Mark::scratch))
      raise<ValueError>(who + "computes " + element +
                        " from workspace or saved memory that it has not written; contents are lost between calls");
  }
}

/// Layer::forward, seen to write all of y and to read no memory that it did not write. Throws ValueError.
template <class T>
void checked_forward(const Layer<T, Cpu>& layer, const Pass<T, Cpu>& pass, const TensorView<const T, Cpu>& x,
                     const TensorView<T, Cpu>& y) {
  mark_all(y, Mark::unwritten);
  mark_bytes<T>(pass.workspace, Mark::scratch);
  mark_bytes<T>(pass.saved, Mark::scratch);
  layer.forward(pass, x, y);
  check_written(layer, "forward", "y", y);
}

/// Layer::backward, seen to write all of dx and of the gradients, none of which are wanted of a frozen layer, and to
/// read x and y only if needs() asked for them. x and y have their shapes and are empty unless asked for; in_place: dx
/// lies where dy does. Throws ValueError.
template <class T>
void checked_backward(const Layer<T, Cpu>& layer, const Pass<T, Cpu>& pass, TensorView<const T, Cpu> x,
                      TensorView<const T, Cpu> y, const Shape& x_shape, const TensorView<T, Cpu>& dy,
                      const TensorView<T, Cpu>& dx, const Gradients<T, Cpu>& gradients) {
  const bool in_place = dx.data == dy.data;
  // What was not asked for is there to be found out: all of it a NaN that shows in whatever is computed from it.
  Tensor<T> no_x, no_y;
  const auto stand_in = [](TensorView<const T, Cpu>& view, Tensor<T>& memory, const Shape& shape) {
    if (!view.empty()) return;
    memory = Tensor<T>::uninitialized(shape);
    mark_all(memory.view(), Mark::unasked);
    view = memory.view();
  };
  stand_in(x, no_x, x_shape);
  stand_in(y, no_y, dy.shape);
  if (!in_place) mark_all(dx, Mark::unwritten);
  for (const TensorView<T, Cpu>& g : gradients.into) mark_all(g, Mark::unwritten);
  mark_bytes<T>(pass.workspace, Mark::scratch);
  // Of a frozen layer `into` is empty; behind its end there is memory, so that one who writes there is found out.
  constexpr T untouched = T(0x1p-99);
  std::vector<Tensor<T>> unwanted;
  std::vector<TensorView<T, Cpu>> behind;
  Gradients<T, Cpu> given = gradients;
  if (gradients.into.empty() && !layer.parameters().empty()) {
    for (const auto& p : layer.parameters()) {
      unwanted.push_back(Tensor<T>::uninitialized(p.value.shape()));
      behind.push_back(unwanted.back().view());
      for (T& element : behind.back().span()) element = untouched;
    }
    given.into = std::span<const TensorView<T, Cpu>>(behind).first(0);
  }
  layer.backward(pass, x, y, dy, dx, given);
  for (std::size_t p = 0; p < unwanted.size(); ++p)
    for (const T element : unwanted[p].span())
      if (element != untouched)
        raise<ValueError>(layer.who() + ": its backward writes the gradient of its " + layer.parameters()[p].name +
                          " where the layer is frozen; write it only where gradients.into is not empty");
  check_written(layer, "backward", "dx", dx);
  for (std::size_t p = 0; p < gradients.into.size(); ++p)
    check_written(layer, "backward", "the gradient of its " + layer.parameters()[p].name, gradients.into[p]);
}

}  // namespace brindle::detail
