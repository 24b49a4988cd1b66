// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "brindle/train/trainer.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

data::InMemory watched_samples(std::int64_t n) {
  Tensor<float> x = random_tensor<float>(Shape{n, 6}, 7, 0, 1);
  std::vector<float> labels(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) labels[static_cast<std::size_t>(i)] = x[i * 6] > 0.5f ? 1.0f : 0.0f;
  return data::InMemory(std::move(x), labels);
}

Sequential<float> watched_network() { return Sequential<float>{Cpu{1}, {6}, Dense{8, relu}, Dense{1, sigmoid}}; }

std::vector<float> watched_weights(const Sequential<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.insert(all.end(), p.value.span().begin(), p.value.span().end());
  return all;
}

/// Epochs that a run takes whose figures are these.
std::int64_t epochs_until_stop(const Callback& c, const std::vector<double>& val_loss, double sign = 1) {
  FitState s;
  s.epochs = static_cast<std::int64_t>(val_loss.size());
  if (c.begin) c.begin(s);
  for (const double v : val_loss) {
    ++s.epoch;
    s.val_loss = sign * v, s.val_accuracy = sign * v, s.loss = v;
    c.epoch(s);
    if (s.stop) break;
  }
  return s.epoch;
}

struct Thrown : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A source whose reads fail from a number of them on.
class Failing : public data::Source {
 public:
  Failing(const data::Source& inner, std::int64_t reads) : inner_(&inner), left_(reads) {}
  std::int64_t size() const override { return inner_->size(); }
  Shape sample_shape() const override { return inner_->sample_shape(); }
  TensorView<const float> labels() const override { return inner_->labels(); }
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    if (left_-- == 0) throw Thrown("the disk is gone");
    inner_->read(on, draws, x);
  }

 private:
  const data::Source* inner_;
  mutable std::int64_t left_;
};

std::string text_of_file(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a callback is a plain function, which sees the run and steers it", "[train][callback]") {
  const auto data = watched_samples(32);
  auto model = watched_network();
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  std::vector<double> losses;
  const History h = trainer.fit(data, {.batch = 8,
                                       .epochs = 20,
                                       .callbacks = {{.step = [&](FitState& s) { losses.push_back(s.loss); },
                                                      .epoch =
                                                          [](FitState& s) {
                                                            s.learning_rate *= 0.5;
                                                            s.stop = s.epoch == 3;
                                                          }}}});
  CHECK(h.epochs() == 3);
  CHECK(losses.size() == 12);
  CHECK(trainer.optimizer().learning_rate() == Approx(0.0125));
}

TEST_CASE("a learning rate that a callback sets in the optimizer holds, and two of them are refused",
          "[train][callback]") {
  const auto rate = [](const std::function<void(FitState&, Trainer<float, Cpu>&)>& change) {
    Sequential<float> model{Cpu{1}, {3}, Dense{1}};
    Trainer trainer{model, SGD{.learning_rate = 0.1}, MeanSquaredError{}};
    double seen = 0;  // by a callback behind it
    const Callback changes{.step = [&](FitState& state) {
      if (state.step == 1) change(state, trainer);
    }};
    const Callback looks{.step = [&](FitState& state) { seen = state.learning_rate; }};
    trainer.fit(data::InMemory(Tensor<float>({4, 3}), std::vector<float>{0, 1, 2, 3}),
                {.batch = 2, .epochs = 1, .callbacks = {changes, looks}});
    CHECK(trainer.optimizer().learning_rate() == seen);
    return seen;
  };
  CHECK(rate([](FitState&, Trainer<float, Cpu>& t) { t.optimizer().set_learning_rate(0.03); }) == 0.03);
  CHECK(rate([](FitState& state, Trainer<float, Cpu>&) { state.learning_rate = 0.02; }) == 0.02);
  CHECK_THROWS_WITH(rate([](FitState& state, Trainer<float, Cpu>& t) {
                      t.optimizer().set_learning_rate(0.03);
                      state.learning_rate = 0.02;
                    }),
                    StartsWith("fit: a callback has set the learning rate to 0.03 in the optimizer and to 0.02 in "
                               "FitState; set it in one of them"));
}

