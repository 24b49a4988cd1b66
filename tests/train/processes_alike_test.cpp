// SPDX-License-Identifier: MIT
// Processes that are to train together, and are not given the same.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/data/in_memory.hpp"
#include "support/from_all.hpp"
#include "support/leaf_run.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

TEST_CASE("processes that are not of one run are told what differs before the first step", "[train][group]") {
  const auto message = [&](const auto& different) {
    int steps = 0;
    const std::string text = failed_by<ValueError>(2, [&](const Group& group) {
      LeafSettings s;
      s.callbacks = {{.step = [&](FitState&) { ++steps; }}};
      if (group->rank() == 1) different(s);
      LeafRun run(s, group);
      if (group->rank() == 1 && s.epochs == 77) run.model().layers()[0]->parameters()[0].value[0] += 1;
      run.fit();
    });
    CHECK(steps == 0);
    return text;
  };
  CHECK_THAT(message([](LeafSettings& s) { s.batch = 20; }),
             Contains("its batch is 20, that of rank 0 is 10") && Contains("[rank 1 of 2]"));
  CHECK_THAT(message([](LeafSettings& s) { s.samples = 42; }),
             Contains("number of samples is 42") && Contains("checksum of the labels"));
  CHECK_THAT(message([](LeafSettings& s) { s.leaves = 8; }), Contains("leaves is 8, that of rank 0 is 4"));
  CHECK_THAT(message([](LeafSettings& s) { s.epochs = 5; }), Contains("number of epochs is 5"));
  CHECK_THAT(message([](LeafSettings& s) { s.epochs = 77; }), Contains("checksum of the weights"));
  CHECK_THAT(message([](LeafSettings& s) { s.callbacks.clear(); }), Contains("its number of callbacks is 2"));
  CHECK_THAT(message([](LeafSettings& s) { s.change = [](FitOptions& o) { o.epochs = 0; }; }),
             Contains("epochs must be at least 1") && Contains("[rank 1 of 2]"));
}

TEST_CASE("loops of train_on_batch whose processes are not of one run are told what differs", "[train][group]") {
  struct Loop {
    LeafSettings settings = {};
    std::int64_t samples = 10;
    float added = 0;  // to a weight, before the first step
    Adam optimizer = {};
  };
  const auto message = [](const auto& different) {
    return failed_by<ValueError>(2, [&](const Group& group) {
      Loop loop;
      if (group->rank() == 1) different(loop);
      LeafRun run(loop.settings, group, loop.optimizer);
      run.model().layers()[0]->parameters()[0].value[0] += loop.added;
      const auto step = [&](std::int64_t n) {
        Tensor<float> x({n, 12, 12, 3}), labels({n, 1});
        labels[3] = 1;
        run.trainer().train_on_batch(x.view(), labels.view());
      };
      step(10);
      auto state = run.trainer().optimizer_state();
      if (group->rank() == 1) state.slots[0].value[0] += 1;
      run.trainer().set_optimizer_state(state);
      step(loop.samples);
    });
  };
  CHECK_THAT(message([](Loop& l) { l.added = 1; }),
             StartsWith("train_on_batch: a process is not of the same run: its checksum of the weights is") &&
                 EndsWith("[rank 1 of 2]"));
  CHECK_THAT(message([](Loop& l) { l.settings.leaves = 8; }), Contains("leaves is 8, that of rank 0 is 4"));
  CHECK_THAT(message([](Loop& l) { l.optimizer.learning_rate = 0.5; }), Contains("its learning rate is 0.5"));
  CHECK_THAT(message([](Loop& l) { l.settings.trainer.use_ema = true; }), Contains("its optimizer is"));
  CHECK_THAT(message([](Loop&) {}), Contains("its checksum of the optimizer's state is"));
}

