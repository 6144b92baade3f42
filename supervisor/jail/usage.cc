#include "jail/usage.h"

#include <sys/wait.h>

#include <algorithm>

namespace bailiff {
namespace {

Nanos without(Nanos total, std::int64_t pre_exec_ns) {
  return std::max(Nanos{0}, total - Nanos(pre_exec_ns));
}

/// The sum is exact, the split is sampled at ticks (kernel/sched/cputime.c): user never exceeds the sum.
void split(CpuFigure& figure, Nanos user) {
  figure.user = std::min(user, figure.total);
  figure.system = figure.total - *figure.user;
}

}  // namespace

CpuTime measure_cpu(const RunReport& report, const Kernel& kernel, const CgroupLeaf& leaf,
                    bool leaf_saw_pre_exec, bool alone) {
  CpuFigure wait4;
  wait4.total = without(Nanos(report.cpu_ns), report.pre_exec_cpu_ns);
  split(wait4, Nanos(report.user_ns));
  wait4.source = "wait4";
  wait4.resolution = kernel.cpu_resolution;
  wait4.includes = "processes the keeper reaped, with the children they waited for";

  CpuTime out;
  const Result<CgroupCpu> cpu = leaf ? leaf.cpu() : Result<CgroupCpu>(host_error("no cgroup"));
  if (!cpu) {
    out.best = wait4;
    out.complete = alone;
    return out;
  }
  const std::int64_t pre_exec_ns = leaf_saw_pre_exec ? report.pre_exec_cpu_ns : 0;
  out.best.total = without(cpu->total, pre_exec_ns);
  split(out.best, cpu->user);
  out.best.source = "cgroup";
  out.best.resolution = 1us;  // cpu.stat is in microseconds
  out.best.includes = "every process of the run";
  out.others.push_back(std::move(wait4));
  return out;
}

PeakMemory measure_memory(const RunReport& report, const Kernel& kernel, const CgroupLeaf& leaf,
                          Bytes sampled, bool read_ahead) {
  MemoryFigure rusage{Bytes{static_cast<std::uint64_t>(report.max_rss_kib) << 10}, "rusage",
                      kernel.rss_resolution, "resident pages of the largest process, files it maps included"};
  PeakMemory out;
  if (const std::optional<Bytes> peak = leaf ? leaf.memory_peak() : std::nullopt) {
    out.best = MemoryFigure{
        *peak, "cgroup", 4_KiB,
        read_ahead ? "anon+file+shmem+kernel, without files read ahead" : "anon+file+shmem+kernel"};
    out.others.push_back(std::move(rusage));
    return out;
  }
  if (sampled > rusage.peak) {
    out.best = MemoryFigure{sampled, "sampling", kernel.rss_resolution,
                            "all processes and files in /box, /tmp, /dev/shm, when looked at"};
    out.others.push_back(std::move(rusage));
    return out;
  }
  out.best = std::move(rusage);
  return out;
}

std::vector<ProcessRow> process_rows(const RunReport& report) {
  std::vector<ProcessRow> rows;
  rows.reserve(static_cast<std::size_t>(report.row_count));
  for (int i = 0; i < report.row_count; ++i) {
    const ReapedProcess& reaped = report.rows[i];
    ProcessRow row;
    row.pid = reaped.pid;
    row.cpu = Nanos(reaped.cpu_ns);
    if (reaped.pid == report.main_pid) row.cpu = without(row.cpu, report.pre_exec_cpu_ns);
    row.max_rss = Bytes{static_cast<std::uint64_t>(reaped.max_rss_kib) << 10};
    if (WIFSIGNALED(reaped.status))
      row.signal = WTERMSIG(reaped.status);
    else
      row.exit_code = WEXITSTATUS(reaped.status);
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ProcessRow& a, const ProcessRow& b) { return a.cpu > b.cpu; });
  return rows;
}

}  // namespace bailiff
