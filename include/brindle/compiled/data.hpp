// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for data/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/data/augmented_inl.hpp"
#include "brindle/data/examined_folder_inl.hpp"
#include "brindle/data/folder_contents_inl.hpp"
#include "brindle/data/folder_listing_inl.hpp"
#include "brindle/data/folder_stream_inl.hpp"
#include "brindle/data/image_folder_inl.hpp"
#include "brindle/data/in_memory_inl.hpp"
#include "brindle/data/mixed_inl.hpp"
#include "brindle/data/one_hot_inl.hpp"
#include "brindle/data/picture_files_inl.hpp"
#include "brindle/data/picture_source_inl.hpp"
#include "brindle/data/pictures_inl.hpp"
#include "brindle/data/prefetch_inl.hpp"
#include "brindle/data/source_inl.hpp"
#include "brindle/data/subset_inl.hpp"
#include "brindle/data/with_labels_inl.hpp"

#define BRINDLE_INSTANTIATION
#include "brindle/data/instantiations.inc"
#undef BRINDLE_INSTANTIATION
