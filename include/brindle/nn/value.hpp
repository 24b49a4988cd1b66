// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"

namespace brindle {

/// What a layer of a graph gives, or the model's input, while the graph is written (see Model). It is copied freely and
/// may be read by several layers; it must not outlive the writing.
///
///     x.then(Conv2D{16, 3}, Flatten{})     layers in a row behind x
///     x.then(std::move(base))              a model behind x, as a group of layers
///     x + y                                their sum, by the layer Add
///     x * gate                             their product, by the layer Multiply
///     concatenate(x, y)                    one behind the other, by the layer Concatenate
///
/// Each throws ShapeError or ValueError, naming the layer, where shapes do not fit.
template <class T, class Device>
class Value {
 public:
  /// For Model.
  Value(Model<T, Device>& model, std::size_t number) : model_(&model), number_(number) {}

  std::size_t number() const { return number_; }  ///< as LayerGraph counts values
  /// Of one sample.
  const Shape& shape() const { return model_->graph().value_shape(number_); }

  /// What the last of the layers gives.
  template <class... Layers>
  Value then(Layers&&... layers) const {
    Value last = *this;
    ((last = last.one(std::forward<Layers>(layers))), ...);
    return last;
  }

  /// What a layer gives that reads all of these.
  template <class Description>
  static Value merge(const std::vector<Value>& values, const Description& description) {
    std::vector<std::size_t> numbers;
    for (const Value& value : values) {
      if (value.model_ != values.front().model_)
        detail::raise<ValueError>("model: values of two models cannot be read by one layer");
      numbers.push_back(value.number_);
    }
    Model<T, Device>& model = *values.front().model_;
    return {model, model.add(description.template make<T, Device>(), description.name, numbers)};
  }

  friend Value operator+(const Value& a, const Value& b) { return sum(a, b); }      ///< by Add
  friend Value operator*(const Value& a, const Value& b) { return product(a, b); }  ///< by Multiply
  /// By Concatenate, along the last axis.
  template <class... Values>
  friend Value concatenate(const Value& first, const Values&... others) {
    return joined({first, others...});
  }

 private:
  static Value sum(const Value& a, const Value& b);
  static Value product(const Value& a, const Value& b);
  static Value joined(const std::vector<Value>& values);

  Value one(Model<T, Device>&& base) const { return {*model_, model_->add(std::move(base), number_)}; }
  template <class Description>
  requires(!std::is_base_of_v<Model<T, Device>, Description>) Value one(const Description& description)
  const { return {*model_, model_->template add_after<Description>(description, number_)}; }

  Model<T, Device>* model_;
  std::size_t number_;
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/value_inl.hpp"
#endif
