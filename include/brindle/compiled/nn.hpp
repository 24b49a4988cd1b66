#pragma once

// The unit of the library for nn/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/nn/activation_inl.hpp"
#include "brindle/nn/adam_inl.hpp"
#include "brindle/nn/binary_crossentropy_inl.hpp"
#include "brindle/nn/classification_metrics_inl.hpp"
#include "brindle/nn/config_inl.hpp"
#include "brindle/nn/conv2d_inl.hpp"
#include "brindle/nn/dense_inl.hpp"
#include "brindle/nn/dropout_inl.hpp"
#include "brindle/nn/flatten_inl.hpp"
#include "brindle/nn/last_activation_inl.hpp"
#include "brindle/nn/max_pool2d_inl.hpp"
#include "brindle/nn/optimizer_inl.hpp"
#include "brindle/nn/output_options_inl.hpp"
#include "brindle/nn/plan_inl.hpp"
#include "brindle/nn/registry_inl.hpp"
#include "brindle/nn/rmsprop_inl.hpp"
#include "brindle/nn/sequential_inl.hpp"
#include "brindle/nn/sgd_inl.hpp"
#include "brindle/nn/sparse_categorical_crossentropy_inl.hpp"
#include "brindle/ops/cpu.hpp"  // first: the calls into the kernels

namespace brindle {

template std::unique_ptr<Layer<float, Cpu>> Activation::make() const;
template std::unique_ptr<Layer<float, Cpu>> Conv2D::make() const;
template std::unique_ptr<Layer<float, Cpu>> Dense::make() const;
template std::unique_ptr<Layer<float, Cpu>> Dropout::make() const;
template std::unique_ptr<Layer<float, Cpu>> Flatten::make() const;
template std::unique_ptr<Layer<float, Cpu>> MaxPool2D::make() const;
template std::unique_ptr<Optimizer<float, Cpu>> Adam::make() const;
template std::unique_ptr<Optimizer<float, Cpu>> RMSprop::make() const;
template std::unique_ptr<Optimizer<float, Cpu>> SGD::make() const;
template std::unique_ptr<Loss<float, Cpu>> BinaryCrossentropy::make() const;
template std::unique_ptr<Loss<float, Cpu>> SparseCategoricalCrossentropy::make() const;

template class LayerRegistry<float, Cpu>;
template class Plan<float, Cpu>;
template class Sequential<float, Cpu>;
template std::vector<std::int64_t> predicted_classes<float>(TensorView<const float>, const OutputOptions&);
template std::vector<std::int64_t> predicted_classes<double>(TensorView<const double>, const OutputOptions&);

namespace detail {

template LastActivation last_activation(const Sequential<float>&);

#define BRINDLE_METRICS_OF(T)                                                                    \
  template void check_outputs<T>(const std::string&, TensorView<const T>, const OutputOptions&); \
  template T class_threshold<T>(const OutputOptions&);
BRINDLE_METRICS_OF(float)
BRINDLE_METRICS_OF(double)
#undef BRINDLE_METRICS_OF

}  // namespace detail
}  // namespace brindle
