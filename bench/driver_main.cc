// bench_driver [OPTIONS] MODE [ARGUMENT]: what bailiff costs, against fork + exec + wait4 of the same static program from
// this process. README.md says how and why. It stays below 1 MiB of resident memory, and proves it: a larger parent
// forks more slowly, which would flatter everybody else.
//
//   engine [FILE]        the engine, from call to result, in a prepared box; FILE: what runs there instead of the program
//   serve                `bailiff-supervisor serve`: one run, twenty in a row, a whole submission of a hundred
//   oneshot              `bailiff-supervisor run SPEC`, the box included
//   peer NAME            the same program under another sandbox, against `bailiff-supervisor run SPEC`
//   parallel             two boxes at once against two processes that start bare ones
//   boxes                a run where one box is open against a run where --boxes are
//
//   --pairs N (2000)  --warm-up N (50)  --cpu N (not pinned)  --boxes N (200)
//   --program FILE    the program to start, static     --supervisor FILE   --engine FILE
//   --vfork           start bare programs and tools by posix_spawn rather than fork

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "bench/everything_on.h"
#include "bench/paired.h"
#include "bench/serve_client.h"
#include "bench/support.h"

namespace bailiff::bench {
namespace {

constexpr long kMostRssKib = 1024;
constexpr std::size_t kInputBytes = 1024;

struct Options {
  PairedOptions paired;
  int cpu = -1;
  int boxes = 200;
  bool vfork = false;
  std::string program, supervisor, engine;
};

// ---- starting programs

/// An argv that is ready to be exec'd.
class Command {
 public:
  explicit Command(Words words) : words_(std::move(words)) {
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  [[nodiscard]] char* const* argv() const { return pointers_.data(); }
  [[nodiscard]] const std::string& name() const { return words_.front(); }

 private:
  Words words_;
  std::vector<char*> pointers_;
};

/// How programs are started, the same for both sides of a pair. Their standard output goes to `out`.
class Starter {
 public:
  Starter(bool vfork, int out) : vfork_(vfork), out_(out) {
    posix_spawn_file_actions_init(&actions_);
    if (out_ >= 0) posix_spawn_file_actions_adddup2(&actions_, out_, STDOUT_FILENO);
  }
  ~Starter() { posix_spawn_file_actions_destroy(&actions_); }
  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;

  /// To its end; what it ends with has to be 0.
  void run(const Command& command) const {
    pid_t pid = -1;
    if (vfork_) {
      char* none[] = {nullptr};
      if (posix_spawn(&pid, command.argv()[0], &actions_, nullptr, command.argv(), none) != 0) pid = -1;
    } else {
      pid = ::fork();
      if (pid == 0) {
        if (out_ >= 0) ::dup2(out_, STDOUT_FILENO);
        ::execv(command.argv()[0], command.argv());
        ::_exit(127);
      }
    }
    if (pid < 0) give_up_errno("start " + command.name());
    int status = 0;
    rusage usage = {};
    if (::wait4(pid, &status, 0, &usage) != pid) give_up_errno("wait4");
    if (status != 0) give_up(command.name() + " ended with status " + std::to_string(status));
  }

  [[nodiscard]] Nanos timed(const Command& command) const {
    const Nanos begun = now();
    run(command);
    return now() - begun;
  }

 private:
  bool vfork_;
  int out_;
  posix_spawn_file_actions_t actions_ = {};
};

/// Nothing but fork, exec and wait4.
class Bare {
 public:
  explicit Bare(const Options& options) : starter_(options.vfork, /*out=*/-1), command_({options.program}) {}
  [[nodiscard]] Nanos timed() const { return starter_.timed(command_); }
  void run() const { starter_.run(command_); }

