// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/image/preprocessing.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/train/trainer.hpp"
#include "support/golden.hpp"
#include "support/made_weights.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

namespace brindle::test {

/// Of a network's output against a float64 run: sums in another order, over fifty layers.
inline constexpr double base_tolerance = 1e-5;

/// Behind a head, a base trains step by step, with the same bits for 1, 2 and 3 threads; frozen it stays as it is.
/// make(Cpu): the base. conv: a convolution of it, norm: a BatchNormalization; empty: it has none.
template <class Make>
void check_base_trains(const Make& make, const std::string& conv, const std::string& norm) {
  std::vector<std::vector<Tensor<float>>> all;
  for (const int threads : {1, 2, 3}) {
    Model<float> base = make(Cpu{threads});
    const std::string name = base.name();
    Sequential<float> model{std::move(base), GlobalAveragePooling2D{}, Dense{1, sigmoid}};
    const auto x = random_tensor<float>(model.input_shape().batch(4), 1);
    Tensor<float> y({4, 1});
    y[0] = y[2] = 1;
    for (const bool free : {false, true}) {
      model.set_trainable(name, free);
      const Tensor<float> kernel = model.layer(conv).parameters()[0].value.clone();
      const Tensor<float> mean = norm.empty() ? Tensor<float>() : model.layer(norm).parameters()[2].value.clone();
      Trainer trainer{model, SGD{.learning_rate = 0.05}, BinaryCrossentropy{}};
      for (int step = 0; step < 2; ++step) CHECK(std::isfinite(trainer.train_on_batch(x, y).loss));
      CHECK(same_bits(model.layer(conv).parameters()[0].value, kernel) != free);
      if (!norm.empty()) CHECK(same_bits(model.layer(norm).parameters()[2].value, mean) != free);
    }
    all.emplace_back();
    for (const auto& layer : model.layers())
      for (const auto& p : layer->parameters()) all.back().push_back(p.value.clone());
  }
  for (std::size_t i = 0; i < all[0].size(); ++i) {
    REQUIRE(same_bits(all[0][i], all[1][i]));
    REQUIRE(same_bits(all[0][i], all[2][i]));
  }
}

/// A base with made weights from a file in the table's names gives what the golden has, without and with its top, and
/// so does the model when it has been saved and loaded. gamma: as the golden's script says.
/// make(path, input, include_top): the base.
template <class Make>
void check_base_golden(const std::string& file, const std::string& network, const Shape& input, double gamma,
                       const Make& make) {
  const Golden golden(file);
  const BaseTable table(network);
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "made.safetensors";
  table.write(path, gamma);
  const Tensor<float> x = made_numbers("x", input.batch(2), -1, 1);
  const Model<float> base = make(path, input, false);
  check_close("features", base.predict(x), golden.get<double>(network + ".features"), base_tolerance, 0);
  const Model<float> whole = make(path, input, true);
  const Tensor<float> probabilities = whole.predict(x);
  check_close("probabilities", probabilities, golden.get<double>(network + ".probabilities"), base_tolerance, 0);
  if (!table.layers.empty()) check_layers(whole, table);
  io::save_model(whole, folder / "saved.safetensors");
  CHECK(same_bits(io::load_model(folder / "saved.safetensors").model.predict(x), probabilities));
  CHECK(same_bits(make(folder / "saved.safetensors", input, true).predict(x), probabilities));
}

/// The four photos of the real goldens, as the network reads them.
inline Tensor<float> real_photos(const std::filesystem::path& golden, const Preprocessing& preprocessing) {
  const auto levels = io::NpzFile(golden.string()).read<std::uint8_t>("x_uint8");
  Tensor<float> x(levels.shape());
  image::preprocess(preprocessing, x.size() / 3, 3, levels.data(), x.data());
  return x;
}

}  // namespace brindle::test