TEST_CASE("processes that are given batches of other sizes are told so, and no weight is changed", "[train][group]") {
  std::vector<std::string> before(2), behind(2);
  const std::string message = failed_by<ValueError>(2, [&](const Group& group) {
    const auto rank = static_cast<std::size_t>(group->rank());
    LeafRun run({}, group);
    const auto weights = [&] {
      Checksum sum;
      for (const auto& layer : run.model().layers())
        for (const auto& p : std::as_const(*layer).parameters())
          sum.add_numbers(p.value.data(), static_cast<std::size_t>(p.value.size()));
      return sum.text();
    };
    const std::int64_t n = rank == 1 ? 12 : 10;
    Tensor<float> x({n, 12, 12, 3}), labels({n, 1});
    labels[3] = 1;
    before[rank] = weights();
    try {
      run.trainer().train_on_batch(x.view(), labels.view());
    } catch (...) {
      behind[rank] = weights();
      throw;
    }
  });
  CHECK_THAT(message, Contains("here one of 10 samples") && Contains("[rank 0 of 2]") &&
                          Contains("here one of 12 samples") && Contains("[rank 1 of 2]"));
  CHECK(behind == before);
}

TEST_CASE("processes that are given other batches of the same size are told so", "[train][group]") {
  const auto message = [](const auto& different) {
    return failed_by<ValueError>(4, [&](const Group& group) {
      LeafRun run({}, group);
      Tensor<float> x({10, 12, 12, 3}), labels({10, 1});
      labels[3] = 1;
      run.trainer().train_on_batch(x.view(), labels.view());
      if (group->rank() == 2) different(x, labels, run.trainer().optimizer());
      run.trainer().train_on_batch(x.view(), labels.view());
    });
  };
  const auto told = StartsWith("train_on_batch: processes were given other batches, here one of 10 samples; give all");
  CHECK_THAT(message([](auto& x, auto&, auto&) { x[17] = 1; }), told);
  CHECK_THAT(message([](auto&, auto& labels, auto&) { labels[4] = 1; }), told);
  CHECK_THAT(message([](auto&, auto&, auto& optimizer) { optimizer.set_learning_rate(0.5); }),
             StartsWith("train_on_batch: processes were given other learning rates, here 0.001") &&
                 Contains("here 0.5; set it in all of them"));
}

TEST_CASE("processes that evaluate or predict something else are told what differs", "[train][group]") {
  struct Pass {
    std::int64_t samples = 11, batch = 4, times = 2;
    float added = 0;  // to a weight
    std::vector<float> sample_weight = std::vector<float>(11, 1.0f);
  };
  const auto message = [](const auto& different, const auto& call) {
    return failed_by<ValueError>(2, [&](const Group& group) {
      Pass pass;
      LeafRun run({}, group);
      if (group->rank() == 1) different(pass);
      run.model().layers()[0]->parameters()[0].value[0] += pass.added;
      call(run.trainer(), random_pictures(pass.samples, 12, pass.samples == 11 ? 6 : 7), pass);
    });
  };
  const auto evaluate = [](Trainer<float, Cpu>& t, const data::Source& s, const Pass& pass) {
    t.evaluate(s, {.batch = pass.batch, .sample_weight = pass.sample_weight});
  };
  const auto predict = [](Trainer<float, Cpu>& t, const data::Source& s, const Pass& pass) {
    t.predict(s, pass.batch);
  };
  const auto averaged = [](Trainer<float, Cpu>& t, const data::Source& s, const Pass& pass) {
    t.predict_averaged(s, pass.times, pass.batch);
  };
  CHECK_THAT(message([](Pass& p) { p.added = 1; }, evaluate),
             StartsWith("evaluate: a process is not of the same run: its checksum of the weights is") &&
                 EndsWith("[rank 1 of 2]"));
  CHECK_THAT(message([](Pass& p) { p.batch = 5; }, evaluate), Contains("its batch is 5, that of rank 0 is 4"));
  CHECK_THAT(message([](Pass& p) { p.sample_weight[3] = 2; }, evaluate),
             Contains("its checksum of the sample weights is"));
  CHECK_THAT(message([](Pass& p) { p.samples = 12; }, predict),
             StartsWith("predict: ") && Contains("its number of samples is 12, that of rank 0 is 11") &&
                 Contains("checksum of the labels"));
  CHECK_THAT(message([](Pass& p) { p.added = 1; }, predict), Contains("its checksum of the weights is"));
  CHECK_THAT(message([](Pass& p) { p.times = 3; }, averaged),
             StartsWith("predict_averaged: ") && Contains("its number of times is 3, that of rank 0 is 2"));
}

