// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "brindle/models/suggest_pictures.hpp"
#include "brindle/report/run_page.hpp"

namespace brindle::report {

/// How suggestions are shown.
struct SuggestionsPageOptions {
  std::string title = "Label these next";  ///< of the page
  std::size_t most = 200;                  ///< photos that are shown; the table of the CSV has all
  std::int64_t side = 200;                 ///< rows and columns of a thumbnail at most
};

/// One page with the suggested photos, what the model takes each for, and how sure it is. Photos are read again; one
/// that is gone meanwhile has no thumbnail.
RunPage suggestions_page(const models::PictureSuggestions& found, const SuggestionsPageOptions& options = {});

/// All suggestions as a table: file, class, probability, doubt, distance. Quoted as RFC 4180 says.
std::string suggestions_csv(const models::PictureSuggestions& found);
/// The same as a file, whole or not at all. Throws FileError that begins with the path.
void suggestions_csv(const models::PictureSuggestions& found, const std::filesystem::path& path);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/suggestions_inl.hpp"
#endif
