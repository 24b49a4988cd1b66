// SPDX-License-Identifier: MIT
#include <sys/mman.h>

#include <algorithm>
#include <brindle/core/file.hpp>
#include <catch2/catch.hpp>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <locale>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/flush_denormals.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/report/history_csv.hpp"
#include "brindle/report/training_curves.hpp"
#include "support/checkpointed_run.hpp"
#include "support/double_models.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

/// 16 samples, one of which has a value or a label that no other has; nobody has looked at them before fit() does.
class Odd : public data::Source {
 public:
  explicit Odd(float value, float label = 1) : value_(value), labels_({16, 1}) {
    for (std::int64_t i = 0; i < 15; ++i) labels_[i] = static_cast<float>(i % 2);
    labels_[15] = label;
  }
  std::int64_t size() const override { return 16; }
  Shape sample_shape() const override { return {6}; }
  TensorView<const float> labels() const override { return labels_; }
  std::string describe(std::int64_t row) const override { return "photo " + std::to_string(row) + ".jpg"; }
  using Source::read;
  void read(const Cpu&, std::span<const data::Draw> draws, TensorView<float> x) const override {
    for (std::size_t i = 0; i < draws.size(); ++i)
      std::fill_n(x.data + 6 * i, 6, draws[i].row == 8 ? value_ : static_cast<float>(draws[i].row) / 16);
  }

 private:
  float value_;
  Tensor<float> labels_;
};

data::InMemory samples(std::int64_t n, float odd_value = 0.5f) {
  Tensor<float> x = random_tensor<float>(Shape{n, 6}, 7, 0, 1);
  x[6 * (n / 2)] = odd_value;
  std::vector<float> labels(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) labels[static_cast<std::size_t>(i)] = x[i * 6] > 0.5f ? 1.0f : 0.0f;
  labels[0] = 0;
  labels[1] = 1;
  return data::InMemory(std::move(x), labels);
}

Sequential<float> network() { return Sequential<float>{Cpu{2}, {6}, Dense{8, relu}, Dense{1, sigmoid}}; }

std::vector<float> weights(const Sequential<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.insert(all.end(), p.value.span().begin(), p.value.span().end());
  return all;
}

std::string content(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

/// Writes 0,5 for a half, and 1.000 for a thousand.
struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

/// The locale of C++ streams and, where the machine can make one, the C library's, while it lives.
class DecimalComma {
 public:
  explicit DecimalComma(const std::filesystem::path& folder)
      : before_(std::locale::global(std::locale(std::locale::classic(), new Comma))) {
    std::filesystem::create_directories(folder);
    const std::string make = "localedef -i de_DE -f UTF-8 '" + (folder / "de_DE.UTF-8").string() + "' >/dev/null 2>&1";
    if (std::system(make.c_str()) == 0) ::setenv("LOCPATH", folder.c_str(), 1);
    c_library_ = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  }
  ~DecimalComma() {
    std::setlocale(LC_ALL, "C");
    std::locale::global(before_);
    ::unsetenv("LOCPATH");
  }
  bool c_library() const { return c_library_; }

 private:
  std::locale before_;
  bool c_library_ = false;
};

}  // namespace

TEST_CASE("values that are not finite are named before they reach the weights", "[reliability][numbers][errors]") {
  for (const float odd : {no_number, infinity, -infinity}) {
    CHECK_THROWS_WITH(samples(16, odd), Contains("sample 8") && Contains("no finite number"));
    const Odd source(odd);  // what a source of one's own may give
    auto model = network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    for (const bool shuffle : {true, false})
      CHECK_THROWS_WITH(trainer.fit(source, {.batch = 5, .shuffle = shuffle}),
                        StartsWith("fit: the loss is") &&
                            Contains("the batch itself has values that are not finite, those of photo 8.jpg"));
    auto fresh = network();
    Trainer other{fresh, RMSprop{}, BinaryCrossentropy{}};
    CHECK_THROWS_WITH(other.fit(source, {.batch = 16}), Contains("photo 8.jpg"));
    CHECK(weights(fresh) == weights(network()));
    for (const std::int64_t batch : {1, 3, 16}) {
      CHECK_THROWS_WITH(other.evaluate(source, {.batch = batch}),
                        StartsWith("evaluate: the loss of photo 8.jpg is") && Contains("its values are not finite"));
      CHECK_THROWS_WITH(other.predict(source, batch),
                        StartsWith("predict: an output for photo 8.jpg is") && Contains("its values are not finite"));
    }
    CHECK_THROWS_WITH(other.fit(Odd(0.5f), {.batch = 16, .validation = source}),
                      StartsWith("fit, validation: the loss of photo 8.jpg is"));
    Tensor<float> x({3, 6}), labels({3, 1});
    x[13] = odd;
    CHECK_THROWS_WITH(other.train_on_batch(x, labels),
                      StartsWith("train_on_batch: the loss is") && Contains("those of sample 2; check the data"));
    Sequential<double> wide{Cpu{1}, {6}, Dense{1, sigmoid}};
    Trainer in_double{wide, SGD{}, BinaryCrossentropy{}};
    CHECK_THROWS_WITH(in_double.fit(source, {.batch = 4}), Contains("photo 8.jpg"));
    CHECK_THROWS_WITH(in_double.evaluate(source), Contains("photo 8.jpg"));
  }
}

