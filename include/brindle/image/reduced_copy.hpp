// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "brindle/image/decode.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_input.hpp"

namespace brindle::image::internal {

/// Makes the folder for reduced copies. Throws FileError, beginning with who, where none can be made or written to.
void make_copies_folder(const std::string& who, const std::filesystem::path& copies);

/// As read_picture(), with the same levels, from the copy in the folder `copies` if there is one of this file; else the
/// file is decoded and the copy written. From several threads and programs at a time.
///
/// A copy belongs to a path, a length and a time of change, and to all of `input` but its preprocessing, `options` and
/// the version of brindle. It holds the levels themselves with a checksum; one that is of something else, cut short or
/// changed is made anew. A file that has changed in the last two seconds gets none yet: it might change again without
/// another time. Throws FileError as read_picture(), Error for a copy that cannot be written, which is no fault of the
/// picture.
Picture read_reduced_copy(const std::filesystem::path& copies, const std::filesystem::path& path,
                          const PictureInput& input, const DecodeOptions& options);

}  // namespace brindle::image::internal

#ifndef BRINDLE_COMPILED
#include "brindle/image/reduced_copy_inl.hpp"
#endif
