#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "jail/box.h"
#include "jail/frame_stream.h"
#include "jail/run.h"
#include "spec/serve_message.h"

namespace bailiff {

struct SessionOptions {
  std::string version = {};
  std::string files_root = {};  // where `path` may point into; empty: nowhere
  unsigned parallel = 0;        // runs at the same time, over all boxes; 0: one per usable CPU
};

/// `bailiff-supervisor serve`: frames in, frames out, any number of boxes (docs/protocol.md). One thread, one
/// poll.
///
/// What a peer can make it hold is bounded: a box's files by its disk quota, the bodies of queued runs
/// together, as are their number and unsent replies; past a bound it stops reading until there is room again.
class Session {
 public:
  Session(const Surroundings& surroundings, SessionOptions options);
  ~Session();

  /// Serves until bye, or the end of input with everything answered. Both descriptors stay the caller's.
  ///
  /// Errors: kRequest  a broken frame (after an error frame that says so)
  ///         EPIPE     the peer no longer reads
  /// Whichever end: every box is closed.
  Result<void> serve(int in, int out);

 private:
  struct Queued;
  struct OpenBox;
  struct Closing;

  [[nodiscard]] bool may_read() const;
  [[nodiscard]] bool finished() const;
  void obey(Request request, UniqueFd body, std::uint64_t frame_bytes);
  Result<void> open(const OpenRequest& request, UniqueFd body);
  Result<void> queue(RunRequest request, UniqueFd body, std::uint64_t frame_bytes);
  Result<void> cancel(const CancelRequest& request);
  Result<void> close(const CloseRequest& request);
  [[nodiscard]] bool can_start() const;
  void start_what_can();
  void start(OpenBox& box);
  /// Sends what the run has written so far, if it is much and the peer keeps up. `last`: the run is over, and nobody has
  /// to keep up.
  void send_early(OpenBox& box, bool last);
  /// Answers, and makes the box ready for the next run. The box may be gone afterwards.
  void end(OpenBox& box);
  /// Ends the box, which goes from boxes_: `closed` is answered when the kernel has taken it apart.
  void begin_closing(OpenBox& box, std::uint64_t id);
  void finish_closing(Closing& closing);
  void refuse(std::uint64_t id, const Error& error);
  /// The end that a broken frame brings: every box closed, then what was answered before, then the error.
  Result<void> break_off(const Error& error);
  /// Waits until every box is gone, and answers for those that were to be closed.
  void close_all();
  /// Waits until the peer has taken everything.
  Result<void> send_all();
  Result<UniqueFd> open_below_root(const std::string& path, const std::string& key) const;

  const Surroundings& surroundings_;
  SessionOptions options_;
  std::unique_ptr<FrameInput> input_;
  std::unique_ptr<FrameOutput> output_;
  std::map<std::string, std::unique_ptr<OpenBox>> boxes_;
  std::list<Closing> closing_;
  std::deque<OpenBox*> waiting_;  // boxes with a run to start, in the order they asked
  unsigned running_ = 0;
  std::uint64_t queued_runs_ = 0;
  std::uint64_t spooled_bytes_ = 0;
  std::uint64_t bye_id_ = 0;
};

}  // namespace bailiff
