// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what weight_format.hpp declares.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/torch_file.hpp"
#include "brindle/io/weight_format.hpp"
#include "brindle/io/zip.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE WeightFormat weight_format(const std::filesystem::path& path) {
  const std::string known = "weights are read from .safetensors, .npz, .h5, .weights.h5, .keras, .pt and .pth files";
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    brindle::detail::raise<FileError>(path.string() + ": no such file; " + known);
  FileBytes file(path.string());
  const std::string start = file.text(0, std::min<std::int64_t>(file.size(), 512), "the start of the file");
  if (start.starts_with("\x89HDF\r\n\x1a\n")) return WeightFormat::hdf5;
  const std::string ending = path.extension().string();
  const bool torch = ending == ".pt" || ending == ".pth";
  if (start.rfind("PK", 0) == 0) {
    const ZipFile zip(path.string());
    if (zip.contains("model.weights.h5")) return WeightFormat::keras;
    return torch || !torch_folder(zip).empty() ? WeightFormat::pt : WeightFormat::npz;
  }
  if (is_old_torch_file(start) || (torch && start.starts_with("\x80")))
    brindle::detail::raise<FileError>(
        path.string() + ": is a pickle without the zip archive, as torch.save wrote it before PyTorch 1.6, which is " +
        "not read; save it again: torch.save(torch.load(path, map_location=\"cpu\", weights_only=True), path)");
  if (ending == ".safetensors") return WeightFormat::safetensors;
  if (ending == ".npz") return WeightFormat::npz;
  if (ending == ".keras") return WeightFormat::keras;
  if (ending == ".h5" || ending == ".hdf5") return WeightFormat::hdf5;
  if (torch) return WeightFormat::pt;  // whose reader says what is wrong with it
  brindle::detail::raise<FileError>(path.string() + ": " + known);
}

BRINDLE_INLINE bool has_torch_names(const std::filesystem::path& path) {
  const WeightFormat format = weight_format(path);
  if (format != WeightFormat::safetensors) return format == WeightFormat::pt;
  const SafetensorsFile file(path);
  return std::any_of(file.entries().begin(), file.entries().end(),
                     [](const auto& entry) { return entry.first.ends_with(".weight"); });
}

}  // namespace brindle::io::detail
