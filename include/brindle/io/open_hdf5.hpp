// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "brindle/io/hdf5.hpp"

namespace brindle::io {
/// Opens a file of HDF5. The classic layout, which Keras's files have, is read by itself; the later one, with checksums
/// (h5py's libver="latest"), by HDF5's C library, if the program links it. Throws FileError.
std::shared_ptr<Hdf5File> open_hdf5(const std::filesystem::path& path);

/// The same of a file in memory. path: what errors begin with.
std::shared_ptr<Hdf5File> open_hdf5(const std::string& path, std::string content);

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/open_hdf5_inl.hpp"
#endif
