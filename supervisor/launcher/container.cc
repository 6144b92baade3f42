#include "launcher/container.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <utility>

#include "launcher/gc.h"
#include "launcher/program.h"

namespace bailiff {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Docker's own filter refuses pivot_root also to who may use it, so runc gets a list of ours: what reaches
/// past namespaces into the kernel, and what neither the supervisor nor a program has a use for. Programs are
/// under a profile of seccomp/profiles besides. runsc has a kernel of its own and ignores this.
constexpr const char* kRefusedCalls[] = {"acct",
                                         "add_key",
                                         "adjtimex",
                                         "bpf",
                                         "clock_adjtime",
                                         "clock_settime",
                                         "create_module",
                                         "delete_module",
                                         "finit_module",
                                         "get_kernel_syms",
                                         "init_module",
                                         "io_uring_enter",
                                         "io_uring_register",
                                         "io_uring_setup",
                                         "ioperm",
                                         "iopl",
                                         "kexec_file_load",
                                         "kexec_load",
                                         "keyctl",
                                         "lookup_dcookie",
                                         "move_pages",
                                         "nfsservctl",
                                         "open_by_handle_at",
                                         "perf_event_open",
                                         "query_module",
                                         "quotactl",
                                         "quotactl_fd",
                                         "reboot",
                                         "request_key",
                                         "settimeofday",
                                         "swapoff",
                                         "swapon",
                                         "syslog",
                                         "userfaultfd",
                                         "vhangup"};

std::string seccomp_for_runc() {
  const json rule = {{"names", kRefusedCalls}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", EPERM}};
  return json{{"defaultAction", "SCMP_ACT_ALLOW"},
              {"architectures", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}},
              {"syscalls", json::array({rule})}}
      .dump();
}

constexpr int kUsage = 64;  // EX_USAGE, sysexits.h
constexpr const char* kBoxGroups = "/cg";  // in a container
/// What of a container's memory an image's files may take: half of what it has beside its program by default.
constexpr Bytes kMostReadAhead = 256_MiB;

unsigned major_version(const std::string& version) {
  return static_cast<unsigned>(std::strtoul(version.c_str(), nullptr, 10));
}

/// Whether the files of the image are read before the first run, which would otherwise be charged for those it reads.
bool reads_ahead(const ContainerSpec& spec, const ImageInfo& image) {
  const std::uint64_t most = spec.memory ? std::min(kMostReadAhead.count, spec.memory->count / 2) : kMostReadAhead.count;
  return 0 < image.bytes && image.bytes <= most;
}

/// Everything about a container that is not the caller's to choose. `cpus`: those it starts with; `shows_one`: though
/// they are more.
std::string create_body(const ContainerSpec& spec, const EngineInfo& engine, const ImageInfo& image,
                        const std::string& cpus, const Slot* slot, bool shows_one) {
  const bool runsc = runtime_kind(engine, spec.runtime) == "runsc";
  // A tree of its own with the controllers in it; older engines mount it read-only.
  const bool writable = !runsc && engine.cgroup_version == 2 && major_version(engine.version) >= 28;
  json capabilities = json::array();
  for (const NeededCapability& capability : kCapabilities) {
    if (capability.under_runsc || !runsc) capabilities.push_back(capability.name);
  }
  json options = {"no-new-privileges"};
  if (!runsc) {
    options.push_back("seccomp=" + seccomp_for_runc());
    options.push_back("apparmor=unconfined");  // docker-default refuses every mount
    if (writable) options.push_back("writable-cgroups=true");
  }
  json host = {
      {"Runtime", spec.runtime},
      {"NetworkMode", "none"},
      {"ReadonlyRootfs", true},
      // The locks of user ids. What boxes write goes to tmpfs of their own, each with its quota.
      {"Tmpfs", {{"/run", "rw,nosuid,nodev,noexec,mode=0755,size=1m"}}},
      {"CapDrop", {"ALL"}},
      {"CapAdd", capabilities},
      {"SecurityOpt", options},
      {"LogConfig", {{"Type", "none"}}},  // else every frame would be written to the host's disk
      {"RestartPolicy", {{"Name", "no"}}},
      {"OomScoreAdj", 0},
  };
  // No CPU quota: the guest's clock goes on while the host has it off the CPU. No limit of processes: it
  // would count the threads of gVisor's kernel, which dies of it; the box has one. No ulimit cpu: not
  // enforced there.
  if (engine.cgroup_version == 2) host["CgroupnsMode"] = "private";
  json command = {"serve"};
  // Groups for the boxes where the container has none that it may write. The host's cgroup namespace: from
  // one of its own the kernel lets nobody move into a group outside of it (cgroup-v2.rst, "nsdelegate").
  const bool bound = !runsc && !writable && slot != nullptr && !slot->boxes().empty();
  if (bound) {
    host["CgroupnsMode"] = "host";
    host["Binds"] = {slot->boxes() + ":" + kBoxGroups};
    command.insert(command.end(), {"--cgroup", kBoxGroups});
  }
  if ((bound || writable) && reads_ahead(spec, image)) command.insert(command.end(), {"--read-ahead", "/"});
  if (slot != nullptr) host["CgroupParent"] = slot->cgroup_parent();
  if (spec.memory && (slot == nullptr || !slot->holds_memory())) {
    host["Memory"] = spec.memory->count;
    host["MemorySwap"] = spec.memory->count;
  }
  if (engine.cpuset && !cpus.empty()) host["CpusetCpus"] = cpus;
  // What is to be confined later is to look so from the beginning: a JVM chooses its garbage collector by it.
  if (shows_one) command.insert(command.end(), {"--cpus", "1"});
  const auto ends = std::chrono::system_clock::now() + spec.lifetime;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ends.time_since_epoch()).count();
  return json{{"Image", image.id},
              {"Cmd", command},
              {"User", "0:0"},
              {"WorkingDir", "/"},
              {"AttachStdin", true},
              {"AttachStdout", true},
              {"AttachStderr", true},
              {"OpenStdin", true},
              {"StdinOnce", true},  // the launcher's end is the supervisor's end of file
              {"Tty", false},
              {"NetworkDisabled", true},
              {"Labels", {{kLabelOwner, owner_label()}, {kLabelDeadline, std::to_string(seconds)}}},
              {"HostConfig", host}}
      .dump();
}

