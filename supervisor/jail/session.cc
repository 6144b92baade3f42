#include "jail/session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "base/file_io.h"
#include "spec/json.h"

namespace bailiff {
namespace {

constexpr std::uint64_t kMaxSpooledBytes =
    256U << 20;  // runs not yet answered: bodies, and headers with their argv and env
constexpr std::uint64_t kMaxQueuedRuns = 1024;
constexpr std::uint64_t kMaxUnsentBytes = 64U << 20;
constexpr std::uint64_t kEarlyUnsentBytes = 1U << 20;  // beyond, output waits with its run
constexpr std::size_t kMaxBoxes = 4096;

/// Appends a file of the host to a spool; answers how many bytes that were.
Result<std::uint64_t> append(const UniqueFd& spool, const UniqueFd& from, const std::string& key,
                             std::uint64_t most, const char* why) {
  Result<std::uint64_t> copied = copy_rest(spool.get(), from.get(), most);
  if (!copied && copied.error().code == EFBIG)
    return request_error(key, std::string(why) + std::to_string(most) + " bytes");
  return copied;
}

/// The engine names keys of the RunSpec; in a request that stands in `spec`.
Error in_request(Error error) {
  if (error.fault == Fault::kRequest) error.key = error.key.empty() ? "spec" : "spec." + error.key;
  return error;
}

}  // namespace

struct Session::Queued {
  RunRequest request;
  UniqueFd input;
  std::uint64_t spooled = 0;
};

struct Session::OpenBox {
  std::string name;
  Box box;
  std::uint64_t disk = 0;
  std::optional<std::uint64_t> disk_inodes;
  bool disk_inodes_given = false;
  std::deque<Queued> queue;
  std::optional<Queued> current;  // its spec lives as long as the run
  std::optional<Run> run;
  std::optional<ReadyRun> next;  // the process of the next one
  bool never_ready = false;      // one was of no use: here none is
  bool had_input = false;
  std::array<pollfd, 3> polled = {};
  bool waiting = false;         // stands in waiting_
  std::uint64_t close_id = 0;   // asked to close once idle
  std::optional<Error> broken;  // could not be renewed: no further run
};

/// What a program left may take the kernel a second to free; nobody else's run waits for it.
struct Session::Closing {
  std::uint64_t id;
  std::string name;
  Box box;
  UniqueFd taken_apart;
};

Session::Session(const Surroundings& surroundings, SessionOptions options)
    : surroundings_(surroundings), options_(std::move(options)) {
  if (options_.parallel == 0) options_.parallel = usable_cpus();
}

Session::~Session() = default;

bool Session::may_read() const {
  return bye_id_ == 0 && !input_->at_end() && spooled_bytes_ < kMaxSpooledBytes &&
         queued_runs_ < kMaxQueuedRuns && output_->unsent() < kMaxUnsentBytes;
}

bool Session::finished() const {
  const bool no_more = bye_id_ != 0 || (input_->at_end() && !input_->has_more());
  return no_more && running_ == 0 && queued_runs_ == 0 && waiting_.empty();
}

Result<void> Session::serve(int in, int out) {
  input_ = std::make_unique<FrameInput>(in);
  output_ = std::make_unique<FrameOutput>(out);
  output_->add(hello_message(options_.version, surroundings_.kernel.runtime));
  TRY(output_->flush());

  std::vector<pollfd> fds;
  std::vector<OpenBox*> running;
  while (!finished()) {
    // What was read but not yet looked at comes first: no poll will tell of it.
    while (may_read() && input_->has_more()) {
      Result<std::optional<FrameInput::Frame>> frame = input_->next();
      if (!frame) return break_off(frame.error());
      if (!*frame) break;
      std::uint64_t id = 0;
      Result<Request> request = parse_request((*frame)->header, (*frame)->body_bytes, &id);
      if (request)
        obey(*std::move(request), std::move((*frame)->body), (*frame)->body_bytes + (*frame)->header.size());
      else
        refuse(id, request.error());
    }
    start_what_can();
    TRY(output_->flush());
    if (finished()) break;

    fds.clear();
    running.clear();
    fds.push_back({may_read() ? input_->fd() : -1, POLLIN, 0});
    fds.push_back({output_->fd(), static_cast<short>(output_->unsent() > 0 ? POLLOUT : 0), 0});
    Nanos look = Nanos::max();
    for (const auto& [name, box] : boxes_) {
      if (!box->run) continue;
      running.push_back(box.get());
      for (const pollfd& fd : box->run->watch()) fds.push_back(fd);
      look = std::min(look, box->run->next_look());
    }
    const std::size_t first_closing = fds.size();
    for (const Closing& closing : closing_) fds.push_back({closing.taken_apart.get(), POLLIN, 0});
    // Sending and starting made room: what is here already is told of by no poll.
    if ((may_read() && input_->has_more()) || can_start()) look = Nanos{0};
    timespec timeout = {};
    if (look != Nanos::max()) {
      const Nanos left = std::max(Nanos{0}, look - monotonic_now());
      timeout = {std::chrono::floor<std::chrono::seconds>(left).count(), (left % 1s).count()};
    }
    if (::ppoll(fds.data(), fds.size(), look == Nanos::max() ? nullptr : &timeout, nullptr) < 0 &&
        errno != EINTR) {
      return errno_error("ppoll");
    }
    if ((fds[1].revents & (POLLERR | POLLHUP)) != 0) {  // nobody will ever read an answer
      errno = EPIPE;
      return errno_error("write frames");
    }
    for (std::size_t i = 0; i < running.size(); ++i) {
      OpenBox& box = *running[i];
      std::copy_n(fds.begin() + static_cast<std::ptrdiff_t>(2 + 3 * i), 3, box.polled.begin());
      const Result<bool> over = box.run->wake(box.polled);
      if (!over) {
        refuse(box.current->request.id, over.error());
        box.broken = over.error();
        box.run->cancel();
        box.box.close();
        end(box);
      } else if (*over) {
        end(box);
      } else {
        send_early(box, /*last=*/false);
      }
    }
    auto closing = closing_.begin();
    for (std::size_t i = first_closing; i < fds.size(); ++i) {
      if (fds[i].revents != 0) finish_closing(*closing);
      closing = fds[i].revents != 0 ? closing_.erase(closing) : std::next(closing);
    }
    if (fds[0].revents != 0) {
      const Result<void> filled = input_->fill();
      if (!filled) return break_off(filled.error());
    }
  }
  close_all();
  if (bye_id_ != 0) output_->add(bye_message(bye_id_));
  return send_all();
}

void Session::close_all() {
  boxes_.clear();
  for (Closing& closing : closing_) finish_closing(closing);
  closing_.clear();
}

Result<void> Session::break_off(const Error& error) {
  close_all();
  refuse(0, error);
  (void)send_all();  // a peer that is gone changes nothing: the end is the broken frame's
  return error;
}

Result<void> Session::send_all() {
  for (;;) {
    TRY(output_->flush());
    if (output_->unsent() == 0) return {};
    pollfd fd = {output_->fd(), POLLOUT, 0};
    if (::poll(&fd, 1, -1) < 0 && errno != EINTR) return errno_error("poll");
  }
}

void Session::refuse(std::uint64_t id, const Error& error) { output_->add(error_message(id, error)); }

void Session::obey(Request request, UniqueFd body, std::uint64_t frame_bytes) {
  std::uint64_t id = 0;
  Result<void> done;
  if (auto* open_request = std::get_if<OpenRequest>(&request)) {
    id = open_request->id;
    done = open(*open_request, std::move(body));
  } else if (auto* run_request = std::get_if<RunRequest>(&request)) {
    id = run_request->id;
    done = queue(std::move(*run_request), std::move(body), frame_bytes);
  } else if (auto* cancel_request = std::get_if<CancelRequest>(&request)) {
    id = cancel_request->id;
    done = cancel(*cancel_request);
  } else if (auto* close_request = std::get_if<CloseRequest>(&request)) {
    id = close_request->id;
    done = close(*close_request);
  } else {
    bye_id_ = std::get<ByeRequest>(request).id;
  }
  if (!done) refuse(id, done.error());
}

Result<UniqueFd> Session::open_below_root(const std::string& path, const std::string& key) const {
  if (options_.files_root.empty())
    return request_error(key, "no path is allowed: the supervisor was started without --files-root");
  TRY(check_box_name(path, key));  // relative, and no `..`: O_NOFOLLOW would not stop that
  UniqueFd directory(::open(options_.files_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno_error("open " + options_.files_root);
  // One component at a time, and no link followed: not even one inside that leads out.
  std::string_view rest = path;
  for (std::size_t slash; (slash = rest.find('/')) != std::string_view::npos; rest.remove_prefix(slash + 1)) {
    UniqueFd next(::openat(directory.get(), std::string(rest.substr(0, slash)).c_str(),
                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return request_error(key, "open " + path + ": " + std::strerror(errno));
    directory = std::move(next);
  }
  UniqueFd file(
      ::openat(directory.get(), std::string(rest).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) < 0)
    return request_error(key, "open " + path + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return request_error(key, path + " is not a regular file");
  return file;
}

Result<void> Session::open(const OpenRequest& request, UniqueFd body) {
  const Nanos begun = monotonic_now();
  if (boxes_.contains(request.box))
    return request_error("box", "a box named \"" + request.box + "\" is open already");
  if (boxes_.size() + closing_.size() >= kMaxBoxes)
    return request_error("box", "no more than " + std::to_string(kMaxBoxes) + " boxes at once");

  Spool spool;
  spool.bytes = body ? std::move(body) : TRY(make_spool());
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < request.files.size(); ++i) {
    const FileSlice& file = request.files[i];
    if (!file.path.empty()) continue;
    spool.files.push_back({file.name, file.mode, offset, file.bytes});
    offset += file.bytes;
    if (offset > request.disk.count) {
      return request_error("files[" + std::to_string(i) + "]",
                           "does not fit: limits.disk_bytes is " + std::to_string(request.disk.count));
    }
  }
  for (std::size_t i = 0; i < request.files.size(); ++i) {
    const FileSlice& file = request.files[i];
    if (file.path.empty()) continue;
    const std::string key = "files[" + std::to_string(i) + "].path";
    const UniqueFd from = TRY(open_below_root(file.path, key));
    if (::lseek(spool.bytes.get(), 0, SEEK_END) < 0) return errno_error("seek spool");
    const std::uint64_t size = TRY(append(spool.bytes, from, key, request.disk.count - offset,
                                          "does not fit: of limits.disk_bytes there are left "));
    spool.files.push_back({file.name, file.mode, offset, size});
    offset += size;
  }

  auto opened = std::make_unique<OpenBox>();
  opened->name = request.box;
  opened->disk = request.disk.count;
  opened->disk_inodes = request.disk_inodes;
  opened->disk_inodes_given = request.disk_inodes_given;
  opened->box = TRY(Box::open(surroundings_, BoxSpec{.root = &surroundings_.root,
                                                     .disk = request.disk,
                                                     .disk_inodes = request.disk_inodes,
                                                     .gvisor = surroundings_.kernel.gvisor(),
                                                     .reusable = true}));
  if (Result<void> filled = opened->box.fill(std::move(spool)); !filled) {
    Error error = std::move(filled).error();
    for (std::size_t i = 0; i < request.files.size(); ++i) {  // a RunSpec's files have names, ours numbers
      if (error.key == "files." + request.files[i].name) error.key = "files[" + std::to_string(i) + "]";
    }
    return error;
  }
  boxes_.emplace(request.box, std::move(opened));
  output_->add(opened_message(request.id, request.box, monotonic_now() - begun));
  return {};
}

Result<void> Session::queue(RunRequest request, UniqueFd body, std::uint64_t frame_bytes) {
  const auto found = boxes_.find(request.box);
  if (found == boxes_.end()) return request_error("box", "no box named \"" + request.box + "\" is open");
  OpenBox& box = *found->second;
  if (box.close_id != 0) return request_error("box", "\"" + request.box + "\" is being closed");
  if (surroundings_.filters.find(request.spec.seccomp) == nullptr) {
    return surroundings_.filters.unknown("spec.seccomp", request.spec.seccomp);
  }
  if (2 * request.spec.limits.output.count + (request.spec.collect.empty() ? 0 : box.disk) > kMaxFrameBody) {
    return request_error(
        "spec.limits.output_bytes",
        "stdout, stderr and collected files must fit one frame: " + std::to_string(kMaxFrameBody) + " bytes");
  }
  if (!request.stdin_path.empty()) {
    const UniqueFd from = TRY(open_below_root(request.stdin_path, "stdin.path"));
    body = TRY(make_spool());
    frame_bytes += TRY(append(body, from, "stdin.path", kMaxFrameBody, "larger than "));
  }
  // What the box holds is the box's; the run's result names it all the same.
  request.spec.limits.disk = Bytes{box.disk};
  request.spec.limits.disk_inodes = box.disk_inodes;
  if (box.disk_inodes_given) request.spec.given.insert("disk_inodes");

  Queued queued{std::move(request), {}, frame_bytes};
  if (body) {
    if (::lseek(body.get(), 0, SEEK_SET) < 0) return errno_error("rewind stdin");
    if (::fcntl(body.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
      return errno_error("seal stdin");
    }
    queued.input = std::move(body);
  }
  spooled_bytes_ += queued.spooled;
  queued_runs_ += 1;
  box.queue.push_back(std::move(queued));
  if (!box.run && !box.waiting) {
    box.waiting = true;
    waiting_.push_back(&box);
  }
  return {};
}

Result<void> Session::cancel(const CancelRequest& request) {
  for (const auto& [name, box] : boxes_) {
    if (box->current && box->current->request.id == request.run) {
      box->run->cancel();  // its result will say CANCELLED
      output_->add(cancelled_message(request.id, request.run, /*was_running=*/true));
      return {};
    }
    const auto queued = std::find_if(box->queue.begin(), box->queue.end(),
                                     [&](const Queued& one) { return one.request.id == request.run; });
    if (queued == box->queue.end()) continue;
    spooled_bytes_ -= queued->spooled;
    queued_runs_ -= 1;
    box->queue.erase(queued);
    refuse(request.run, request_error("run", "cancelled before it started"));  // every request is answered
    output_->add(cancelled_message(request.id, request.run, /*was_running=*/false));
    return {};
  }
  return request_error("run", "no run " + std::to_string(request.run) + " is queued or running");
}

Result<void> Session::close(const CloseRequest& request) {
  const auto found = boxes_.find(request.box);
  if (found == boxes_.end()) return request_error("box", "no box named \"" + request.box + "\" is open");
  OpenBox& box = *found->second;
  if (box.close_id != 0) return request_error("box", "\"" + request.box + "\" is being closed already");
  if (!box.run && !box.waiting) {  // idle: nothing to wait for, least of all a run elsewhere
    begin_closing(box, request.id);
    return {};
  }
  box.close_id = request.id;
  return {};
}

bool Session::can_start() const {
  return running_ < options_.parallel && !waiting_.empty() && output_->unsent() < kMaxUnsentBytes;
}

void Session::start_what_can() {
  while (can_start()) {
    OpenBox& box = *waiting_.front();
    waiting_.pop_front();
    box.waiting = false;
    if (!box.queue.empty()) {
      start(box);
    } else if (box.close_id != 0) {
      begin_closing(box, box.close_id);
    }
  }
}

void Session::begin_closing(OpenBox& box, std::uint64_t id) {
  Closing closing{id, std::move(box.name), std::move(box.box), {}};
  boxes_.erase(closing.name);
  closing.box.dismiss();
  closing.taken_apart = closing.box.taken_apart();
  if (closing.taken_apart) {
    closing_.push_back(std::move(closing));
  } else {
    finish_closing(closing);
  }
}

void Session::finish_closing(Closing& closing) {
  closing.box.close();
  output_->add(closed_message(closing.id, closing.name));
}

void Session::start(OpenBox& box) {
  box.current = std::move(box.queue.front());
  box.queue.pop_front();
  Queued& current = *box.current;
  const std::uint64_t id = current.request.id;
  const auto give_up = [&](const Error& error) {
    refuse(id, error);
    end(box);
  };
  running_ += 1;
  queued_runs_ -= 1;
  if (box.broken) return give_up(*box.broken);
  std::optional<ReadyRun> ready = std::exchange(box.next, std::nullopt);
  if (ready && !ready->settle(box.box.board())) {
    box.never_ready = box.box.board().ready.now() == Ready::kGone;
    ready.reset();
  }
  box.had_input = static_cast<bool>(current.input);
  Result<Run> run = Run::start(box.box, surroundings_, current.request.spec,
                               *surroundings_.filters.find(current.request.spec.seccomp),
                               std::move(current.input), Listener::kKeeper,
                               current.request.early_output, std::move(ready));
  if (!run) return give_up(in_request(run.error()));
  box.run.emplace(*std::move(run));
}

void Session::send_early(OpenBox& box, bool last) {
  const RunRequest& request = box.current->request;
  if (!request.early_output) return;
  const auto send = [&](const char* stream, std::optional<EarlyOutput> output) {
    if (output) output_->add(output_message(request.id, stream), std::move(output->bytes), output->crc);
  };
  const auto may = [&] { return last || output_->unsent() < kEarlyUnsentBytes; };
  if (may()) send("stdout", box.run->take_early_stdout(last));
  if (may()) send("stderr", box.run->take_early_stderr(last));
}

void Session::end(OpenBox& box) {
  running_ -= 1;
  const std::uint64_t id = box.current->request.id;
  spooled_bytes_ -= box.current->spooled;
  if (box.run && !box.broken) {
    send_early(box, /*last=*/true);  // its checksum is known, and the peer puts it where the rest of the stream is
    Result<RunResult> result = box.run->finish();
    const bool ran = static_cast<bool>(result);
    if (!result) {
      refuse(id, in_request(result.error()));
    } else if (const std::uint64_t size = result_body_bytes(*result); size > kMaxFrameBody) {
      refuse(id, host_error("stdout, stderr and the collected files have " + std::to_string(size) +
                            " bytes; the body of a frame has at most " + std::to_string(kMaxFrameBody)));
    } else {
      const std::string header = result_message(id, *result);
      std::vector<Blob> body;
      body.push_back(std::move(result->stdout_stream.kept));
      body.push_back(std::move(result->stderr_stream.kept));
      for (auto& [name, file] : result->files) body.push_back(std::move(file.bytes));
      const Result<void> added = output_->add(header, body);
      if (!added) refuse(id, added.error());
    }
    (void)output_->flush();  // before the tidying; a peer that is gone is noticed by the poll
    box.never_ready |= box.run->lost_ready();
    box.run.reset();
    if (!box.box) {
      box.broken = host_error("the box is gone: its keeper died");
    } else if (Result<void> renewed = box.box.renew(surroundings_); !renewed) {
      box.broken = std::move(renewed).error();
    } else if (ran && box.queue.empty() && box.close_id == 0 && !box.never_ready) {
      const RunSpec& like = box.current->request.spec;
      box.next = ReadyRun::make(box.box, surroundings_, like, *surroundings_.filters.find(like.seccomp), box.had_input);
    }
  }
  box.run.reset();
  box.current.reset();
  if (!box.queue.empty()) {
    box.waiting = true;
    waiting_.push_back(&box);
  } else if (box.close_id != 0) {
    begin_closing(box, box.close_id);
  }
}

}  // namespace bailiff
