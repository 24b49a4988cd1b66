// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <set>
#include <string>

#include "brindle/nn/nn.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/layer.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// Values and gradients of one case of activations.npz.
template <class T, class Description>
void check_case(const Golden& golden, const std::string& name, const Description& description) {
  INFO(name);
  const Tensor<T> x = golden.get<T>(name + ".x");
  LoneLayer<T> lone(description, x.shape().sample(), x.shape()[0]);
  lone.x = x.clone();
  golden.check<T>(name + ".y", lone.forward(), activation_golden);
  golden.check<T>(name + ".dx", lone.backward(golden.get<T>(name + ".dy"))[0], activation_golden);
}

template <class T>
void check_layer_case(const Golden& golden, const std::string& name) {
  const Tensor<double> settings = golden.get<double>(name + ".settings");
  if (name.find("leaky") != std::string::npos)
    // TensorFlow keeps this slope in float32, whatever the numbers are.
    check_case<T>(golden, name, LeakyReLU{.negative_slope = static_cast<double>(static_cast<float>(settings[1]))});
  else if (name.find("elu_alpha") != std::string::npos || name == "layer_elu")
    check_case<T>(golden, name, ELU{.alpha = settings[3]});
  else if (name == "layer_softmax")
    check_case<T>(golden, name, Softmax{});
  else
    check_case<T>(golden, name,
                  ReLU{.max_value = settings[0], .negative_slope = settings[1], .threshold = settings[2]});
}

}  // namespace

TEMPLATE_TEST_CASE("activations and their gradients are Keras's", "[nn][activation][golden]", float, double) {
  const Golden golden("activations.npz");
  for (int i = 0; i <= static_cast<int>(ActivationFunction::softmax); ++i) {
    const auto f = static_cast<ActivationFunction>(i);
    check_case<TestType>(golden, "function_" + to_string(f), Activation{f});
  }
}

TEMPLATE_TEST_CASE("layers of activations and their gradients are Keras's", "[nn][activation][golden]", float, double) {
  const Golden golden("activations.npz");
  const std::set<std::string> cases = golden.cases("layer_");
  CHECK(cases.size() == 14);
  for (const std::string& name : cases) check_layer_case<TestType>(golden, name);
}