TEST_CASE("labels that no loss can mean are refused before the first step", "[reliability][numbers][errors]") {
  for (const float odd : {-1.0f, 2.0f, no_number, infinity}) {
    const Odd source(0.5f, odd);
    auto model = network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    CHECK_THROWS_WITH(trainer.fit(source, {.batch = 4}),
                      StartsWith("fit: ") && Contains("label") && Contains("photo 15.jpg"));
    CHECK_THROWS_WITH(trainer.fit(Odd(0.5f), {.batch = 4, .validation = source}),
                      StartsWith("fit, validation: ") && Contains("photo 15.jpg"));
    CHECK_THROWS_WITH(trainer.evaluate(source),
                      StartsWith("evaluate: ") && Contains("label") && Contains("photo 15.jpg"));
    CHECK_THROWS_WITH(trainer.train_on_batch(Tensor<float>({16, 6}), source.labels()),
                      StartsWith("train_on_batch: ") && Contains("sample 15"));
    Sequential<float> classes{Cpu{1}, {6}, Dense{2, softmax}};
    Trainer of_classes{classes, RMSprop{}, SparseCategoricalCrossentropy{}};
    CHECK_THROWS_WITH(of_classes.fit(source, {.batch = 4}), Contains("label") && Contains("photo 15.jpg"));
    CHECK(trainer.steps() + of_classes.steps() == 0);
  }
}

TEST_CASE("a loss or an output that is no number because of a weight is named with its sample",
          "[reliability][numbers][errors]") {
  const Odd source(0.5f);
  for (const float bad : {no_number, infinity}) {
    auto model = network();
    model.layers()[1]->parameters()[0].value[3] = bad;
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    CHECK_THROWS_WITH(trainer.evaluate(source),
                      StartsWith("evaluate: the loss of photo ") &&
                          Contains("its values are finite, so look for the cause in the weights"));
    Sequential<float> raw{Cpu{1}, {6}, Dense{1}};
    raw.layers()[0]->parameters()[1].value[0] = bad;
    Trainer logits{raw, RMSprop{}, BinaryCrossentropy{.from_logits = true}};
    CHECK_THROWS_WITH(logits.predict(source),
                      StartsWith("predict: an output for photo 0.jpg is") && Contains("weights"));
    CHECK_THROWS_AS(logits.evaluate(source), NumericsError);
    CHECK_THROWS_WITH(logits.train_on_batch(Tensor<float>({2, 6}), Tensor<float>({2, 1})),
                      StartsWith("train_on_batch: ") && Contains("Dense \"dense\""));
  }
  const std::vector<float> weight{1, 1, 1, 1, 1, 1, 1, no_number, 1, 1, 1, 1, 1, 1, 1, 1};
  auto model = network();
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(source, {.sample_weight = weight}),
                    StartsWith("fit: ") && Contains("nan for photo 7.jpg"));
  CHECK_THROWS_WITH(trainer.evaluate(source, {.sample_weight = weight}),
                    StartsWith("evaluate: ") && Contains("nan for photo 7.jpg"));
}

TEST_CASE("classes that are called 0 and 1 get these numbers", "[reliability][numbers]") {
  const TemporaryFolder folder;
  image::Picture picture;
  picture.width = picture.height = 4;
  picture.channels = 3;
  picture.pixels.assign(48, 100);
  for (const char* name : {"1", "0"}) {
    std::filesystem::create_directory(folder / name);
    image::write_png(folder / name / "a.png", picture);
    image::write_png(folder / name / "b.png", picture);
  }
  const auto photos = data::image_folder(folder.path(), {.size = {4, 4}});
  CHECK(photos.class_names() == std::vector<std::string>{"0", "1"});
  CHECK(std::vector<float>(photos.labels().span().begin(), photos.labels().span().end()) ==
        std::vector<float>{0, 0, 1, 1});
}