TEST_CASE("behind a schedule the optimizer has its rate, and what a callback sets there holds", "[train][callback]") {
  const auto rates = [](bool in_optimizer) {
    Sequential<float> model{Cpu{1}, {3}, Dense{1}};
    Trainer trainer{model, SGD{.learning_rate = 0.01}, MeanSquaredError{}};
    std::vector<double> seen;
    const Callback floor{.step = [&](FitState& state) {
      CHECK(trainer.optimizer().learning_rate() == state.learning_rate);
      const double rate = std::max(state.learning_rate, 0.008);
      if (in_optimizer)
        trainer.optimizer().set_learning_rate(rate);
      else
        state.learning_rate = rate;
      seen.push_back(rate);
    }};
    trainer.fit(data::InMemory(Tensor<float>({10, 3}), std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}),
                {.batch = 2, .epochs = 1, .callbacks = {cosine_decay(), floor}});
    CHECK(trainer.optimizer().learning_rate() == seen.back());
    return seen;
  };
  CHECK(rates(true) == rates(false));
}

TEST_CASE("early stopping ends after as many epochs without improvement as Keras does", "[train][early_stopping]") {
  // Keras: patience 0 and 1 end with the first epoch that is no better; the first epoch never ends it.
  const std::vector<double> run{5, 4, 4, 3, 3.5, 3.4, 3.3, 3.2, 3.1, 3.05};
  CHECK(epochs_until_stop(early_stopping(), run) == 3);
  CHECK(epochs_until_stop(early_stopping({.patience = 1}), run) == 3);
  CHECK(epochs_until_stop(early_stopping({.patience = 2}), run) == 6);
  CHECK(epochs_until_stop(early_stopping({.patience = 3}), run) == 7);
  CHECK(epochs_until_stop(early_stopping({.patience = 6}), run) == 10);
  CHECK(epochs_until_stop(early_stopping({.patience = 7}), run) == 10);
  CHECK(epochs_until_stop(early_stopping({.monitor = Monitor::loss, .patience = 2}), run) == 6);
  CHECK(epochs_until_stop(early_stopping({.monitor = Monitor::val_accuracy, .patience = 2}), run, -1) == 6);
}

TEST_CASE("early stopping takes an improvement of min_delta for none, and skips the first epochs",
          "[train][early_stopping]") {
  const std::vector<double> run{5, 4.5, 4, 3.5, 3, 2.5};
  CHECK(epochs_until_stop(early_stopping({.patience = 1, .min_delta = 0.5}), run) == 2);
  CHECK(epochs_until_stop(early_stopping({.patience = 1, .min_delta = 0.49}), run) == 6);
  CHECK(epochs_until_stop(early_stopping({.monitor = Monitor::val_accuracy, .patience = 1, .min_delta = 0.5}), run,
                          -1) == 2);
  CHECK(epochs_until_stop(early_stopping({.patience = 1, .start_from_epoch = 3}), {1, 2, 3, 4, 5, 6}) == 5);
  CHECK(epochs_until_stop(early_stopping({.monitor = Monitor::loss, .patience = 2}), {5, no_number, no_number, 4}) ==
        3);
}

TEST_CASE("callbacks that watch a figure say before the first step when it will not be measured",
          "[train][callback][errors]") {
  const auto data = watched_samples(16);
  auto model = watched_network();
  const auto before = watched_weights(model);
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  const auto fit = [&](const Callback& c) { trainer.fit(data, {.batch = 8, .callbacks = {c}}); };
  CHECK_THROWS_WITH(fit(early_stopping()), Contains("early_stopping: watches val_loss") && Contains("Monitor::loss"));
  CHECK_THROWS_WITH(fit(keep_best(model, {.monitor = Monitor::val_accuracy})),
                    Contains("keep_best: watches val_accuracy") && Contains("Monitor::accuracy"));
  CHECK_THROWS_WITH(fit(reduce_on_plateau()), Contains("reduce_on_plateau: watches val_loss"));
  CHECK_THROWS_AS(fit(early_stopping({.start_from_epoch = 5})), ValueError);
  CHECK(trainer.steps() == 0);
  CHECK(watched_weights(model) == before);
  for (const Monitor& m : {Monitor::loss, Monitor::accuracy}) {
    CHECK_NOTHROW(fit(early_stopping({.monitor = m})));
    CHECK_NOTHROW(fit(keep_best(model, {.monitor = m})));
    CHECK_NOTHROW(fit(reduce_on_plateau({.monitor = m})));
  }
  Callback look;
  bool validation = true;
  look.begin = [&](FitState& s) { validation = s.validation; };
  fit(look);
  CHECK_FALSE(validation);
  trainer.fit(data, {.batch = 8, .validation = data, .callbacks = {look, early_stopping(), keep_best(model)}});
  CHECK(validation);
  CHECK_THROWS_WITH(early_stopping({.patience = -1}), Contains("patience") && Contains("-1"));
  CHECK_THROWS_AS(early_stopping({.min_delta = no_number}), ValueError);
}

