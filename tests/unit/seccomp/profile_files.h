#pragma once

#include <linux/seccomp.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "seccomp/calls.h"

namespace bailiff {

/// A folder of profiles for one test, gone afterwards.
class ProfileFiles {
 public:
  ProfileFiles();
  ~ProfileFiles();
  ProfileFiles(const ProfileFiles&) = delete;
  ProfileFiles& operator=(const ProfileFiles&) = delete;

  /// Writes NAME.json and returns its path.
  std::string write(const std::string& name, std::string_view text) const;
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

/// A profile that allows everything but what `rules` (JSON objects, comma between) say.
std::string profile_with(std::string_view rules);

/// Where a profile of ours lies.
std::string our_profile(std::string_view name);

/// The system call a filter for `arch` would see.
seccomp_data call_data(Arch arch, std::uint32_t number, const std::array<std::uint64_t, 6>& args = {});

}  // namespace bailiff