TEST_CASE("processes with other networks are told so in any call", "[train][group]") {
  for (const std::string call : {"fit", "train_on_batch", "evaluate", "predict"}) {
    const std::string message = failed_by<ValueError>(2, [&](const Group& group) {
      Sequential<float> model{Cpu{1}, {3}, Dense{group->rank() == 1 ? 5 : 4}, Dense{1}};
      Trainer trainer{model, SGD{}, MeanSquaredError{}, {.leaves = 2, .group = group}};
      const Tensor<float> x({4, 3}), labels({4, 1});
      const std::vector<float> numbers{0, 1, 2, 3};
      const data::InMemory samples(x.clone(), numbers);
      if (call == "fit") trainer.fit(samples, {.batch = 4});
      if (call == "train_on_batch") trainer.train_on_batch(x.view(), labels.view());
      if (call == "evaluate") trainer.evaluate(samples);
      if (call == "predict") trainer.predict(samples);
    });
    CHECK_THAT(message, StartsWith(call + ": ") &&
                            Contains("a process is not of the same run: its layer 1 is Dense \"dense\" (units 5") &&
                            EndsWith("[rank 1 of 2]"));
  }
}

TEST_CASE("processes that are in different calls are told who is in which, and nobody waits", "[train][group]") {
  const data::Pictures holdout = random_pictures(5, 12, 8);
  const auto message = [&](int processes, const auto& callback, const auto& behind) {
    return failed_by<ValueError>(processes, [&](const Group& group) {
      LeafSettings s{.epochs = 1};
      LeafRun* trains = nullptr;
      s.callbacks = {callback(group, trains)};
      LeafRun run(s, group);
      trains = &run;
      run.fit();
      behind(group, run);
      run.fit();
    });
  };
  const auto none = [](const Group&, LeafRun*&) { return Callback{}; };
  const auto nothing = [](const Group&, LeafRun&) {};
  const auto evaluated = message(
      4,
      [&](const Group& group, LeafRun*& run) {
        return Callback{.epoch = [&, group](FitState&) {
          if (group->rank() == 2) run->trainer().evaluate(holdout);
        }};
      },
      nothing);
  CHECK_THAT(evaluated, Contains("rank 2 in evaluate(), rank 3 in a callback of fit()") &&
                            Contains("in all of them, not in one rank alone"));
  const auto state = message(
      2,
      [&](const Group&, LeafRun*& run) {
        return Callback{.epoch = [&](FitState&) { run->trainer().optimizer_state(); }, .once = true};
      },
      nothing);
  CHECK_THAT(state, Contains("rank 0 in optimizer_state(), rank 1 in a callback of fit()"));
  const auto alone = message(4, none, [&](const Group& group, LeafRun& run) {
    if (group->rank() == 0) run.trainer().predict(holdout);
  });
  CHECK_THAT(alone, Contains("rank 0 in predict(), rank 1 in fit()"));
  const auto averaged = message(2, none, [&](const Group& group, LeafRun& run) {
    if (group->rank() == 0)
      run.trainer().predict_averaged(holdout, 2);
    else
      run.trainer().set_optimizer_state({});
  });
  CHECK_THAT(averaged, Contains("rank 0 in predict_averaged(), rank 1 in set_optimizer_state()"));
}

