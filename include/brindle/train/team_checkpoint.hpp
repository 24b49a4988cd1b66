// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

/// The checkpoint of processes that train together: process 0 writes and reads the file, and the others are given what
/// it has read. What it throws, all throw.
class TeamCheckpoint final : public CheckpointStore {
 public:
  /// file: of process 0; both must outlive this.
  TeamCheckpoint(CheckpointStore& file, Team& team) : file_(&file), team_(&team) {}

  bool begin() override;
  void restore(Visit run) override;
  bool due(bool epoch_ended) const override;
  void save(const std::string& where, Visit run) override;

 private:
  CheckpointStore* file_;
  Team* team_;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/team_checkpoint_inl.hpp"
#endif
