// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/shape.hpp"

namespace brindle {

/// Borrows a dense row-major tensor; copying a view copies no elements. A default view is empty: data is null.
template <class T, class Device = Cpu>
struct TensorView {
  T* data = nullptr;  ///< the first element, in the memory of Device
  Shape shape{0};     ///< (0) where it is empty

  constexpr TensorView() = default;
  constexpr TensorView(T* data_, const Shape& shape_) : data(data_), shape(shape_) {}  ///< not checked

  /// A view to read from one to write to.
  template <class U>
  requires(std::is_same_v<const U, T> && !std::is_same_v<U, T>) constexpr TensorView(const TensorView<U, Device>& other)
      : data(other.data), shape(other.shape) {}

  constexpr std::int64_t size() const { return shape.size(); }  ///< number of elements
  constexpr bool empty() const { return data == nullptr; }      ///< stands for "none" in arguments

  /// The same elements under other sizes. Throws ShapeError if their number differs.
  TensorView reshape(const Shape& to) const {
    if (to.size() != size())
      detail::raise<ShapeError>("reshape: " + to_string(shape) + " has other elements than " + to_string(to));
    return {data, to};
  }

  /// Entries [begin, end) of the first axis.
  TensorView slice(std::int64_t begin, std::int64_t end) const {
    if (shape.rank() == 0 || begin < 0 || end < begin || end > shape[0])
      detail::raise<ShapeError>("slice: [" + std::to_string(begin) + ", " + std::to_string(end) + ") of " +
                                to_string(shape));
    const Shape entry = shape.sample();
    return {data + begin * entry.size(), entry.batch(end - begin)};
  }

  /// All elements, row by row.
  std::span<T> span() const requires std::is_same_v<Device, Cpu> {
    return {data, static_cast<std::size_t>(data ? size() : 0)};
  }
  /// Element i of all, counted row by row.
  T& operator[](std::int64_t i) const requires std::is_same_v<Device, Cpu> {
    BRINDLE_ASSERT(i >= 0 && i < size(), "tensor index out of range");
    return data[i];
  }
};

/// What an op reads: wholly non-deduced, so that a view to write to, or a tensor, is accepted too.
template <class T, class Device>
using In = std::type_identity_t<TensorView<const T, Device>>;

/// What an op writes.
template <class T, class Device>
using Out = std::type_identity_t<TensorView<T, Device>>;

/// Bytes that an op may use during a call; contents are lost. Each op says how many it needs.
template <class Device>
using Workspace = std::type_identity_t<TensorView<std::byte, Device>>;

namespace detail {

/// Copies all elements. from and to have the same size; one of the two is on the Cpu.
template <class T, class From, class To>
void copy_between_devices(std::type_identity_t<TensorView<const T, From>> from,
                          std::type_identity_t<TensorView<T, To>> to) {
  if (from.size() != to.size())
    raise<ShapeError>("copy: " + to_string(from.shape) + " has other elements than " + to_string(to.shape));
  const std::size_t bytes = static_cast<std::size_t>(from.size()) * sizeof(T);
  if constexpr (std::is_same_v<From, Cpu>) {
    Memory<To>::copy_from_host(to.data, from.data, bytes);
  } else {
    static_assert(std::is_same_v<To, Cpu>, "copy through the Cpu");
    Memory<From>::copy_to_host(to.data, from.data, bytes);
  }
}

}  // namespace detail

template <class T, class Device>
class Tensor;

namespace detail {
/// The tensor has its elements at `memory` from now on; gives where it had them. For memory that is not the tensor's:
/// its own must be put back before it goes.
template <class T, class Device>
T* exchange_memory(Tensor<T, Device>& tensor, T* memory);
}  // namespace detail

/// A dense row-major tensor that owns its elements: 64-byte aligned, zero at first, moved freely, copied by clone()
/// only.
template <class T, class Device = Cpu>
class Tensor {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using value_type = T;        ///< of an element
  using device_type = Device;  ///< whose memory it is

  Tensor() = default;

  /// All zero. Throws Error if memory is short.
  explicit Tensor(const Shape& shape) : Tensor(shape, Uninitialized{}) { Memory<Device>::clear(view_.data, bytes()); }

