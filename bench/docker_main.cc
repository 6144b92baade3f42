// bench_docker [OPTIONS] MODE: what a run costs through the launcher, in a container, beside what it is compared with.
// It is the launcher: its own Runner starts the containers. $DOCKER_HOST is the engine; bench/run docker starts one.
//
//   guest       a run, against vfork + exec + wait in the same guest with nothing around it
//   exec        `docker exec` of the same program in the same container, against a run; --block (5) of each in a row
//   rm          `docker run --rm` of it, against a run; the same
//   native      a run in a container, against one without
//   platforms   programs of several kinds under runsc (platform ptrace), against runsc-systrap
//   cpu         a second of work by the slot's clock and the guest's, against the same work outside; idle and loaded
//   output      --mib (64) of output through frames, and this process's memory meanwhile
//   submission  `bailiff submit`, cold, against its parts: two container starts, the compiler, the tests
//
//   --runtime NAME (runsc)    --image NAME: made by bench/run    --pairs N (300)    --times N (20)
//   --idle MS (0): how long to sleep before each half of a pair
//   --cpu N (0): of the guest    --tests DIRECTORY, --source FILE: what submission submits
//   --bailiff FILE    --supervisor FILE    --programs DIRECTORY

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/paired.h"
#include "bench/support.h"
#include "launcher/runner.h"

namespace bailiff::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* kNothing = "/usr/bin/nothing";  // in the image, and so in every box
constexpr const char* kBox = "a";

struct Options {
  PairedOptions paired;
  int times = 20;
  int mib = 64;
  int cpu = 0;
  int block = 5;
  std::string runtime, image, tests, source, bailiff, supervisor, programs, socket;
};

