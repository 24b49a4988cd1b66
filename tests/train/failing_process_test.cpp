// SPDX-License-Identifier: MIT
// What is thrown in one process, at any place of a run, leaves all processes with one message.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/data/source_view.hpp"
#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/keep_best.hpp"
#include "support/allocations.hpp"
#include "support/double_models.hpp"
#include "support/from_all.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// Calls of code of the user's own in this thread until one of them throws; below 0: none does.
thread_local std::int64_t calls_left = -1;

void call() {
  if (calls_left >= 0 && calls_left-- == 0) throw std::runtime_error("enough");
}

/// Gradient descent with a momentum.
template <class T, class Device>
class OwnOptimizer final : public Optimizer<T, Device> {
 public:
  std::string type() const override { return "Own"; }
  Config config() const override {
    call();
    return {{"learning_rate", rate_}};
  }
  int slots() const override { return 1; }
  double learning_rate() const override { return rate_; }
  void set_learning_rate(double rate) override {
    call();
    rate_ = rate;
  }
  void update(const Device&, std::int64_t, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    call();
    for (std::int64_t i = 0; i < w.size(); ++i) {
      slots[0].data[i] = T(0.9) * slots[0].data[i] + g.data[i];
      w.data[i] -= static_cast<T>(rate_) * slots[0].data[i];
    }
  }
  double rate_factor(const ParameterName&) const override {
    call();
    return 1;
  }

 private:
  double rate_ = 0.01;
};

struct Own {
  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const {
    return std::make_unique<OwnOptimizer<T, Device>>();
  }
};

/// The identity, with a number that follows the gradients' mean.
template <class T, class Device>
class OwnLayer final : public Layer<T, Device> {
 public:
  std::string type() const override { return "Own"; }
  std::string default_name() const override { return "own"; }
  Config config() const override {
    call();
    return {};
  }
  Shape output_shape(const Shape& x) const override { return x; }
  std::vector<ParameterSpec> parameter_specs(const Shape&) const override {
    return {{.name = "seen", .shape = {1}, .initializer = Initializer::zeros(), .learned = false}};
  }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override {
    call();
    return {};
  }
  void forward(const Pass<T, Device>&, In<T, Device> x, Out<T, Device> y) const override {
    call();
    std::copy_n(x.data, x.size(), y.data);
  }
  void backward(const Pass<T, Device>&, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    call();
    if (!dx.empty()) std::copy_n(dy.data, dy.size(), dx.data);
    if (!gradients.into.empty()) gradients.into[0].data[0] = dy.data[0];
  }
  void follow(const Device&, std::size_t, Out<T, Device> value, In<T, Device> now) const override {
    call();
    value.data[0] += T(0.1) * (now.data[0] - value.data[0]);
  }
};

struct OwnDescription {
  std::string name = {};
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return std::make_unique<OwnLayer<T, Device>>();
  }
};

/// The squared error of one output.
template <class T, class Device>
class OwnLossFunction final : public Loss<T, Device> {
 public:
  std::string type() const override { return "Own"; }
  Config config() const override {
    call();
    return {};
  }
  bool takes_logits_of(ActivationFunction) const override { return false; }
  void check(const std::string&, TensorView<const float, Cpu>, const Shape&) const override { call(); }
  bool has_accuracy() const override { return false; }
  void prepare(std::int64_t) override { call(); }
  void operator()(const Device&, bool, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device>, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    call();
    for (std::int64_t i = 0; i < y.shape[0]; ++i) {
      const T error = y.data[i] - t.data[i];
      each.data[i] = error * error;
      if (!dy.empty()) dy.data[i] = 2 * error / static_cast<T>(y.shape[0]);
    }
  }
};

struct OwnLoss {
  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const {
    return std::make_unique<OwnLossFunction<T, Device>>();
  }
};

class OwnSource final : public data::SourceView {
 public:
  explicit OwnSource(const data::Source& source) : SourceView(source) {}
  std::vector<std::string> class_names() const override {
    call();
    return {};
  }
  std::string fingerprint(const Cpu& on) const override {
    call();
    return SourceView::fingerprint(on);
  }
  std::string describe(std::int64_t row) const override {
    call();
    return SourceView::describe(row);
  }
  void read_labels(std::span<const data::Draw> draws, TensorView<float> t) const override {
    call();
    SourceView::read_labels(draws, t);
  }
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    call();
    SourceView::read(on, draws, x);
  }
};