 private:
  Starter starter_;
  Command command_;
};

// ---- what comes out

long rss_kib() { return proc_number("/proc/self/smaps_rollup", "Rss"); }

void must_be_small() {
  ::malloc_trim(0);
  if (const long rss = rss_kib(); rss < 0 || rss >= kMostRssKib) {
    give_up("the driver has grown to " + std::to_string(rss) + " KiB; below " + std::to_string(kMostRssKib) +
            " is what makes bare starts honest (fewer --pairs?)");
  }
}

/// Measures, and holds this process to its size before and after.
Paired measure(const Options& options, const std::string& label, const Step& a, const Step& b) {
  must_be_small();
  Paired paired = measure_pairs(options.paired, label, a, b);
  must_be_small();
  return paired;
}

Json report(const Options& options, std::string_view mode) {
  Json out;
  out.text("mode", mode)
      .text("pinned", options.cpu < 0 ? "no" : "one CPU")
      .text("start_by", options.vfork ? "posix_spawn" : "fork");
  return out;
}

void print(const Json& out) { std::printf("%s\n", Json(out).number("driver_rss_kib", rss_kib()).done().c_str()); }

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// ---- engine

void engine(const Options& options, const std::string& in_box) {
  Spawned process = spawn({options.engine, in_box});
  std::vector<double> renew;
  renew.reserve(static_cast<std::size_t>(options.paired.pairs + options.paired.warm_up + 1));
  const auto run = [&]() -> Nanos {
    write_all(process.in.get(), "r");
    std::array<std::int64_t, 2> took = {};
    read_exactly(process.out.get(), took.data(), sizeof took);
    renew.push_back(static_cast<double>(took[1]));
    return Nanos(took[0]);
  };
  run();
  write_all(process.in.get(), "j");
  std::uint32_t length = 0;
  read_exactly(process.out.get(), &length, sizeof length);
  std::string json(length, '\0');
  read_exactly(process.out.get(), json.data(), json.size());

  const Bare bare(options);
  const Paired paired = measure(options, "engine, " + base_name(in_box), [&] { return bare.timed(); }, run);
  const Quantiles of_renew = Quantiles::of(renew);
  print(report(options, "engine")
            .text("in_box", base_name(in_box))
            .raw("run", paired.to_json("bare_ns", "bailiff_ns"))
            .raw("renew_ns", Json()
                                 .number("median", static_cast<std::int64_t>(of_renew.median))
                                 .number("p99", static_cast<std::int64_t>(of_renew.p99))
                                 .done())
            .raw("everything_on", everything_on(json)));
  finish(std::move(process));
}

// ---- serve

void serve(const Options& options) {
  const Bare bare(options);
  const std::string name = base_name(options.program), input(kInputBytes, 'i');
  const std::vector<BoxFile> files = {{name, options.program}};
  ServeClient client(options.supervisor);
  client.open("a", files);
  const std::string request = run_request("a", {"./" + name}, input.size());
  const std::string proof = everything_on(client.exchange(request, input).header);

  const Paired one = measure(
      options, "serve", [&] { return bare.timed(); },
      [&] {
        must_be_ok(client.exchange(request, input).header);
        const Nanos took = client.took();
        client.settle();
        return took;
      });

  // Run after run, as soon as the reply is there: what is tidied between two runs counts here.
  constexpr int kInARow = 20;
  Options fewer = options;
  fewer.paired.pairs = std::max(1, options.paired.pairs / kInARow);
  fewer.paired.warm_up = 1;
  const Paired row = measure(
      fewer, "serve, 20 in a row",
      [&] {
        const Nanos begun = now();
        for (int i = 0; i < kInARow; ++i) bare.run();
        return (now() - begun) / kInARow;
      },
      [&] {
        const Nanos begun = now();
        for (int i = 0; i < kInARow; ++i) must_be_ok(client.exchange(request, input).header);
        const Nanos took = now() - begun;
        client.settle();
        return took / kInARow;
      });
  client.close("a");

  // What a judge does: a box for the submission, a hundred tests handed over at once, all answers, the box closed.
  constexpr int kTests = 100;
  fewer.paired.pairs = std::max(1, options.paired.pairs / kTests);
  const Paired submission = measure(
      fewer, "serve, a submission of 100 tests",
      [&] {
        const Nanos begun = now();
        for (int i = 0; i < kTests; ++i) bare.run();
        return now() - begun;
      },
      [&] {
        const Nanos begun = now();
        client.open("a", files);
        for (int i = 0; i < kTests; ++i) client.send(request, input);
        for (int i = 0; i < kTests; ++i) must_be_ok(client.receive().header);
        client.close("a");
        const Nanos took = now() - begun;
        client.settle();
        return took;
      });
  print(report(options, "serve")
            .number("stdin_bytes", static_cast<std::int64_t>(kInputBytes))
            .raw("run", one.to_json("bare_ns", "bailiff_ns"))
            .raw("run_of_20_in_a_row", row.to_json("bare_ns", "bailiff_ns"))
            .raw("submission_of_100", submission.to_json("bare_ns", "bailiff_ns"))
            .raw("everything_on", proof));
}

// ---- one-shot and peers

/// `bailiff-supervisor run SPEC`, again and again; looks at every result, outside of the time taken.
class OneShot {
 public:
  explicit OneShot(const Options& options) {
    std::string directory = "/tmp/bailiff-bench.XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) give_up_errno("mkdtemp");
    spec_ = directory + "/spec.json";
    const std::string name = base_name(options.program);
    const UniqueFd file(::open(spec_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!file) give_up_errno("create " + spec_);
    write_all(file.get(), R"({"argv":["./)" + name + R"("],"files":{")" + name + R"(":{"path":")" + options.program +
                              R"(","mode":"0755"}}})");
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) give_up_errno("pipe");
    read_ = UniqueFd(ends[0]);
    write_ = UniqueFd(ends[1]);
    command_.emplace(Words{options.supervisor, "run", spec_});
    starter_ = std::make_unique<Starter>(options.vfork, write_.get());
  }
  ~OneShot() {
    ::unlink(spec_.c_str());
    ::rmdir(spec_.substr(0, spec_.rfind('/')).c_str());
  }
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;

  Nanos timed() {
    const Nanos took = starter_->timed(*command_);
    const ssize_t got = ::read(read_.get(), result_.data(), result_.size());  // a result fits into a pipe
    if (got <= 0) give_up("bailiff-supervisor printed nothing");
    length_ = static_cast<std::size_t>(got);
    must_be_ok(result());
    return took;
  }
  [[nodiscard]] std::string_view result() const { return {result_.data(), length_}; }

 private:
  std::string spec_;
  UniqueFd read_, write_;
  std::optional<Command> command_;
  std::unique_ptr<Starter> starter_;
  std::array<char, 8192> result_ = {};
  std::size_t length_ = 0;
};

