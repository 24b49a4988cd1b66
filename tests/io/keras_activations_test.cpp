// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <string>

#include "brindle/io/load_keras.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("a model with every kind of activation predicts what Keras does", "[io][keras][golden]") {
  const Golden golden("activations.npz");
  for (const std::string file : {"activations.keras", "activations_legacy.h5"}) {
    INFO(file);
    const auto model = io::load_keras(std::string(BRINDLE_GOLDENS) + "/weights/" + file);
    golden.check<float>("model.y", model.predict(golden.get<float>("model.x")), Tolerance{1e-5, 1e-5});
  }
}
