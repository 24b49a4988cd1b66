// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what leaf_update.hpp declares.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/leaf_update.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/row_arithmetic.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_penalty.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle::detail {

template <class T, class Device>
void LeafUpdate<T, Device>::run(const StepParts<T, Device>& p, std::int64_t step, LeafGradients<T, Device>& sums,
                                Team& team, bool in_common) {
  in_common_ = in_common;
  const StepKind kind = p.updates.kind(step);
  const bool norms = p.updates.clips_by_norm();
  Attempts attempt(team);
  update_.clear();
  if (norms) {
    attempt([&] {
      for (const std::vector<SummedPart>& piece : sums.pieces())
        for (const SummedPart& s : piece) add(p, s, sums);
      update_.add_up(on_, p.updates, kind);
    });
    if (kind.updates) {
      sums.gather();
      sums.finish_gathering(team);
    }
    if (!attempt.failed()) attempt([&] { update_.update(on_, p.updates, p.optimizer, step, kind); });
  }
  find_weights(p, sums);
  sums.gather(weights_, in_common);
  // Also where somebody has failed: all have the same weights then.
  std::size_t taken = 0;
  const auto take_until = [&](std::size_t end) {
    for (; taken < end; ++taken)
      if (!weights_[taken]) take_over(p, sums.pieces()[taken], sums, attempt);
  };
  for (std::size_t i = 0; i < sums.pieces().size(); ++i) {
    const std::vector<SummedPart>& piece = sums.pieces()[i];
    if (!norms && !attempt.failed())
      attempt([&] {
        for (const SummedPart& s : piece) add(p, s, sums);
        update_.run(on_, p.updates, p.optimizer, step, kind);
        update_.clear();
      });
    if (team.alone()) continue;
    if (!weights_[i]) hand_over(p, piece, sums);
    sums.gather_piece(team, i);
    take_until(sums.gathered());  // while it is in the cache
  }
  sums.finish_gathering(team);
  take_until(sums.pieces().size());
  attempt.throw_together();
}

template <class T, class Device>
void LeafUpdate<T, Device>::add(const StepParts<T, Device>& p, const SummedPart& s,
                                const LeafGradients<T, Device>& sums) {
  Layer<T, Device>& layer = *p.model.layers()[s.layer];
  const Parameter<T, Device>& parameter = std::as_const(layer).parameters()[s.which];
  if (!parameter.learned) return;
  if (!p.updates.clips_by_norm())
    update_.add_to_clip(sums.own(s));
  else if (s.elements.begin == 0)
    update_.add_to_clip(sums.whole(s));
  if (s.own.size() == 0) return;
  add_penalty_gradient<T>(on_, parameter, s.own.begin, sums.own(s));
  update_.add(p.updates, p.optimizer, layer, s.which, p.slots[s.layer][s.which], s.own.begin, sums.own(s));
}

template <class T, class Device>
void LeafUpdate<T, Device>::find_weights(const StepParts<T, Device>& p, const LeafGradients<T, Device>& sums) {
  weights_.assign(sums.pieces().size(), nullptr);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const std::vector<SummedPart>& piece = sums.pieces()[i];
    if (piece.size() != 1 || piece[0].elements.size() != sums.size(i)) continue;
    if (in_common_ && !piece[0].cut) continue;
    Parameter<T, Device>& parameter = p.model.layers()[piece[0].layer]->parameters()[piece[0].which];
    if (parameter.learned) weights_[i] = parameter.value.data() + piece[0].elements.begin;
  }
}

template <class T, class Device>
void LeafUpdate<T, Device>::hand_over(const StepParts<T, Device>& p, const std::vector<SummedPart>& piece,
                                      const LeafGradients<T, Device>& sums) const {
  for (const SummedPart& s : piece) {
    const Parameter<T, Device>& parameter = std::as_const(*p.model.layers()[s.layer]).parameters()[s.which];
    const TensorView<T, Device> to = sums.own(s);
    if (parameter.learned && !(in_common_ && s.cut))
      Memory<Device>::copy(on_, to.data, parameter.value.data() + s.own.begin,
                           static_cast<std::size_t>(to.size()) * sizeof(T));
  }
}

template <class T, class Device>
void LeafUpdate<T, Device>::take_over(const StepParts<T, Device>& p, const std::vector<SummedPart>& piece,
                                      const LeafGradients<T, Device>& sums, Attempts& attempt) const {
  for (const SummedPart& s : piece) {
    if (in_common_ && s.cut) continue;
    Parameter<T, Device>& parameter = p.model.layers()[s.layer]->parameters()[s.which];
    const TensorView<T, Device> now = sums.whole(s);
    if (!parameter.learned) {
      attempt([&] { std::as_const(*p.model.layers()[s.layer]).follow(on_, s.which, parameter.value.view(), now); });
      continue;
    }
    for (const Shard& of : {Shard{s.elements.begin, s.own.begin}, Shard{s.own.end, s.elements.end}})
      RowArithmetic<T, Device>::copy(on_, now.data + of.begin, parameter.value.data() + of.begin, of.size());
  }
}

}  // namespace brindle::detail
