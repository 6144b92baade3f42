#include "jail/plan.h"

#include <linux/seccomp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <span>
#include <vector>

#include "jail/plain.h"
#include "jail/plain_filter.h"
#include "jail/shared_user_filter.h"

namespace bailiff {
namespace {

constexpr std::uint64_t kUnlimited = RLIM_INFINITY;

class RlimitTable {
 public:
  RlimitTable(const RunSpec& spec, const Box& box) : spec_(spec), box_(box) {}

  /// A limit of the spec. `key` is its name there.
  Result<void> set(int resource, std::uint64_t value, const char* key) {
    const rlimit& own = box_.inherited_limit(resource);
    if (value > own.rlim_max && !may_raise(resource, own)) {
      if (spec_.given.contains(key)) {
        return request_error(
            std::string("limits.") + key,
            "the supervisor's own hard limit is " + std::to_string(own.rlim_max) + "; raise it there");
      }
      value = own.rlim_max;  // a default bends to the host
    }
    add(resource, value, value);
    return {};
  }

  /// What the keeper has already, its child inherits: a call less, which under gVisor takes 30 µs.
  void add(int resource, std::uint64_t soft, std::uint64_t hard) {
    const rlimit& own = box_.inherited_limit(resource);
    if (own.rlim_cur == soft && own.rlim_max == hard) return;
    table_[count_++] = RlimitOrder{resource, 0, soft, hard};
  }

  [[nodiscard]] std::span<const RlimitOrder> rows() const { return {table_, count_}; }

 private:
  /// Whether this process may go above its hard limit. Asked of the kernel: capability sets lie in user
  /// namespaces.
  static bool may_raise(int resource, const rlimit& own) {
    rlimit higher = own;
    higher.rlim_max = kUnlimited;
    const auto which = static_cast<__rlimit_resource>(resource);
    if (::setrlimit(which, &higher) < 0) return false;
    return ::setrlimit(which, &own) == 0;
  }

  const RunSpec& spec_;
  const Box& box_;
  RlimitOrder table_[16] = {};
  std::size_t count_ = 0;
};

std::uint64_t bytes_or_unlimited(const std::optional<Bytes>& bytes) {
  return bytes ? bytes->count : kUnlimited;
}

/// Lays out strings and the array of pointers to them as execve wants them in the keeper's memory.
Offset string_array(BoardWriter& writer, std::span<const std::string> strings) {
  std::vector<std::uint64_t> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(kBoardAddress + writer.text(text));
  pointers.push_back(0);
  return writer.put(pointers.data(), pointers.size() * sizeof pointers[0]);
}

/// A ruleset in place of a root of its own.
void plan_files(const Box& box, const Surroundings& surroundings, BoardWriter& writer, ChildPlan& plan) {
  const int version = surroundings.kernel.landlock;
  std::vector<LandlockRule> rules;
  for (const VisiblePath& visible : visible_paths(surroundings.root, box.place(), version))
    rules.push_back(LandlockRule{writer.text(visible.path), 0, visible.access});
  plan.landlock = writer.put(rules.data(), rules.size() * sizeof rules[0]);
  plan.landlock_count = static_cast<std::uint32_t>(rules.size());
  plan.landlock_handled = file_rights(version);
}

}  // namespace

Result<void> plan_run(Box& box, const Surroundings& surroundings, const RunSpec& spec, const Filter& filter,
                      Listener listener) {
  const Limits& limits = spec.limits;
  RlimitTable rlimits(spec, box);
  TRY(rlimits.set(RLIMIT_STACK, bytes_or_unlimited(limits.stack), "stack_bytes"));
  TRY(rlimits.set(RLIMIT_FSIZE, bytes_or_unlimited(limits.file_size), "file_size_bytes"));
  TRY(rlimits.set(RLIMIT_NOFILE, limits.open_files, "open_files"));
  // With a pids controller that is the limit and has the counter; this one then only stands behind it.
  const std::uint64_t behind = surroundings.cgroups.has("pids") ? 8 : 0;
  if (box.counts_processes()) {
    TRY(rlimits.set(RLIMIT_NPROC, limits.processes + behind - surroundings.kernel.nproc_slack, "processes"));
  }
  // Those not asked for are lifted: what the supervisor itself was started with is not the program's
  // business.
  TRY(rlimits.set(RLIMIT_AS, bytes_or_unlimited(limits.address_space), "address_space_bytes"));
  TRY(rlimits.set(RLIMIT_DATA, bytes_or_unlimited(limits.data_segment), "data_bytes"));
  if (limits.cpu_time) {
    // A backstop behind our timer and never the limit: it counts in whole seconds, and under load it fires
    // early.
    const auto seconds =
        static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(*limits.cpu_time).count()) + 1;
    rlimits.add(RLIMIT_CPU, seconds, seconds + 1);
  }
  // 1, not 0: a piped core_pattern ignores 0 and runs its helper as root on the host, but takes 1 for a crash
  // of the helper itself and stops (fs/coredump.c, do_coredump). Changing it is denied by the filter.
  rlimits.add(RLIMIT_CORE, 1, 1);
  rlimits.add(RLIMIT_MEMLOCK, 65536, 65536);

