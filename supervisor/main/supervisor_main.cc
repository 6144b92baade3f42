// bailiff-supervisor: runs one untrusted program in a box and prints what happened. See docs/run-spec.md.

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/file_io.h"
#include "base/unique_fd.h"
#include "jail/host.h"
#include "jail/learn.h"
#include "jail/read_ahead.h"
#include "jail/run.h"
#include "jail/session.h"
#include "spec/json.h"

namespace bailiff {
namespace {

constexpr int kExitResult = 0;
constexpr int kExitError = 2;
constexpr int kExitUsage = 64;  // EX_USAGE, sysexits.h

Result<std::string> read_file(const std::string& path, std::size_t most) {
  UniqueFd opened;
  int fd = STDIN_FILENO;
  if (path != "-") {
    opened = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) return errno_error("open " + path);
    fd = opened.get();
  }
  // A file of known size is read into its place at once; a pipe grows.
  struct stat status = {};
  const bool sized = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  std::size_t room = (sized ? static_cast<std::size_t>(status.st_size) : 0) + 4096;
  std::string text;
  for (std::size_t had = 0;;) {
    if (had > most) return host_error(path + " is larger than " + std::to_string(most) + " bytes");
    text.resize(std::min(had + room, most + 1));
    const ssize_t got = ::read(fd, text.data() + had, text.size() - had);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read " + path);
    had += static_cast<std::size_t>(got);
    if (got == 0) {
      text.resize(had);
      return text;
    }
    room = std::max<std::size_t>(room, std::size_t{1} << 16);
  }
}

struct Options {
  std::string spec_path;
  std::string root;
  std::string cgroup;
  std::string files_root;
  std::vector<std::string> filters;
  std::vector<std::string> read_ahead;
  bool learn = false;
  std::string learnt;  // file for the profile; empty: standard output, in place of the result
  unsigned parallel = 0;
  unsigned cpus = 0;  // 0: all
  bool json = false;
};

/// Standard output carries the answer and nothing else.
int print(std::string text) {
  text += '\n';
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return kExitError;
    at += static_cast<std::size_t>(wrote);
  }
  return kExitResult;
}

int print(const Error& error) {
  (void)print(to_json(error));
  return kExitError;
}

Result<RootTree> find_root(const Options& options) {
  return options.root.empty() ? RootTree::of_host() : RootTree::of_directory(options.root);
}

Result<void> find_and_read_root(const Options& options, Surroundings& surroundings) {
  surroundings.root = TRY(find_root(options));
  surroundings.read_ahead = !options.read_ahead.empty();
  return read_ahead(surroundings.root, options.read_ahead);
}

/// All but the root tree.
Result<Surroundings> find_surroundings(const Options& options) {
  Surroundings surroundings;
  surroundings.privilege = TRY(find_privilege());
  surroundings.cgroups =
      options.cgroup.empty() ? CgroupTree::find_own() : TRY(CgroupTree::find_at(options.cgroup));
  surroundings.kernel = Kernel::probe();
  for (const std::string& path : options.filters) TRY(surroundings.filters.add(path));
  return surroundings;
}

Result<RunSpec> read_spec(const std::string& path) {
  Result<std::string> text = read_file(path, kMaxSpecBytes);
  if (text) return parse_run_spec(*text);
  Error error = std::move(text).error();
  error.fault = Fault::kRequest;
  error.key = "SPEC";
  return error;
}

/// The kernel works beside us: it makes the box's namespaces while we read what is to be done in it, and
/// takes them apart while we print.
Result<int> run(const Options& options) {
  Surroundings surroundings = TRY(find_surroundings(options));
  Box box = TRY(Box::start(surroundings, /*reusable=*/false));
  const RunSpec spec = TRY(read_spec(options.spec_path));
  TRY(find_and_read_root(options, surroundings));
  const RunResult result = TRY(run_once(box, surroundings, spec));
  return print(to_json(result));
}