TEST_CASE("keep_best puts the best weights back before an exception leaves fit", "[train][keep_best]") {
  const auto data = watched_samples(64);
  const auto run = [&](const data::Source& source, const std::vector<Callback>& first,
                       const std::vector<Callback>& behind) {
    auto model = watched_network();
    Trainer trainer{model, SGD{.learning_rate = 0.5}, BinaryCrossentropy{}};
    std::vector<float> kept;
    std::vector<Callback> callbacks = first;
    callbacks.push_back(keep_best(model, {.monitor = Monitor::loss}));
    callbacks.push_back({.epoch = [&](FitState& s) {
      if (s.epoch == 2) kept = watched_weights(model);
    }});
    callbacks.insert(callbacks.end(), behind.begin(), behind.end());
    std::string message = "none";
    try {
      trainer.fit(source, {.batch = 16, .epochs = 4, .callbacks = callbacks});
    } catch (const std::exception& e) {
      message = e.what();
    }
    CHECK(trainer.steps() > 8);
    CHECK(watched_weights(model) == kept);
    return message;
  };
  const Callback throws{.step = [](FitState& s) {
    if (s.epoch == 3 && s.step == 2) throw Thrown("a step of a callback");
  }};
  const Callback diverges{.epoch = [](FitState& s) {
    if (s.epoch == 2) s.learning_rate = 1e30;
  }};
  const Callback throws_again{.failed = [](FitState&) { throw Thrown("a second one"); }};
  CHECK(run(data, {}, {throws}) == "a step of a callback");
  CHECK(run(data, {throws_again, throws}, {throws_again}) == "a step of a callback");
  CHECK_THAT(run(data, {}, {diverges}), StartsWith("fit: the loss is"));
  CHECK(run(Failing(data, 10), {}, {}) == "the disk is gone");
  const Callback late{.epoch = [](FitState& s) {
    if (s.epoch == 3) throw Thrown("an epoch of a callback");
  }};
  CHECK(run(data, {late}, {}) == "an epoch of a callback");
}

TEST_CASE("callbacks hear of an exception if they were told of the begin, and of no other end", "[train][callback]") {
  const auto data = watched_samples(16);
  auto model = watched_network();
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  std::string heard;
  const auto listener = [&](const std::string& name) {
    return Callback{.begin = [&heard, name](FitState&) { heard += name + " begins. "; },
                    .end = [&heard, name](FitState&) { heard += name + " ends. "; },
                    .failed = [&heard, name](FitState&) { heard += name + " failed. "; }};
  };
  trainer.fit(data, {.batch = 8, .callbacks = {listener("a")}});
  CHECK(heard == "a begins. a ends. ");
  heard.clear();
  const Callback begins_badly{.begin = [](FitState&) { throw Thrown("begin"); }};
  CHECK_THROWS_AS(trainer.fit(data, {.batch = 8, .callbacks = {listener("a"), begins_badly, listener("b")}}), Thrown);
  CHECK(heard == "a begins. a failed. ");
  heard.clear();
  const Callback ends_badly{.end = [](FitState&) { throw Thrown("end"); }};
  CHECK_THROWS_AS(trainer.fit(data, {.batch = 8, .callbacks = {listener("a"), ends_badly, listener("b")}}), Thrown);
  CHECK(heard == "a begins. b begins. a ends. a failed. b failed. ");
}

TEST_CASE("keep_best puts the weights of the best epoch back when training ends", "[train][keep_best]") {
  const auto data = watched_samples(64);
  auto model = watched_network();
  Trainer trainer{model, SGD{.learning_rate = 0.5}, BinaryCrossentropy{}};
  std::vector<std::vector<float>> after;
  // From the fourth epoch on, steps so long that the validation loss can only rise.
  const History h =
      trainer.fit(data, {.batch = 16,
                         .epochs = 6,
                         .validation = data,
                         .callbacks = {keep_best(model, {.monitor = Monitor::val_loss}), {.epoch = [&](FitState& s) {
                                         after.push_back(watched_weights(model));
                                         if (s.epoch == 3) s.learning_rate = 300;
                                       }}}});
  const auto best = std::min_element(h.val_loss.begin(), h.val_loss.end()) - h.val_loss.begin();
  REQUIRE(best < 5);
  CHECK(watched_weights(model) == after[static_cast<std::size_t>(best)]);
  CHECK(watched_weights(model) != after.back());
}

