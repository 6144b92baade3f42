// bench_session [OPTIONS] MODE: what is asked of `bailiff-supervisor serve` beyond the price of one run. Nothing in here
// is compared with a bare start, so its own size does not matter.
//
//   prompt      how late limits act, in nanoseconds: wall; CPU with 1, 2 and 8 threads, idle and with all CPUs loaded;
//               and how often a supervisor wakes up that only waits
//   throughput  --mib (64) through frames: in, out, and through a program; the supervisor's memory meanwhile
//   many        --runs (100000) in one box: what grows, and whether the last ones are slower
//   memory      what each of --boxes (200) idle boxes costs
//
//   --times N (20)  how often each of prompt and throughput is measured     --supervisor FILE     --programs DIRECTORY

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/everything_on.h"
#include "bench/paired.h"
#include "bench/serve_client.h"
#include "bench/support.h"

namespace bailiff::bench {
namespace {

using json = nlohmann::ordered_json;

struct Options {
  int times = 20;
  int mib = 64;
  int runs = 100'000;
  int boxes = 200;
  std::string supervisor, programs;

  [[nodiscard]] BoxFile program(const std::string& name) const { return {name, programs + '/' + name}; }
};

json to_json(std::vector<double> values) {
  const Quantiles of = Quantiles::of(values);
  return {{"median", std::llround(of.median)},
          {"p10", std::llround(of.p10)},
          {"p90", std::llround(of.p90)},
          {"p99", std::llround(of.p99)},
          {"times", values.size()}};
}

json parse(std::string_view text) { return json::parse(text); }

void sleep_ms(long ms) {
  const timespec time = {ms / 1000, ms % 1000 * 1'000'000};
  ::nanosleep(&time, nullptr);
}

std::string proc(pid_t pid, const char* leaf) { return "/proc/" + std::to_string(pid) + '/' + leaf; }

/// The keepers of a supervisor are its children, and it has no others.
std::vector<pid_t> keepers_of(pid_t supervisor) {
  const std::string id = std::to_string(supervisor);
  std::istringstream text(read_file("/proc/" + id + "/task/" + id + "/children"));
  std::vector<pid_t> pids;
  for (pid_t pid; text >> pid;) pids.push_back(pid);
  return pids;
}

// ---- prompt

/// One process computing on each CPU, for at most two minutes.
class Load {
 public:
  Load() {
    for (const int cpu : usable_cpus()) {
      const pid_t pid = ::fork();
      if (pid < 0) give_up_errno("fork");
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::alarm(120);
        pin(cpu);
        for (volatile bool on = true; on;) continue;
      }
      pids_.push_back(pid);
    }
  }
  ~Load() {
    for (const pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  std::vector<pid_t> pids_;
};

/// How much later than its limit `what` (cpu_time, wall_time) the result says the run was ended, and the answer came.
json lateness(ServeClient& client, const Options& options, const Words& argv, const char* what, Nanos limit) {
  const std::string limits = what == std::string("cpu_time")
                                 ? "\"cpu_time_ms\":" + std::to_string(limit / 1ms) + ",\"wall_time_ms\":20000"
                                 : "\"wall_time_ms\":" + std::to_string(limit / 1ms);
  const std::string request = run_request("a", argv, 0, ",\"limits\":{" + limits + '}');
  std::vector<double> measured, answered;
  for (int i = 0; i < options.times; ++i) {
    const std::string_view result = client.exchange(request).header;
    if (result.find("\"status\":\"TLE\"") == std::string_view::npos) give_up("no TLE: " + std::string(result));
    measured.push_back(static_cast<double>(number_in(result, what, "ns") - limit.count()));
    answered.push_back(static_cast<double>((client.took() - limit).count()));
  }
  json out = {{"late_ns", to_json(measured)}};
  if (what == std::string("wall_time")) out["answered_late_ns"] = to_json(answered);
  return out;
}

/// How often a process went to sleep by itself.
long sleeps(pid_t pid) { return proc_number(proc(pid, "status"), "voluntary_ctxt_switches"); }

/// Wake-ups per second of supervisor and keeper while a program does nothing.
json waiting(ServeClient& client, const std::string& limits) {
  client.settle();
  const std::uint64_t run = client.send(run_request("a", {"./idle"}, 0, limits));
  sleep_ms(200);
  const pid_t supervisor = client.pid(), keeper = keepers_of(supervisor).at(0);
  const long supervisor_before = sleeps(supervisor), keeper_before = sleeps(keeper);
  sleep_ms(2000);
  const json out = {{"supervisor_wakes_per_s", static_cast<double>(sleeps(supervisor) - supervisor_before) / 2},
                    {"keeper_wakes_per_s", static_cast<double>(sleeps(keeper) - keeper_before) / 2}};
  client.send("\"op\":\"cancel\",\"run\":" + std::to_string(run));
  for (int i = 0; i < 2; ++i) client.receive();  // that it is cancelled, and its result
  return out;
}

json prompt(const Options& options) {
  ServeClient client(options.supervisor);
  client.open("a", {options.program("idle"), options.program("spin"), options.program("nothing")});
  json out = {{"mode", "prompt"}};
  const auto measure = [&](const char* load) {
    json& here = out[load];
    here["wall"] = lateness(client, options, {"./idle"}, "wall_time", 100ms);
    for (const char* threads : {"1", "2", "8"}) {
      here["cpu_" + std::string(threads)] = lateness(client, options, {"./spin", threads}, "cpu_time", 200ms);
    }
    std::fprintf(stderr, "prompt, %s: wall %.2f ms late; CPU %.2f, %.2f, %.2f ms late with 1, 2, 8 threads\n", load,
                 here["wall"]["late_ns"]["median"].get<double>() / 1e6,
                 here["cpu_1"]["late_ns"]["median"].get<double>() / 1e6,
                 here["cpu_2"]["late_ns"]["median"].get<double>() / 1e6,
                 here["cpu_8"]["late_ns"]["median"].get<double>() / 1e6);
  };
  measure("idle");
  {
    const Load load;
    measure("loaded");
  }
  // Without a memory controller memory is held by looking, and looking takes waking up: so also without that limit.
  const std::string long_wall = R"(,"limits":{"wall_time_ms":60000,"cpu_time_ms":60000)";
  out["waiting"] = waiting(client, long_wall + '}');
  out["waiting_without_memory_limit"] = waiting(client, long_wall + ",\"memory_bytes\":null}");
  std::fprintf(stderr, "prompt, waiting: %.1f wakes/s of the supervisor, %.1f without a memory limit\n",
               out["waiting"]["supervisor_wakes_per_s"].get<double>(),
               out["waiting_without_memory_limit"]["supervisor_wakes_per_s"].get<double>());
  const std::string proof = everything_on(client.exchange(run_request("a", {"./nothing"})).header);
  out["everything_on"] = parse(proof);
  return out;
}

// ---- throughput

long rss_kib(pid_t pid) { return proc_number(proc(pid, "smaps_rollup"), "Rss"); }

json throughput_over(const Options& options, int pipe_bytes) {
  ServeClient client(options.supervisor, pipe_bytes);
  client.open("a", {options.program("pump")});
  const std::size_t size = static_cast<std::size_t>(options.mib) << 20U;
  const std::string input(size, 'i');
  const std::string limits = ",\"limits\":{\"wall_time_ms\":60000,\"cpu_time_ms\":60000,\"output_bytes\":" +
                             std::to_string(size) + '}';
  struct {
    const char* name;
    Words argv;
    bool in, out;
  } const ways[] = {{"in", {"./pump", "in"}, true, false},
                    {"out", {"./pump", "out", std::to_string(size)}, false, true},
                    {"through", {"./pump", "through"}, true, true}};
  json out = {{"pipe_bytes", pipe_bytes == 0 ? 65536 : pipe_bytes}};
  for (const auto& way : ways) {
    const std::string_view body = way.in ? std::string_view(input) : std::string_view();
    const std::string request = run_request("a", way.argv, body.size(), limits);
    std::vector<double> took, program;
    const auto once = [&] {
      const ServeClient::Reply reply = client.exchange(request, body);
      must_be_ok(reply.header);
      if (reply.body.size() != (way.out ? size : 0)) give_up("output is missing");
      took.push_back(static_cast<double>(client.took().count()));
      program.push_back(static_cast<double>(number_in(reply.header, "wall_time", "ns")));
    };
    once();  // our own buffer grows
    took.clear(), program.clear();
    client.settle();
    const long before = rss_kib(client.pid());
    std::ofstream(proc(client.pid(), "clear_refs")) << "5";  // VmHWM begins anew
    for (int i = 0; i < options.times; ++i) once();
    client.settle();
    const long peak = proc_number(proc(client.pid(), "status"), "VmHWM"), after = rss_kib(client.pid());
    const Quantiles of = Quantiles::of(took), of_program = Quantiles::of(program);
    const double mb = static_cast<double>(size) * (way.in && way.out ? 2 : 1) / 1e6;
    out[way.name] = {{"mb_per_s", std::llround(mb / of.median * 1e9)},
                     {"took_ns", to_json(took)},
                     {"of_which_the_program_ns", std::llround(of_program.median)},
                     {"supervisor_rss_kib", {{"before", before}, {"after", after}, {"peak", peak}}}};
    std::fprintf(stderr, "throughput, %s, pipes of %d KiB: %.0f MB/s; supervisor %ld KiB before, %ld after, %ld peak\n",
                 way.name, (pipe_bytes == 0 ? 65536 : pipe_bytes) / 1024, mb / of.median * 1e9, before, after, peak);
  }
  return out;
}

json throughput(const Options& options) {
  return {{"mode", "throughput"},
          {"mib", options.mib},
          {"pipes", {throughput_over(options, 0), throughput_over(options, 1 << 20)}}};
}

// ---- many

long entries_in(const std::string& directory) {
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return -1;
  long count = 0;
  while (const dirent* entry = ::readdir(dir)) count += entry->d_name[0] != '.';
  ::closedir(dir);
  return count;
}

long lines_in(const std::string& path) {
  const std::string text = read_file(path);
  return static_cast<long>(std::count(text.begin(), text.end(), '\n'));
}

/// "key value" of the cgroup.stat at the root of the v2 hierarchy.
long cgroup_stat(const std::string& key) {
  std::istringstream mounts(read_file("/proc/self/mountinfo"));
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string field, point;
    for (int i = 0; i < 5; ++i) fields >> (i < 4 ? field : point);
    std::istringstream stat(read_file(point + "/cgroup.stat"));
    for (std::string name; stat >> name;) {
      long value = 0;
      stat >> value;
      if (name == key) return value;
    }
  }
  return -1;
}

/// All keys of all users: "uid: usage nkeys/nikeys …".
long keys() {
  std::istringstream users(read_file("/proc/key-users"));
  long all = 0;
  for (std::string line; std::getline(users, line);) {
    std::istringstream fields(line);
    std::string uid, usage;
    long count = 0;
    if (fields >> uid >> usage >> count) all += count;
  }
  return all;
}

long first_number(const std::string& path) { return std::atol(read_file(path).c_str()); }

/// Everything that must not grow. What belongs to the whole machine moves with whatever else it does.
json snapshot(pid_t supervisor) {
  const pid_t keeper = keepers_of(supervisor).at(0);
  struct statvfs scratch = {};
  ::statvfs(proc(keeper, "root/box").c_str(), &scratch);
  return {{"supervisor_rss_kib", rss_kib(supervisor)},
          {"supervisor_fds", entries_in(proc(supervisor, "fd"))},
          {"supervisor_mounts", lines_in(proc(supervisor, "mountinfo"))},
          {"keeper_rss_kib", rss_kib(keeper)},
          {"keeper_fds", entries_in(proc(keeper, "fd"))},
          {"box_mounts", lines_in(proc(keeper, "mountinfo"))},
          {"box_inodes", scratch.f_files - scratch.f_ffree},
          {"box_blocks", scratch.f_blocks - scratch.f_bfree},
          {"machine_cgroups", cgroup_stat("nr_descendants")},
          {"machine_dying_cgroups", cgroup_stat("nr_dying_descendants")},
          {"machine_keys", keys()},
          {"machine_inodes", first_number("/proc/sys/fs/inode-nr")},
          {"machine_slab_unreclaimable_kib", proc_number("/proc/meminfo", "SUnreclaim")}};
}

/// The CPU time a process has used, in nanoseconds.
long cpu_ns(pid_t pid) { return first_number(proc(pid, "schedstat")); }

/// Every second run leaves files in the box, so that the next has to be given a fresh one.
json many(const Options& options) {
  constexpr int kWindow = 1000;
  ServeClient client(options.supervisor);
  client.open("a", {options.program("nothing"), options.program("scribble")});
  const std::string requests[] = {run_request("a", {"./nothing"}), run_request("a", {"./scribble"})};
  const char* const names[] = {"nothing", "scribble"};
  const json proof = parse(everything_on(client.exchange(requests[0]).header));
  std::vector<double> took[2];
  json before;
  const pid_t supervisor = client.pid(), keeper = keepers_of(supervisor).at(0);
  const long supervisor_cpu = cpu_ns(supervisor), keeper_cpu = cpu_ns(keeper);
  for (int i = 0; i < options.runs; ++i) {
    if (i == std::min(kWindow, options.runs / 2)) {
      client.settle();
      sleep_ms(2000);  // the kernel puts keys and cgroups away in its own time
      before = snapshot(client.pid());
    }
    // With what was tidied after the run before: this is the time from run to run.
    const Nanos begun = now();
    must_be_ok(client.exchange(requests[i % 2]).header);
    client.settle();
    took[i % 2].push_back(static_cast<double>((now() - begun).count()));
  }
  json out = {{"mode", "many"},
              {"runs", options.runs},
              {"window", kWindow},
              {"supervisor_cpu_ns_per_run", (cpu_ns(supervisor) - supervisor_cpu) / options.runs},
              {"keeper_cpu_ns_per_run", (cpu_ns(keeper) - keeper_cpu) / options.runs}};
  sleep_ms(2000);
  const json after = snapshot(client.pid());
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t window = std::min<std::size_t>(kWindow / 2, took[i].size() / 2);
    const auto edge = static_cast<std::ptrdiff_t>(window);
    const json first = to_json({took[i].begin(), took[i].begin() + edge}), last = to_json({took[i].end() - edge, took[i].end()});
    out[names[i]] = {{"first_ns", first},
                     {"last_ns", last},
                     {"last_to_first", last["median"].get<double>() / first["median"].get<double>()}};
  }
  json grew = json::object();
  for (const auto& [name, value] : after.items()) grew[name] = value.get<long>() - before[name].get<long>();
  out["before"] = before;
  out["after"] = after;
  out["grew"] = grew;
  out["everything_on"] = proof;
  std::fprintf(stderr, "many, %d runs: the last take %.3f x (nothing) and %.3f x (scribble) of the first; grew: %s\n",
               options.runs, out["nothing"]["last_to_first"].get<double>(),
               out["scribble"]["last_to_first"].get<double>(), grew.dump().c_str());
  return out;
}

// ---- memory

/// What the kernel has taken for itself, KiB; page cache left out. Percpu holds what namespaces and cgroups have per CPU.
json kernel_side() {
  json out;
  for (const char* name : {"SUnreclaim", "SReclaimable", "KernelStack", "PageTables", "SecPageTables", "Percpu", "Shmem"}) {
    out[name] = std::max(0L, proc_number("/proc/meminfo", name));
  }
  return out;
}

json memory_now(pid_t supervisor) {
  long keepers = 0, keepers_rss = 0;
  for (const pid_t keeper : keepers_of(supervisor)) {
    keepers += proc_number(proc(keeper, "smaps_rollup"), "Pss");
    keepers_rss += rss_kib(keeper);
  }
  return {{"supervisor_rss", rss_kib(supervisor)},
          {"keepers_pss", keepers},
          {"keepers_rss", keepers_rss},
          {"kernel", kernel_side()},
          {"mem_available", proc_number("/proc/meminfo", "MemAvailable")}};
}

/// What one more box costs, after a run in it. `files` lie in each box.
json memory_with(const Options& options, const char* what, const std::vector<BoxFile>& files, const std::string& program) {
  ServeClient client(options.supervisor);
  const auto open_and_use = [&](const std::string& box) {
    client.open(box, files);
    must_be_ok(client.exchange(run_request(box, {program})).header);
  };
  open_and_use("first");
  client.settle();
  sleep_ms(500);
  const json before = memory_now(client.pid());
  for (int i = 0; i < options.boxes; ++i) open_and_use("b" + std::to_string(i));
  client.settle();
  sleep_ms(500);
  const json after = memory_now(client.pid());

  const auto per_box = [&](long total) { return static_cast<double>(total) / options.boxes; };
  const auto grew = [&](const char* key) { return after[key].get<long>() - before[key].get<long>(); };
  long kernel = 0;
  json parts;
  for (const auto& [name, value] : after["kernel"].items()) {
    const long more = value.get<long>() - before["kernel"][name].get<long>();
    kernel += more;
    parts[name] = per_box(more);
  }
  const double supervisor = per_box(grew("supervisor_rss")), keepers = per_box(grew("keepers_pss"));
  const double all = supervisor + keepers + per_box(kernel);
  std::fprintf(stderr, "memory, %s: %.0f KiB per idle box: supervisor %.0f, keeper %.0f, kernel %.0f\n", what, all,
               supervisor, keepers, per_box(kernel));
  return {{"kib_per_box", all},
          {"supervisor_kib_per_box", supervisor},
          {"keeper_pss_kib_per_box", keepers},
          {"keeper_rss_kib_per_box", per_box(grew("keepers_rss"))},
          {"kernel_kib_per_box", per_box(kernel)},
          {"kernel_parts_kib_per_box", parts},
          {"mem_available_kib_per_box", -per_box(grew("mem_available"))}};
}

json memory(const Options& options) {
  return {{"mode", "memory"},
          {"boxes", options.boxes},
          {"empty", memory_with(options, "empty boxes", {}, "/bin/true")},
          {"with_program", memory_with(options, "each with the program", {options.program("nothing")}, "./nothing")}};
}

}  // namespace
}  // namespace bailiff::bench

int main(int argc, char** argv) {
  using namespace bailiff::bench;  // NOLINT: this is the program
  ::signal(SIGPIPE, SIG_IGN);
  Arguments arguments(argc, argv);
  Options options;
  options.times = arguments.take("--times", options.times);
  options.mib = arguments.take("--mib", options.mib);
  options.runs = arguments.take("--runs", options.runs);
  options.boxes = arguments.take("--boxes", options.boxes);
  options.supervisor = arguments.take("--supervisor", BAILIFF_BENCH_SUPERVISOR);
  options.programs = arguments.take("--programs", BAILIFF_BENCH_PROGRAMS);
  const Words& rest = arguments.rest();
  const std::string mode = rest.empty() ? "" : rest.front();
  json out;
  if (mode == "prompt") {
    out = prompt(options);
  } else if (mode == "throughput") {
    out = throughput(options);
  } else if (mode == "many") {
    out = many(options);
  } else if (mode == "memory") {
    out = memory(options);
  } else {
    give_up("which mode? prompt, throughput, many, memory");
  }
  std::printf("%s\n", out.dump().c_str());
}