Result<int> learn(const Options& options) {
  Surroundings surroundings = TRY(find_surroundings(options));
  const RunSpec spec = TRY(read_spec(options.spec_path));
  TRY(find_and_read_root(options, surroundings));
  const Lesson lesson = TRY(learn(surroundings, spec));
  if (lesson.result.status != Verdict::kOk) {
    std::fprintf(stderr,
                 "bailiff-supervisor: the run ended as %s, so the profile may lack what comes after: %s %s\n",
                 std::string(verdict_name(lesson.result.status)).c_str(), lesson.result.reason.c_str(),
                 lesson.result.reason_detail.c_str());
  }
  if (options.learnt.empty()) return print(lesson.profile);
  const UniqueFd file(::open(options.learnt.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return errno_error("create " + options.learnt);
  TRY(write_all(file.get(), lesson.profile + "\n"));
  return print(to_json(lesson.result));
}

Result<std::string> check(const Options& options, bool& usable) {
  Surroundings surroundings = TRY(find_surroundings(options));
  surroundings.root = TRY(find_root(options));
  const HostReport report = probe_host(surroundings);
  usable = report.usable;
  return options.json ? to_json(report) : to_text(report);
}

/// Of the CPUs this process may use the first `count`. What it starts inherits that.
Result<void> use_cpus(unsigned count) {
  cpu_set_t usable = {};
  if (::sched_getaffinity(0, sizeof usable, &usable) < 0) return errno_error("sched_getaffinity");
  cpu_set_t chosen = {};
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE && count > 0; ++cpu) {
    if (!CPU_ISSET(cpu, &usable)) continue;
    CPU_SET(cpu, &chosen);
    --count;
  }
  if (::sched_setaffinity(0, sizeof chosen, &chosen) < 0) return errno_error("sched_setaffinity");
  return {};
}

/// Frames in, frames out. The protocol has its own way to tell of errors; what stderr gets is for whoever
/// reads logs.
int serve(const Options& options) {
  Result<Surroundings> surroundings = find_surroundings(options);
  const Result<void> rooted = surroundings ? find_and_read_root(options, *surroundings) : Result<void>();
  if (!surroundings || !rooted) {
    const Error& error = surroundings ? rooted.error() : surroundings.error();
    std::fprintf(stderr, "bailiff-supervisor: %s%s%s\n", error.key.c_str(), error.key.empty() ? "" : " ",
                 error.message().c_str());
    return kExitError;
  }
  rlimit files = {};  // each box takes some fifteen descriptors
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);  // fewer boxes then; opening one too many says why
  }
  struct stat files_root = {};
  if (!options.files_root.empty() &&
      (::stat(options.files_root.c_str(), &files_root) < 0 || !S_ISDIR(files_root.st_mode))) {
    std::fprintf(stderr, "bailiff-supervisor: --files-root %s is not a directory\n",
                 options.files_root.c_str());
    return kExitError;
  }
  if (const Result<void> chosen = options.cpus == 0 ? Result<void>() : use_cpus(options.cpus); !chosen) {
    std::fprintf(stderr, "bailiff-supervisor: --cpus: %s\n", chosen.error().message().c_str());
    return kExitError;
  }
  Session session(*surroundings, SessionOptions{BAILIFF_VERSION, options.files_root, options.parallel});
  const Result<void> served = session.serve(STDIN_FILENO, STDOUT_FILENO);
  if (served) return kExitResult;
  std::fprintf(stderr, "bailiff-supervisor: %s\n", served.error().message().c_str());
  return kExitError;
}

}  // namespace
}  // namespace bailiff