/// Asks for a checkpoint after each epoch, and keeps none.
class OwnStore final : public CheckpointStore {
 public:
  bool begin() override {
    call();
    return false;
  }
  void restore(Visit) override {}
  bool due(bool epoch_ended) const override {
    call();
    return epoch_ended;
  }
  void save(const std::string&, Visit) override { call(); }
};

/// How a run steps.
struct Case {
  const char* name;
  TrainerOptions options;
};

/// A run all of whose parts are the user's own, and what it leaves behind.
class Run {
 public:
  Run(const Group& group, TrainerOptions options, std::vector<Callback> callbacks = {})
      : model_(Cpu{1}, {3}, Dense{3}, OwnDescription{}, Dense{1}),
        samples_(numbers(9), std::vector<float>{0, 1, 2, 0, 1, 2, 0, 1, 2}),
        holdout_(numbers(5), std::vector<float>{0, 1, 2, 0, 1}),
        training_(samples_),
        validation_(holdout_),
        callbacks_(std::move(callbacks)) {
    model_.initialize(3);
    model_.layers()[0]->set_l2(0, 0.01);
    options.leaves = 4;
    options.group = group;
    trainer_ = std::make_unique<Trainer<float, Cpu>>(model_, Own{}, OwnLoss{}, options);
    const auto called = [](FitState& s) {
      call();
      s.learning_rate *= 0.99;
    };
    callbacks_.push_back({.begin = called, .step = called, .epoch = called, .end = called});
    // Slots are put together for a state, and layers are frozen and freed.
    callbacks_.push_back({.epoch = [this](FitState& s) {
      if (s.epoch == 1) trainer_->set_optimizer_state(trainer_->optimizer_state());
      model_.layers()[0]->trainable = s.epoch != 1;
    }});
  }

  void fit() {
    const Metric own{"own", [](TensorView<const float>, TensorView<const float>, const OutputOptions&) {
                       call();
                       return 1.0;
                     }};
    trainer_->fit(training_, {.batch = 4,
                              .epochs = 2,
                              .prefetch = 0,
                              .validation = validation_,
                              .metrics = {own},
                              .callbacks = callbacks_,
                              .checkpoint = std::make_shared<OwnStore>()});
    trainer_->evaluate(validation_, {.batch = 2});
    trainer_->predict_averaged(validation_, 2, 2);
  }

  std::string weights() const {
    Checksum sum;
    for (const auto& layer : model_.layers())
      for (const auto& p : std::as_const(*layer).parameters())
        sum.add_numbers(p.value.data(), static_cast<std::size_t>(p.value.size()));
    return sum.text();
  }

 private:
  static Tensor<float> numbers(std::int64_t n) {
    Tensor<float> x({n, 3});
    for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * i % 13) / 7 - 1;
    return x;
  }

  Sequential<float> model_;
  data::InMemory samples_, holdout_;
  OwnSource training_, validation_;
  std::vector<Callback> callbacks_;
  std::unique_ptr<Trainer<float, Cpu>> trainer_;
};

const std::vector<Case> cases = {
    {"streams", {}},
    {"clips", {.global_clipnorm = 0.1}},
    {"groups and averages",
     {.clipnorm = 0.1, .gradient_accumulation_steps = 2, .use_ema = true, .swap_ema_weights = true}}};

/// The run of each case in 2 and 4 processes, again and again: in process `failing` something throws once, the first
/// time at the first call, the next time at the second one, until a run comes to its end without it.
template <class Arm, class Disarm>
void check_all_places(const std::string& message, std::int64_t at_least, const Arm& arm, const Disarm& disarm) {
  for (const Case& c : cases)
    for (const auto& [size, failing, machine] : {std::array{2, 0, 1}, std::array{2, 1, 2}, std::array{4, 2, 2}}) {
      std::int64_t place = 0;
      for (bool ended = false; !ended; ++place) {
        INFO(c.name << ", rank " << failing << " of " << size << ", place " << place);
        std::vector<std::string> together(static_cast<std::size_t>(size));
        std::set<std::string> messages;
        const auto errors = run_group(
            size,
            [&](const Group& group) {
              Run run(group, c.options);
              if (group->rank() == failing) arm(place);
              try {
                run.fit();
              } catch (...) {
                disarm();
                together[static_cast<std::size_t>(group->rank())] = group->failed_together() ? "" : "alone";
                throw;
              }
              disarm();
            },
            nullptr, machine);
        for (const auto& error : errors) messages.insert(message_of(error));
        ended = messages == std::set<std::string>{"no error"};
        if (ended) break;
        INFO(*messages.begin() << " ... " << *messages.rbegin());
        REQUIRE(messages.size() == 1);
        REQUIRE_THAT(*messages.begin(), StartsWith(message) && EndsWith(" [rank " + std::to_string(failing) + " of " +
                                                                        std::to_string(size) + "]"));
        REQUIRE(std::count(together.begin(), together.end(), "") == size);
        REQUIRE(place < 5000);
      }
      CHECK(place >= at_least);
    }
}

}  // namespace

