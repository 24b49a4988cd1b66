// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>

#include "brindle/core/cpu.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/team.hpp"

namespace brindle {

/// data::image_folder() of processes that train together: each decodes its share of the files, and all get all
/// pictures. It is called by all of them, with the same folder, which each sees under this path; null: alone.
///
///     const auto photos = shared_image_folder(group, "pets", {.size = {150, 150}});
///
/// What data::image_folder() throws, all throw, and ValueError where their folders have other files, by their names
/// and sizes.
data::Pictures shared_image_folder(const std::shared_ptr<ProcessGroup>& group, const std::filesystem::path& path,
                                   const data::ImageFolderOptions& options = {}, const Cpu& on = Cpu());

namespace detail {

/// The same, for who has a team.
data::Pictures shared_image_folder(Team& team, const std::filesystem::path& path,
                                   const data::ImageFolderOptions& options, const Cpu& on);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/shared_image_folder_inl.hpp"
#endif
