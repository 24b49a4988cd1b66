// SPDX-License-Identifier: MIT
#pragma once

// The processes of a program that mpirun or srun has started. All compute the same and share what takes long; the first
// one alone prints and writes files.
#include <algorithm>
#include <brindle/core/cpu.hpp>
#include <brindle/data/image_folder.hpp>
#include <brindle/data/pictures.hpp>
#include <brindle/data/subset.hpp>
#include <brindle/io/features.hpp>
#include <brindle/nn/model.hpp>
#include <brindle/train/process_group.hpp>
#include <brindle/train/shared_image_folder.hpp>
#include <brindle/train/team.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace example {

class Processes {
 public:
  /// One process, unless the program was started by mpirun or srun. Those behind the first print nothing from now on.
  /// Throws Error where they are several and the program was built without MPI.
  Processes();
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  /// What the command line's parser said, with which the program ends, or nothing. Throws Error, in all, where it does
  /// not say the same in all processes.
  std::optional<int> parsed(std::optional<int> code) const;

  /// Before anything else is asked of them: throws ValueError, in all, unless so many leaves are for so many processes.
  void begin(std::int64_t leaves);

  bool first() const { return !group_ || group_->rank() == 0; }
  int size() const { return team_.size(); }
  /// For a trainer on this device; null: this process is alone. On GPUs, one for each process, it is by NCCL if the
  /// program was built with it.
  template <class Device>
  std::shared_ptr<brindle::ProcessGroup> group(const Device& on) {
    if constexpr (std::is_same_v<Device, brindle::Cpu>)
      return group_;
    else
      return group_on_gpu(on.options().gpu);
  }
  /// Of this process among those of its machine.
  int local_rank() const { return group_ ? group_->local_rank() : 0; }

  /// Threads for each: what was asked for, or of all cores (0) the share of each process on this machine.
  int threads(int asked) const;

  /// What work() gives. Where it throws in one process, all throw the same.
  template <class Work>
  auto together(const Work& work) {
    std::optional<decltype(work())> result;
    team_.together([&] { result.emplace(work()); });
    return std::move(*result);
  }

  /// The pictures of a folder; each process decodes its share of them, and all get all.
  brindle::data::Pictures image_folder(const std::filesystem::path& path,
                                       const brindle::data::ImageFolderOptions& options, const brindle::Cpu& on) {
    return brindle::detail::shared_image_folder(team_, path, options, on);
  }

  /// What the model gives for the pictures; each process computes it for its share of them, and all get it.
  template <class Device>
  brindle::io::Features extract(const brindle::Model<float, Device>& model, const brindle::data::Pictures& pictures) {
    if (team_.alone()) return brindle::io::extract(model, pictures);
    const std::int64_t n = pictures.size(), row = model.output_shape().size();
    const auto begin = [&](int rank) { return n * rank / team_.size(); };
    brindle::io::Features all;
    team_.together([&] {
      all.x = brindle::Tensor<float>(model.output_shape().batch(n));
      all.labels = brindle::Tensor<float>(pictures.labels().shape);
      std::copy(pictures.labels().data, pictures.labels().data + all.labels.size(), all.labels.data());
      all.class_names = pictures.class_names();
      all.picture_input = pictures.picture_input();
      std::vector<std::int64_t> rows;
      for (std::int64_t i = begin(team_.rank()); i < begin(team_.rank() + 1); ++i) rows.push_back(i);
      if (rows.empty()) return;
      const brindle::data::Subset own(pictures, std::move(rows));
      const brindle::io::Features found = brindle::io::extract(model, own);
      std::copy(found.x.data(), found.x.data() + found.x.size(), all.x.data() + begin(team_.rank()) * row);
    });
    team_.gather(std::as_writable_bytes(all.x.span()),
                 [&](int rank) { return static_cast<std::size_t>(begin(rank + 1) * row) * sizeof(float); });
    return all;
  }

  /// Says what went wrong, once, in a line that begins with the program's name, and ends all processes; the exit code.
  int fail(const char* program, const std::exception& e);

  /// Seconds that exchanges have taken, beside those of trainers.
  double seconds() const { return team_.seconds(); }

 private:
  struct Mpi;

  std::shared_ptr<brindle::ProcessGroup> group_on_gpu(int gpu);

  std::unique_ptr<Mpi> mpi_;
  std::shared_ptr<brindle::ProcessGroup> group_, gpu_group_;
  brindle::detail::Team team_;
};

}  // namespace example