int main(int argc, char** argv) {
  using namespace bailiff;  // NOLINT: this is the program
  // What a large output took is given back when it is sent: glibc would raise the threshold and keep it.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  ::signal(SIGPIPE,
           SIG_IGN);  // a reader that is gone is an error of write(2), after which there is tidying to do
  Options options;
  // What a judge calls for each run needs no parser, which takes some 50 µs.
  if (argc == 3 && std::string_view(argv[1]) == "run" && (argv[2][0] != '-' || argv[2][1] == '\0')) {
    options.spec_path = argv[2];
    const Result<int> exit_code = run(options);
    return exit_code ? *exit_code : print(exit_code.error());
  }
  CLI::App app{"Runs one untrusted program inside known limits and says what happened.",
               "bailiff-supervisor"};
  app.require_subcommand(1);
  CLI::App* run_command =
      app.add_subcommand("run", "run one RunSpec, print one RunResult (docs/run-spec.md)");
  run_command->add_option("SPEC", options.spec_path, "file with the RunSpec; - for standard input")
      ->required();
  run_command->add_option("--root", options.root,
                          "root tree of the box; default: the allow-list of this host");
  constexpr const char* kCgroupHelp =
      "empty cgroup v2 directory to make groups in; default: the one this process is in";
  run_command->add_option("--cgroup", options.cgroup, kCgroupHelp);
  constexpr const char* kReadAheadHelp =
      "file or directory of the root tree to read into the page cache first, / for all of it: what a run "
      "reads "
      "of that is then no part of its peak memory (docs/measurement.md); may be repeated";
  run_command->add_option("--read-ahead", options.read_ahead, kReadAheadHelp)->allow_extra_args(false);
  constexpr const char* kSeccompHelp =
      "/…/NAME.bpf, made by bailiff-seccomp compile: runs can ask for \"seccomp\": \"NAME\"; may be repeated";
  run_command->add_option("--seccomp", options.filters, kSeccompHelp)->allow_extra_args(false);
  CLI::Option* learn_option = run_command->add_flag(
      "--learn", options.learn,
      "write the seccomp profile this run needs; for programs you trust (docs/seccomp.md)");
  run_command
      ->add_option("-o,--output", options.learnt,
                   "with --learn: where the profile goes; default: standard output")
      ->needs(learn_option);
  CLI::App* serve_command =
      app.add_subcommand("serve", "boxes and runs over frames on stdin and stdout (docs/protocol.md)");
  serve_command->add_option("--root", options.root, "as for run");
  serve_command->add_option("--cgroup", options.cgroup, kCgroupHelp);
  serve_command->add_option("--read-ahead", options.read_ahead, kReadAheadHelp)->allow_extra_args(false);
  serve_command->add_option("--seccomp", options.filters, kSeccompHelp)->allow_extra_args(false);
  serve_command->add_option("--files-root", options.files_root,
                            "directory that `path` of a file or stdin may point into");
  serve_command
      ->add_option("--parallel", options.parallel, "runs at the same time; default: one per usable CPU")
      ->check(CLI::Range(1U, 1024U));
  serve_command
      ->add_option("--cpus", options.cpus,
                   "CPUs to use and to show programs, of those there are; default: all")
      ->check(CLI::Range(1U, 1024U));
  CLI::App* check_command =
      app.add_subcommand("check", "what this host can enforce, and how to get the rest");
  check_command->add_flag("--json", options.json, "as JSON");
  check_command->add_option("--root", options.root, "as for run");
  check_command->add_option("--cgroup", options.cgroup, kCgroupHelp);
  CLI::App* version_command = app.add_subcommand("version", "print the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitResult : kExitUsage;
  }
  if (run_command->parsed()) {
    const Result<int> exit_code = options.learn ? learn(options) : run(options);
    return exit_code ? *exit_code : print(exit_code.error());
  }
  if (serve_command->parsed()) return serve(options);
  if (check_command->parsed()) {
    bool usable = false;
    const Result<std::string> report = check(options, usable);
    if (!report) return print(report.error());
    const int code = print(*report);
    return usable ? code : kExitError;
  }
  if (version_command->parsed()) return print(BAILIFF_VERSION);
  return kExitUsage;
}