std::string start_time_of(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string stat;
  std::getline(file, stat);
  const std::size_t name_end = stat.rfind(')');  // a name may have spaces and parentheses (proc(5))
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

std::string pid_namespace() {
  struct stat status = {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? std::to_string(status.st_ino) : "0";
}

std::string random_name() {
  std::random_device random;
  std::array<char, 40> name;
  std::snprintf(name.data(), name.size(), "bailiff-%08x%08x", random(), random());
  return name.data();
}

/// "bailiff/cpp-compile" is made with the other image of cpp.
std::string how_to_get(std::string image) {
  constexpr std::string_view kOurs = "bailiff/", kCompiles = "-compile";
  if (!image.starts_with(kOurs)) return "bailiff images list says which are, docker pull gets others";
  image.resize(std::min(image.size(), image.find(':')));
  if (image.ends_with(kCompiles)) image.resize(image.size() - kCompiles.size());
  return "bailiff images build " + image.substr(kOurs.size());
}

Result<ImageInfo> find_image(DockerClient& docker, const ContainerSpec& spec, Deadline deadline) {
  Result<ImageInfo> image = docker.inspect_image(spec.image, deadline);
  if (!image) {
    if (!is_not_found(image.error())) return std::move(image).error();
    return request_error("image", "image " + spec.image + " is not here: " + how_to_get(spec.image));
  }
  const bool allowed = image->labels.contains(kLabelImage) || spec.allowed_images.contains(spec.image) ||
                       spec.allowed_images.contains(image->id);
  if (!allowed) {
    return request_error("image", "image " + spec.image + " is not on the allow-list: it has no label " +
                                      kLabelImage + "; --allow-image " + spec.image + " allows it");
  }
  return image;
}

/// The CPUs of a container to be, put on its record, which is then written. Without a controller for them there is no
/// holding a container to its CPU, only taking turns; who names CPUs is told so.
Result<Cpus> choose_cpus(const ContainerSpec& spec, const EngineInfo& engine, Lease& lease, LeaseRecord& record,
                         Deadline deadline) {
  if (!engine.cpuset && !spec.cpus.empty() && spec.cpus != "all") {
    return host_error("--cpus " + spec.cpus + ": Docker has no cpuset controller here: mount it, or leave --cpus out");
  }
  const std::string directory = cpus_directory();
  const UniqueFd choice = TRY(lock_choice(directory, deadline));
  std::vector<std::string> others;
  for (const unsigned number : Lease::numbers(lease_directory())) {
    if (number != lease.number()) others.push_back(Lease::read(lease_directory(), number).cpus);
  }
  Cpus cpus = TRY(Cpus::choose(directory, spec.cpus, others));
  record.cpus = cpus.list();
  TRY(lease.write(record));
  return cpus;
}

}  // namespace

const std::vector<NeededCapability> kCapabilities = {
    {"SYS_ADMIN", "clone into new namespaces, mount and pivot_root for the box"},
    {"SETUID", "the program's own user id"},
    {"SETGID", "the program's own group id, no other groups"},
    {"SETPCAP", "emptying the bounding set before the program starts"},
    {"KILL", "ending programs, which have another user id"},
    {"CHOWN", "giving /box to the program's user"},
    {"DAC_OVERRIDE", "putting files into /box, which is then another user's"},
    {"FOWNER", "their modes"},
    {"MKNOD", "/dev of the box: null, zero, full, random, urandom", /*under_runsc=*/false},
    {"SYS_PTRACE", "seeing what a program holds in memfds", /*under_runsc=*/false},
};

std::string owner_label() {
  return pid_namespace() + ":" + std::to_string(::getpid()) + ":" + start_time_of("self");
}

bool owner_may_live(const std::string& label) {
  const std::size_t first = label.find(':'), second = label.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return true;
  if (label.substr(0, first) != pid_namespace()) return true;
  const std::string pid = label.substr(first + 1, second - first - 1);
  if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) return true;
  return start_time_of(pid) == label.substr(second + 1);
}

