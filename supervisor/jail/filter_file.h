#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seccomp/filter.h"

namespace bailiff {

/// The filters runs may ask for by name: those built in, and those an operator compiled with
/// `bailiff-seccomp compile` and named on the command line.
class FilterSet {
 public:
  /// Takes /some/where/NAME.bpf in under NAME, and has the kernel try it in a process of its own: a filter
  /// that refuses what every run starts and ends with would end no run well.
  ///
  /// Errors: kRequest, naming the path  not absolute, not NAME.bpf, NAME is taken; the file is not
  ///   whole, not ours, for another machine, no filter, or forbids a call every run needs
  Result<void> add(const std::string& path);

  /// The filter of that name, or nullptr. Valid as long as this set.
  [[nodiscard]] const Filter* find(std::string_view name) const;

  /// The error for a name that find() does not know: it lists those there are.
  [[nodiscard]] Error unknown(const std::string& key, const std::string& name) const;

 private:
  struct Loaded {
    std::string name;
    std::vector<sock_filter> code;
    std::string sha256;
    Filter filter;  // views of the three above
  };
  std::vector<std::shared_ptr<const Loaded>> loaded_;
};

}  // namespace bailiff
