// SPDX-License-Identifier: MIT
#include "brindle/report/answered_photos.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/report/grad_cam.hpp"
#include "support/markup.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// A chequered picture of a colour for its class.
image::Picture numbered_picture(int number, int colour, std::int64_t side = 70) {
  image::Picture p(side, side + number, 3);
  for (std::int64_t y = 0; y < p.height; ++y)
    for (std::int64_t x = 0; x < p.width; ++x) {
      p.at(y, x)[colour] = 180;
      p.at(y, x)[(colour + 1) % 3] = (y / 5 + x / 7 + y * number / 40) % 2 == 0 ? 90 : 10;
    }
  return p;
}

// `each` pictures of cat, dog and <owl>, in files.
data::Pictures photos(const TemporaryFolder& folder, const std::string& set, int each) {
  const char* names[] = {"cat", "dog", "owl & <co>"};
  for (int c = 0; c < 3; ++c) {
    fs::create_directories(folder / set / names[c]);
    for (int i = 0; i < each; ++i)
      image::write_png(folder / set / names[c] / (set + std::to_string(10 * c + i) + ".png"), numbered_picture(i, c));
  }
  return data::image_folder(folder / set, {.size = {16, 16}});
}

// Outputs that name `guess[i]` for photo i, with this probability.
Tensor<float> outputs(const std::vector<int>& guess, const std::vector<float>& probability) {
  Tensor<float> y({static_cast<std::int64_t>(guess.size()), 3});
  for (std::size_t i = 0; i < guess.size(); ++i)
    for (int c = 0; c < 3; ++c)
      y[static_cast<std::int64_t>(3 * i) + c] = c == guess[i] ? probability[i] : (1 - probability[i]) / 2;
  return y;
}

// The first row's cat is a dog, 0.9; the third an owl, 0.97; dogs are right; an owl is a cat, 0.6.
Tensor<float> with_three_mistakes() {
  return outputs({1, 0, 2, 1, 1, 1, 2, 0, 2}, {0.9f, 0.7f, 0.97f, 0.99f, 0.5f, 0.8f, 0.95f, 0.6f, 0.9f});
}

Sequential<float> network() {
  Sequential<float> model{{16, 16, 3}, Conv2D{4, 3, relu}, GlobalAveragePooling2D{}, Dense{3, softmax}};
  model.initialize(3);
  return model;
}

std::vector<std::int64_t> rows_of(const std::vector<report::AnsweredPhoto>& photos) {
  std::vector<std::int64_t> rows;
  for (const report::AnsweredPhoto& p : photos) rows.push_back(p.row);
  return rows;
}

}  // namespace

TEST_CASE("photos behind a confusion matrix are the surest mistakes, then the right ones that were least sure",
          "[report][answered_photos]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3);
  const report::AnsweredPhotos a =
      report::answered_photos(network(), with_three_mistakes(), seen, nullptr, {.most_right = 2});
  CHECK(rows_of(a.photos) == std::vector<std::int64_t>{2, 0, 7, 4, 1, 5, 8, 6});
  CHECK(a.photos[0].label == 0);
  CHECK(a.photos[0].predicted == 2);
  CHECK(a.photos[0].probability == Approx(0.97));
  CHECK(a.matrix.count(0, 2) == 1);
  CHECK(a.no_similar == "there are none here");
  const auto fewer =
      report::answered_photos(network(), with_three_mistakes(), seen, nullptr, {.most_mistakes = 2, .most_right = 0});
  CHECK(rows_of(fewer.photos) == std::vector<std::int64_t>{2, 0});

  // Of 60 classes three of each.
  Tensor<float> many({600, 60}), labels({600, 1});
  for (std::int64_t i = 0; i < 600; ++i) many[i * 60 + i % 60] = 1, labels[i] = static_cast<float>(i % 60);
  CHECK(report::internal::chosen_photos(many, labels, {}).size() == 180);
}

TEST_CASE("the map of a photo is Grad-CAM's for the class that it was taken for", "[report][answered_photos]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3);
  const Sequential<float> model = network();
  const report::AnsweredPhotos a = report::answered_photos(model, with_three_mistakes(), seen, nullptr);
  REQUIRE(a.photos[0].row == 2);
  const data::Draw draw{2, 2};
  Tensor<float> x({1, 16, 16, 3});
  seen.read(Cpu(), std::span(&draw, 1), x.view());
  const Tensor<float> map = report::grad_cam<float>(model, x, 2);
  REQUIRE(a.photos[0].map.shape() == map.shape());
  CHECK(std::equal(map.data(), map.data() + map.size(), a.photos[0].map.data()));
}