unsigned runsc_date(const std::string& text) {
  // "runsc version release-20240729.0", Debian: "runsc version 0.0~20240729.0"
  unsigned run = 0, value = 0;
  for (const char c : text + " ") {
    if ('0' <= c && c <= '9') {
      value = run < 8 ? value * 10 + static_cast<unsigned>(c - '0') : 0;
      ++run;
      continue;
    }
    if (run == 8 && value > 20000000) return value;
    run = value = 0;
  }
  return 0;
}

std::string runtime_kind(const EngineInfo& engine, const std::string& runtime) {
  const auto found = engine.runtimes.find(runtime);
  const bool named = found != engine.runtimes.end() && !found->second.empty();
  std::string program = named ? fs::path(found->second).filename().string() : runtime;
  for (const char* kind : {"runsc", "runc"}) {
    if (program.starts_with(kind)) return kind;  // "runsc-20240729"
  }
  return program;
}

Result<void> check_runtime(const EngineInfo& engine, const std::string& runtime) {
  const auto found = engine.runtimes.find(runtime);
  if (found == engine.runtimes.end()) {
    std::string known;
    for (const auto& [name, program] : engine.runtimes) known += (known.empty() ? "" : ", ") + name;
    const std::string fix = runtime == "runsc"
                                ? "install gVisor of at least " + std::to_string(kOldestRunsc) +
                                      " (docs/operations.md, \"gVisor\"), add it to \"runtimes\" in "
                                      "/etc/docker/daemon.json and restart "
                                      "Docker; or choose another with --runtime, knowing that runc does not "
                                      "keep a program from the "
                                      "host's kernel"
                                : "add it to \"runtimes\" in /etc/docker/daemon.json and restart Docker";
    return host_error("Docker has no runtime " + runtime + " (it has: " + known + "): " + fix);
  }
  if (runtime_kind(engine, runtime) != "runsc") return {};
  // 60 MiB, from a slow disk perhaps.
  const ProgramEnd said = run_program({found->second, "--version"}, /*with_errors=*/false, deadline_in(10s));
  const unsigned date = runsc_date(said.output);
  if (date == 0) {
    return host_error("runtime " + runtime + ": " + found->second +
                      " --version names no date; a gVisor of at least " + std::to_string(kOldestRunsc) +
                      " is needed");
  }
  if (date < kOldestRunsc) {
    return host_error("runtime " + runtime + ": " + found->second + " is of " + std::to_string(date) +
                      ", and no box can be made in a gVisor before " + std::to_string(kOldestRunsc) +
                      ": install a newer one (docs/operations.md, \"gVisor\")");
  }
  return {};
}

Result<EngineInfo> check_engine(DockerClient& docker, const std::string& runtime, Deadline deadline) {
  EngineInfo engine = TRY(docker.info(deadline));
  TRY(check_runtime(engine, runtime));
  return engine;
}

