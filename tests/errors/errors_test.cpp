// SPDX-License-Identifier: MIT
// Makes the mistakes that users make, and compares the messages with docs/errors.md, which it writes where the variable
// BRINDLE_WRITE_ERRORS is set. Built without zlib, HDF5's library and libwebp, so that their absence is among them.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "errors/file_mistakes.hpp"
#include "errors/model_mistakes.hpp"
#include "errors/picture_mistakes.hpp"
#include "errors/training_mistakes.hpp"
#include "errors/wrong_use.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

const std::filesystem::path page = goldens.parent_path().parent_path() / "docs" / "errors.md";

/// What the mistake says, with paths relative to the folder.
std::string message(const WrongUse& mistake, const TemporaryFolder& folder) {
  try {
    mistake.make();
  } catch (const Error& e) {
    return replaced(replaced(e.what(), folder.path().string() + "/", ""), goldens.string() + "/weights/", "");
  }
  FAIL("no error: " << mistake.what);
  return {};
}

}  // namespace

TEST_CASE("docs/errors.md has the messages that the library gives", "[errors]") {
  const TemporaryFolder folder;
  std::ostringstream text;
  text << "# Errors\n\n"
          "What users' likeliest mistakes say. Errors are exceptions of a class derived from `brindle::Error`; "
          "`what()`\n"
          "is the message. A test makes each mistake and compares this page, which it writes anew with\n"
          "`BRINDLE_WRITE_ERRORS=1 build/release/tests/errors_tests`.\n";
  for (const Chapter& chapter :
       {picture_mistakes(folder), model_mistakes(), training_mistakes(folder), file_mistakes(folder)}) {
    text << "\n## " << chapter.title << "\n\n| mistake | message |\n|---|---|\n";
    for (const WrongUse& mistake : chapter.mistakes)
      text << "| " << mistake.what << " | `" << replaced(replaced(message(mistake, folder), "|", "\\|"), "\n", "`<br>`")
           << "` |\n";
  }
  if (std::getenv("BRINDLE_WRITE_ERRORS")) std::ofstream(page) << text.str();
  std::istringstream written(bytes_of(page)), made(text.str());
  for (std::string is, should_be; std::getline(made, should_be);) {
    std::getline(written, is);
    CHECK(is == should_be);
  }
  CHECK(bytes_of(page).size() == text.str().size());
}
