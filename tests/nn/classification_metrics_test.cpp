#include "brindle/nn/classification_metrics.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "brindle/core/tensor.hpp"

using namespace brindle;

namespace {

Tensor<float> tensor(const Shape& shape, const std::vector<float>& values) {
  Tensor<float> t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

}  // namespace

TEST_CASE("the worst mistakes come first: those that the model was surest of", "[nn][classification_metrics]") {
  // right, wrong and sure of 1, wrong and less sure of 0, wrong and surest of 0
  const auto p = tensor({4, 1}, {0.9f, 0.95f, 0.4f, 0.01f});
  const auto labels = tensor({4, 1}, {1, 0, 1, 1});
  const std::vector<Mistake> all = worst_mistakes(p, labels, 9);
  REQUIRE(all.size() == 3);
  CHECK(all[0].row == 3);
  CHECK(all[0].label == 1);
  CHECK(all[0].predicted == 0);
  CHECK(all[0].probability == Approx(0.99));
  CHECK(all[1].row == 1);
  CHECK(all[1].probability == Approx(0.95));
  CHECK(all[2].row == 2);
  CHECK(all[2].probability == Approx(0.6));
  CHECK(worst_mistakes(p, labels, 1).size() == 1);
  CHECK(worst_mistakes(p, labels, 1)[0].row == 3);
}

TEST_CASE("the probability of a mistake among several classes is that of the class taken for it",
          "[nn][classification_metrics]") {
  const auto p = tensor({3, 3}, {0.2f, 0.5f, 0.3f, 0.1f, 0.1f, 0.8f, 1, 0, 0});
  const std::vector<Mistake> all = worst_mistakes(p, tensor({3, 1}, {0, 1, 0}), 5);
  REQUIRE(all.size() == 2);
  CHECK(all[0].row == 1);
  CHECK(all[0].predicted == 2);
  CHECK(all[0].probability == Approx(0.8));
  CHECK(all[1].row == 0);
  CHECK(all[1].probability == Approx(0.5));
}
