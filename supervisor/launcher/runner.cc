#include "launcher/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <variant>

namespace bailiff {
namespace {

/// A transfer slower than this is a hang.
constexpr std::uint64_t kSlowestBytesPerSecond = 8U << 20;

Nanos time_for(std::uint64_t bytes) { return std::chrono::seconds(bytes / kSlowestBytesPerSecond); }

/// The last line somebody wrote, for an error text.
std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const std::size_t line = text.rfind('\n');
  return line == std::string::npos ? text : text.substr(line + 1);
}

/// The supervisor names a run's keys as members of `spec`, where `bailiff run` has the RunSpec itself.
Error of_run_spec(Error error) {
  constexpr std::string_view kPrefix = "spec.";
  if (error.key.starts_with(kPrefix)) error.key.erase(0, kPrefix.size());
  return error;
}

}  // namespace

/// The supervisor as our own child: ended by the end of its input, by SIGKILL when that does not help.
struct Runner::Child {
  explicit Child(pid_t child) : pid(child) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    for (int tries = 0; tries < 500; ++tries) {
      if (::waitpid(pid, nullptr, WNOHANG) != 0) return;
      ::usleep(10'000);
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  pid_t pid;
};

Runner::Runner(std::string runtime) : runtime_(std::move(runtime)) {}

Runner::Runner(Runner&&) noexcept = default;
Runner& Runner::operator=(Runner&&) noexcept = default;

Runner::~Runner() {
  if (!peer_) return;
  peer_->finish_sending();
  // Our own child closes its boxes now and ends; a container is removed with all that is in it.
  const Deadline deadline = deadline_in(5s);
  while (child_ && !lost_ && peer_->receive(deadline)) continue;
  peer_.reset();
}

Result<Runner> Runner::in_container(DockerClient& docker, const ContainerSpec& spec, Deadline deadline) {
  std::unique_ptr<Container> container = TRY(Container::start(docker, spec, deadline));
  Runner runner(container->runtime());
  runner.container_ = std::move(container);
  AttachedStream stream = runner.container_->take_stream();
  UniqueFd out(::fcntl(stream.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!out) return errno_error("dup");
  runner.peer_ = std::make_unique<FramePeer>(std::move(stream.fd), std::move(out), /*multiplexed=*/true,
                                             std::move(stream.first));
  if (Result<void> greeted = runner.greet(deadline); !greeted) {
    Error error = std::move(greeted).error();
    error.what = "image " + spec.image + " under " + spec.runtime + ": " + error.what;
    return error;
  }
  return runner;
}

Result<Runner> Runner::native(const std::string& supervisor, Deadline deadline) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) < 0) return errno_error("pipe");
  UniqueFd child_in(in[0]), to_child(in[1]);
  if (::pipe2(out, O_CLOEXEC) < 0) return errno_error("pipe");
  UniqueFd from_child(out[0]), child_out(out[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
  posix_spawnattr_t attributes;  // not the signals that the launcher has blocked
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C is the launcher's to handle
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::string path = supervisor, command = "serve";
  std::array<char*, 3> argv = {path.data(), command.data(), nullptr};
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, path.c_str(), &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return Error{Fault::kHost, failed, "start " + supervisor, {}};
  Runner runner("native");
  runner.child_ = std::make_unique<Child>(pid);
  runner.peer_ = std::make_unique<FramePeer>(std::move(from_child), std::move(to_child),
                                             /*multiplexed=*/false, std::string());
  TRY(runner.greet(deadline));
  return runner;
}

Result<void> Runner::greet(Deadline deadline) {
  peer_->accept_body(0);
  Result<ReceivedFrame> frame = peer_->receive(deadline);
  if (!frame) {
    if (frame.error().code == ECANCELED) return std::move(frame).error();
    bool out_of_memory = false;
    return host_error("the supervisor did not say hello: " + cause_of(frame.error(), &out_of_memory));
  }
  const Reply reply = TRY(parse_reply(frame->header, std::move(frame->body)));
  const auto* hello = std::get_if<HelloReply>(&reply.what);
  if (hello == nullptr) return host_error("the supervisor did not say hello but something else");
  early_output_ = hello->early_output;
  if (hello->protocol != kServeProtocol) {
    return host_error("its supervisor " + hello->version + " speaks protocol " +
                      std::to_string(hello->protocol) + ", this launcher " + std::to_string(kServeProtocol) +
                      ": build the image again");
  }
  return {};
}

Result<Reply> Runner::ask(std::uint64_t id, const std::string& header, std::string body, Deadline deadline) {
  if (lost_) return host_error("the sandbox is gone");
  peer_->gather_output_of(id);
  peer_->send(header, std::move(body));
  for (;;) {
    Result<ReceivedFrame> frame = peer_->receive(deadline);
    Result<Reply> reply =
        frame ? parse_reply(frame->header, std::move(frame->body), peer_->take_early())
              : Result<Reply>(std::move(frame).error());
    if (!reply) {
      lost_ = true;
      return reply;
    }
    // An error without an id ends the session (docs/protocol.md): the next receive() will see it.
    if (reply->id == id) return reply;
    if (const auto* error = std::get_if<Error>(&reply->what); error != nullptr && reply->id == 0) {
      lost_ = true;
      return internal_error("the supervisor broke off: " + error->message());
    }
  }
}

Result<void> Runner::open(const std::string& box, const std::map<std::string, InputFile>& files,
                          const Limits& limits, const std::set<std::string>& given, Deadline deadline) {
  OpenRequest request = {
      .id = ++last_id_, .box = box, .disk = limits.disk, .disk_inodes = limits.disk_inodes};
  request.disk_inodes_given = given.contains("disk_inodes");
  std::string body;
  for (const auto& [name, file] : files) {
    request.files.push_back({.name = name, .bytes = file.content.bytes.size(), .mode = file.mode});
    body += file.content.bytes;
  }
  peer_->accept_body(0);
  Result<Reply> reply = ask(request.id, open_request(request), std::move(body), deadline);
  if (!reply) {
    if (reply.error().code == ECANCELED) return std::move(reply).error();
    bool out_of_memory = false;
    return host_error("box not opened: " + cause_of(reply.error(), &out_of_memory));
  }
  if (auto* error = std::get_if<Error>(&reply->what)) return of_run_spec(std::move(*error));
  return {};
}

Result<RunResult> Runner::run(const std::string& box, const RunSpec& spec, const std::string& input,
                              Nanos patience, int cancel_fd) {
  RunRequest request = {.id = ++last_id_, .box = box, .spec = spec, .stdin_bytes = input.size()};
  request.early_output = early_output_;
  const std::uint64_t most = 2 * spec.limits.output.count + spec.limits.disk.count + (1U << 20);
  peer_->accept_body(std::min(most, kMaxFrameBody));
  // Its time begins when it has the CPU; what follows is measured, sent and answered while nobody else has it.
  std::optional<Cpus::Turn> turn;
  if (container_) turn.emplace(TRY(container_->cpus().wait_for_turn(cancel_fd)));
  Slot* slot = container_ ? container_->slot() : nullptr;
  const Nanos before = slot != nullptr ? slot->cpu_time() : Slot::kUnknown;
  const bool was_out_of_memory = slot != nullptr && slot->out_of_memory();
  const Nanos transfer = time_for(input.size() + most);
  const Deadline deadline = deadline_in(spec.limits.wall_time + patience + transfer, cancel_fd);
  Result<Reply> reply = ask(request.id, run_request(request), input, deadline);
  const Nanos after = slot != nullptr ? slot->cpu_time() : Slot::kUnknown;
  RunResult result;
  if (!reply) {
    if (reply.error().code == ECANCELED) return std::move(reply).error();
    result = explain_loss(reply.error());
  } else if (auto* error = std::get_if<Error>(&reply->what)) {
    return of_run_spec(std::move(*error));
  } else if (auto* run = std::get_if<RunResult>(&reply->what)) {
    result = std::move(*run);
    // Without a memory controller of its own the supervisor sees a SIGKILL and cannot say whose; with one,
    // that it was not for the run's own limit.
    const bool killed = (result.status == Verdict::kRuntimeError && result.signal == SIGKILL) ||
                        (result.status == Verdict::kInternalError && result.killed_by == "kernel_oom");
    if (killed && slot != nullptr && !was_out_of_memory && slot->out_of_memory()) {
      result.status = Verdict::kMemoryLimit;
      result.reason = "container_oom";
      result.reason_detail = "the container's memory was used up";
      result.killed_by = "kernel_oom";
      result.limits_exceeded = {"memory"};
    }
  } else {
    lost_ = true;
    result = explain_loss(internal_error("a reply to something else"));
  }
  if (before != Slot::kUnknown && after >= before) {
    result.cpu_time.others.push_back(
        {.total = after - before,
         .source = "slot",
         .resolution = slot->resolution(),
         .includes = std::string("the whole container, its kernel and the supervisor too, by the host's ") +
                     slot->clock()});
  }
  result.sandbox.runtime = runtime_;
  return result;
}

Result<void> Runner::close(const std::string& box, Deadline deadline) {
  const std::uint64_t id = ++last_id_;
  peer_->accept_body(0);
  const Reply reply = TRY(ask(id, close_request(id, box), std::string(), deadline));
  if (const auto* error = std::get_if<Error>(&reply.what)) return *error;
  return {};
}

std::string Runner::cause_of(const Error& error, bool* out_of_memory) {
  std::string cause = error.message();
  if (error.code == ETIMEDOUT) cause = "it did not answer in time";
  if (container_ && error.code == EPIPE) {
    const Container::End end = container_->explain_end();
    *out_of_memory = end.out_of_memory;
    cause = end.cause;
    if (end.out_of_memory) cause = "the container ran out of its memory; " + cause;
  } else if (error.code == EPIPE) {
    cause = "it ended";
  }
  const std::string said = last_line(peer_->stderr_tail());
  return said.empty() ? cause : cause + "; it said: " + said;
}

RunResult Runner::explain_loss(const Error& error) {
  RunResult result;
  bool out_of_memory = false;
  result.reason_detail = cause_of(error, &out_of_memory);
  result.status = out_of_memory ? Verdict::kMemoryLimit : Verdict::kInternalError;
  result.reason = out_of_memory ? "container_oom" : "launcher";
  result.killed_by = out_of_memory ? "kernel_oom" : "unknown";
  if (out_of_memory) result.limits_exceeded = {"memory"};
  result.cpu_time.complete = false;
  return result;
}

}  // namespace bailiff
