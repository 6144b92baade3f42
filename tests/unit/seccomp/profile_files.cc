#include "tests/unit/seccomp/profile_files.h"

#include <linux/audit.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bailiff {

ProfileFiles::ProfileFiles() {
  std::string path = std::filesystem::temp_directory_path() / "profiles-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  folder_ = path;
}

ProfileFiles::~ProfileFiles() {
  std::error_code ignored;  // a test's leftovers are no reason to fail it
  std::filesystem::remove_all(folder_, ignored);
}

std::string ProfileFiles::write(const std::string& name, std::string_view text) const {
  std::string path = folder_;
  path.append("/").append(name).append(".json");
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string profile_with(std::string_view rules) {
  std::string text =
      R"({"about": "for a test", "otherwise": "allow", "unknown_calls": "errno ENOSYS", "rules": [)";
  text.append(rules).append("]}");
  return text;
}

std::string our_profile(std::string_view name) {
  std::string path = BAILIFF_PROFILES_FOLDER;
  path.append("/").append(name).append(".json");
  return path;
}

seccomp_data call_data(Arch arch, std::uint32_t number, const std::array<std::uint64_t, 6>& args) {
  seccomp_data data = {};
  data.nr = static_cast<int>(number);
  data.arch = arch == Arch::kX86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
  for (std::size_t i = 0; i < args.size(); ++i) data.args[i] = args[i];
  return data;
}

}  // namespace bailiff
