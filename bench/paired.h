#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/units.h"

namespace bailiff::bench {

/// Nearest rank, of `values`, which it sorts.
struct Quantiles {
  double median = 0, p10 = 0, p90 = 0, p99 = 0;
  static Quantiles of(std::vector<double>& values);
};

/// What `pairs` of A and B took in nanoseconds, and what B took as a multiple of A in the same pair: the machine's mood
/// of the moment is in both halves of a pair, so the ratio is what to trust.
struct Paired {
  std::size_t pairs = 0;
  Quantiles a, b, ratio;
  /// {"pairs":…, A:{"median":…,"p10":…,"p90":…,"p99":…}, B:{…}, "ratio":{…}, "p99_ratio":…}; times in ns.
  [[nodiscard]] std::string to_json(const std::string& name_a, const std::string& name_b) const;
};

/// One timed step: it reads the clock itself right before and right after what counts, and says what lay between.
using Step = std::function<Nanos()>;

struct PairedOptions {
  int pairs = 2000;
  int warm_up = 50;
  Nanos idle{};  // the process sleeps before each step
};

/// A and B in turn; who is first alternates from pair to pair. One human line, "LABEL: …", goes to standard error.
Paired measure_pairs(const PairedOptions& options, const std::string& label, const Step& a, const Step& b);

}  // namespace bailiff::bench