TEST_CASE("learning rates: 0 changes nothing, huge ones end with an error, others are refused",
          "[reliability][numbers][errors]") {
  const auto data = samples(32);
  auto still = network();
  Trainer none{still, SGD{.learning_rate = 0}, BinaryCrossentropy{}};
  none.fit(data, {.batch = 8, .epochs = 3});
  CHECK(weights(still) == weights(network()));

  auto wild = network();
  Trainer huge{wild, SGD{.learning_rate = 1e30}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(huge.fit(data, {.batch = 8, .epochs = 50}),
                    Contains("use a smaller learning_rate") && Contains("at step"));

  auto model = network();
  for (const double rate : {-1e-3, static_cast<double>(no_number), static_cast<double>(infinity)}) {
    CHECK_THROWS_WITH((Trainer{model, SGD{.learning_rate = rate}, BinaryCrossentropy{}}), Contains("learning_rate"));
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    Callback change;
    change.step = [&](FitState& s) { s.learning_rate = rate; };
    // A rate that is no number differs from every other, itself included.
    CHECK_THROWS_WITH(trainer.fit(data, {.batch = 8, .callbacks = {change}}), Contains("learning_rate"));
  }
}

TEST_CASE("what an optimizer remembers fades to zero and is never denormal", "[reliability][numbers]") {
  for (const int threads : {1, 3}) {
    Sequential<float> model{Cpu{threads}, {6}, Dense{4, relu}, Dense{1, sigmoid}};
    Trainer trainer{model, SGD{.momentum = 0.5}, BinaryCrossentropy{}};
    Tensor<float> x({8, 6}), labels({8, 1});
    std::fill_n(x.data(), x.size(), 1.0f);
    trainer.train_on_batch(x, labels);
    const Tensor<float>& velocity = trainer.slots(0, 0)[0];
    REQUIRE(velocity[0] != 0);
    // From now on the first kernel has no gradient: its velocity is halved a step, and is denormal after some 140.
    std::fill_n(x.data(), x.size(), 0.0f);
    for (int step = 0; step < 180; ++step) {
      trainer.train_on_batch(x, labels);
      for (const float v : velocity.span()) REQUIRE(std::fpclassify(v) != FP_SUBNORMAL);
    }
    CHECK(velocity[0] == 0);
    CHECK_FALSE(detail::FlushDenormals::active());
  }
}

TEST_CASE("files have a decimal point in a locale with a decimal comma", "[reliability][numbers][locale]") {
  const TemporaryFolder folder;
  const auto write_all = [&](const std::string& name) {
    CheckpointedRun run({.epochs = 2});
    const History h = run.fit(checkpoint(folder / (name + ".checkpoint")), {}, folder / (name + ".log.csv"));
    History fixed = h;
    fixed.seconds = {1.25, 1234.5};
    fixed.waited = {0, 0};
    report::history_csv(fixed, folder / (name + ".csv"));
    report::training_curves(fixed, folder / (name + ".svg"));
    io::save_model(run.model(), folder / (name + ".safetensors"));
    CHECK(io::load_model(folder / (name + ".safetensors")).model.parameter_count() == run.model().parameter_count());
    CheckpointedRun again({.epochs = 2});
    CHECK(again.outcome(again.fit(checkpoint(folder / (name + ".checkpoint"), {.resume = true}))) == run.outcome(h));
    return run.outcome(h);
  };
  const std::string expected = write_all("point");
  const DecimalComma comma(folder / "locales");
  WARN("the C library's locale has a decimal comma: " << (comma.c_library() ? "yes" : "no, localedef could make none"));
  CHECK(write_all("comma") == expected);
  for (const char* ending : {".csv", ".svg", ".safetensors"}) {
    INFO(ending);
    CHECK(content(folder / ("comma" + std::string(ending))) == content(folder / ("point" + std::string(ending))));
  }
  const std::string log = content(folder / "comma.log.csv");
  CHECK(std::count(log.begin(), log.end(), ',') == 3 * 6);
  CHECK(to_string(AugmentDraw{.theta = 0.5}).find("0,5") == std::string::npos);
}

TEST_CASE("a tensor of more than 2^31 elements is indexed rightly", "[reliability][numbers]") {
  const Shape shape{46341, 46341, 2};  // 4,295,044,562 elements: beyond 2^32, each side below 2^16
  const auto bytes = static_cast<std::size_t>(shape.size());
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  const TensorView<std::uint8_t> x(static_cast<std::uint8_t*>(memory), shape);
  const std::int64_t last = shape.size() - 1;
  CHECK(shape.size() == std::int64_t{46341} * 46341 * 2);
  x[last] = 7;
  x[std::int64_t{1} << 31] = 5;
  CHECK(x.data[last] == 7);
  CHECK(x.span().back() == 7);
  CHECK(x.slice(46340, 46341)[2 * 46341 - 1] == 7);
  CHECK(x.slice(46340, 46341).data - x.data == std::int64_t{46340} * 46341 * 2);
  CHECK(x.reshape({shape.size()})[std::int64_t{1} << 31] == 5);
  CHECK(to_string(x.shape) == "(46341, 46341, 2)");
  ::munmap(memory, bytes);
  CHECK_THROWS_AS((Shape{std::int64_t{1} << 32, std::int64_t{1} << 32}), ShapeError);
}
