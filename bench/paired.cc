#include "bench/paired.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "bench/support.h"

namespace bailiff::bench {
namespace {

std::string to_json(const Quantiles& of, bool nanoseconds) {
  Json out;
  const auto put = [&](const char* key, double value) {
    if (nanoseconds) {
      out.number(key, std::llround(value));
    } else {
      out.real(key, value);
    }
  };
  put("median", of.median);
  put("p10", of.p10);
  put("p90", of.p90);
  put("p99", of.p99);
  return out.done();
}

}  // namespace

Quantiles Quantiles::of(std::vector<double>& values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto rank = [&](double part) {
    const auto at = static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
    return values[std::max<std::size_t>(at, 1) - 1];
  };
  return {rank(0.5), rank(0.1), rank(0.9), rank(0.99)};
}

std::string Paired::to_json(const std::string& name_a, const std::string& name_b) const {
  return Json()
      .number("pairs", static_cast<std::int64_t>(pairs))
      .raw(name_a, bench::to_json(a, /*nanoseconds=*/true))
      .raw(name_b, bench::to_json(b, /*nanoseconds=*/true))
      .raw("ratio", bench::to_json(ratio, /*nanoseconds=*/false))
      .real("p99_ratio", b.p99 / a.p99)
      .done();
}

Paired measure_pairs(const PairedOptions& options, const std::string& label, const Step& a, const Step& b) {
  const auto rested = [&](const Step& step) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(options.idle);
    const timespec pause = {seconds.count(), (options.idle - seconds).count()};
    if (options.idle > Nanos{}) ::nanosleep(&pause, nullptr);
    return step();
  };
  // All memory is there before the first pair: what is forked here must not grow on the way.
  const auto pairs = static_cast<std::size_t>(std::max(options.pairs, 1));
  std::vector<double> took_a(pairs), took_b(pairs), ratio(pairs);
  for (int i = 0; i < options.warm_up; ++i) {
    a();
    b();
  }
  for (std::size_t i = 0; i < pairs; ++i) {
    Nanos one{}, other{};
    if (i % 2 == 0) {
      one = rested(a);
      other = rested(b);
    } else {
      other = rested(b);
      one = rested(a);
    }
    took_a[i] = static_cast<double>(one.count());
    took_b[i] = static_cast<double>(other.count());
    ratio[i] = took_b[i] / took_a[i];
  }
  const Paired result = {pairs, Quantiles::of(took_a), Quantiles::of(took_b), Quantiles::of(ratio)};
  std::fprintf(stderr, "%s: %.1f us against %.1f us, %.3f x in the median pair (p10 %.3f, p90 %.3f); p99 %.3f x\n",
               label.c_str(), result.b.median / 1e3, result.a.median / 1e3, result.ratio.median, result.ratio.p10,
               result.ratio.p90, result.b.p99 / result.a.p99);
  return result;
}

}  // namespace bailiff::bench
