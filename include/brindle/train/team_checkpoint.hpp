// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/run_identity.hpp"
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

/// Throws ValueError in all processes, beginning with `who`, with what differs, unless their runs are those of process
/// 0.
void expect_same_run(const char* who, Team& team, const RunIdentity& run);

/// The same for the weights behind an epoch, of which each process gives the checksum.
void expect_same_weights(Team& team, std::int64_t epoch, const std::string& checksum);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/team_checkpoint_inl.hpp"
#endif
