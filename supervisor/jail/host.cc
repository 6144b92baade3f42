#include "jail/host.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "jail/keeper_image.h"
#include "jail/run.h"

namespace bailiff {
namespace {

/// What a limit is held by at best, and the controller that takes.
struct Better {
  const char* name;
  const char* controller;
};
constexpr Better kByCgroup[] = {{"memory", "memory"}, {"processes", "pids"}};

/// What root without CAP_SYS_ADMIN cannot give to a box.
constexpr const char* kMissingInPlain[] = {"disk_bytes", "ipc", "mount", "net", "pid", "uts"};
constexpr const char* kNamespacesInPlain =
    "docker run --cap-add SYS_ADMIN with the others and the seccomp profile of docs/operations.md, \"In a "
    "container\"; "
    "or be a user who is not root, where this container may make user namespaces";
constexpr const char* kOnlyAccepted =
    "runs are refused unless they say \"accept_missing\": [\"disk_bytes\", \"ipc\", \"mount\", \"net\", "
    "\"pid\", "
    "\"uts\"]";

std::string how_to_get(const CgroupTree& cgroups, const std::string& controller, Privilege privilege) {
  if (!cgroups.hierarchy_has(controller)) {
    return cgroups.why_lacks(controller) +
           "; this machine's cgroup v2 has none to give: boot with systemd.unified_cgroup_hierarchy=1 or "
           "cgroup_no_v1=all";
  }
  return cgroups.why_lacks(controller) + "; have it delegated: " +
         (privilege == Privilege::kUserNamespace ? "systemd-run --user --scope -p Delegate=yes"
                                                 : "a unit with Delegate=yes, or --cgroup DIR") +
         " (docs/operations.md)";
}

std::string first_line_of(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t got = fd ? ::read(fd.get(), text, sizeof text) : 0;
  std::string line(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  return line.substr(0, line.find('\n'));
}

}  // namespace

HostReport probe_host(const Surroundings& surroundings) {
  HostReport report;
  utsname names = {};
  if (::uname(&names) == 0) report.kernel = names.release;
  report.runtime = surroundings.kernel.runtime;
  report.cgroup_path = surroundings.cgroups.available() ? surroundings.cgroups.path() : "";
  report.cgroup_problem = surroundings.cgroups.why_not();
  report.cgroup_controllers = surroundings.cgroups.controllers();

  // The one program that is there in any root tree is our own: the keeper, which ends at once without its
  // board.
  RunSpec spec;
  spec.argv = {"./probe"};
  const std::span<const std::byte> image = keeper_image();
  spec.files["probe"] =
      InputFile{{std::string(reinterpret_cast<const char*>(image.data()), image.size()), {}}, 0755};
  const bool plain = surroundings.privilege == Privilege::kPlain;
  if (plain) spec.accept_missing = {kMissingInPlain, std::end(kMissingInPlain)};
  const Result<RunResult> tried = run_once(surroundings, spec);
  if (!tried) {
    report.problem = tried.error().message();
    return report;
  }
  if (tried->status == Verdict::kInternalError) {
    report.problem = tried->reason + ": " + tried->reason_detail;
    return report;
  }
  constexpr int kKeeperWithoutBoard = 2;  // keeper.cc, keep()
  if (tried->exit_code != kKeeperWithoutBoard) {
    report.problem = "a program put into a box does not run: " + tried->reason + " " + tried->reason_detail;
    return report;
  }
  report.usable = true;
  for (const auto& [name, mechanism] : tried->enforced) report.mechanisms[name].mechanism = mechanism;
  for (const Better& better : kByCgroup) {
    HostMechanism& held = report.mechanisms[better.name];
    if (held.mechanism == "cgroup") continue;
    held.better = "cgroup";
    held.fix = how_to_get(surroundings.cgroups, better.controller, surroundings.privilege);
  }
  if (report.mechanisms["processes"].mechanism == "none")
    report.mechanisms["processes"].fix += "; or Linux 5.14, which counts in each user namespace by itself";
  if (surroundings.privilege == Privilege::kUserNamespace) {
    report.mechanisms["uid"].better = "lease";
    report.mechanisms["uid"].fix = "run it as root: then every box has a user id that nobody else has";
  }
  if (plain) {
    for (const char* name : kMissingInPlain) {
      report.mechanisms[name].better = std::string_view(name) == "disk_bytes" ? "tmpfs" : "namespace";
      report.mechanisms[name].fix = kNamespacesInPlain;
    }
    report.warnings.emplace_back(kOnlyAccepted);
  }
  // What our own profiles make of it is in each result; here it is what the kernel can do.
  report.mechanisms["seccomp"] =
      surroundings.kernel.hears_violations
          ? HostMechanism{"notify", "", ""}
          : HostMechanism{"deny-only", "notify",
                          "a kernel with seccomp user notification (Linux 5.0; gVisor has none)"};
  if (report.mechanisms["disk_inodes"].mechanism == "unlimited") {  // a default that bent to the host
    report.mechanisms["disk_inodes"] = HostMechanism{
        "none", "tmpfs",
        plain ? kNamespacesInPlain : "a kernel whose tmpfs takes nr_inodes (gVisor's does not)"};
  }
  if (first_line_of("/proc/sys/kernel/core_pattern").starts_with('|')) {
    report.warnings.emplace_back(
        "kernel.core_pattern is a pipe: only RLIMIT_CORE = 1 keeps crashing programs from it");
  }
  return report;
}

}  // namespace bailiff