  /// For a tensor that is written before it is read.
  static Tensor uninitialized(const Shape& shape) { return Tensor(shape, Uninitialized{}); }

  Tensor(Tensor&& other) noexcept : view_(std::exchange(other.view_, {})) {}  ///< other is empty afterwards
  /// The two change places.
  Tensor& operator=(Tensor&& other) noexcept {
    std::swap(view_, other.view_);
    return *this;
  }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  ~Tensor() {
    if (view_.data) Memory<Device>::release(view_.data);
  }

  /// A copy, which nothing makes unasked.
  Tensor clone() const {
    if (!view_.data) return {};
    Tensor copy = uninitialized(shape());
    Memory<Device>::copy(copy.view_.data, view_.data, bytes());
    return copy;
  }

  /// A copy in the memory of another device: x.to<Cuda>(), y.to<Cpu>(). One of the two is the Cpu.
  template <class To>
  Tensor<T, To> to() const {
    if (!view_.data) return {};
    Tensor<T, To> copy = Tensor<T, To>::uninitialized(shape());
    detail::copy_between_devices<T, Device, To>(view(), copy.view());
    return copy;
  }

  const Shape& shape() const { return view_.shape; }  ///< (0) where it is empty
  std::int64_t size() const { return view_.size(); }  ///< number of elements
  bool empty() const { return view_.empty(); }        ///< made without a shape, or moved from
  std::size_t bytes() const { return static_cast<std::size_t>(size()) * sizeof(T); }  ///< of all elements

  /// The first element, aligned to memory_alignment; null where the tensor is empty.
  /// @{
  T* data() { return view_.data; }
  const T* data() const { return view_.data; }
  /// @}

  /// Valid until the tensor goes or is moved from.
  /// @{
  TensorView<T, Device> view() { return view_; }
  TensorView<const T, Device> view() const { return view_; }
  operator TensorView<T, Device>() { return view_; }
  operator TensorView<const T, Device>() const { return view_; }
  /// @}

  /// All elements, row by row, and element i of them.
  /// @{
  std::span<T> span() requires std::is_same_v<Device, Cpu> { return view_.span(); }
  std::span<const T> span() const requires std::is_same_v<Device, Cpu> { return view().span(); }
  T& operator[](std::int64_t i) requires std::is_same_v<Device, Cpu> { return view_[i]; }
  const T& operator[](std::int64_t i) const requires std::is_same_v<Device, Cpu> { return view_[i]; }
  /// @}

 private:
  friend T* detail::exchange_memory<T, Device>(Tensor& tensor, T* memory);

  struct Uninitialized {};

  Tensor(const Shape& shape, Uninitialized) {
    if (static_cast<std::uint64_t>(shape.size()) > static_cast<std::uint64_t>(PTRDIFF_MAX) / sizeof(T))
      detail::raise<ShapeError>("tensor: " + to_string(shape) + " is larger than memory can be");
    const std::size_t bytes = static_cast<std::size_t>(shape.size()) * sizeof(T);
    view_ = {static_cast<T*>(Memory<Device>::allocate(bytes)), shape};
  }

  TensorView<T, Device> view_;
};

namespace detail {

template <class T, class Device>
T* exchange_memory(Tensor<T, Device>& tensor, T* memory) {
  return std::exchange(tensor.view_.data, memory);
}

/// The elements of a tensor where the processor can read them: the tensor's own on the Cpu, else a copy.
template <class T, class Device>
class HostCopy {
 public:
  /// x must outlive it on the Cpu.
  explicit HostCopy(In<T, Device> x) {
    if constexpr (std::is_same_v<Device, Cpu>) {
      view_ = x;
    } else {
      copy_ = Tensor<T>::uninitialized(x.shape);
      copy_between_devices<T, Device, Cpu>(x, copy_.view());
      view_ = copy_.view();
    }
  }

  TensorView<const T> view() const { return view_; }  ///< of x's shape
  const T* data() const { return view_.data; }        ///< the first element

 private:
  Tensor<T> copy_;
  TensorView<const T> view_;
};

}  // namespace detail

}  // namespace brindle