TEST_CASE("processes that have parted exchange nothing more", "[train][group]") {
  const data::Pictures holdout = random_pictures(5, 12, 8);
  const std::string message = failed_by<ValueError>(2, [&](const Group& group) {
    LeafRun run({.epochs = 1}, group);
    try {
      if (group->rank() == 0)
        run.trainer().evaluate(holdout);
      else
        run.trainer().predict(holdout);
    } catch (const ValueError&) {
    }
    run.fit();
  });
  CHECK_THAT(message, Contains("rank 0 in evaluate(), rank 1 in predict()"));
}

TEST_CASE("a call that one process makes of another trainer of the group is told as well", "[train][group]") {
  const data::Pictures holdout = random_pictures(5, 12, 8);
  for (const int processes : {2, 4}) {
    const std::string message = failed_by<ValueError>(processes, [&](const Group& group) {
      LeafRun other({.epochs = 1}, group);
      LeafSettings s{.epochs = 1};
      s.callbacks = {{.step = [&](FitState&) {
        if (group->rank() == 1) other.trainer().evaluate(holdout);
      }}};
      LeafRun(s, group).fit();
    });
    CHECK_THAT(message, Contains("in evaluate()") && Contains("in a callback of fit()"));
  }
  CHECK_THAT(failed_by<ValueError>(2,
                                   [&](const Group& group) {
                                     LeafRun run({.trainer = {.use_ema = true}}, group);
                                     if (group->rank() == 0)
                                       run.trainer().finalize_variable_values();
                                     else
                                       run.fit();
                                   }),
             Contains("rank 0 in finalize_variable_values(), rank 1 in fit()"));
}

TEST_CASE("a weight that a callback changes in one process alone ends the epoch", "[train][group]") {
  int epochs = 0;
  const std::string message = failed_by<ValueError>(4, [&](const Group& group) {
    LeafRun* trains = nullptr;
    LeafSettings s;
    s.callbacks = {{.epoch = [&](FitState& state) {
      if (group->rank() == 0) epochs = static_cast<int>(state.epoch);
      if (group->rank() == 3 && state.epoch == 2) trains->model().layers()[0]->parameters()[0].value[0] += 1;
    }}};
    LeafRun run(s, group);
    trains = &run;
    run.fit();
  });
  CHECK_THAT(message,
             StartsWith("fit: behind epoch 2 a process has other weights than rank 0") && EndsWith("[rank 3 of 4]"));
  CHECK(epochs == 2);
}

TEST_CASE("a weight that is not finite in one process alone ends the epoch in all", "[train][group]") {
  for (const int failing : {0, 1}) {
    const std::string message = failed_by<NumericsError>(2, [&](const Group& group) {
      LeafSettings s;
      LeafRun* trained = nullptr;
      s.callbacks = {{.step = [&](FitState& state) {
        if (state.epoch == 1 && state.step == state.steps && group->rank() == failing)
          trained->model().layers()[0]->parameters()[0].value[0] = std::numeric_limits<float>::infinity();
      }}};
      LeafRun run(s, group);
      trained = &run;
      run.fit();
    });
    CHECK_THAT(message, StartsWith("fit: after epoch 1 the kernel of ") &&
                            EndsWith("[rank " + std::to_string(failing) + " of 2]"));
  }
}

TEST_CASE("a learning rate that a callback sets is that of all, or is refused", "[train][group]") {
  for (const bool once : {false, true}) {
    std::vector<double> rates(4);
    for (const auto& error : run_group(4, [&](const Group& group) {
           LeafSettings s{.epochs = 1};
           s.callbacks = {{.epoch = [](FitState& state) { state.learning_rate *= 0.5; }, .once = once}};
           LeafRun run(s, group, Adam{.learning_rate = 0.01});
           run.fit();
           rates[static_cast<std::size_t>(group->rank())] = run.trainer().optimizer().learning_rate();
         }))
      CHECK(message_of(error) == "no error");
    CHECK(rates == std::vector<double>(4, 0.005));
  }
  const auto message = [](const auto& rate) {
    return failed_by<ValueError>(4, [&](const Group& group) {
      LeafSettings s{.epochs = 1};
      s.callbacks = {{.epoch = [&](FitState& state) { rate(group->rank(), state.learning_rate); }}};
      LeafRun(s, group).fit();
    });
  };
  CHECK_THAT(message([](int rank, double& rate) { rate = rank == 3 ? 0.5 : rate; }),
             StartsWith("fit: a callback has set the learning rate to 0.5 in one process, and not in all"));
  CHECK_THAT(message([](int rank, double& rate) { rate = 0.25 * (rank + 1); }), Contains("in one process"));
}

