// SPDX-License-Identifier: MIT
// Sums over the leaves of a batch and over processes, of sizes that are drawn.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/team_row.hpp"
#include "support/random_sizes.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// The sum of what all numbers 0 to size - 1 have, by a tree: 0 with 1 and 2 with 3 first.
std::vector<float> tree_sum(std::vector<std::vector<float>> all) {
  for (std::size_t step = 1; step < all.size(); step *= 2)
    for (std::size_t i = 0; i < all.size(); i += 2 * step)
      for (std::size_t k = 0; k < all[i].size(); ++k) all[i][k] = all[i][k] + all[i + step][k];
  return all[0];
}

}  // namespace

TEST_CASE("sums over leaves are those of plain loops at random sizes", "[train][random_sizes]") {
  random_cases(60, [](RandomCase& c) {
    // Parameters around the pieces of 2048 elements that go up the tree, of 65536 that threads take, and of 262144 that
    // processes exchange.
    const std::int64_t own = std::int64_t{1} << c.below(5), inputs = c.size(700, {16, 64, 256, 512}),
                       outputs = c.size(700, {16, 64, 256, 512}), empty = c.chance(0.3) ? c.below(own) : -1;
    c.says(own, " leaves of Dense (", inputs, ", ", outputs, "), nothing in leaf ", empty);
    const Sequential<float> model{Cpu{1}, {inputs}, Dense{outputs}};
    const Plan<float, Cpu> plan(model.device(), model.graph(), {.batch = 1, .backward = true});
    std::vector<std::vector<TensorView<const float>>> leaves;
    for (std::int64_t leaf = 0; leaf < own; ++leaf)
      leaves.push_back({c.input<float>({inputs, outputs}), c.input<float>({outputs})});
    std::vector<std::int64_t> cuts{0};  // of what is handed on in parts
    while (cuts.back() < inputs * outputs)
      cuts.push_back(std::min(inputs * outputs, cuts.back() + c.size(inputs * outputs, {2048})));
    c.compute([&](const Cpu& on, Outputs& out) {
      detail::LeafGradients<float, Cpu> sums;
      sums.prepare(model, plan, {.count = own, .own = own});
      sums.take_memory(model, detail::Team());
      sums.begin();
      for (std::int64_t leaf = 0; leaf < own; ++leaf) {
        if (leaf == empty) {
          sums.add_nothing(on, leaf);
          continue;
        }
        const auto& of = leaves[static_cast<std::size_t>(leaf)];
        if (leaf % 2 == 0)
          sums.add_whole(on, leaf, 0, 0, of[0]);
        else
          for (std::size_t k = 0; k + 1 < cuts.size(); ++k)
            sums.add(leaf, 0, 0, cuts[k], {of[0].data + cuts[k], Shape{cuts[k + 1] - cuts[k]}});
        sums.add_whole(on, leaf, 0, 1, of[1]);
      }
      std::int64_t next[] = {0, 0};  // of each parameter, elements whose parts have been seen
      for (const auto& piece : sums.pieces())
        for (const detail::SummedPart& part : piece) {
          c.expect(part.elements.begin == next[part.which] && part.own.size() == part.elements.size(),
                   "parts in a row");
          next[part.which] = part.elements.end;
          if (part.elements.begin == 0)
            out.copy<float>(part.which == 0 ? "kernel" : "bias", TensorView<const float>(sums.whole(part)));
        }
      c.expect(next[0] == inputs * outputs && next[1] == outputs, "parts of all elements");
    });
    for (std::size_t which = 0; which < 2; ++which) {
      std::vector<std::vector<float>> all;
      for (std::int64_t leaf = 0; leaf < own; ++leaf) {
        const auto& from = leaves[static_cast<std::size_t>(leaf)][which];
        all.emplace_back(from.data, from.data + from.size());
        if (leaf == empty) all.back().assign(all.back().size(), 0.0f);
      }
      const std::vector<float> expected = tree_sum(std::move(all));
      const std::string name = which == 0 ? "kernel" : "bias";
      c.same(name, c.result<float>(name).data(), expected.data(), static_cast<std::int64_t>(expected.size()));
    }
  });
}

TEST_CASE("sums over processes are those of plain loops at random sizes", "[train][random_sizes]") {
  random_cases(40, [](RandomCase& c) {
    const int size = 1 << c.between(1, 3);
    std::vector<std::size_t> ends;  // pieces around whole cache lines and their halves
    for (std::int64_t k = c.between(1, 5), end = 0; k > 0; --k)
      ends.push_back(static_cast<std::size_t>(end += c.size(3000, {16, 32, 128}) - 1));
    const int machine = 1 << c.between(0, std::countr_zero(static_cast<unsigned>(size)));  // read each other's rows
    c.says(size, " processes, ", machine, " a machine, ", ends.size(), " pieces, ", ends.back(), " numbers");
    std::vector<std::vector<float>> all;
    for (int rank = 0; rank < size; ++rank) {
      const auto drawn = c.input<float>({static_cast<std::int64_t>(ends.back())});
      all.emplace_back(drawn.data, drawn.data + drawn.size());
    }
    std::vector<bool> apart;  // pieces that are gathered in other memory
    for (std::size_t k = 0; k < ends.size(); ++k) apart.push_back(c.chance(0.5));
    std::vector<std::vector<float>> sums = all;
    const auto errors = run_group(size, [&](const std::shared_ptr<ThreadGroup>& group) {
      detail::Team team(group);
      std::vector<float>& mine = sums[static_cast<std::size_t>(group->rank())];
      detail::TeamRow<float, Cpu> row;
      std::vector<const float*> rows;
      for (int rank = 0; rank < size; ++rank)
        rows.push_back(rank / machine == group->rank() / machine ? sums[static_cast<std::size_t>(rank)].data()
                                                                 : nullptr);
      row.prepare(Cpu{1}, mine, ends, team, machine > 1 ? rows : std::vector<const float*>{});
      std::vector<std::vector<float>> others(ends.size());
      std::vector<float*> where(ends.size(), nullptr);
      for (const bool gathers : {false, true}) {
        if (gathers)
          row.gather(where);
        else
          row.sum();
        for (const std::size_t end : ends) row.advance(team, end);
        row.finish(team);
        for (std::size_t k = 0; k < ends.size(); ++k) {
          if (!apart[k]) continue;
          const auto in_row = std::span(mine).subspan(k == 0 ? 0 : ends[k - 1], ends[k] - (k == 0 ? 0 : ends[k - 1]));
          if (gathers) std::copy(others[k].begin(), others[k].end(), in_row.begin());
          others[k].assign(in_row.begin(), in_row.end());
          where[k] = others[k].data();
        }
      }
    });
    for (const auto& error : errors) c.expect(!error, "a process failed");
    const std::vector<float> expected = tree_sum(all);
    for (const std::vector<float>& sum : sums)
      c.same("sum", sum.data(), expected.data(), static_cast<std::int64_t>(expected.size()));
  });
}
