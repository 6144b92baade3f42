#include "jail/violation.h"

#include <linux/audit.h>

#include <algorithm>

#include "seccomp/filter.h"

namespace bailiff {
namespace {

#if defined(__aarch64__)
constexpr std::uint32_t kOurs = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kOurs = AUDIT_ARCH_X86_64;
#endif
constexpr std::uint32_t kX32Bit = 0x40000000;  // in the number; the architecture says x86_64

struct ArchName {
  std::uint32_t arch;
  const char* name;
};
constexpr ArchName kArchNames[] = {{AUDIT_ARCH_X86_64, "x86_64"},
                                   {AUDIT_ARCH_I386, "i386"},
                                   {AUDIT_ARCH_AARCH64, "aarch64"},
                                   {AUDIT_ARCH_ARM, "arm"}};

std::string arch_of(std::uint32_t arch, std::uint32_t number) {
  if (arch == AUDIT_ARCH_X86_64 && (number & kX32Bit) != 0) return "x32";
  const auto* const found = std::ranges::find(kArchNames, arch, &ArchName::arch);
  return found != std::end(kArchNames) ? found->name : "unknown";
}

}  // namespace

Violation violation_of(const ViolationRecord& record) {
  const auto number = static_cast<std::uint32_t>(record.nr);
  Violation violation;
  if (record.arch == kOurs) violation.name = name_of_call(number);
  if (violation.name.empty()) violation.name = "unknown";
  violation.nr = record.nr;
  violation.arch = arch_of(record.arch, number);
  violation.args = std::to_array(record.args);
  violation.tid = record.tid;
  return violation;
}

}  // namespace bailiff
