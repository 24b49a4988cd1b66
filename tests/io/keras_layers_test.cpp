#include <brindle/definitions.hpp>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/io/keras_config.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "support/golden.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// A layer as a configuration by Keras describes it.
struct ConfiguredLayer {
  std::string type;
  Config config;
  std::string name = {};

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return LayerRegistry<T, Device>().make(type, config);
  }
};

/// The layer of a case, as io::load_keras() would make it.
ConfiguredLayer layer_of(const Golden& golden, const std::string& name) {
  const Tensor<std::uint8_t> bytes = golden.file().read<std::uint8_t>(name + ".json");
  const io::detail::KerasModel model =
      io::detail::keras_model_config(name, std::string(bytes.span().begin(), bytes.span().end()));
  REQUIRE(model.layers.size() == 1);
  return {model.layers[0].type, model.layers[0].config};
}

template <class T>
void check_case(const Golden& golden, const std::string& name) {
  INFO(name);
  const Tolerance tolerance{2e-5, 1e-12};
  const Tensor<T> x = golden.get<T>(name + ".x"), dy = golden.get<T>(name + ".dy");
  testing::LoneLayer<T> lone(layer_of(golden, name), x.shape().sample(), x.shape()[0], 2, false);
  lone.x = x.clone();
  for (std::size_t p = 0; p < lone.layer->parameters().size(); ++p) {
    Tensor<T> value = golden.get<T>(name + ".p" + std::to_string(p));
    REQUIRE(value.shape() == lone.layer->parameters()[p].value.shape());
    lone.layer->parameters()[p].value = std::move(value);
  }
  CHECK(!golden.has(name + ".p" + std::to_string(lone.layer->parameters().size())));
  golden.check(name + ".y", lone.forward(), tolerance);
  const std::vector<Tensor<T>> gradients = lone.backward(dy);
  golden.check(name + ".dx", gradients[0], tolerance);
  for (std::size_t p = 1; p < gradients.size(); ++p)
    golden.check(name + ".dp" + std::to_string(p - 1), gradients[p], tolerance);
}

}  // namespace

TEST_CASE("layers that Keras's configurations describe compute what Keras computes", "[io][keras][golden]") {
  const Golden golden("layers.npz");
  const std::string kind = GENERATE("average_pool", "global", "zero_padding", "reshape", "rescaling", "normalization",
                                    "conv2d", "depthwise", "separable", "layer_norm");
  REQUIRE(!golden.cases(kind).empty());
  for (const std::string& name : golden.cases(kind)) {
    check_case<double>(golden, name);
    check_case<float>(golden, name);
  }
}
