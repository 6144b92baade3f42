// bench_seccomp [--pairs N] [--cpu N]: what filters cost, one JSON object. For each embedded filter: loading
// it, against loading one instruction; what it adds to a bare start; and the tax on calls that are allowed at
// once, allowed after a look at their arguments, and refused. Filters are for good, so each figure is taken
// by a child of its own.

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>

#include "bench/paired.h"
#include "bench/support.h"
#include "seccomp/filter.h"

namespace bailiff::bench {
namespace {

constexpr sock_filter kAllowAll[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
const Filter kOneInstruction{"one-instruction", kAllowAll, "", false};

/// As the keeper's child does it: with a listener where violations are told.
void load(const Filter& filter) {
  sock_fprog program = {};
  program.len = static_cast<unsigned short>(filter.code.size());
  program.filter = const_cast<sock_filter*>(filter.code.data());  // the kernel only reads it
  const unsigned flags = filter.notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0) ::_exit(1);
}

/// Runs `work` in a child and gives back what it returned.
template <typename Work>
Nanos in_child(const Work& work) {
  static Nanos* const shared =
      new (::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Nanos;
  const pid_t child = ::fork();
  if (child < 0) give_up_errno("fork");
  if (child == 0) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) ::_exit(1);
    *shared = work();
    ::_exit(0);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) < 0 || status != 0) give_up("a child failed: " + std::to_string(status));
  return *shared;
}

Nanos load_time(const Filter& filter) {
  return in_child([&] {
    const Nanos begun = now();
    load(filter);
    return now() - begun;
  });
}

/// fork to the end of wait4 of the smallest program, with the filter in between or without.
Nanos start_time(const Filter* filter) {
  const char* const program = BAILIFF_BENCH_PROGRAM;
  const char* const argv[] = {program, nullptr};
  const Nanos begun = now();
  const pid_t child = ::fork();
  if (child == 0) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) ::_exit(1);
    if (filter != nullptr) load(*filter);
    ::execv(program, const_cast<char**>(argv));
    ::_exit(1);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) < 0 || status != 0) give_up("a start failed");
  return now() - begun;
}

constexpr int kCalls = 20000;

struct Call {
  const char* name;
  long (*make)();
};

constexpr Call kTaxed[] = {
    {"allowed_at_once", [] { return ::syscall(SYS_getppid); }},
    {"allowed_by_arguments",
     [] { return ::syscall(SYS_ioctl, -1, TCGETS, nullptr); }},     // EBADF, by the kernel
    {"refused", [] { return ::syscall(SYS_clone3, nullptr, 0); }},  // ENOSYS; without a filter: EINVAL
};

Nanos calls_time(const Filter* filter, const Call& call) {
  return in_child([&] {
    if (filter != nullptr) load(*filter);
    const Nanos begun = now();
    for (int i = 0; i < kCalls; ++i) call.make();
    return now() - begun;
  });
}

std::string measure(const Filter& filter, const PairedOptions& options) {
  const std::string name(filter.name);
  const Paired loading = measure_pairs(
      options, name + ": loading, to one instruction", [] { return load_time(kOneInstruction); },
      [&] { return load_time(filter); });
  const Paired start = measure_pairs(
      options, name + ": a start, to a bare one", [] { return start_time(nullptr); },
      [&] { return start_time(&filter); });
  Json tax;
  PairedOptions few = options;
  few.pairs = std::max(options.pairs / 20, 3);
  few.warm_up = 2;
  for (const Call& call : kTaxed) {
    const Paired calls = measure_pairs(
        few, name + ": calls " + call.name, [&] { return calls_time(nullptr, call); },
        [&] { return calls_time(&filter, call); });
    tax.raw(call.name, Json()
                           // What disturbs a loop only lengthens it: of both, the quick tenth.
                           .real("bare_ns", calls.a.p10 / kCalls)
                           .real("tax_ns", (calls.b.p10 - calls.a.p10) / kCalls)
                           .done());
  }
  return Json()
      .number("instructions", static_cast<std::int64_t>(filter.code.size()))
      .raw("loading", loading.to_json("one_instruction_ns", "filter_ns"))
      .raw("start", start.to_json("bare_ns", "filtered_ns"))
      .raw("tax_per_call", tax.done())
      .done();
}

}  // namespace
}  // namespace bailiff::bench

int main(int argc, char** argv) {
  using namespace bailiff::bench;  // NOLINT: this is the program
  Arguments arguments(argc, argv);
  PairedOptions options;
  options.pairs = arguments.take("--pairs", options.pairs);
  pin(arguments.take("--cpu", -1));
  if (!arguments.rest().empty()) give_up("usage: bench_seccomp [--pairs N] [--cpu N]");
  Json out;
  for (const bailiff::Filter& filter : bailiff::all_filters()) out.raw(filter.name, measure(filter, options));
  std::printf("%s\n", out.done().c_str());
}
