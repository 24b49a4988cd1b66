// SPDX-License-Identifier: MIT
#include "brindle/train/run_choices.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "brindle/core/error.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

TEST_CASE("stages go by the smallest class and by what the base's features tell", "[train][choices]") {
  const auto stages = [](std::vector<std::int64_t> counts, std::optional<double> accuracy = {}) {
    return choose_stages(counts, accuracy).stages;
  };
  CHECK(stages({499, 3000}) == TrainingStages::linear_head);
  CHECK(stages({500, 3000}) == TrainingStages::head);
  CHECK(stages({500, 3000}, 0.95) == TrainingStages::head);
  CHECK(stages({500, 3000}, 0.949) == TrainingStages::fine_tuning);
  CHECK(stages({250, 3000}, 0.5) == TrainingStages::fine_tuning);
  CHECK(stages({249, 3000}, 0.5) == TrainingStages::linear_head);
  CHECK_THAT(choose_stages(std::vector<std::int64_t>{249, 300}).reason, Contains("249 pictures of the smallest class"));
  CHECK_THAT(choose_stages(std::vector<std::int64_t>{250}, 0.9123).reason, Contains("0.912"));
  CHECK_THROWS_WITH(choose_stages({}), Contains("no classes"));
}

TEST_CASE("the names of stages read back, and another one is refused with those that there are", "[train][choices]") {
  for (const TrainingStages s : {TrainingStages::linear_head, TrainingStages::head, TrainingStages::fine_tuning})
    CHECK(parse_training_stages(to_string(s)) == s);
  CHECK(to_string(TrainingStages::linear_head) == "linear-head");
  CHECK_THROWS_WITH(parse_training_stages("all"), Contains("\"all\"") && Contains("linear-head, head, fine-tuning"));
}

TEST_CASE("the batch is 32, or as much of it as fits the memory", "[train][choices]") {
  const auto bytes = [](std::int64_t batch) { return 1000000 + batch * 10000000; };
  CHECK(choose_batch(1000, 400000000, bytes).batch == 32);
  CHECK(choose_batch(1000, 321000000, bytes).batch == 32);
  CHECK(choose_batch(1000, 320999999, bytes).batch == 16);
  CHECK(choose_batch(1000, 30000000, bytes).batch == 2);
  CHECK_THAT(choose_batch(1000, 30000000, bytes).reason, Contains("at most 30 MB: 21 MB"));
  CHECK(choose_batch(1000, 1, bytes).batch == 1);
  CHECK_THAT(choose_batch(1000, 1, bytes).reason, Contains("even one sample takes 11 MB"));
  CHECK(choose_batch(5, 400000000, bytes).batch == 5);
  CHECK_THROWS_WITH(choose_batch(0, 1, bytes), Contains("at least 1 sample, got 0"));
}
