// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what shared_image_folder.hpp declares.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/shared_image_folder.hpp"
#include "brindle/train/team.hpp"

namespace brindle {
namespace detail {

/// Throws ValueError in all processes unless they have found the same files, which may lie elsewhere, and make the same
/// of them.
BRINDLE_INLINE void expect_same_folder(Team& team, const std::filesystem::path& path,
                                       data::internal::FolderReading& folder) {
  Checksum names;
  for (const std::filesystem::path& file : folder.listing().files) {
    std::error_code ignored;  // a file that is gone has another size than one that is there
    names.add(file.lexically_relative(path).generic_string() + " " +
              std::to_string(std::filesystem::file_size(file, ignored)) + "\n");
  }
  const std::string here =
      std::to_string(folder.size()) + " pictures of " + std::to_string(folder.listing().class_names.size()) +
      " classes, " + to_string(folder.pixels().shape.sample()) + ", checksum of their names and sizes " + names.text();
  const std::vector<std::string> all = team.gather(here);
  team.together([&] {
    if (here != all[0])
      raise<ValueError>(path.string() + ": other files are here than in rank 0: " + here + "; there " + all[0] +
                        "; give all processes the same folder and options");
  });
}

BRINDLE_INLINE data::Pictures shared_image_folder(Team& team, const std::filesystem::path& path,
                                                  const data::ImageFolderOptions& options, const Cpu& on) {
  std::optional<data::internal::FolderReading> folder;
  team.meet("shared_image_folder()", [&] { folder.emplace(path, options); });
  if (!team.alone()) expect_same_folder(team, path, *folder);
  const auto begin = [&](int rank) { return folder->size() * rank / team.size(); };
  team.together([&] { folder->read(on, begin(team.rank()), begin(team.rank() + 1)); });
  if (!team.alone()) {
    const std::int64_t each = folder->pixels().shape.sample().size();
    team.gather(std::as_writable_bytes(folder->pixels().span()),
                [&](int rank) { return static_cast<std::size_t>(begin(rank + 1) * each); });
    std::string reasons;  // of this process's files, each with its end
    for (std::int64_t i = begin(team.rank()); i < begin(team.rank() + 1); ++i) reasons += folder->reason(i) + '\0';
    std::int64_t i = 0;
    for (const std::string& text : team.gather(reasons))
      for (std::size_t at = 0; at < text.size(); ++i) {
        const std::size_t end = text.find('\0', at);
        folder->reason(i) = text.substr(at, end - at);
        at = end + 1;
      }
  }
  std::optional<data::Pictures> pictures;
  team.together([&] { pictures.emplace(std::move(*folder).pictures()); });
  return std::move(*pictures);
}

}  // namespace detail

BRINDLE_INLINE data::Pictures shared_image_folder(const std::shared_ptr<ProcessGroup>& group,
                                                  const std::filesystem::path& path,
                                                  const data::ImageFolderOptions& options, const Cpu& on) {
  detail::Team team(group);
  return detail::shared_image_folder(team, path, options, on);
}

}  // namespace brindle
