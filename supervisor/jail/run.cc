#include "jail/run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/file_io.h"
#include "jail/box_files.h"
#include "jail/enforce.h"
#include "jail/judge.h"
#include "jail/plan.h"
#include "jail/usage.h"
#include "jail/violation.h"

namespace bailiff {
namespace {

/// How long a killed run may take to be gone before the keeper counts as lost. Reaping 65536 processes takes
/// 2 s.
constexpr Nanos kPatience = 20s;
/// A sparse file may be as large as its limits say, and what is collected lies in our memory.
constexpr Bytes kMaxCollected = 256_MiB;
constexpr Nanos kNever = Nanos::max();

/// Whether the kernel places a clone into a cgroup (CLONE_INTO_CGROUP, Linux 5.7). Docker's default seccomp
/// profile makes clone3 ENOSYS, gVisor does not know the flag: learnt once, from the first run that tried.
enum class Known { kUntried, kWorks, kRefused };
Known clone_into_cgroup = Known::kUntried;

Bytes used_of(const struct statfs& fs) {
  return Bytes{(fs.f_blocks - fs.f_bfree) * static_cast<std::uint64_t>(fs.f_bsize)};
}

/// Whether the kernel does not do such a thing, rather than not now. ENOENT: the group lies outside of the
/// keeper's cgroup namespace (kernel/cgroup/cgroup.c, cgroup_attach_permissions).
bool refuses_cgroup(const StepFailure& failure) {
  const int error = failure.error;
  return failure.detail == 1 && (error == ENOSYS || error == EINVAL || error == E2BIG || error == EPERM ||
                                 error == EACCES || error == ENOENT || error == EOPNOTSUPP);
}

/// The program's input: a memfd nobody can change, so that reading ahead, seeking and locking it touch
/// nothing else.
Result<UniqueFd> input_file(const Content& content, const UniqueFd& host_file) {
  if (!host_file && content.bytes.empty()) return UniqueFd();
  UniqueFd fd(::memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return errno_error("memfd_create stdin");
  if (host_file) {
    const Result<std::uint64_t> copied = copy_rest(fd.get(), host_file.get(), kMaxHostFile.count);
    if (!copied && copied.error().code == EFBIG)
      return request_error("stdin.path", "larger than " + std::to_string(kMaxHostFile.count) + " bytes");
    if (!copied) return copied.error();
  } else {
    TRY(write_all(fd.get(), content.bytes));
  }
  if (::lseek(fd.get(), 0, SEEK_SET) < 0) return errno_error("rewind stdin");
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
    return errno_error("seal stdin");
  }
  return fd;
}

/// Of a program in /box; nothing for others, which are not the caller's.
Bytes fixed_memory_of(const Box& box, const RunSpec& spec) {
  const std::string path = (std::filesystem::path(spec.workdir) / spec.argv.front()).lexically_normal();
  constexpr std::string_view kBox = "/box/";
  if (!path.starts_with(kBox)) return {};
  const AsUser as = box.as_owner();
  return fixed_memory(box.scratch_fd(), path.substr(kBox.size()));
}

}  // namespace

Nanos monotonic_now() {
  timespec time = {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + Nanos(time.tv_nsec);
}

Result<Run> Run::start(Box& box, const Surroundings& surroundings, const RunSpec& spec, const Filter& filter,
                       UniqueFd stdin_fd, Listener listener, bool early_output,
                       std::optional<ReadyRun> ready) {
  Run run(box, spec, surroundings);
  run.prepared_at_ = monotonic_now();
  run.enforced_ = TRY(enforce(spec, box, surroundings, filter));
  run.sampling_ = run.enforced_["memory"] == "sampling";
  run.seccomp_ = std::string(filter.name) + "@sha256:" + std::string(filter.sha256);
  if (listener == Listener::kSupervisor) {
    run.enforced_["seccomp"] = "learning";  // refuses nothing
    run.seccomp_ = "none";
  } else if (run.enforced_["seccomp"] != "notify") {
    listener = Listener::kNobody;
  }
  TRY(plan_run(box, surroundings, spec, filter, listener));
  const bool fits = ready && listener == Listener::kNobody && ready->fits(box, stdin_fd);
  run.before_ = fits ? ready->before : files_before(box);
  if (spec.limits.address_space) {  // before the program can write to its own file
    run.image_too_large_ = fixed_memory_of(box, spec) > *spec.limits.address_space;
  }
  if (fits && run.begin_ahead(*ready, stdin_fd, early_output)) return run;
  ready.reset();  // its descriptors may be what is missing
  if (box.leaf()) TRY(box.leaf().begin_run(spec.limits));

  run.out_ = TRY(Capture::open(spec.limits.output, box.owner(), early_output));
  run.err_ = TRY(Capture::open(spec.limits.output, box.owner(), early_output));
  TRY(run.order(std::move(stdin_fd)));
  box.make_ahead(surroundings.cgroups, spec.limits);
  return run;
}

/// False: its process is of no use, and nothing has begun.
bool Run::begin_ahead(ReadyRun& ready, UniqueFd& stdin_fd, bool early_output) {
  box_->board().report = RunReport{};
  const bool given = ready.give(stdin_fd);
  ordered_at_ = monotonic_now();
  lost_ready_ = !given || !ready.go(box_->board());
  if (lost_ready_) return false;
  out_ = std::move(ready.out);
  err_ = std::move(ready.err);
  out_.expect(spec_->limits.output, early_output);
  err_.expect(spec_->limits.output, early_output);
  made_ahead_ = true;
  retry_input_ = std::move(stdin_fd);
  begin_watching();
  return true;
}

Result<void> Run::order(UniqueFd stdin_fd) {
  Board& board = box_->board();
  board.report = RunReport{};
  CgroupLeaf& leaf = box_->leaf();

  OrderMessage message{Order::kRun, 0, 0, stdin_fd ? 1 : 0, 0};
  std::array<int, 4> fds = {out_.write_end(), err_.write_end(), stdin_fd.get()};
  std::size_t count = stdin_fd ? 3 : 2;
  UniqueFd procs;
  if (leaf && clone_into_cgroup != Known::kRefused) {
    message.has_cgroup_fd = 1;
    fds[count++] = leaf.fd();
  } else if (leaf) {
    message.has_cgroup_fd = 2;
    procs = TRY(leaf.open_procs());
    fds[count++] = procs.get();
  }
  ordered_at_ = monotonic_now();  // before it is sent: the program may run before we do again
  TRY(box_->send(message, std::span(fds).first(count)));
  clone_into_cgroup_ = message.has_cgroup_fd == 1;
  TRY(box_->finish());
  begin_watching();

  if (clone_into_cgroup_ && clone_into_cgroup == Known::kUntried) {
    // Kept until we know that the clone worked: a refusal means ordering again without CLONE_INTO_CGROUP.
    retry_input_ = std::move(stdin_fd);
  }
  return {};
}

void Run::begin_watching() {
  const Nanos begins = monotonic_now();  // not before the box is there
  const Limits& limits = spec_->limits;
  watchdog_.cores = limits.processes == 1 ? 1 : static_cast<int>(std::min(usable_cpus(), limits.processes));
  wall_deadline_ = begins + limits.wall_time;
  next_cpu_look_ = limits.cpu_time ? begins + watchdog_.until_cpu_look(*limits.cpu_time, 0ns) : kNever;
  next_memory_look_ = sampling_ ? begins + watchdog_.until_memory_look(*limits.memory, 0_B) : kNever;
  patience_ends_ = kNever;
}

std::array<pollfd, 3> Run::watch() const {
  // A negative descriptor is skipped by poll(2): a stream past its ceiling.
  const auto stream = [](const Capture& capture) { return capture.over_ceiling() ? -1 : capture.fd(); };
  return {pollfd{box_->socket(), POLLIN, 0}, pollfd{stream(out_), POLLIN, 0},
          pollfd{stream(err_), POLLIN, 0}};
}

Nanos Run::next_look() const {
  if (!stops_.empty()) return patience_ends_;
  return std::min({wall_deadline_, next_cpu_look_, next_memory_look_});
}

Result<bool> Run::wake(const std::array<pollfd, 3>& polled) {
  // Output before exit: the last bytes and the end often arrive in the same wake-up.
  const bool out_empty = polled[1].revents == 0 || TRY(out_.drain());
  const bool err_empty = polled[2].revents == 0 || TRY(err_.drain());
  if (polled[0].revents != 0) TRY(heed_keeper());
  // When the keeper said so every writer was dead, and poll(2), which looks at one after the other, saw its
  // message before it looked at the streams: what was empty then is so for good.
  if (over_ && !keeper_lost_ && out_empty) out_.mark_empty();
  if (over_ && !keeper_lost_ && err_empty) err_.mark_empty();
  if (over_) return true;
  look();
  return over_;
}

Result<void> Run::heed_keeper() {
  UniqueFd passed;
  const Result<ReplyMessage> reply = box_->receive(&passed, 1);
  if (!reply) {  // the keeper is dead, and with it everything in the box
    keeper_lost_ = true;
    over_ = true;
    box_->close();
    return {};
  }
  switch (reply->reply) {
    case Reply::kEnded: {
      const StepFailure& failure = box_->board().report.failure;
      if (failure.step == Step::kClone && clone_into_cgroup_ && refuses_cgroup(failure) && retry_input_ &&
          stops_.empty()) {
        clone_into_cgroup = Known::kRefused;
        UniqueFd input = std::move(*retry_input_);
        retry_input_.reset();
        return order(std::move(input));
      }
      if (clone_into_cgroup_ && failure.step != Step::kClone) clone_into_cgroup = Known::kWorks;
      if (made_ahead_ && failure.step == Step::kNone && box_->board().report.exec_ns == 0 && stops_.empty()) {
        made_ahead_ = false;  // dead before it was the program: by its filter, or somebody outside
        lost_ready_ = true;
        return order(*std::move(retry_input_));
      }
      // An answer that is still on its way belongs to this run: the next must not take it for its own.
      ended_ = true;
      over_ = !survey_pending_;
      return {};
    }
    case Reply::kSurveyed:
      survey_pending_ = false;
      if (ended_) {
        over_ = true;
      } else {
        judge_survey();
      }
      return {};
    case Reply::kListening:
      listener_ = std::move(passed);
      return {};
    default:
      return {};
  }
}

void Run::look() {
  if (ended_) return;
  const Nanos now = monotonic_now();
  if (!stops_.empty()) {
    if (now < patience_ends_) return;
    keeper_lost_ = true;  // killed long ago and still not gone: the box has to go as a whole
    over_ = true;
    box_->close();
    return;
  }
  const RunReport& report = box_->board().report;
  if (report.exec_ns != 0) wall_deadline_ = Nanos(report.exec_ns) + spec_->limits.wall_time;

  // All that is found in one look counts as found together; stop() keeps R4's order.
  if (now >= wall_deadline_) stop(Stop::kWallTime);
  if (out_.over_ceiling()) stop(Stop::kStdout);
  if (err_.over_ceiling()) stop(Stop::kStderr);
  if (!stops_.empty()) return;

  if (!survey_pending_ && (now >= next_cpu_look_ || now >= next_memory_look_)) {
    survey_with_pss_ = false;
    if (box_->send(OrderMessage{Order::kSurvey, survey_kind(), 0, 0, 0})) survey_pending_ = true;
  }
  if (survey_pending_) {  // the answer comes as a wake-up
    if (now >= next_cpu_look_) next_cpu_look_ = now + 10ms;
    if (now >= next_memory_look_) next_memory_look_ = now + 10ms;
  }
}

void Run::judge_survey() {
  if (!stops_.empty()) return;
  const Nanos now = monotonic_now();
  const Limits& limits = spec_->limits;
  const Survey& survey = box_->board().survey;

  if (sampling_) {
    const std::uint64_t used = scratch_used().count;
    const std::uint64_t files = used - std::min(used, before_.used.count);
    const auto page = static_cast<std::uint64_t>(::getpagesize());
    const auto hidden = static_cast<std::uint64_t>(survey.hidden_bytes);
    std::uint64_t tree = static_cast<std::uint64_t>(survey.rss_pages) * page + files + hidden;
    if (survey_with_pss_) {
      // Files in the box that are mapped stand in both figures.
      const auto pss = static_cast<std::uint64_t>(survey.pss_bytes);
      const auto shared = static_cast<std::uint64_t>(survey.pss_shmem_bytes);
      tree = std::max(pss, pss - std::min(pss, shared) + files + hidden);
      // A kernel without smaps_rollup (gVisor): what is shared cannot be told, and a wrong MLE costs a
      // student a grade. The largest process stands for the tree; the container's own limit stands behind.
      if (pss == 0) tree = static_cast<std::uint64_t>(survey.largest_rss_pages) * page + files + hidden;
    }
    // The quick look counts pages twice: those forked processes share, and those of files the program has
    // mapped.
    const bool alone = survey.processes <= 1;
    const bool exact = survey_with_pss_ || (alone && files + hidden == 0);
    const bool over = Bytes{tree} > *limits.memory;
    if (exact) sampled_peak_ = std::max(sampled_peak_, Bytes{tree});
    if (exact && over) {
      stop(Stop::kMemory);
      return;
    }
    constexpr std::uint64_t kWorthALook = 1U << 20;
    if (!exact && (over || (alone && tree > sampled_peak_.count + kWorthALook))) {
      survey_with_pss_ = true;
      if (box_->send(OrderMessage{Order::kSurvey, survey_kind() | kSurveyPss, 0, 0, 0}))
        survey_pending_ = true;
      return;
    }
    next_memory_look_ = now + watchdog_.until_memory_look(*limits.memory, Bytes{tree});
  }

  if (limits.cpu_time && box_->board().report.exec_ns == 0) {  // what there is so far is not the program's
    next_cpu_look_ = now + watchdog_.until_cpu_look(*limits.cpu_time, 0ns);
  } else if (limits.cpu_time) {
    // Live clocks know the running slice but not the children of living parents; cpu.stat knows those and
    // lags.
    Nanos used = Nanos(survey.cpu_ns - box_->board().report.pre_exec_cpu_ns);
    if (const CgroupLeaf& leaf = box_->leaf()) {
      if (const Result<CgroupCpu> cpu = leaf.cpu())
        used = std::max(used, cpu->total - Nanos(box_->board().report.pre_exec_cpu_ns));
    }
    if (used > *limits.cpu_time) {
      stop(Stop::kCpuTime);
      return;
    }
    next_cpu_look_ = now + watchdog_.until_cpu_look(*limits.cpu_time, used);
  }
}

void Run::stop(Stop why) {
  if (stops_.empty()) {
    // Fails only if the keeper is dead: the next wake-up says so.
    (void)box_->send(OrderMessage{Order::kKill, 0, 0, 0, 0});
    stopped_at_ = monotonic_now();
    patience_ends_ = stopped_at_ + kPatience;
  }
  stops_.insert(std::upper_bound(stops_.begin(), stops_.end(), why), why);
}

Bytes Run::scratch_used() const {
  struct statfs fs = {};
  return !box_->plain() && ::fstatfs(box_->scratch_fd(), &fs) == 0 ? used_of(fs) : Bytes{};
}

/// The keeper saw it and has killed everything by now.
void Run::add_violation(const ViolationRecord& record, RunResult& result) {
  result.violation = violation_of(record);
  const bool first = stops_.empty() || Nanos(record.at_ns) < stopped_at_;
  stops_.insert(first ? stops_.begin() : stops_.end(), Stop::kViolation);
}

Result<RunResult> Run::finish() {
  const Nanos ended_at = monotonic_now();
  RunReport report = keeper_lost_ ? RunReport{} : box_->board().report;
  if (made_ahead_ && report.exec_ns == 0) {  // killed by us before it was the program: nothing of it is the program's
    report.exec_ns = report.exit_ns;
    report.pre_exec_cpu_ns = report.cpu_ns;
  }
  const Limits& limits = spec_->limits;
  if (report.failure.step == Step::kWorkdir) {
    return request_error("workdir",
                         "cannot be entered in the box: " + std::string(std::strerror(report.failure.error)));
  }
  if (report.failure.step == Step::kExec && report.failure.error == E2BIG) {
    return request_error(
        "argv",
        "argv and env together do not fit: a quarter of limits.stack_bytes, at most 6 MiB (execve(2))");
  }

  RunResult result;
  result.enforced = std::move(enforced_);
  result.sandbox = Sandbox{surroundings_->kernel.runtime, box_->namespaces(), seccomp_};
  if (report.has_cgroup_namespace != 0) result.sandbox.namespaces.emplace_back("cgroup");
  result.stdout_stream = TRY(out_.finish());
  result.stderr_stream = TRY(err_.finish());

  const bool started = !keeper_lost_ && report.failure.step == Step::kNone;
  Outcome run;
  run.keeper_lost = keeper_lost_;
  if (report.failure.step != Step::kNone) run.failure = report.failure;
  if (report.violation.at_ns != 0) add_violation(report.violation, result);
  run.stops = stops_;
  run.stdout_bytes = result.stdout_stream.bytes;
  run.stderr_bytes = result.stderr_stream.bytes;
  if (started) {
    result.cpu_time =
        measure_cpu(report, surroundings_->kernel, box_->leaf(), clone_into_cgroup_, limits.processes == 1);
    result.wall_time.total = Nanos(report.exit_ns - report.exec_ns);
    result.peak_memory =
        measure_memory(report, surroundings_->kernel, box_->leaf(), sampled_peak_, surroundings_->read_ahead);
    result.memory_breakdown = box_->leaf().memory_breakdown();
    result.processes = process_rows(report);
    result.processes_omitted = static_cast<std::uint64_t>(report.reaped - report.row_count);
    result.residue_processes_killed = static_cast<std::uint64_t>(report.killed_after);
    const AsUser as = box_->as_owner();
    result.files = TRY(copy_out(box_->scratch_fd(), spec_->collect, std::min(limits.disk, kMaxCollected)));

    run.status = report.main_status;
    run.image_too_large = image_too_large_;
    run.cpu_time = result.cpu_time.best.total;
    run.wall_time = result.wall_time.total;
    run.peak_memory = result.peak_memory.best.peak;
    if (box_->leaf()) {
      const MemoryEvents events = box_->leaf().memory_events();
      run.ooms = events.oom;
      run.oom_kills = events.oom_kill;
      run.refused_forks = box_->leaf().refused_forks();
    }
    if (run.status != 0 && limits.file_size) {
      run.file_at_ceiling =
          count_files_of(box_->scratch_fd(), *limits.file_size) > box_->inputs_of(*limits.file_size);
    }
    struct statfs fs = {};
    if (run.status != 0 && ::fstatfs(box_->scratch_fd(), &fs) == 0) {
      run.disk_full = fs.f_bfree == 0 && !before_.disk_full;
      run.inodes_full = box_->holds_inodes() && fs.f_ffree == 0 && !before_.inodes_full;
    }
    for (const auto& [name, file] : result.files) {
      if (file.error.empty()) continue;
      run.files_missing = true;
      if (run.file_reason.empty()) run.file_reason = "copy_out_" + file.error;
    }
    if (WIFSIGNALED(run.status))
      result.signal = WTERMSIG(run.status);
    else
      result.exit_code = WEXITSTATUS(run.status);
  }

  if (!box_->reusable()) box_->dismiss();  // the kernel takes it apart while we think
  Judgement judgement = judge(run, limits);
  result.status = judgement.status;
  result.reason = std::move(judgement.reason);
  result.reason_detail = std::move(judgement.reason_detail);
  result.killed_by = std::move(judgement.killed_by);
  result.limits_exceeded = std::move(judgement.limits_exceeded);

  result.overhead.prepare = ordered_at_ - prepared_at_;
  if (started) {
    result.overhead.spawn = Nanos(report.exec_ns) - ordered_at_;
    result.overhead.run = result.wall_time.total;
    result.overhead.cleanup = Nanos(report.quiet_ns - report.exit_ns);
  }
  result.overhead.collect = monotonic_now() - ended_at;
  return result;
}

namespace {

/// `hear` may be empty: then nobody but the keeper is asked.
Result<RunResult> run_with(Box& box, const Surroundings& surroundings, const RunSpec& spec,
                           const Filter& filter, const std::function<Result<void>(int)>& hear) {
  const Nanos begun = monotonic_now();
  const HostFiles host_files = TRY(open_host_files(spec));
  TRY(box.build(surroundings, BoxSpec{.root = &surroundings.root,
                                      .disk = spec.limits.disk,
                                      .disk_inodes = spec.limits.disk_inodes,
                                      .gvisor = surroundings.kernel.gvisor()}));
  TRY(box.put_in(spec.files, host_files));
  UniqueFd input = TRY(input_file(spec.stdin_content, host_files.stdin_file));
  const Nanos prepared = monotonic_now();
  Run run = TRY(Run::start(box, surroundings, spec, filter, std::move(input),
                           hear ? Listener::kSupervisor : Listener::kKeeper));
  for (bool over = false; !over;) {
    std::array<pollfd, 3> watched = run.watch();
    std::array<pollfd, 4> fds = {watched[0], watched[1], watched[2], pollfd{run.listener(), POLLIN, 0}};
    const Nanos left = std::max(Nanos{0}, run.next_look() - monotonic_now());
    const timespec timeout = {std::chrono::floor<std::chrono::seconds>(left).count(), (left % 1s).count()};
    if (::ppoll(fds.data(), fds.size(), &timeout, nullptr) < 0 && errno != EINTR) return errno_error("ppoll");
    if ((fds[3].revents & POLLIN) != 0) {
      TRY(hear(run.listener()));
    } else if (fds[3].revents != 0) {
      run.stop_listening();  // POLLHUP: nobody who could ask is left
    }
    std::copy_n(fds.begin(), watched.size(), watched.begin());
    over = TRY(run.wake(watched));
  }
  RunResult result = TRY(run.finish());
  result.overhead.prepare += prepared - begun;
  return result;
}

}  // namespace

Result<RunResult> run_once(Box& box, const Surroundings& surroundings, const RunSpec& spec) {
  const Filter* filter = surroundings.filters.find(spec.seccomp);
  if (filter == nullptr) return surroundings.filters.unknown("seccomp", spec.seccomp);
  return run_with(box, surroundings, spec, *filter, {});
}

Result<RunResult> run_once(const Surroundings& surroundings, const RunSpec& spec) {
  Box box = TRY(Box::start(surroundings, /*reusable=*/false));
  return run_once(box, surroundings, spec);
}

Result<RunResult> run_listening(const Surroundings& surroundings, const RunSpec& spec, const Filter& filter,
                                const std::function<Result<void>(int)>& hear) {
  Box box = TRY(Box::start(surroundings, /*reusable=*/false));
  return run_with(box, surroundings, spec, filter, hear);
}

}  // namespace bailiff
