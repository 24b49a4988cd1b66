// SPDX-License-Identifier: MIT
#include "brindle/train/shared_weights.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/error.hpp"
#include "brindle/nn/library_losses.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/report/progress_line.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/interrupt.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "support/from_all.hpp"
#include "support/leaf_run.hpp"
#include "support/own_layer.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// The large dense layer of LeafRun, and its kernel.
constexpr std::size_t dense = 5;
const Tensor<float>& large(const Model<float>& model) {
  const Tensor<float>& kernel = std::as_const(*model.layers()[dense]).parameters()[0].value;
  if (kernel.size() < 1 << 18) throw std::logic_error("that is not a large one");
  return kernel;
}

/// A callback whose step changes no weights, and says so.
Callback keeping(std::function<void(FitState&)> step) {
  Callback callback;
  callback.keeps_weights = true;
  callback.step = std::move(step);
  return callback;
}

/// A loss of one's own, which does nothing.
class UnknownLoss final : public Loss<float, Cpu> {
 public:
  std::string type() const override { return "Unknown"; }
  Config config() const override { return {}; }
  bool takes_logits_of(ActivationFunction) const override { return false; }
  void prepare(std::int64_t) override {}
  void check(const std::string&, TensorView<const float>, const Shape&) const override {}
  void operator()(const Cpu&, bool, TensorView<const float>, TensorView<const float>, TensorView<const float>,
                  TensorView<float>, TensorView<float>) override {}
};

/// Trains, and notes where the large kernel is in a step and behind an epoch.
struct Noted {
  std::mutex mutex;
  std::set<const float*> in_step, behind;

  std::string train(const Group& group, Callback step = keeping({})) {
    const Model<float>* model = nullptr;
    const auto note = [this, &model](std::set<const float*>& into) {
      const std::lock_guard<std::mutex> lock(mutex);
      into.insert(large(*model).data());
    };
    LeafSettings s;
    s.epochs = 2;
    step.step = [&](FitState&) { note(in_step); };
    s.callbacks = {step, {.epoch = [&](FitState&) { note(behind); }}};
    LeafRun run(s, group);
    model = &run.model();
    return run.trained();
  }
};

std::string two_epochs() { return LeafRun({.epochs = 2}).trained(); }

}  // namespace

TEST_CASE("processes of one machine have large weights once while they train, with the same bits", "[train][group]") {
  for (const int processes : {2, 4}) {
    Noted noted;
    CHECK(from_all(
              processes, [&](const Group& g) { return noted.train(g); }, processes) == two_epochs());
    CHECK(noted.in_step.size() == 1);
    CHECK(noted.behind.size() == static_cast<std::size_t>(processes));
    CHECK(noted.behind.count(*noted.in_step.begin()) == 0);
  }
}

