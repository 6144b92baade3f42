// bench_cgroup [--pairs N (2000)] [--warm-up N (50)] [--program FILE] [--cgroup DIR]: what the cgroup part of a run costs,
// against fork + exec + wait4 of the same program. A: bare. B: limits applied and counters begun, the child cloned into
// the leaf, waited for, every counter of a result read. What is done while a program runs or after the answer (removing
// the last leaf, making the next) is apart: made_ahead_ns.

#include <linux/sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "bench/paired.h"
#include "bench/support.h"
#include "jail/cgroup.h"

namespace bailiff::bench {
namespace {

/// `leaf` below 0: where this process is.
void run_in(int leaf, const char* program) {
  clone_args args = {};
  args.flags = leaf >= 0 ? CLONE_INTO_CGROUP : 0;
  args.exit_signal = SIGCHLD;
  args.cgroup = leaf >= 0 ? static_cast<std::uint64_t>(leaf) : 0;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) give_up_errno("clone3");
  if (pid == 0) {
    char* const argv[] = {const_cast<char*>(program), nullptr};
    ::execv(program, argv);
    ::_exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (::wait4(pid, &status, 0, &usage) != pid) give_up_errno("wait4");
  if (status != 0) give_up(std::string(program) + " ended with status " + std::to_string(status));
}

CgroupLeaf make(const CgroupTree& tree, const Limits& limits) {
  Result<CgroupLeaf> leaf = CgroupLeaf::create(tree);
  if (!leaf) give_up(leaf.error().message());
  if (const Result<void> limited = leaf->limit(limits); !limited) give_up(limited.error().message());
  return *std::move(leaf);
}

void main_of(Arguments& arguments) {
  PairedOptions options;
  options.pairs = arguments.take("--pairs", options.pairs);
  options.warm_up = arguments.take("--warm-up", options.warm_up);
  const std::string program = arguments.take("--program", BAILIFF_BENCH_PROGRAM);
  const std::string path = arguments.take("--cgroup", "");

  Result<CgroupTree> tree = path.empty() ? Result<CgroupTree>(CgroupTree::find_own()) : CgroupTree::find_at(path);
  if (!tree) give_up(tree.error().message());
  if (!tree->available()) give_up(tree->why_not());
  const Limits limits;
  CgroupLeaf leaf = make(*tree, limits);
  const bool once = leaf.used_once();
  std::vector<double> ahead;
  const Step bare = [&] {
    const Nanos begun = now();
    run_in(-1, program.c_str());
    return now() - begun;
  };
  const Step within = [&] {
    const Nanos begun = now();
    if (const Result<void> done = leaf.begin_run(limits); !done) give_up(done.error().message());
    run_in(leaf.fd(), program.c_str());
    const Result<CgroupCpu> cpu = leaf.cpu();
    const auto peak = leaf.memory_peak();
    const MemoryEvents events = leaf.memory_events();
    const auto breakdown = leaf.memory_breakdown();
    const std::uint64_t refused = leaf.refused_forks();
    const Nanos took = now() - begun;
    if (!cpu || cpu->total.count() == 0) give_up("the leaf counted no CPU time");
    if (tree->has("memory") && (!peak || peak->count == 0 || !breakdown || events.oom_kill != 0))
      give_up("the leaf counted no memory");
    if (refused != 0) give_up("a fork was refused");
    if (!leaf.reusable()) {  // as a supervisor does, after the answer: whoever comes next finds the caches used
      const Nanos making = now();
      leaf = CgroupLeaf();
      leaf = make(*tree, limits);
      ahead.push_back(static_cast<double>((now() - making).count()));
    }
    return took;
  };
  const Paired paired = measure_pairs(options, "cgroup", bare, within);
  const Quantiles made = Quantiles::of(ahead);
  std::string controllers;
  for (const std::string& one : tree->controllers()) controllers += (controllers.empty() ? "" : " ") + one;
  Json json;
  json.text("controllers", controllers)
      .number("leaf_used_once", once ? 1 : 0)
      .number("leaves_made", static_cast<std::int64_t>(ahead.size()))
      .real("made_ahead_ns_median", ahead.empty() ? 0 : made.median)
      .number("rss_kib", proc_number("/proc/self/status", "VmRSS"))
      .raw("run", paired.to_json("bare_ns", "cgroup_ns"));
  std::printf("%s\n", json.done().c_str());
}

}  // namespace
}  // namespace bailiff::bench

int main(int argc, char** argv) {
  bailiff::bench::Arguments arguments(argc, argv);
  bailiff::bench::main_of(arguments);
}