void oneshot(const Options& options) {
  const Bare bare(options);
  OneShot once(options);
  once.timed();
  const std::string proof = everything_on(once.result());
  const Paired paired = measure(options, "oneshot", [&] { return bare.timed(); }, [&] { return once.timed(); });
  print(report(options, "oneshot").raw("run", paired.to_json("bare_ns", "bailiff_ns")).raw("everything_on", proof));
}

/// How another sandbox runs one program to its end: commands in turn. DIRECTORY and PROGRAM are replaced.
struct Peer {
  const char* name;
  const char* does;
  std::vector<Words> commands;
};

const Peer* find_peer(std::string_view name) {
  static const Peer peers[] = {
      {"bwrap",
       "all namespaces, a root of read-only binds; no filter, no limits, no measuring",
       {{"bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--uid", "65534", "--gid", "65534",
         "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink",
         "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", "DIRECTORY", "/box",
         "--chdir", "/box", "./PROGRAM"}}},
      {"isolate",
       "init, run with time, memory and process limits, cleanup",
       {{"isolate", "--init", "--silent"},
        {"isolate", "--run", "--silent", "--time=1", "--wall-time=3", "--mem=262144", "--processes=64",
         "--dir=box2=DIRECTORY", "--", "/box2/PROGRAM"},
        {"isolate", "--cleanup", "--silent"}}},
      {"nsjail",
       "all namespaces, time and rlimits; no filter, no measuring",
       {{"nsjail", "-Mo", "-Q", "--user", "65534", "--group", "65534", "-R", "/usr", "-R", "DIRECTORY:/box", "-T", "/tmp",
         "--cwd", "/box", "--time_limit", "3", "--rlimit_as", "max", "--", "/box/PROGRAM"}}},
      {"firejail",
       "namespaces, private directories, its default filter",
       {{"firejail", "--quiet", "--noprofile", "--private-dev", "--private-tmp", "--net=none", "--seccomp", "--caps.drop=all",
         "--", "DIRECTORY/PROGRAM"}}},
  };
  const auto* at = std::find_if(std::begin(peers), std::end(peers), [&](const Peer& peer) { return peer.name == name; });
  return at == std::end(peers) ? nullptr : at;
}

std::string find_in_path(const std::string& name) {
  for (const char* directory : {"/usr/local/bin/", "/usr/bin/", "/bin/", "/usr/sbin/"}) {
    if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
  }
  return {};
}

void replace(std::string& word, std::string_view what, const std::string& with) {
  if (const std::size_t at = word.find(what); at != std::string::npos) word.replace(at, what.size(), with);
}

