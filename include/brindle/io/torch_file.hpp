// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/io/zip.hpp"

namespace brindle::io {

/// A file by torch.save with the state of a module: tensors by name (.pt, .pth, .bin; PyTorch 1.6 and later).
///
///     torch.save(model.state_dict(), "model.pt")
///
/// Read is what describes data; code in a file is never run, and what asks for it is refused by its name. A state that
/// stands inside a larger dict, as in checkpoints, is found. Types, sizes, strides and storages are checked when the
/// file is opened. Errors are FileErrors that begin with the path. Several threads may read.
class TorchFile {
 public:
  /// A tensor of the file, as it describes it.
  struct Entry {
    std::string dtype;                  ///< as in safetensors: "F32", "F16", "BF16", "F64", "I64"
    Shape shape;                        ///< of the tensor
    std::vector<std::int64_t> strides;  ///< elements of the storage from one index to the next, an axis each
    std::int64_t first = 0;             ///< element of the storage where it begins
    std::string storage;                ///< the file in the archive that holds the elements
    std::int64_t stored = 0;            ///< elements that this file has
  };

  /// state: the key of the dict that holds the tensors; empty: the whole, or what stands under "state_dict", "model",
  /// "model_state_dict", or the only dict of tensors. Throws FileError, also for several of them, with their keys.
  explicit TorchFile(const std::filesystem::path& path, const std::string& state = {});

  const std::string& path() const { return path_; }  ///< as it was given

  /// By name, sorted.
  const std::map<std::string, Entry>& entries() const { return entries_; }

  const std::string& state() const { return state_; }  ///< the key that the tensors stand under; empty: under none

  /// What else the file holds, by its keys.
  const std::vector<std::string>& others() const { return others_; }

  /// Reads a tensor of any floating type into `to`, whose shape it must have, in row-major order.
  void read_into(const std::string& name, TensorView<float> to) const;

 private:
  std::string path_, state_;
  detail::ZipFile zip_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> others_;
};

namespace detail {

/// What a file by torch.save of PyTorch before 1.6, which is no zip archive, begins with; and a tar archive, before
/// that.
bool is_old_torch_file(const std::string& start);

/// The folder of a zip archive by torch.save, with its slash: "archive/"; empty: it is none.
std::string torch_folder(const ZipFile& zip);

}  // namespace detail

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/torch_file_inl.hpp"
#endif
