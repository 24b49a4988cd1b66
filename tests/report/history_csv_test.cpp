// SPDX-License-Identifier: MIT
#include "brindle/report/history_csv.hpp"

#include <brindle/core/file.hpp>
#include <catch2/catch.hpp>
#include <clocale>
#include <filesystem>
#include <limits>
#include <string>

#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::StartsWith;

namespace {

History example_history() {
  History h;
  h.loss = {0.75, 0.1};
  h.accuracy = {0.5, 2.0 / 3.0};
  h.val_loss = {0.7, std::numeric_limits<double>::quiet_NaN()};
  h.val_accuracy = {0.25, 1};
  h.seconds = {1.5, 12};
  return h;
}

}  // namespace

TEST_CASE("a history as CSV has a line an epoch, with numbers that read back exactly", "[report][history_csv]") {
  CHECK(report::history_csv(example_history()) ==
        "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n"
        "1,0.75,0.5,0.7,0.25,1.5\n"
        "2,0.1,0.6666666666666666,nan,1,12\n");
}

TEST_CASE("a history as CSV leaves empty what was not measured", "[report][history_csv]") {
  History h = example_history();
  h.val_loss.clear();
  h.val_accuracy.clear();
  CHECK(report::history_csv(h) ==
        "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n1,0.75,0.5,,,1.5\n2,0.1,0.6666666666666666,,,12\n");
  CHECK(report::history_csv(History{}) == "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n");
}

TEST_CASE("a history as CSV has a decimal point in every locale", "[report][history_csv]") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  const std::string expected = report::history_csv(example_history());
  for (const char* locale : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C.UTF-8"})
    if (std::setlocale(LC_ALL, locale)) CHECK(report::history_csv(example_history()) == expected);
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("a history is written to a file whole or not at all", "[report][history_csv]") {
  const TemporaryFolder folder;
  report::history_csv(example_history(), folder / "h.csv");
  const auto bytes = read_file(folder / "h.csv");
  CHECK(std::string(bytes.begin(), bytes.end()) == report::history_csv(example_history()));
  CHECK_THROWS_WITH(report::history_csv(example_history(), folder / "none" / "h.csv"),
                    StartsWith((folder / "none").string() + "/h.csv: "));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("epochs of runs that go on stay with their figures, also where only one had validation data",
          "[report][history_csv]") {
  History first{.loss = {1, 2}, .accuracy = {0.5, 0.6}, .seconds = {1, 1}};
  const History second{.loss = {3},
                       .accuracy = {0.7},
                       .val_loss = {4},
                       .val_accuracy = {0.75},
                       .val_metrics = {{"auc", {0.9}}},
                       .seconds = {2}};
  History third = first;
  first.append(second);
  CHECK(report::history_csv(first) ==
        "epoch,loss,accuracy,val_loss,val_accuracy,seconds,val_auc\n"
        "1,1,0.5,nan,nan,1,nan\n"
        "2,2,0.6,nan,nan,1,nan\n"
        "3,3,0.7,4,0.75,2,0.9\n");
  third.append(History{.loss = {5}, .accuracy = {0.8}, .seconds = {1}});
  CHECK(third.val_loss.empty());
  first.append(third);
  CHECK(first.val_loss.size() == 6);
  CHECK(first.val_metrics["auc"].size() == 6);
}