TEST_CASE("whatever code of the user's own throws in one process leaves all with one message", "[train][group]") {
  check_all_places(
      "enough", 100, [](std::int64_t place) { calls_left = place; }, [] { calls_left = -1; });
}

TEST_CASE("memory for a tensor that one process does not get leaves all with one message", "[train][group]") {
  check_all_places("out of memory: asked for ", 20, fail_aligned_allocation, [] { fail_aligned_allocation(-1); });
}

TEST_CASE("behind an optimizer that throws in one process all have the same weights, and can go on", "[train][group]") {
  for (const Case& c : cases)
    for (const int size : {2, 4}) {
      INFO(c.name << ", " << size << " processes");
      std::vector<std::string> before(static_cast<std::size_t>(size)), behind = before, after = before;
      for (const auto& error : run_group(size, [&](const Group& group) {
             const auto rank = static_cast<std::size_t>(group->rank());
             const Callback torn{.step = [&](FitState& s) {
               if (s.epoch == 1 && s.step == 1 && group->rank() == 1) calls_left = 20;
             }};
             Run run(group, c.options, {torn});
             before[rank] = run.weights();
             try {
               run.fit();
             } catch (const Error& e) {
               if (std::string(e.what()).find("enough") == std::string::npos) throw;
             }
             behind[rank] = run.weights();
             calls_left = -1;
             Run other(group, c.options);
             other.fit();
             after[rank] = other.weights();
           }))
        CHECK(message_of(error) == "no error");
      CHECK(std::set<std::string>(behind.begin(), behind.end()).size() == 1);
      CHECK(behind[0] != before[0]);
      CHECK(std::set<std::string>(after.begin(), after.end()).size() == 1);
    }
}

TEST_CASE("behind a plan that one process has no memory for the optimizer's state is whole, and all can go on",
          "[train][group]") {
  const auto state_of = [](const Trainer<float, Cpu>& trainer) {
    Checksum sum;
    for (const auto& slot : trainer.optimizer_state().slots)
      sum.add_numbers(slot.value.data(), static_cast<std::size_t>(slot.value.size()));
    return sum.text();
  };
  Tensor<float> x({16, 40});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * i % 13) / 7 - 1;
  const data::InMemory samples(std::move(x), std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
  for (const int machine : {1, 2}) {
    bool fails = true;
    for (std::int64_t place = 0; fails; ++place) {
      INFO(machine << " a machine, place " << place);
      REQUIRE(place < 1000);
      std::array<std::string, 2> before, behind;
      std::array<bool, 2> failed{}, unchanged{true, true};
      for (const auto& error : run_group(
               2,
               [&](const Group& group) {
                 const auto rank = static_cast<std::size_t>(group->rank());
                 Sequential<float> model(Cpu{1}, {40}, Dense{50}, Dense{1});
                 model.initialize(3);
                 Trainer<float, Cpu> trainer{model, Adam{}, MeanSquaredError{}, {.leaves = 4, .group = group}};
                 trainer.fit(samples, {.batch = 4, .prefetch = 0});
                 before[rank] = state_of(trainer);
                 if (rank == 1) fail_aligned_allocation(place);
                 try {
                   trainer.fit(samples, {.batch = 8, .prefetch = 0});
                 } catch (const Error& e) {
                   if (std::string(e.what()).find("out of memory") == std::string::npos) throw;
                   failed[rank] = true;
                 }
                 fail_aligned_allocation(-1);
                 if (failed[rank] && trainer.steps() == 4) unchanged[rank] = state_of(trainer) == before[rank];
                 model.layers()[0]->trainable = false;
                 trainer.fit(samples, {.batch = 4, .prefetch = 0});
                 behind[rank] = state_of(trainer);
               },
               nullptr, machine))
        REQUIRE(message_of(error) == "no error");
      CHECK(behind[0] == behind[1]);
      CHECK(failed[0] == failed[1]);
      CHECK((unchanged[0] && unchanged[1]));
      fails = failed[1];
    }
  }
}