TEST_CASE("weights are each process's own where a step may change them, or there is no room", "[train][group]") {
  Noted noted;
  SECTION("a callback of one process does not say that it keeps them") {
    const auto train = [&](const Group& g) { return noted.train(g, g->rank() == 0 ? keeping({}) : Callback{}); };
    CHECK(from_all(2, train, 2) == two_epochs());
    CHECK(noted.in_step == noted.behind);
  }
  SECTION("a machine with room for the sums alone") {
    const auto train = [&](const Group& g) {
      g->set_room(std::size_t{5} << 20);  // of 4.4 MB, and 2.2 MB for the weights
      return noted.train(g);
    };
    CHECK(from_all(2, train, 2) == two_epochs());
    CHECK(noted.in_step == noted.behind);
  }
  SECTION("a callback that only looks does not say so, and has a view from before") {
    const auto train = [](const Group& group) {
      std::string seen;
      TensorView<const float> kernel;
      LeafSettings s;
      s.callbacks = {{.step = [&](FitState&) { seen += std::to_string(kernel[7]) + " "; }, .once = true}};
      LeafRun run(s, group);
      kernel = large(run.model()).view();
      run.fit();
      return group && group->rank() > 0 ? std::string("the others are not asked") : seen;
    };
    std::set<std::string> seen;
    std::mutex mutex;
    for (const auto& error : run_group(
             2,
             [&](const Group& group) {
               const std::string one = train(group);
               const std::lock_guard<std::mutex> lock(mutex);
               seen.insert(one);
             },
             nullptr, 2))
      CHECK(message_of(error) == "no error");
    CHECK(seen.count(train(nullptr)) == 1);
  }
  SECTION("several machines") {
    CHECK(from_all(
              4, [&](const Group& g) { return noted.train(g); }, 2) == two_epochs());
    CHECK(noted.in_step == noted.behind);
  }
  SECTION("a callback that changes them, as often as there are steps") {
    const auto train = [](const Group& group) {
      Model<float>* model = nullptr;
      LeafSettings s;
      s.epochs = 1;
      s.callbacks = {{.step = [&](FitState&) {
        for (float& w : model->layers()[dense]->parameters()[0].value.span()) w *= 0.99f;
      }}};
      LeafRun run(s, group);
      model = &run.model();
      return run.trained();
    };
    const std::string alone = train(nullptr);
    CHECK(alone != LeafRun({.epochs = 1}).trained());
    CHECK(from_all(4, train, 4) == alone);
  }
}

TEST_CASE("weights are shared where all who read them are known", "[train][group]") {
  const auto may = [](const Model<float>& model, const Loss<float, Cpu>& loss, const std::vector<Callback>& callbacks) {
    return detail::SharedWeights<float>::may_share(model, loss, callbacks);
  };
  const Sequential<float> model{{8}, Dense{4, relu}, Dense{1, sigmoid}}, own{{8}, Twice{}, Dense{1, sigmoid}};
  const auto loss = detail::make_loss<float, Cpu>(BinaryCrossentropy{});
  const Callback behind{.epoch = [](FitState&) {}}, step{.step = [](FitState&) {}},
      once{.step = step.step, .once = true};
  CHECK(may(model, *loss, {}));
  CHECK(may(model, *loss, {behind, keeping(step.step)}));
  CHECK_FALSE(may(model, *loss, {step}));
  CHECK_FALSE(may(model, *loss, {keeping(step.step), once}));
  CHECK_FALSE(may(own, *loss, {}));
  CHECK_FALSE(may(model, UnknownLoss(), {}));
  const Interrupt interrupt;
  CHECK(may(model, *loss, {report::progress_line(), pause_on(interrupt), cosine_decay({.decay_steps = 9})}));
  const auto known = [](const auto& description) {
    return detail::is_loss_of_the_library(detail::make_loss<float, Cpu>(description)->type());
  };
  CHECK((known(BinaryFocalCrossentropy{}) && known(CategoricalCrossentropy{}) &&
         known(CategoricalFocalCrossentropy{}) && known(SparseCategoricalCrossentropy{}) && known(MeanSquaredError{}) &&
         known(MeanAbsoluteError{}) && known(Huber{})));
}

TEST_CASE("shared weights are scheduled, averaged, clipped and penalized as those of one process", "[train][group]") {
  LeafSettings s;
  s.epochs = 2;
  SECTION("clipped") { s.trainer.global_clipnorm = 0.01; }
  SECTION("averaged") {
    s.trainer.use_ema = true;
    s.trainer.ema_momentum = 0.7;
    s.trainer.ema_overwrite_frequency = 3;
    s.trainer.swap_ema_weights = true;
    s.trainer.gradient_accumulation_steps = 2;
  }
  const auto train = [&](const Group& group) {
    LeafSettings own = s;
    own.callbacks = {cosine_decay({.decay_steps = 6})};
    LeafRun run(own, group);
    run.model().layers()[dense]->set_l2(0, 1e-4);
    return run.trained();
  };
  CHECK(from_all(4, train, 4) == train(nullptr));
}

