// SPDX-License-Identifier: MIT
// Several processes that train on GPUs, as threads of one program that share one GPU.
#include <cstdint>
#include <exception>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/cuda_augmented.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"
#include "cuda/gpu.hpp"
#include "support/checkpointed_run.hpp"
#include "support/from_all.hpp"
#include "support/leaf_run.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"
#include "support/torn_source.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

using Group = std::shared_ptr<ThreadGroup>;

template <class Optimizer = Adam>
std::string trained(const LeafSettings& s, const std::shared_ptr<ProcessGroup>& group = nullptr,
                    const Optimizer& optimizer = {}) {
  return LeafRunOn<Cuda>(Cuda{}, s, group, optimizer).trained();
}

/// Thrown in place of what ends a program.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

}  // namespace

TEST_CASE("any number of processes gives the same bits on GPUs", "[cuda][group]") {
  BRINDLE_TEST_NEEDS_GPU();
  const LeafSettings all[] = {
      {},
      {.leaves = 8, .batch = 8, .epochs = 2, .samples = 42},  // a last batch of fewer samples than leaves
      {.epochs = 2, .trainer = {.clipnorm = 0.1}},
      {.epochs = 2,
       .trainer = {
           .global_clipnorm = 0.1, .gradient_accumulation_steps = 2, .use_ema = true, .swap_ema_weights = true}}};
  for (const LeafSettings& s : all) {
    const std::string alone = trained(s);
    for (const int processes : {1, 2, 4})
      CHECK(from_all(processes, [&](const Group& group) { return trained(s, group); }) == alone);
  }
  const SGD sgd{.learning_rate = 0.01, .momentum = 0.9};
  const std::string alone = trained({.epochs = 2}, nullptr, sgd);
  CHECK(from_all(2, [&](const Group& group) { return trained({.epochs = 2}, group, sgd); }) == alone);
}

TEST_CASE("the processes of GPUs divide what the optimizer remembers", "[cuda][group]") {
  BRINDLE_TEST_NEEDS_GPU();
  for (const auto& error : run_group(4, [](const Group& group) {
         LeafRunOn<Cuda> run(Cuda{}, {.epochs = 1}, group);
         run.fit();
         std::int64_t kept = 0, weights = 0;
         for (std::size_t i = 0; i < run.model().layers().size(); ++i)
           for (std::size_t p = 0; p < run.model().layers()[i]->parameters().size(); ++p) {
             for (const auto& slot : run.trainer().slots(i, p)) kept += slot.size();
             if (run.model().layers()[i]->parameters()[p].learned)
               weights += run.model().layers()[i]->parameters()[p].value.size();
           }
         if (kept < 2 * weights / 4 - 200 || kept > 2 * weights / 4 + 200)
           detail::raise<Error>("a process keeps " + std::to_string(kept) + " of " + std::to_string(2 * weights));
       }))
    CHECK(message_of(error) == "no error");
}

TEST_CASE("a run on GPUs that ends goes on with another number of processes to the same bits", "[cuda][group]") {
  BRINDLE_TEST_NEEDS_GPU();
  const TemporaryFolder folder;
  const std::string whole = trained({});
  for (const auto& [before, after] : {std::pair{1, 4}, std::pair{2, 1}, std::pair{4, 2}}) {
    const auto path = folder / ("run" + std::to_string(before));
    const auto errors = run_group(before, [&](const Group& group) {
      Callback killed;
      killed.step = [done = 0](FitState&) mutable {
        if (++done == 6) throw Killed();
      };
      trained({.checkpoint = checkpoint(path, {.every_seconds = 1e-9}), .callbacks = {killed}}, group);
    });
    for (const auto& error : errors) CHECK_THAT(message_of(error), Contains("killed"));
    CHECK(from_all(after, [&](const Group& group) {
            Callback none;
            none.step = [](FitState&) {};
            return trained(
                {.checkpoint = checkpoint(path, {.every_seconds = 1e-9, .resume = true}), .callbacks = {none}}, group);
          }) == whole);
  }
}

TEST_CASE("layers that a callback freezes are frozen on the GPUs of all processes", "[cuda][group]") {
  BRINDLE_TEST_NEEDS_GPU();
  const auto run = [](const std::shared_ptr<ProcessGroup>& group) {
    LeafRunOn<Cuda>* running = nullptr;
    Callback freezes;
    freezes.epoch = [&](FitState& s) {
      running->model().layers()[0]->trainable = s.epoch == 2;
      running->model().layers()[5]->trainable = s.epoch != 1;
    };
    LeafRunOn<Cuda> r(Cuda{}, {.epochs = 4, .callbacks = {freezes}}, group);
    running = &r;
    return r.trained();
  };
  const std::string alone = run(nullptr);
  for (const int processes : {2, 4}) CHECK(from_all(processes, run) == alone);
  CHECK(trained({.epochs = 4}) != alone);
}