void peer(const Options& options, const std::string& name) {
  const Peer* peer = find_peer(name);
  if (peer == nullptr) give_up("no peer named " + name + "; there are bwrap, isolate, nsjail, firejail");
  const std::string tool = find_in_path(peer->name);
  if (tool.empty()) {
    std::fprintf(stderr, "peer %s: skipped, not installed\n", peer->name);
    std::printf("%s\n", Json().text("mode", "peer").text("peer", peer->name).text("skipped", "not installed").done().c_str());
    return;
  }
  std::vector<std::unique_ptr<Command>> commands;
  for (Words words : peer->commands) {
    words.front() = tool;
    for (std::string& word : words) {
      replace(word, "DIRECTORY", options.program.substr(0, options.program.rfind('/')));
      replace(word, "PROGRAM", base_name(options.program));
    }
    commands.push_back(std::make_unique<Command>(std::move(words)));
  }
  const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const Starter starter(options.vfork, null.get());
  const auto theirs = [&] {
    const Nanos begun = now();
    for (const auto& command : commands) starter.run(*command);
    return now() - begun;
  };
  OneShot once(options);
  once.timed();
  const std::string proof = everything_on(once.result());
  const Paired paired = measure(options, "peer " + name, [&] { return once.timed(); }, theirs);
  print(report(options, "peer")
            .text("peer", peer->name)
            .text("does", peer->does)
            .raw("run", paired.to_json("bailiff_ns", "peer_ns"))
            .raw("everything_on", proof));
}

// ---- two at once

/// A process that starts bare ones, pinned to a CPU: a number of them whenever it is asked for.
class Worker {
 public:
  Worker(const Options& options, int cpu) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) < 0 || ::pipe2(out, O_CLOEXEC) < 0) give_up_errno("pipe");
    const pid_t pid = ::fork();
    if (pid < 0) give_up_errno("fork");
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      pin(cpu);
      const Bare bare(options);
      for (int runs = 0;;) {
        read_exactly(in[0], &runs, sizeof runs);
        if (runs == 0) ::_exit(0);
        for (int i = 0; i < runs; ++i) bare.run();
        write_all(out[1], "d");
      }
    }
    ::close(in[0]);
    ::close(out[1]);
    process_ = {pid, UniqueFd(in[1]), UniqueFd(out[0])};
  }
  ~Worker() {
    start(0);
    finish(std::move(process_));
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start(int runs) { write_all(process_.in.get(), {reinterpret_cast<const char*>(&runs), sizeof runs}); }
  void wait() {
    char done = 0;
    read_exactly(process_.out.get(), &done, 1);
  }

 private:
  Spawned process_;
};

/// Two boxes at once: each has one run queued behind the one that is running, as a judge with tests left would.
void parallel(const Options& options) {
  if (options.cpu >= 0) give_up("parallel needs two CPUs: leave --cpu out");
  const std::vector<int> cpus = usable_cpus();
  if (cpus.size() < 2) give_up("parallel needs two CPUs");
  constexpr int kRunsPerBox = 100;
  constexpr int kQueued = 2;
  Worker left(options, cpus[0]), right(options, cpus[1]);

  const std::string name = base_name(options.program), input(kInputBytes, 'i');
  ServeClient client(options.supervisor);
  const std::array<std::string, 2> boxes = {"a", "b"};
  std::array<std::string, 2> requests;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    client.open(boxes[i], {{name, options.program}});
    requests[i] = run_request(boxes[i], {"./" + name}, input.size());
  }
  const std::string proof = everything_on(client.exchange(requests[0], input).header);

  const auto both = [&] {
    std::vector<std::size_t> box_of;  // by id, from the first one sent here
    std::array<int, 2> to_send = {kRunsPerBox, kRunsPerBox};
    std::uint64_t first_id = 0;
    const auto send = [&](std::size_t box) {
      const std::uint64_t id = client.send(requests[box], input);
      if (box_of.empty()) first_id = id;
      box_of.push_back(box);
      to_send[box] -= 1;
    };
    const Nanos begun = now();
    for (int i = 0; i < kQueued; ++i) {
      for (std::size_t box = 0; box < boxes.size(); ++box) send(box);
    }
    for (int answered = 0; answered < 2 * kRunsPerBox; ++answered) {
      const std::string_view header = client.receive().header;
      must_be_ok(header);
      const auto id = static_cast<std::uint64_t>(std::atoll(header.data() + std::string_view("{\"id\":").size()));
      const std::size_t box = box_of.at(id - first_id);
      if (to_send[box] > 0) send(box);
    }
    const Nanos took = now() - begun;
    client.settle();
    return took / (2 * kRunsPerBox);
  };
  const auto bare = [&] {
    const Nanos begun = now();
    left.start(kRunsPerBox);
    right.start(kRunsPerBox);
    left.wait();
    right.wait();
    return (now() - begun) / (2 * kRunsPerBox);
  };
  Options fewer = options;
  fewer.paired.pairs = std::max(1, options.paired.pairs / (2 * kRunsPerBox));
  fewer.paired.warm_up = std::min(1, options.paired.warm_up);
  const Paired paired = measure(fewer, "parallel", bare, both);
  std::fprintf(stderr, "parallel: %.0f runs/s against %.0f, %.1f %%\n", 1e9 / paired.b.median, 1e9 / paired.a.median,
               100 / paired.ratio.median);
  print(report(options, "parallel")
            .number("runs_per_block", 2 * kRunsPerBox)
            .real("bare_runs_per_s", 1e9 / paired.a.median)
            .real("bailiff_runs_per_s", 1e9 / paired.b.median)
            .real("share_of_bare", 1 / paired.ratio.median)
            .raw("run", paired.to_json("bare_ns", "bailiff_ns"))
            .raw("everything_on", proof));
}

