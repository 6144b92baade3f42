#include "seccomp/search.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace bailiff {
namespace {

// In steps of the kernel's trial over all numbers. Measured (docs/measurement.md): an instruction costs some
// 85 ns, a step 2.8 ns.
constexpr std::uint64_t kInstruction = 30;
constexpr std::uint32_t kTriedNumbers = 480;  // the kernel tries the numbers it has; 472 in Linux 7.0

/// Finds the cheapest tree by comparing all of them, smaller ones first.
class Search {
 public:
  Search(Assembler& out, std::span<const Range> ranges, std::span<const Label> labels)
      : out_(out), ranges_(ranges), labels_(labels), best_(ranges.size() * (ranges.size() + 1)) {
    for (std::size_t width = 2; width <= ranges_.size(); ++width) {
      for (std::size_t from = 0; from + width <= ranges_.size(); ++from) choose(from, from + width);
    }
  }

  void write(std::size_t from, std::size_t to) {
    if (to - from == 1) return out_.jump(label(from));
    const std::size_t split = best(from, to).split;
    if (split == kNoSplit) {
      // Single numbers in a sea of something else: ask for each.
      for (std::size_t i = from + 1; i < to; i += 2) {
        const bool is_last = i + 2 >= to;
        out_.branch(kIfEqual, ranges_[i].first, label(i), is_last ? label(from) : Assembler::kNext);
      }
      return;
    }
    const bool is_leaf_below = split - from == 1;
    const bool is_leaf_above = to - split == 1;
    const Label above = is_leaf_above ? label(split) : out_.new_label();
    out_.branch(kIfAtLeast, ranges_[split].first, above, is_leaf_below ? label(from) : Assembler::kNext);
    if (!is_leaf_below) write(from, split);
    if (is_leaf_above) return;
    out_.place(above);
    write(split, to);
  }

 private:
  static constexpr std::size_t kNoSplit = 0;

  struct Tree {
    std::uint64_t cost = 0;
    std::size_t split = kNoSplit;  // the first range above
  };

  Tree& best(std::size_t from, std::size_t to) { return best_[from * (ranges_.size() + 1) + to]; }
  [[nodiscard]] Label label(std::size_t range) const { return labels_[ranges_[range].outcome]; }

  [[nodiscard]] std::uint64_t numbers_in(std::size_t from, std::size_t to) const {
    const std::uint32_t end = to == ranges_.size() ? kTriedNumbers : ranges_[to].first;
    return std::min(end, kTriedNumbers) - std::min(ranges_[from].first, kTriedNumbers);
  }

  /// Whether every second range is a single number and all others have the same outcome.
  [[nodiscard]] bool is_sea(std::size_t from, std::size_t to) const {
    if ((to - from) % 2 == 0) return false;
    for (std::size_t i = from + 1; i < to; i += 2) {
      if (ranges_[i].first + 1 != ranges_[i + 1].first) return false;
      if (ranges_[i + 1].outcome != ranges_[from].outcome) return false;
    }
    return true;
  }

  void choose(std::size_t from, std::size_t to) {
    Tree tree{std::numeric_limits<std::uint64_t>::max(), kNoSplit};
    const std::uint64_t numbers = numbers_in(from, to);
    if (is_sea(from, to)) {
      const std::size_t singles = (to - from) / 2;
      tree.cost = singles * (kInstruction + numbers);
    }
    for (std::size_t split = from + 1; split < to; ++split) {
      const std::uint64_t cost = best(from, split).cost + best(split, to).cost + kInstruction + numbers;
      if (cost < tree.cost) tree = {cost, split};
    }
    best(from, to) = tree;
  }

  Assembler& out_;
  std::span<const Range> ranges_;
  std::span<const Label> labels_;
  std::vector<Tree> best_;
};

}  // namespace

void write_search(Assembler& out, std::span<const Range> ranges, std::span<const Label> labels) {
  Search(out, ranges, labels).write(0, ranges.size());
}

}  // namespace bailiff
