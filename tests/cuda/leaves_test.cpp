// SPDX-License-Identifier: MIT
// Leaves of a batch on the GPU, in one process.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "cuda/gpu.hpp"
#include "support/leaf_run.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// Trained in leaves on both devices: the largest difference of a weight, as a share of the largest weight.
double difference(LeafSettings s) {
  LeafRunOn<Cuda> there(Cuda{}, s, nullptr, SGD{.learning_rate = 0.02, .momentum = 0.9});
  LeafRun here(s, nullptr, SGD{.learning_rate = 0.02, .momentum = 0.9});
  const History got = there.fit(), expected = here.fit();
  for (std::size_t e = 0; e < expected.epochs(); ++e) {
    CHECK(got.loss[e] == Approx(expected.loss[e]).epsilon(1e-3));
    CHECK(got.val_loss[e] == Approx(expected.val_loss[e]).epsilon(1e-3));
    CHECK(got.accuracy[e] == Approx(expected.accuracy[e]).margin(0.03));
  }
  double most = 0;
  for (std::size_t i = 0; i < here.model().layers().size(); ++i)
    for (std::size_t p = 0; p < here.model().layers()[i]->parameters().size(); ++p) {
      const Tensor<float> a = std::as_const(*there.model().layers()[i]).parameters()[p].value.to<Cpu>();
      const Tensor<float>& b = std::as_const(*here.model().layers()[i]).parameters()[p].value;
      double largest = 1e-3, off = 0;
      for (std::int64_t k = 0; k < b.size(); ++k) {
        largest = std::max(largest, static_cast<double>(std::abs(b[k])));
        off = std::max(off, static_cast<double>(std::abs(a[k] - b[k])));
      }
      most = std::max(most, off / largest);
    }
  return most;
}

std::string trained_on(const Cuda& on, const LeafSettings& s) { return LeafRunOn<Cuda>(on, s).trained(); }

}  // namespace

TEST_CASE("a training in leaves on the GPU is the processor's", "[cuda][leaves]") {
  BRINDLE_TEST_NEEDS_GPU();
  // Leaves of unequal sizes, and a last batch of 3 samples, which is smaller than the leaves are many.
  CHECK(difference({.leaves = 4}) < 1e-3);
  CHECK(difference({.leaves = 8, .samples = 43}) < 1e-3);
  CHECK(difference({.trainer = {.clipvalue = 0.01}}) < 1e-3);
  CHECK(difference({.trainer = {.global_clipnorm = 0.1, .gradient_accumulation_steps = 2, .use_ema = true}}) < 1e-3);
  CHECK(difference({.trainer = {.use_ema = true, .ema_momentum = 0.5, .swap_ema_weights = true}}) < 1e-3);
}

TEST_CASE("recorded steps in leaves have the bits of steps that are not", "[cuda][leaves]") {
  BRINDLE_TEST_NEEDS_GPU();
  for (const TrainerOptions& options :
       {TrainerOptions{}, TrainerOptions{.global_clipnorm = 0.1, .gradient_accumulation_steps = 2, .use_ema = true}})
    for (const std::int64_t leaves : {4, 8}) {
      const LeafSettings s{.leaves = leaves, .epochs = 4, .samples = 43, .trainer = options};
      const std::string recorded = trained_on(Cuda{}, s);
      CHECK(trained_on(Cuda(Cuda::Options{.record_steps = false}), s) == recorded);
      CHECK(trained_on(Cuda{}, s) == recorded);
      LeafSettings other = s;
      other.leaves = 2;
      CHECK(trained_on(Cuda{}, other) != recorded);
    }
}

TEST_CASE("the moving averages follow what the leaves have seen on the GPU, too", "[cuda][leaves]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Tensor<float> x = random_tensor<float>({10, 3}, 4, -1, 2);
  Tensor<float> labels({10, 1});
  labels[3] = labels[6] = 1;
  const auto moving = [&](const auto& on) {
    Sequential model{on, Shape{3}, BatchNormalization{.momentum = 0.5}, Dense{1, sigmoid}};
    model.initialize(1);
    model.set_l2(0.1);
    Trainer trainer{model, SGD{}, BinaryCrossentropy{}, {.leaves = 4}};
    const StepResult first = trainer.train_on_batch(x.view(), labels.view());
    const auto& parameters = std::as_const(*model.layers()[0]).parameters();
    Tensor<float> all({7});
    for (std::int64_t c = 0; c < 3; ++c) {
      all[c] = parameters[2].value.template to<Cpu>()[c];
      all[3 + c] = parameters[3].value.template to<Cpu>()[c];
    }
    all[6] = static_cast<float>(first.loss);  // with the penalties
    return all;
  };
  check_close("averages", moving(Cuda{}), moving(Cpu{1}), 1e-5);
}

TEST_CASE("weights that are replaced between steps in leaves are the ones that train on", "[cuda][leaves]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const data::InMemory samples(random_tensor<float>({8, 5}, 3), std::vector<float>{0, 1, 1, 0, 1, 0, 0, 1});
  Sequential model{on, Shape{5}, Dense{4, relu}, Dense{1, sigmoid}};
  model.initialize(2);
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}, {.leaves = 2}};
  trainer.fit(samples, {.batch = 8, .epochs = 3});
  auto& kernel = model.layer("dense").parameters()[0].value;
  const Tensor<float> zeros(kernel.shape());
  auto old = std::move(kernel);
  kernel = zeros.to<Cuda>();
  const Tensor<float> before = old.to<Cpu>();
  trainer.fit(samples, {.batch = 8, .epochs = 3});
  CHECK(same_bits(old.to<Cpu>(), before));
  CHECK_FALSE(same_bits(kernel.to<Cpu>(), zeros));
}

TEST_CASE("a loss that is no number ends training in leaves on the GPU", "[cuda][leaves]") {
  BRINDLE_TEST_NEEDS_GPU();
  Tensor<float> x = random_tensor<float>({8, 5}, 3);
  for (float& v : x.span()) v *= 1e30f;
  const data::InMemory samples(std::move(x), std::vector<float>{0, 1, 1, 0, 1, 0, 0, 1});
  Sequential model{Cuda{}, Shape{5}, Dense{4, relu}, Dense{1, sigmoid}};
  model.initialize(2);
  Trainer trainer{model, SGD{.learning_rate = 1e20}, BinaryCrossentropy{}, {.leaves = 2}};
  CHECK_THROWS_AS(trainer.fit(samples, {.batch = 8, .epochs = 9}), NumericsError);
}