TEST_CASE("a learning rate that a callback sets in the optimizer is that of all, or is refused", "[train][group]") {
  const auto rates_set = [](bool once, const auto& wanted) {
    std::vector<double> rates(4);
    const auto errors = run_group(4, [&](const Group& group) {
      const auto rank = static_cast<std::size_t>(group->rank());
      LeafRun* trains = nullptr;
      LeafSettings s{.epochs = 1};
      s.callbacks = {{.step =
                          [&](FitState& state) {
                            if (state.step == 1 && wanted(group->rank()))
                              trains->trainer().optimizer().set_learning_rate(0.005);
                          },
                      .once = once}};
      LeafRun run(s, group, Adam{.learning_rate = 0.01});
      trains = &run;
      run.fit();
      rates[rank] = run.trainer().optimizer().learning_rate();
    });
    for (const auto& error : errors)
      if (error) std::rethrow_exception(error);
    return rates;
  };
  // The rate goes back to what it was in front of all callbacks: by another one, which is called in all processes.
  std::vector<double> back(2);
  for (const auto& error : run_group(2, [&](const Group& group) {
         LeafRun* trains = nullptr;
         LeafSettings s{.epochs = 1};
         const Callback sets{.step = [&](FitState&) { trains->trainer().optimizer().set_learning_rate(0.005); },
                             .once = true};
         const Callback resets{.step = [](FitState& state) { state.learning_rate = 0.01; }};
         s.callbacks = {sets, resets};
         LeafRun run(s, group, Adam{.learning_rate = 0.01});
         trains = &run;
         run.fit();
         back[static_cast<std::size_t>(group->rank())] = run.trainer().optimizer().learning_rate();
       }))
    CHECK(message_of(error) == "no error");
  CHECK(back == std::vector<double>(2, 0.01));

  const std::vector<double> all(4, 0.005);
  CHECK(rates_set(false, [](int) { return true; }) == all);
  CHECK(rates_set(true, [](int) { return true; }) == all);
  CHECK_THROWS_WITH(rates_set(false, [](int rank) { return rank == 2; }),
                    StartsWith("fit: a callback has set the learning rate to 0.005 in one process, and not in all"));
}

TEST_CASE("a callback may do without some functions in some processes", "[train][group]") {
  // As one that shows each step where there is a terminal. What it asks for in one process holds for all.
  std::vector<std::int64_t> steps(2);
  const auto errors = run_group(2, [&](const Group& group) {
    Callback c{.begin = [](FitState&) {}};
    if (group->rank() == 1) c = {.step = [](FitState& s) { s.pause = s.step == 3; }, .end = [](FitState&) {}};
    LeafRun run({.callbacks = {c}}, group);
    run.fit();
    steps[static_cast<std::size_t>(group->rank())] = run.trainer().steps();
  });
  for (const auto& error : errors) CHECK(message_of(error) == "no error");
  CHECK(steps == std::vector<std::int64_t>{3, 3});
}

TEST_CASE("three processes, or more than leaves, are refused", "[train][group]") {
  CHECK_THAT(message_of(run_group(3, [](const Group& group) { LeafRun({}, group); })[0]),
             Contains("power of two, got 3; start 2 or 4"));
  CHECK_THAT(message_of(run_group(4, [](const Group& group) { LeafRun({.leaves = 2}, group); })[3]),
             Contains("4 processes need as many leaves or more, got leaves 2"));
}