TEST_CASE("samples that GPUs make by themselves are the same for any number of processes", "[cuda][group]") {
  BRINDLE_TEST_NEEDS_GPU();
  const auto run = [](const std::shared_ptr<ProcessGroup>& group) {
    const Cuda on;
    const data::Pictures pictures = random_pictures(21, 12, 5);
    const auto photos =
        data::augmented(on, pictures, {.rotation = 30, .zoom = 0.2, .flip_horizontal = true}, {.seed = 3});
    Sequential model{on, Shape{12, 12, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
    model.initialize(2);
    Trainer trainer{model, Adam{}, BinaryCrossentropy{}, {.leaves = 4, .group = group}};
    return outcome_of<Cuda>(model, trainer, trainer.fit(photos, {.batch = 8, .epochs = 3, .validation = photos}));
  };
  const std::string alone = run(nullptr);
  for (const int processes : {2, 4}) CHECK(from_all(processes, run) == alone);
}

TEST_CASE("what goes wrong in one process of GPUs ends all with one message", "[cuda][group]") {
  BRINDLE_TEST_NEEDS_GPU();
  std::set<std::string> messages;
  for (const auto& error : run_group(4, [](const Group& group) {  // other options
         trained({.batch = group->rank() == 3 ? 11 : 10}, group);
       }))
    messages.insert(message_of(error));
  CHECK(messages.size() == 1);
  CHECK_THAT(*messages.begin(), Contains("its batch is 11, that of rank 0 is 10"));

  messages.clear();
  for (const auto& error : run_group(4, [](const Group& group) {
         LeafRunOn<Cuda> run(Cuda{}, {}, group);
         const Torn torn(run.data());
         run.trainer().fit(torn, {.batch = 10, .epochs = 2});
       }))
    messages.insert(message_of(error));
  CHECK(messages.size() == 1);
  CHECK_THAT(*messages.begin(), Contains("photo.13.jpg: is missing [rank "));

  messages.clear();
  for (const auto& error : run_group(2, [](const Group& group) {  // a loss that is no number, in the second leaf alone
         Tensor<float> x = random_tensor<float>({8, 5}, 3);
         for (std::int64_t i = 20; i < 40; ++i) x[i] *= 1e30f;
         const data::InMemory samples(std::move(x), std::vector<float>{0, 1, 1, 0, 1, 0, 0, 1});
         Sequential model{Cuda{}, Shape{5}, Dense{4}, Dense{1, sigmoid}};
         model.initialize(2);
         Trainer trainer{model, SGD{.learning_rate = 1e20}, BinaryCrossentropy{}, {.leaves = 2, .group = group}};
         trainer.fit(samples, {.batch = 8, .epochs = 9, .shuffle = false});
       }))
    messages.insert(message_of(error));
  CHECK(messages.size() == 1);
  CHECK_THAT(*messages.begin(), Contains("the loss is ") && !Contains("another one is gone"));
}

TEST_CASE("rows of numbers on GPUs are added up as those of the processor", "[cuda][group]") {
  BRINDLE_TEST_NEEDS_GPU();
  for (const int size : {1, 2, 4})
    for (const std::int64_t count : {1, 15, 16, 17, 1000}) {
      const auto row_of = [&](const auto& on, const Group& group, auto numbers) {
        using Device = std::decay_t<decltype(on)>;
        detail::Team team(group);
        detail::TeamRow<float, Device> row;
        const auto n = static_cast<std::size_t>(count);
        row.prepare(on, {numbers.data(), n}, {n / 3, n}, team);
        row.sum();
        row.finish(team);
        row.gather();
        row.finish(team);
        return numbers.template to<Cpu>();
      };
      for (const auto& error : run_group(size, [&](const Group& group) {
             const Tensor<float> mine =
                 random_tensor<float>({count}, 7 + static_cast<std::uint64_t>(group->rank()), -1e3, 1e6);
             const Tensor<float> here = row_of(Cpu{1}, group, mine.clone());
             if (!same_bits(row_of(Cuda{}, group, mine.to<Cuda>()), here)) detail::raise<Error>("the bits differ");
           }))
        CHECK(message_of(error) == "no error");
    }
}