TEST_CASE("nearest training photos are those with the largest cosine, in plain loops too",
          "[report][answered_photos]") {
  Tensor<float> x({3, 5}), among({11, 5});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(7 * i + 1));
  for (std::int64_t i = 0; i < among.size(); ++i) among[i] = std::cos(static_cast<float>(3 * i * i));
  for (std::int64_t i = 0; i < 5; ++i) among[20 + i] = 0, among[30 + i] = 2 * x[i], among[40 + i] = 3 * x[i];
  for (const int threads : {1, 2, 3}) {
    const auto nearest = report::internal::nearest_rows(Cpu(threads), x, among, 4);
    REQUIRE(nearest.size() == 3);
    CHECK(nearest[0][0].row == 6);  // of equals the first
    CHECK(nearest[0][1].row == 8);
    CHECK(nearest[0][0].cosine == Approx(1));
    for (std::int64_t i = 0; i < 3; ++i) {
      REQUIRE(nearest[static_cast<std::size_t>(i)].size() == 4);
      for (const report::SimilarPhoto& s : nearest[static_cast<std::size_t>(i)]) {
        double ab = 0, aa = 0, bb = 0;
        for (std::int64_t f = 0; f < 5; ++f) {
          const double a = static_cast<double>(x[i * 5 + f]), b = static_cast<double>(among[s.row * 5 + f]);
          ab += a * b, aa += a * a, bb += b * b;
        }
        CHECK(s.cosine == Approx(bb > 0 ? ab / std::sqrt(aa * bb) : 0.0));  // a row may be all zero
        for (std::int64_t j = 0; j < 11; ++j) {
          double product = 0, square = 0;
          for (std::int64_t f = 0; f < 5; ++f) {
            product += static_cast<double>(x[i * 5 + f]) * static_cast<double>(among[j * 5 + f]);
            square += static_cast<double>(among[j * 5 + f]) * static_cast<double>(among[j * 5 + f]);
          }
          const auto& list = nearest[static_cast<std::size_t>(i)];
          const bool chosen = std::any_of(list.begin(), list.end(), [&](const auto& other) { return other.row == j; });
          if (!chosen && square > 0) CHECK(product / std::sqrt(aa * square) <= list.back().cosine + 1e-12);
        }
      }
    }
  }
}

TEST_CASE("a photo that is among the training photos has itself as the nearest", "[report][answered_photos]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3);
  const report::AnsweredPhotos a =
      report::answered_photos(network(), with_three_mistakes(), seen, &seen, {.similar = 2});
  CHECK(a.no_similar.empty());
  CHECK(a.compared == 9);
  for (const report::AnsweredPhoto& photo : a.photos) {
    REQUIRE(photo.similar.size() == 2);
    CHECK(photo.similar[0].row == photo.row);
    CHECK(photo.similar[0].cosine == Approx(1));
    CHECK(photo.similar[1].cosine <= photo.similar[0].cosine);
  }
  // As many of each class as can be: one of three here.
  const auto few = report::answered_photos(network(), with_three_mistakes(), seen, &seen, {.most_training = 3});
  CHECK(few.compared == 3);
  std::vector<std::int64_t> classes;
  for (const auto& s : few.photos[0].similar) classes.push_back(s.row / 3);
  std::sort(classes.begin(), classes.end());
  CHECK(classes == std::vector<std::int64_t>{0, 1, 2});
}

TEST_CASE("the page of answered photos leads from squares to photos without a script", "[report][answered_photos]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3), training = photos(folder, "training", 4);
  const auto a = report::answered_photos(network(), with_three_mistakes(), seen, &training);
  report::RunPage page{.title = "Pets"};
  report::add_answered_photos(page, a, seen, &training, {.first = 1});
  const std::string html = page.html();
  check_markup(html);
  CHECK_THAT(html, Contains("3 of 9 validation photos were taken for another class: accuracy 0.67 (0.35 to 0.88)"));
  CHECK(count(html, "<figure class=\"card ") == 9);
  CHECK(count(html, " first wrong\">") == 1);
  // The square, its paragraph and rule, and the photo in it.
  CHECK_THAT(html, Contains("<a href=\"#photos0-0-2\" aria-label=\"cat taken for owl &amp; &lt;co&gt;: 1\">"));
  CHECK_THAT(html, Contains("<p class=\"cell\" id=\"photos0-0-2\"><strong>1 photo of cat taken for owl"));
  CHECK_THAT(html, Contains("#photos0-0-2:target ~ .cards .photos0-0-2 { display: block; }"));
  CHECK_THAT(html, Contains("<figure class=\"card photos0-0-2 first wrong\">"));
  CHECK(count(html, "#photos0-1-0") == 0);  // an empty square leads nowhere
  CHECK_THAT(html, Contains("Shown are 1. <a href=\"#photos0-all\">All 3</a>"));
  CHECK_THAT(html, Contains("probability 0.970<br>validation2.png") && Contains("of 12 training photos"));
  // Each photo, its map and its three nearest.
  CHECK(count(html, "<img") == 9 * 5);
  // A second one in the same page has names of its own.
  report::add_answered_photos(page, a, seen, &training);
  check_markup(page.html());
  CHECK(count(page.html(), "id=\"photos0-0-2\"") == 1);
  CHECK(count(page.html(), "id=\"photos2-0-2\"") == 1);
}