TEST_CASE("weights that differ before the first step are refused, not taken from another process", "[train][group]") {
  const std::string message = failed_by<ValueError>(
      2,
      [](const Group& group) {
        Model<float>* model = nullptr;
        LeafSettings s;
        s.callbacks = {{.begin = [&](FitState&) {
          if (group->rank() == 1) model->layers()[dense]->parameters()[0].value[7] += 1;
        }}};
        LeafRun run(s, group);
        model = &run.model();
        run.fit();
      },
      2);
  CHECK_THAT(message, Contains("fit: before epoch 1 a process has other weights than rank 0"));
}

TEST_CASE("behind an exception each process has its own weights, those of the steps that are done", "[train][group]") {
  const auto train = [](const Group& group) {
    LeafSettings s;
    s.callbacks = {keeping([](FitState& at) {
      if (at.epoch == 2 && at.step == 2) detail::raise<Error>("the callback has had enough");
    })};
    LeafRun run(s, group);
    const float* before = large(run.model()).data();
    std::string found;
    try {
      run.fit();
    } catch (const Error& e) {
      found = e.what();
    }
    if (large(run.model()).data() != before) detail::raise<Error>("the weights are still shared");
    Checksum sum;
    sum.add_numbers(before, static_cast<std::size_t>(large(run.model()).size()));
    const History more = run.trainer().fit(run.data(), {.batch = 10});  // shares them again
    return found.substr(0, 28) + sum.text() + outcome_of<Cpu>(run.model(), run.trainer(), more);
  };
  const std::string alone = train(nullptr);
  CHECK_THAT(alone, Contains("the callback has had enough"));
  CHECK(from_all(2, train, 2) == alone);
}

TEST_CASE("shared weights go on from a checkpoint within an epoch, and where layers are frozen", "[train][group]") {
  const TemporaryFolder folder;
  const auto train = [&](const Group& group, bool pauses) {
    Model<float>* model = nullptr;
    LeafSettings s;
    s.epochs = 4;
    s.callbacks = {{.epoch =
                        [&](FitState& at) {
                          if (at.epoch == 1) model->layers()[0]->trainable = false;
                          if (at.epoch == 2) model->layers()[dense]->trainable = false;
                          if (at.epoch == 3) model->layers()[dense]->trainable = true;
                        }},
                   keeping([&](FitState& at) { at.pause = pauses && at.epoch == 2 && at.step == 2; })};
    if (group) s.checkpoint = checkpoint(folder / "run.checkpoint", {.resume = true});
    LeafRun run(s, group);
    model = &run.model();
    return run.trained();
  };
  from_all(
      4, [&](const Group& g) { return train(g, true); }, 4);
  CHECK(from_all(
            2, [&](const Group& g) { return train(g, false); }, 2) == train(nullptr, false));
}

TEST_CASE("a layer that a step freezes gives the weights back in all processes before one goes on", "[train][group]") {
  const auto train = [](const Group& group) {
    Model<float>* model = nullptr;
    LeafSettings s;
    s.epochs = 2;
    s.callbacks = {keeping([&](FitState& at) {
      if (at.epoch == 1 && at.step == 2) model->layers()[0]->trainable = false;
    })};
    LeafRun run(s, group);
    model = &run.model();
    return run.trained();
  };
  CHECK(from_all(4, train, 4) == train(nullptr));
}

TEST_CASE("trainers that had weights in common are moved, also into another", "[train][group]") {
  static_assert(std::is_nothrow_move_constructible_v<Trainer<float, Cpu>> &&
                std::is_move_assignable_v<Trainer<float, Cpu>>);
  const auto train = [](const Group& group) {
    LeafRun run({.epochs = 1}, group), other({.epochs = 1}, group);
    run.fit();
    other.fit();
    other.trainer() = std::move(run.trainer());
    const History more = other.trainer().fit(run.data(), {.batch = 10});
    return outcome_of<Cpu>(run.model(), other.trainer(), more);
  };
  CHECK(from_all(2, train, 2) == train(nullptr));
}