// ---- many boxes

void boxes(const Options& options) {
  const std::string name = base_name(options.program), input(kInputBytes, 'i');
  ServeClient few(options.supervisor), many(options.supervisor);
  few.open("b0", {{name, options.program}});
  std::vector<std::string> requests;
  const auto run = [&](ServeClient& client, const std::string& request) {
    must_be_ok(client.exchange(request, input).header);
    const Nanos took = client.took();
    client.settle();
    return took;
  };
  for (int i = 0; i < options.boxes; ++i) {
    const std::string box = "b" + std::to_string(i);
    many.open(box, {{name, options.program}});
    requests.push_back(run_request(box, {"./" + name}, input.size()));
    run(many, requests.back());
  }
  const std::string proof = everything_on(many.exchange(requests.back(), input).header);
  const auto in_the_only_one = [&] { return run(few, requests.front()); };
  const Paired one =
      measure(options, "boxes, always the same one", in_the_only_one, [&] { return run(many, requests.front()); });
  std::size_t next = 0;
  const Paired all = measure(options, "boxes, one after the other", in_the_only_one,
                             [&] { return run(many, requests[next++ % requests.size()]); });
  print(report(options, "boxes")
            .number("boxes", options.boxes)
            .raw("same_box", one.to_json("one_open_ns", "many_open_ns"))
            .raw("in_turn", all.to_json("one_open_ns", "many_open_ns"))
            .raw("everything_on", proof));
}

}  // namespace
}  // namespace bailiff::bench

int main(int argc, char** argv) {
  using namespace bailiff::bench;  // NOLINT: this is the program
  ::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 16);  // what is large goes back to the kernel at once
  ::mallopt(M_TRIM_THRESHOLD, 1 << 14);
  ::mallopt(M_TOP_PAD, 1 << 12);
  Arguments arguments(argc, argv);
  Options options;
  options.paired.pairs = arguments.take("--pairs", options.paired.pairs);
  options.paired.warm_up = arguments.take("--warm-up", options.paired.warm_up);
  options.cpu = arguments.take("--cpu", options.cpu);
  options.boxes = arguments.take("--boxes", options.boxes);
  options.program = arguments.take("--program", BAILIFF_BENCH_PROGRAM);
  options.supervisor = arguments.take("--supervisor", BAILIFF_BENCH_SUPERVISOR);
  options.engine = arguments.take("--engine", BAILIFF_BENCH_ENGINE);
  options.vfork = arguments.take_flag("--vfork");
  const Words& rest = arguments.rest();
  if (rest.empty()) give_up("which mode? engine, serve, oneshot, peer NAME, parallel, boxes");
  pin(options.cpu);
  const std::string& mode = rest.front();
  if (mode == "engine") {
    engine(options, rest.size() == 2 ? rest[1] : options.program);
  } else if (mode == "serve") {
    serve(options);
  } else if (mode == "oneshot") {
    oneshot(options);
  } else if (mode == "peer" && rest.size() == 2) {
    peer(options, rest[1]);
  } else if (mode == "parallel") {
    parallel(options);
  } else if (mode == "boxes") {
    boxes(options);
  } else {
    give_up("no mode " + mode);
  }
}