TEST_CASE("what a page of answered photos leaves out is said", "[report][answered_photos]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3);
  const auto a = report::answered_photos(network(), with_three_mistakes(), seen, nullptr, {.most_mistakes = 2});
  report::RunPage page;
  report::add_answered_photos(page, a, seen, nullptr);
  CHECK_THAT(page.html(), Contains("Left out: 1 of 3 mistakes, the least sure. "));
  CHECK_THAT(page.html(), Contains("Nearest training photos are not shown: there are none here."));

  const auto all = report::answered_photos(network(), with_three_mistakes(), seen, nullptr);
  report::RunPage whole, small;
  report::add_answered_photos(whole, all, seen, nullptr);
  const std::size_t bytes = whole.sections[1].html.size();
  report::add_answered_photos(small, all, seen, nullptr, {.most_bytes = bytes / 6});
  CHECK(small.sections[1].html.size() < bytes / 2);
  CHECK_THAT(small.html(), Contains("of 3 mistakes, the least sure, so that the photos take " +
                                    std::to_string(bytes / 6 / 1024) + " KiB at most."));
  check_markup(small.html());
  report::RunPage middle;
  report::add_answered_photos(middle, all, seen, nullptr, {.most_bytes = bytes / 2});
  CHECK_THAT(middle.html(), Contains("Some photos of the right answers are left out"));
}

TEST_CASE("a photo whose file is gone is shown as the network sees it", "[report][answered_photos]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3);
  CHECK(report::internal::shown_photo(seen, 4, 40).shape() == Shape{39, 40, 3});
  fs::remove_all(folder / "validation");
  const image::Picture shown = report::internal::shown_photo(seen, 4, 40);
  CHECK(shown.shape() == Shape{16, 16, 3});
  CHECK(std::equal(shown.pixels.begin(), shown.pixels.end(), seen.pixels().data + 4 * 16 * 16 * 3));
}

TEST_CASE("a network without maps or features has its photos all the same, and the page says why",
          "[report][answered_photos]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3);
  Sequential<float> model{{16, 16, 3}, Flatten{}, Rescaling{.scale = {2}}, Dense{3, softmax}};
  model.initialize(1);
  const auto a = report::answered_photos(model, with_three_mistakes(), seen, &seen);
  CHECK(a.photos.size() == 9);
  CHECK(a.photos[0].map.empty());
  report::RunPage page;
  report::add_answered_photos(page, a, seen, &seen);
  CHECK_THAT(page.html(), Contains("is not drawn: the network has no layer that gives a map of the photo."));
  CHECK_THAT(page.html(),
             Contains("Nearest training photos are not shown: answered_photos: ") && Contains("Rescaling"));
}

TEST_CASE("photos behind a matrix of two classes come from one output, too", "[report][answered_photos]") {
  Tensor<std::uint8_t> pixels({4, 8, 8, 3});
  const data::Pictures seen({std::move(pixels), {0, 1, 1, 0}, {"cat", "dog"}, {}, {}});
  Sequential<float> model{{8, 8, 3}, Conv2D{2, 3, relu}, Flatten{}, Dense{1, sigmoid}};
  model.initialize(2);
  Tensor<float> y({4, 1});
  y[0] = 0.8f, y[1] = 0.9f, y[2] = 0.1f, y[3] = 0.4f;
  const auto a = report::answered_photos(model, y, seen, nullptr);
  CHECK(rows_of(a.photos) == std::vector<std::int64_t>{2, 0, 3, 1});
  CHECK(a.photos[0].probability == Approx(0.9));
  Tensor<float> logits({4, 1});
  logits[0] = 2, logits[1] = 1, logits[2] = -3, logits[3] = -1;
  const auto b = report::answered_photos(model, logits, seen, nullptr, {.outputs = {.from_logits = true}});
  CHECK(rows_of(b.photos) == std::vector<std::int64_t>{2, 0, 1, 3});
  CHECK_THROWS_AS(report::answered_photos(model, logits, seen, nullptr), DataError);
  Sequential<float> other{{9, 8, 3}, Flatten{}, Dense{1, sigmoid}};
  CHECK_THROWS_AS(report::answered_photos(other, y, seen, nullptr), ShapeError);
}

TEST_CASE("training photos of other classes are refused", "[report][answered_photos][errors]") {
  const TemporaryFolder folder;
  const data::Pictures seen = photos(folder, "validation", 3);
  fs::create_directories(folder / "more");
  fs::copy(folder / "validation", folder / "more", fs::copy_options::recursive);
  fs::rename(folder / "more" / "cat", folder / "more" / "zebra");
  const data::Pictures training = data::image_folder(folder / "more", {.size = {16, 16}});
  const report::AnsweredPhotos a = report::answered_photos(network(), with_three_mistakes(), seen, &training);
  report::RunPage page;
  CHECK_THROWS_WITH(report::add_answered_photos(page, a, seen, &training),
                    Contains("the classes of the training photos are") && Contains("\"zebra\""));
}