Result<std::unique_ptr<Container>> Container::start(DockerClient& docker, const ContainerSpec& spec,
                                                    Deadline deadline) {
  const EngineInfo engine = spec.engine ? *spec.engine : TRY(check_engine(docker, spec.runtime, deadline));
  const ImageInfo image = TRY(find_image(docker, spec, deadline));
  if (image.entrypoint.empty()) {
    return request_error("image",
                         "image " + spec.image + " has no entry point: there is no supervisor in it");
  }

  const CgroupLayout layout = CgroupLayout::find(engine);
  std::unique_ptr<Container> container(
      new Container(docker, TRY(take_clean_lease(docker, layout, deadline))));
  container->name_ = random_name();
  // Before anything exists that the record has to tell of.
  const unsigned number = container->lease_.number();
  LeaseRecord record = {.socket = docker.socket_path(), .name = container->name_, .slot = slot_name(layout, number)};
  container->cpus_.emplace(TRY(choose_cpus(spec, engine, container->lease_, record, deadline)));
  container->runtime_ = runtime_kind(engine, spec.runtime);
  if (Result<Slot> slot = Slot::make(layout, number, spec.memory)) {
    container->slot_.emplace(*std::move(slot));
  } else {
    record.slot.clear();  // there is none; start_on() writes it
  }
  Slot* slot = container->slot();
  const std::string& list = container->cpus().list();
  const auto start_on = [&](const std::string& cpus) -> Result<void> {
    const std::string body = create_body(spec, engine, image, cpus, slot, cpus != list);
    container->id_ = TRY(docker.create(container->name_, body, deadline));
    record.container = container->id_;
    TRY(container->lease_.write(record));
    container->stream_ = TRY(docker.attach(container->id_, deadline));
    if (Result<void> started = docker.start(container->id_, deadline); !started) {
      Error error = std::move(started).error();
      error.what += "; image " + spec.image + ", entry point " + image.entrypoint[0];
      return error;
    }
    container->started_ = true;
    return {};
  };
  const bool may_widen = slot != nullptr && engine.cpuset && container->runtime_ == "runsc";
  const std::string wider = may_widen ? slot->to_start_with(list) : std::string();
  TRY(start_on(wider.empty() ? list : wider));
  if (!wider.empty() && !slot->confine(container->id_, list)) {  // Docker keeps its groups where we do not see them
    container->stream_.fd.reset();
    TRY(docker.remove(container->id_, deadline));
    container->started_ = false;
    TRY(start_on(list));
  }
  if (engine.cpuset && slot != nullptr) TRY(slot->hold_boxes_to(container->cpus().list()));
  return container;
}

Container::~Container() {
  stream_.fd.reset();
  const Deadline deadline = deadline_in(30s);
  const Result<void> removed = docker_.remove(id_.empty() ? name_ : id_, deadline);
  // A start that failed leaves processes of a container that is removed.
  if (!started_ && !id_.empty()) kill_processes_of(id_);
  const Result<void> cleared = slot_ ? slot_->remove() : Result<void>();
  if (removed && cleared) (void)lease_.clear();  // else `gc` still has to find it
}

Container::End Container::explain_end() {
  End end;
  const Deadline deadline = deadline_in(5s);
  (void)docker_.wait(id_, deadline.within(2s));  // its stream ends a moment before it does
  const Result<ContainerState> state = docker_.state(id_, deadline);
  if (slot_ && slot_->out_of_memory()) end.out_of_memory = true;
  if (!state) {
    end.cause = is_not_found(state.error())
                    ? "the container was removed by someone else"
                    : state.error().message() + "; once Docker answers, bailiff gc removes what is left, and "
                                                "the run can be made again";
    return end;
  }
  end.out_of_memory = end.out_of_memory || state->oom_killed;
  end.cause = state->running ? "the container runs on, but its stream is closed"
                             : "the container ended with exit code " + std::to_string(state->exit_code);
  if (!state->running && state->exit_code == kUsage) {
    end.cause += ": its supervisor does not know what this launcher asks of it; bailiff images build makes the image anew";
  }
  const bool killed = !state->running && (state->exit_code == 128 + SIGKILL || state->exit_code == 128 + SIGTERM);
  if (killed && !end.out_of_memory) {
    end.cause += ", killed from outside: by somebody, or because Docker was restarted, or as the machine's memory "
                 "ran out; make the run again";
  }
  if (!state->error.empty()) end.cause += ": " + state->error;
  return end;
}

void kill_processes_of(const std::string& container_id) {
  if (container_id.size() != 64 || container_id.find_first_not_of("0123456789abcdef") != std::string::npos)
    return;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/proc", failed)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const pid_t pid = static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10));
    if (pid <= 1 || pid == ::getpid()) continue;
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string words((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    // A whole argument, or the last part of a path in one: "-id ID", "--bundle=…/ID", "…/ID/log.json".
    const std::string program = fs::path(words.c_str()).filename().string();
    const bool ours = program.starts_with("containerd-shim") || program.starts_with("runsc") ||
                      program.starts_with("runc") || program == "exe";
    if (ours && words.find(container_id) != std::string::npos) ::kill(pid, SIGKILL);
  }
}

}  // namespace bailiff