  BoardWriter writer = box.scratch_writer();
  std::vector<std::string> env;
  env.reserve(spec.env.size());
  for (const auto& [name, value] : spec.env) env.push_back(name + "=" + box.path_of(value));
  if (box.plain() && spec.env == RunSpec{}.env) env.push_back("TMPDIR=" + box.place() + "/tmp");

  ChildPlan& plan = box.board().plan;
  plan = ChildPlan{};
  plan.uid = box.uid();
  plan.gid = box.uid();
  plan.workdir = writer.text(box.path_of(spec.workdir));
  plan.path = writer.text(box.path_of(spec.argv.front()));
  plan.argv = string_array(writer, spec.argv);
  plan.envp = string_array(writer, env);
  plan.rlimits = writer.put(rlimits.rows().data(), rlimits.rows().size_bytes());
  plan.rlimit_count = static_cast<std::uint32_t>(rlimits.rows().size());
  std::span<const sock_filter> code = filter.code;
  std::vector<sock_filter> guarded;
  if (box.privilege() == Privilege::kUserNamespace) {
    // A user namespace of the run's own: what it is root of is nothing, and RLIMIT_NPROC counts the run
    // alone.
    plan.user_map = writer.text(std::to_string(box.uid()) + " 0 1");
    code = guarded = shared_user_filter(code);
  }
  if (box.plain()) {
    code = guarded = plain_filter(code);
    if (surroundings.kernel.landlock > 0) plan_files(box, surroundings, writer, plan);
  }
  plan.filter = writer.put(code.data(), code.size_bytes());
  plan.filter_length = static_cast<std::uint32_t>(code.size());
  plan.listener = listener;
  if (filter.notifies && listener == Listener::kNobody) refuse_violations_only(box);
  // gVisor keeps the number and never looks at it, and writing it takes 0.3 ms there.
  plan.oom_score_adj = surroundings.kernel.gvisor() ? 0 : 1000;
  // In the keeper's, what is set or done to a process that waits would be set or done to the keeper: its
  // oom_score_adj (fs/proc/base.c, __set_oom_adj), the OOM killer's choice, a core dump. gVisor has none of the
  // three, and takes 0.6 ms for a memory.
  plan.own_memory = !surroundings.kernel.gvisor();
  // gVisor has none (no /proc/self/ns/cgroup), though its unshare says yes to every flag.
  plan.new_cgroup_namespace = !surroundings.kernel.gvisor();
  plan.page_bytes = static_cast<std::uint32_t>(::getpagesize());
  if (box.reusable()) {  // what the box's own namespaces and keyring would carry from one run to the next
    plan.new_ipc = !box.plain();
    plan.new_keyring = box.renews_keyring() && box.privilege() == Privilege::kRoot;
    plan.restart_pids = box.restarts_pids();
  }
  plan.extent = writer.next();
  return {};
}

void refuse_violations_only(Box& box) {
  // Asked without a listener, the kernel would say ENOSYS, and the program go on as if nothing were the
  // matter.
  ChildPlan& plan = box.board().plan;
  plan.listener = Listener::kNobody;
  auto* code = reinterpret_cast<sock_filter*>(reinterpret_cast<std::byte*>(&box.board()) + plan.filter);
  for (sock_filter& line : std::span(code, plan.filter_length)) {
    const bool notifies = line.code == (BPF_RET | BPF_K) && line.k == SECCOMP_RET_USER_NOTIF;
    if (notifies) line.k = SECCOMP_RET_TRAP;
  }
}

}  // namespace bailiff