TEST_CASE("keep_best keeps the first of equals, and begins anew with each fit", "[train][keep_best]") {
  auto model = watched_network();
  const Callback c = keep_best(model, {.monitor = Monitor::val_accuracy});
  const auto set = [&](float value) { model.layer("dense").parameters()[0].value[0] = value; };
  const auto run = [&](const std::vector<double>& accuracies) {
    FitState s;
    c.begin(s);
    for (const double a : accuracies) {
      set(static_cast<float>(++s.epoch));
      s.val_accuracy = a, s.val_loss = 0;
      c.epoch(s);
    }
    c.end(s);
    return model.layer("dense").parameters()[0].value[0];
  };
  CHECK(run({0.5, 0.7, 0.6, 0.7}) == 2);
  CHECK(run({0.5, 0.6}) == 2);
  CHECK(run({no_number, 0.4, 0.3}) == 2);
  CHECK(run({no_number, no_number}) == 1);
  CHECK(run({0.2, no_number}) == 1);
}

TEST_CASE("the CSV logger writes a line an epoch as it happens", "[train][csv_logger]") {
  const TemporaryFolder folder;
  const Callback c = csv_logger(folder / "log.csv");
  FitState s;
  c.begin(s);
  CHECK(text_of_file(folder / "log.csv") == "epoch,loss,accuracy,val_loss,val_accuracy,seconds,learning_rate\n");
  s = {.epoch = 1, .loss = 0.1, .accuracy = 2.0 / 3.0, .seconds = 1.5, .learning_rate = 1e-5};
  c.epoch(s);
  CHECK_THAT(text_of_file(folder / "log.csv"), Catch::EndsWith("\n1,0.1,0.6666666666666666,,,1.5,1e-05\n"));
  s.epoch = 2, s.val_loss = 0.25, s.val_accuracy = 1;
  c.epoch(s);
  CHECK_THAT(text_of_file(folder / "log.csv"), Catch::EndsWith("\n2,0.1,0.6666666666666666,0.25,1,1.5,1e-05\n"));
  c.begin(s);  // a second fit() goes on
  c.epoch(s);
  const std::string text = text_of_file(folder / "log.csv");
  CHECK(std::count(text.begin(), text.end(), '\n') == 4);
}

TEST_CASE("the CSV logger begins anew, or goes on behind an older log", "[train][csv_logger]") {
  const TemporaryFolder folder;
  const auto data = watched_samples(16);
  const auto run = [&](bool append) {
    auto model = watched_network();
    Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
    trainer.fit(data, {.batch = 8,
                       .epochs = 2,
                       .validation = data,
                       .callbacks = {csv_logger(folder / "log.csv", {.append = append})}});
    const std::string text = text_of_file(folder / "log.csv");
    return std::count(text.begin(), text.end(), '\n');
  };
  CHECK(run(true) == 3);
  CHECK(run(true) == 5);
  CHECK(run(false) == 3);

  // A fit with other metrics would write rows of other columns.
  auto model = watched_network();
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  const Callback logger = csv_logger(folder / "log.csv", {.append = true});
  FitOptions options{.batch = 8, .epochs = 1, .validation = data, .callbacks = {logger}};
  trainer.fit(data, options);
  options.metrics = {metrics::auc()};
  CHECK_THROWS_WITH(trainer.fit(data, options), Contains("log.csv: ") && Contains("learning_rate,val_auc;"));
  options.callbacks = {csv_logger(folder / "log.csv", {.append = true})};
  CHECK_THROWS_AS(trainer.fit(data, options), ValueError);
  const std::string text = text_of_file(folder / "log.csv");
  CHECK(std::count(text.begin(), text.end(), '\n') == 4);

  // What another program has saved may end its lines with \r\n.
  std::string saved;
  for (const char c : text) saved += c == '\n' ? "\r\n" : std::string(1, c);
  replace_file(folder / "saved.csv", saved);
  options.metrics = {};
  options.callbacks = {csv_logger(folder / "saved.csv", {.append = true})};
  CHECK_NOTHROW(trainer.fit(data, options));

  CHECK_THROWS_WITH(csv_logger(folder / "none" / "log.csv").begin(*std::make_unique<FitState>()),
                    StartsWith((folder / "none").string()));
}
