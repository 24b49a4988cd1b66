// SPDX-License-Identifier: MIT
// Predictions on the GPU, which are recorded at the second one.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "cuda/gpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

template <class Device>
Model<float, Device> joined_branches(const Device& on) {
  return Model<float, Device>{on, {12, 12, 3}, [](auto x) {
                                x = x.then(Conv2D{.filters = 4, .kernel = 3, .activation = relu}, MaxPool2D{2});
                                auto y = x.then(Conv2D{.filters = 4, .kernel = 3, .padding = Padding::same},
                                                BatchNormalization{});
                                return (x + y).then(ReLU{}, Dropout{0.5}, Flatten{}, Dense{3, softmax});
                              }};
}

}  // namespace

TEST_CASE("recorded predictions have the bits of those that are not, for any number of samples", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const auto recorded = joined_branches(Cuda{});
  const auto plain = joined_branches(Cuda(Cuda::Options{.record_steps = false}));
  const auto here = joined_branches(Cpu{1});
  for (int round = 0; round < 3; ++round)
    for (const std::int64_t n : {1, 4, 4, 6, 9}) {
      CAPTURE(round, n);
      const Tensor<float> x =
          random_tensor<float>({n, 12, 12, 3}, static_cast<std::uint64_t>(10 * round) + static_cast<std::uint64_t>(n));
      const Tensor<float, Cuda> there = x.to<Cuda>();
      const Tensor<float> got = recorded.predict(there, 4).to<Cpu>();
      CHECK(same_bits(got, plain.predict(there, 4).to<Cpu>()));
      check_close("outputs", got, here.predict(x), 1e-5);
    }
}

TEST_CASE("a recorded prediction reads weights that were changed, or that lie elsewhere now", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Tensor<float, Cuda> x = random_tensor<float>({4, 12, 12, 3}, 3).to<Cuda>();
  auto model = joined_branches(Cuda{});
  for (int i = 0; i < 3; ++i) static_cast<void>(model.predict(x));
  const auto fresh = [&] {
    auto other = joined_branches(Cuda{});
    for (std::size_t i = 0; i < model.layers().size(); ++i)
      for (std::size_t p = 0; p < model.layers()[i]->parameters().size(); ++p)
        other.layers()[i]->parameters()[p].value = model.layers()[i]->parameters()[p].value.clone();
    return other.predict(x).template to<Cpu>();
  };
  model.initialize(8);  // in place
  CHECK(same_bits(model.predict(x).to<Cpu>(), fresh()));
  Tensor<float, Cuda>& kernel = model.layers()[0]->parameters()[0].value;
  kernel = random_tensor<float>(kernel.shape(), 5).to<Cuda>();  // another tensor
  CHECK(same_bits(model.predict(x).to<Cpu>(), fresh()));
  CHECK(same_bits(model.predict(x).to<Cpu>(), fresh()));
  const auto moved = std::move(model);
  const Tensor<float> before = moved.predict(x).to<Cpu>();
  CHECK(same_bits(moved.predict(x).to<Cpu>(), before));
}