template <typename T>
T must(Result<T> result, const std::string& what) {
  if (!result) give_up(what + ": " + result.error().message());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

json to_json(std::vector<double> values) {
  const Quantiles of = Quantiles::of(values);
  return {{"median", of.median}, {"p10", of.p10}, {"p90", of.p90}, {"times", values.size()}};
}

Deadline soon() { return deadline_in(60s); }

/// One supervisor with one open box, in a container or natively.
class Guest {
 public:
  Guest(const Options& options, const std::string& runtime, const std::string& image, bool pinned = true,
        const std::map<std::string, InputFile>& files = {})
      : docker_(options.socket), runner_(start(options, runtime, image, pinned)) {
    must(runner_.open(kBox, files, Limits{}, {}, soon()), "open a box");
  }

  /// To its end, and until the supervisor has tidied: it has one thread, so a refusal comes after that.
  RunResult run(const RunSpec& spec) {
    RunResult result = must(runner_.run(kBox, spec, std::string(), 60s, -1), "run");
    if (result.status != Verdict::kOk) {
      give_up(spec.argv[0] + ": " + std::string(verdict_name(result.status)) + " " + result.reason_detail + " " +
              result.stderr_stream.kept.text());
    }
    return result;
  }
  /// The keeper makes the next run's process meanwhile, and answers nobody: it takes 1 to 2 ms.
  void settle() {
    const Nanos until = now() + 4ms;
    do {
      (void)runner_.close("no such box", soon());
    } while (now() < until);
  }
  /// The mean of `times` in a row: all but the first wait for what follows the one before.
  Nanos timed(const RunSpec& spec, int times = 1) {
    const Nanos begun = now();
    for (int i = 0; i < times; ++i) run(spec);
    const Nanos took = now() - begun;
    settle();
    return took / times;
  }

  /// The id of our newest container.
  std::string container() {
    const auto mine = must(docker_.list_containers(std::string(kLabelOwner) + "=" + owner_label(), soon()), "list");
    if (mine.empty()) give_up("no container of ours is running");
    return mine.front().id;
  }

 private:
  Runner start(const Options& options, const std::string& runtime, const std::string& image, bool pinned) {
    if (runtime == "native") return must(Runner::native(options.supervisor, soon()), "start");
    ContainerSpec spec = {.image = image, .runtime = runtime, .memory = 2048_MiB, .lifetime = 1h};
    spec.cpus = pinned ? std::to_string(options.cpu) : "all";
    return must(Runner::in_container(docker_, spec, soon()), "start");
  }

  DockerClient docker_;
  Runner runner_;
};

/// A run whose limits are no hindrance. Only what is `given` is sent.
RunSpec spec_of(std::vector<std::string> argv) {
  RunSpec spec = {.argv = std::move(argv)};
  spec.limits.cpu_time = 60s;
  spec.limits.wall_time = 120s;
  spec.limits.memory = 1024_MiB;
  spec.limits.output = 64_MiB;
  spec.given = {"cpu_time_ms", "wall_time_ms", "memory_bytes", "output_bytes"};
  return spec;
}

/// To its end, its output thrown away.
Nanos timed_command(const Words& words, rusage* usage = nullptr) {
  std::vector<char*> argv;
  Words copy = words;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const Nanos begun = now();
  pid_t pid = -1;
  if (posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) give_up("cannot start " + words[0]);
  int status = 0;
  rusage used = {};
  if (::wait4(pid, &status, 0, &used) != pid || status != 0) {
    give_up(words[0] + " ended with " + std::to_string(status));
  }
  const Nanos took = now() - begun;
  posix_spawn_file_actions_destroy(&actions);
  if (usage != nullptr) *usage = used;
  return took;
}

json paired(const Paired& of, const char* a, const char* b) { return json::parse(of.to_json(a, b)); }

json about(const Options& options, const char* mode) { return {{"mode", mode}, {"runtime", options.runtime}}; }

// ---- one run

json guest(const Options& options) {
  Guest guest(options, options.runtime, options.image);
  Spawned bare = spawn({"/usr/bin/env", "docker", "exec", "-i", guest.container(), "/usr/bin/starter", kNothing});
  const RunSpec spec = spec_of({kNothing});
  const Paired pair = measure_pairs(
      options.paired, "a run under " + options.runtime + ", to a bare start in there",
      [&] {
        write_all(bare.in.get(), "s");
        std::int64_t took = 0;
        read_exactly(bare.out.get(), &took, sizeof took);
        return Nanos(took);
      },
      [&] { return guest.timed(spec); });
  const RunResult last = guest.run(spec);
  finish(std::move(bare));
  json out = about(options, "guest");
  out["run"] = paired(pair, "bare_ns", "bailiff_ns");
  out["of_which_ns"] = {{"spawn", last.overhead.spawn.count()},     {"run", last.overhead.run.count()},
                        {"collect", last.overhead.collect.count()}, {"cleanup", last.overhead.cleanup.count()}};
  return out;
}

/// One of --block in a row: a judge makes one run after the other, and what comes first after something else has had the
/// CPU finds its caches cold.
template <typename Step>
Nanos mean_of_block(const Options& options, Step step) {
  Nanos sum{};
  for (int i = 0; i < options.block; ++i) sum += step();
  return sum / options.block;
}

json exec(const Options& options) {
  Guest guest(options, options.runtime, options.image);
  const Words command = {"docker", "exec", guest.container(), kNothing};
  const RunSpec spec = spec_of({kNothing});
  const Paired pair = measure_pairs(
      options.paired, "docker exec under " + options.runtime + ", to a run",
      [&] { return guest.timed(spec, options.block); },
      [&] { return mean_of_block(options, [&] { return timed_command(command); }); });
  json out = about(options, "exec");
  out["block"] = options.block;
  out["run"] = paired(pair, "bailiff_ns", "docker_exec_ns");
  return out;
}

json rm(const Options& options) {
  Guest guest(options, options.runtime, options.image);
  const Words command = {"docker",     "run",    "--rm", "--runtime",    options.runtime, "--network", "none",
                         "--log-driver", "none", "--entrypoint", kNothing, options.image};
  const RunSpec spec = spec_of({kNothing});
  const Paired pair = measure_pairs(
      options.paired, "docker run --rm under " + options.runtime + ", to a run",
      [&] { return guest.timed(spec, options.block); },
      [&] { return mean_of_block(options, [&] { return timed_command(command); }); });
  json out = about(options, "rm");
  out["block"] = options.block;
  out["run"] = paired(pair, "bailiff_ns", "docker_run_ns");
  return out;
}

json native(const Options& options) {
  const InputFile program = {.content = {.bytes = read_file(options.programs + "/nothing")}, .mode = 0755};
  const std::map<std::string, InputFile> files = {{"nothing", program}};
  Guest without(options, "native", {}, /*pinned=*/false, files);
  Guest within(options, options.runtime, options.image, /*pinned=*/false, files);
  const RunSpec spec = spec_of({"./nothing"});
  const Paired pair = measure_pairs(
      options.paired, "a run under " + options.runtime + ", to one without a container",
      [&] { return without.timed(spec); }, [&] { return within.timed(spec); });
  json out = about(options, "native");
  out["run"] = paired(pair, "native_ns", "container_ns");
  out["more_ns"] = std::llround(pair.b.median - pair.a.median);
  return out;
}

// ---- systrap and ptrace

/// CPU time of a result by the clock around the container; 0: there was none.
double slot_ns(const RunResult& result) {
  for (const CpuFigure& other : result.cpu_time.others) {
    if (other.source == "slot") return static_cast<double>(other.total.count());
  }
  return 0;
}

constexpr const char* kStreams = "#include <iostream>\nint main() { std::cout << 1; }\n";

json platforms(const Options& options) {
  struct Work {
    const char* name;
    std::string image;
    std::vector<std::string> argv;
    int pairs;
  };
  const int pairs = options.paired.pairs;
  const Work works[] = {
      {"start of a static program", options.image, {kNothing}, pairs},
      {"python3 -c pass", "bailiff/python", {"/usr/bin/python3", "-c", "pass"}, pairs / 4},
      {"g++ -O2 of a program with iostream",
       "bailiff/cpp-compile",
       {"/usr/bin/g++", "-O2", "-o", "m", "m.cc"},
       pairs / 20},
      {"16 MiB written, 128 KiB at a time", options.image, {"/usr/bin/pump", "out", "16777216"}, pairs / 10},
      {"60000 calls of getppid", "bailiff/python",
       {"/usr/bin/python3", "-c", "import os\nfor i in range(60000): os.getppid()"}, pairs / 10},
      {"arithmetic, 0.1 s", options.image, {"/usr/bin/spin", "1", "50000000"}, pairs / 10},
  };
  json rows;
  for (const Work& work : works) {
    const std::map<std::string, InputFile> files = {{"m.cc", {.content = {.bytes = kStreams}}}};
    Guest systrap(options, "runsc-systrap", work.image, /*pinned=*/true, files);
    Guest ptrace(options, "runsc", work.image, /*pinned=*/true, files);
    RunSpec spec = spec_of(work.argv);
    std::vector<double> systrap_cpu, ptrace_cpu;
    const auto timed = [&](Guest& guest, std::vector<double>& cpu) {
      const Nanos begun = now();
      const RunResult result = guest.run(spec);
      const Nanos took = now() - begun;
      guest.settle();
      cpu.push_back(slot_ns(result));
      return took;
    };
    const Paired pair = measure_pairs(
        {.pairs = std::max(3, work.pairs), .warm_up = 1}, std::string("under ptrace, to systrap: ") + work.name,
        [&] { return timed(systrap, systrap_cpu); }, [&] { return timed(ptrace, ptrace_cpu); });
    json row = {{"work", work.name}, {"wall", paired(pair, "systrap_ns", "ptrace_ns")}};
    row["slot_cpu_ns"] = {{"systrap", to_json(systrap_cpu)}, {"ptrace", to_json(ptrace_cpu)}};
    rows.push_back(row);
  }
  return {{"mode", "platforms"}, {"works", rows}};
}

// ---- CPU time

double user_and_system_ns(const rusage& usage) {
  const auto ns = [](const timeval& time) {
    return 1e9 * static_cast<double>(time.tv_sec) + 1e3 * static_cast<double>(time.tv_usec);
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

/// Programs that use a CPU each for as long as this object lives.
class Load {
 public:
  Load(const Options& options, const std::vector<int>& cpus) {
    for (const int cpu : cpus) {
      processes_.push_back(spawn({"/usr/bin/taskset", "-c", std::to_string(cpu), options.programs + "/spin", "1"}));
    }
  }
  ~Load() {
    for (const Spawned& process : processes_) {
      ::kill(process.pid, SIGKILL);
      ::waitpid(process.pid, nullptr, 0);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  std::vector<Spawned> processes_;
};

json cpu(const Options& options) {
  const std::string host = options.programs + "/spin", on = std::to_string(options.cpu);
  const auto outside = [&](const std::string& steps) {
    rusage usage = {};
    timed_command({"/usr/bin/taskset", "-c", on, host, "1", steps}, &usage);
    return user_and_system_ns(usage);
  };
  constexpr long kTrial = 50'000'000;
  outside(std::to_string(kTrial));
  const std::string steps = std::to_string(std::lround(kTrial * 1e9 / outside(std::to_string(kTrial))));  // a second
  Guest guest(options, options.runtime, options.image);
  const RunSpec spec = spec_of({"/usr/bin/spin", "1", steps});
  guest.run(spec);
  json out = about(options, "cpu");
  out["steps"] = std::stol(steps);
  for (const bool loaded : {false, true}) {
    const Load load(options, loaded ? usable_cpus() : std::vector<int>());
    std::vector<double> truth, slot, own, slot_error, own_error;
    for (int i = 0; i < options.times; ++i) {
      double outside_ns = 0, slot_clock = 0, own_clock = 0;
      const auto in_guest = [&] {
        const RunResult result = guest.run(spec);
        slot_clock = slot_ns(result);
        own_clock = static_cast<double>(result.cpu_time.best.total.count());
      };
      if (i % 2 == 0) in_guest();
      outside_ns = outside(steps);
      if (i % 2 == 1) in_guest();
      truth.push_back(outside_ns);
      slot.push_back(slot_clock);
      own.push_back(own_clock);
      slot_error.push_back(100 * (slot_clock / outside_ns - 1));
      own_error.push_back(100 * (own_clock / outside_ns - 1));
    }
    const char* label = loaded ? "loaded" : "idle";
    out[label] = {{"outside_ns", to_json(truth)},
                  {"slot_ns", to_json(slot)},
                  {"guest_ns", to_json(own)},
                  {"slot_error_percent", to_json(slot_error)},
                  {"guest_error_percent", to_json(own_error)}};
    std::fprintf(stderr, "cpu under %s, %s: slot %+.1f %%, guest %+.1f %%\n", options.runtime.c_str(), label,
                 Quantiles::of(slot_error).median, Quantiles::of(own_error).median);
  }
  return out;
}

// ---- output

json output(const Options& options) {
  const std::size_t size = static_cast<std::size_t>(options.mib) << 20U;
  Guest guest(options, options.runtime, options.image, /*pinned=*/false);
  RunSpec spec = spec_of({"/usr/bin/pump", "out", std::to_string(size)});
  spec.limits.output = Bytes{size};
  std::vector<double> took, program;
  const auto once = [&] {
    const Nanos begun = now();
    const RunResult result = guest.run(spec);
    took.push_back(static_cast<double>((now() - begun).count()));
    program.push_back(static_cast<double>(result.wall_time.total.count()));
    if (result.stdout_stream.bytes != size || result.stdout_stream.truncated) give_up("output is missing");
  };
  const auto rss = [] { return proc_number("/proc/self/smaps_rollup", "Rss"); };
  const long at_start = rss();
  once();
  const long first_peak = proc_number("/proc/self/status", "VmHWM"), before = rss();
  took.clear(), program.clear();
  std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM begins anew
  for (int i = 0; i < options.times; ++i) once();
  const long peak = proc_number("/proc/self/status", "VmHWM"), after = rss();
  std::vector<double> speed;
  for (const double ns : took) speed.push_back(static_cast<double>(size) / 1e6 / ns * 1e9);
  json out = about(options, "output");
  out["mib"] = options.mib;
  out["mb_per_s"] = to_json(speed);
  out["of_which_the_program_ns"] = to_json(program);
  out["took_ns"] = to_json(took);
  out["launcher_rss_kib"] = {
      {"at_start", at_start}, {"first_peak", first_peak}, {"before", before}, {"after", after}, {"peak", peak}};
  std::fprintf(stderr, "%d MiB under %s: %.0f MB/s; launcher %ld -> %ld KiB, peak %ld then %ld\n", options.mib,
               options.runtime.c_str(), Quantiles::of(speed).median, before, after, first_peak, peak);
  return out;
}

// ---- a submission

/// What a program printed, which is one line of JSON; `answered` is when that line was there.
json read_json(const Words& words, Nanos& answered) {
  Spawned process = spawn(words);
  process.in.reset();
  std::string text;
  std::array<char, 65536> room;
  for (ssize_t got; (got = ::read(process.out.get(), room.data(), room.size())) > 0;) {
    text.append(room.data(), static_cast<std::size_t>(got));
    if (text.back() == '\n') answered = now();
  }
  int status = 0;
  ::waitpid(process.pid, &status, 0);
  if (status != 0) give_up(words[0] + ": " + text);
  return json::parse(text);
}

json submission(const Options& options) {
  DockerClient docker(options.socket);
  const auto container_start = [&](const std::string& image, std::vector<double>& until_removed) {
    const Nanos begun = now();
    Nanos took{};
    {
      const ContainerSpec spec = {.image = image, .runtime = options.runtime, .memory = 1024_MiB};
      const Runner runner = must(Runner::in_container(docker, spec, soon()), "start");
      took = now() - begun;
    }
    until_removed.push_back(static_cast<double>((now() - begun).count()));
    return static_cast<double>(took.count());
  };
  std::vector<double> whole, parts, ratio, compile_start, run_start, compile, tests, removed, exited;
  std::size_t count = 0;
  for (int i = 0; i < options.times + 1; ++i) {
    const Nanos begun = now();
    Nanos answered{};
    const json result = read_json({options.bailiff, "submit", "--json", "--runtime", options.runtime, "cpp",
                                   options.source, "--tests", options.tests},
                                  answered);
    const auto took = static_cast<double>((answered - begun).count());
    const auto until_exit = static_cast<double>((now() - begun).count());
    if (result.at("status") != "OK") give_up("submission: " + result.at("status").get<std::string>());
    double running = 0;
    for (const json& test : result.at("tests")) running += test.at("wall_time").at("ns").get<double>();
    count = result.at("tests").size();
    const auto compiling = result.at("compile").at("wall_time").at("ns").get<double>();
    const double one = container_start("bailiff/cpp-compile", removed);
    const double two = container_start("bailiff/cpp", removed);
    if (i == 0) {
      removed.clear();
      continue;  // everything was read from disk
    }
    whole.push_back(took);
    exited.push_back(until_exit);
    compile_start.push_back(one);
    run_start.push_back(two);
    compile.push_back(compiling);
    tests.push_back(running);
    parts.push_back(one + two + compiling + running);
    ratio.push_back(took / parts.back());
  }
  std::fprintf(stderr, "a C++ submission of %zu tests under %s: %.0f ms, %.3f x its parts\n", count,
               options.runtime.c_str(), Quantiles::of(whole).median / 1e6, Quantiles::of(ratio).median);
  json out = about(options, "submission");
  out["tests"] = count;
  out["whole_ns"] = to_json(whole);
  out["until_exit_ns"] = to_json(exited);
  out["parts_ns"] = {{"compile_container", to_json(compile_start)}, {"compile", to_json(compile)},
                     {"run_container", to_json(run_start)},         {"tests", to_json(tests)},
                     {"sum", to_json(parts)}};
  out["container_until_removed_ns"] = to_json(removed);
  out["ratio"] = to_json(ratio);
  return out;
}

}  // namespace
}  // namespace bailiff::bench

int main(int argc, char** argv) {
  using namespace bailiff::bench;  // NOLINT: this is the program
  ::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);  // as bailiff does
  Arguments arguments(argc, argv);
  Options options;
  const char* host = std::getenv("DOCKER_HOST");
  const bool given = host != nullptr && std::string(host).starts_with("unix://");
  options.socket = given ? std::string(host).substr(7) : "/var/run/docker.sock";
  options.paired.pairs = arguments.take("--pairs", 300);
  options.paired.warm_up = arguments.take("--warm-up", 5);
  options.paired.idle = std::chrono::milliseconds(arguments.take("--idle", 0));
  options.times = arguments.take("--times", options.times);
  options.mib = arguments.take("--mib", options.mib);
  options.cpu = arguments.take("--cpu", options.cpu);
  options.block = std::max(1, arguments.take("--block", options.block));
  options.runtime = arguments.take("--runtime", "runsc");
  options.image = arguments.take("--image", "bailiff-bench");
  options.tests = arguments.take("--tests", "");
  options.source = arguments.take("--source", "");
  options.bailiff = arguments.take("--bailiff", BAILIFF_BENCH_LAUNCHER);
  options.supervisor = arguments.take("--supervisor", BAILIFF_BENCH_SUPERVISOR);
  options.programs = arguments.take("--programs", BAILIFF_BENCH_PROGRAMS);
  constexpr struct {
    const char* name;
    json (*measure)(const Options&);
  } kModes[] = {{"guest", guest}, {"exec", exec},     {"rm", rm},         {"native", native},
                {"cpu", cpu},     {"output", output}, {"platforms", platforms}, {"submission", submission}};
  const Words& rest = arguments.rest();
  for (const auto& mode : kModes) {
    if (rest.size() != 1 || rest.front() != mode.name) continue;
    std::printf("%s\n", mode.measure(options).dump().c_str());
    return 0;
  }
  give_up("which mode? guest, exec, rm, native, platforms, cpu, output, submission");
}
