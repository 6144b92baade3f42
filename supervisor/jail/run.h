#pragma once

#include <poll.h>

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "jail/box.h"
#include "jail/capture.h"
#include "jail/cgroup.h"
#include "jail/outcome.h"
#include "jail/ready_run.h"
#include "jail/watchdog.h"
#include "seccomp/filter.h"
#include "spec/run_result.h"
#include "spec/run_spec.h"

namespace bailiff {

/// One run in a prepared box, from its order until nothing of it is alive. It never waits:
/// whoever owns it polls what watch() names, no longer than until next_look(), and calls wake().
///
/// Order of things: start() … wake() until it says true … finish(). Destroying it earlier leaves the run to
/// the box's own end.
class Run {
 public:
  /// `stdin_fd`: may be empty, for an empty input. `listener`: who is asked by a filter that asks. kSupervisor is for learning: listener() then says where.
  /// `ready`: made for this box, and settled; used if it fits.
  ///
  /// Errors: kRequest  a mechanism is missing (enforce.h), or a limit is above what this process may set
  static Result<Run> start(Box& box, const Surroundings& surroundings, const RunSpec& spec,
                           const Filter& filter, UniqueFd stdin_fd, Listener listener = Listener::kKeeper,
                           bool early_output = false, std::optional<ReadyRun> ready = {});

  /// The descriptors to poll for reading, in the order wake() expects them back.
  [[nodiscard]] std::array<pollfd, 3> watch() const;
  /// The filter's listener, once the keeper has sent it; -1 otherwise. Borrowed.
  [[nodiscard]] int listener() const { return listener_.get(); }
  void stop_listening() { listener_.reset(); }
  /// CLOCK_MONOTONIC.
  [[nodiscard]] Nanos next_look() const;
  /// Looks at everything once. True: the run is over and quiet.
  Result<bool> wake(const std::array<pollfd, 3>& polled);

  /// A process was made ahead for it and of no use.
  [[nodiscard]] bool lost_ready() const { return lost_ready_; }

  /// Output that may be sent before the result; see Capture::take_early().
  std::optional<EarlyOutput> take_early_stdout(bool last) { return out_.take_early(last); }
  std::optional<EarlyOutput> take_early_stderr(bool last) { return err_.take_early(last); }

  /// Ends the run for a reason from outside; wake() will then report its end.
  void cancel() {
    if (stops_.empty()) stop(Stop::kCancelled);
  }

  /// Measures, collects and judges. Once, after wake() said true.
  ///
  /// Errors: kRequest  workdir does not exist in the box, or argv does not fit its stack
  Result<RunResult> finish();

 private:
  Run(Box& box, const RunSpec& spec, const Surroundings& surroundings)
      : box_(&box), spec_(&spec), surroundings_(&surroundings) {}
  bool begin_ahead(ReadyRun& ready, UniqueFd& stdin_fd, bool early_output);
  void begin_watching();
  Result<void> order(UniqueFd stdin_fd);
  Result<void> heed_keeper();
  void look();
  void judge_survey();
  [[nodiscard]] int survey_kind() const { return box_->leaf() ? 0 : kSurveyChildren; }
  void stop(Stop why);
  [[nodiscard]] Bytes scratch_used() const;
  void add_violation(const ViolationRecord& record, RunResult& result);

  Box* box_;
  const RunSpec* spec_;
  const Surroundings* surroundings_;
  Capture out_, err_;
  UniqueFd listener_;
  Watchdog watchdog_;
  std::map<std::string, std::string> enforced_;
  std::string seccomp_;
  bool clone_into_cgroup_ = false;
  std::optional<UniqueFd> retry_input_;  // for a second order, if the first clone is refused or made ahead for nothing
  bool sampling_ = false;       // memory is held by looking

  Nanos prepared_at_{}, ordered_at_{};
  Nanos wall_deadline_{}, next_cpu_look_{}, next_memory_look_{}, patience_ends_{};
  FilesBefore before_;
  bool image_too_large_ = false;
  bool made_ahead_ = false;  // its process is a ReadyRun's
  bool lost_ready_ = false;
  Bytes sampled_peak_ = {};
  bool survey_pending_ = false;
  bool survey_with_pss_ = false;
  bool ended_ = false;  // the keeper says so
  bool over_ = false;   // and nothing more of this run is on its way
  bool keeper_lost_ = false;
  std::vector<Stop> stops_;
  Nanos stopped_at_{};  // when the first of them was found
};

/// A whole run in a box of its own: what `bailiff-supervisor run` does. Files the spec names by path are read
/// with this process's own rights. `box` is started and not built yet, and is the caller's to close.
Result<RunResult> run_once(Box& box, const Surroundings& surroundings, const RunSpec& spec);
Result<RunResult> run_once(const Surroundings& surroundings, const RunSpec& spec);

/// The same with a filter that asks us: `hear` is called with the listener whenever a question waits there.
Result<RunResult> run_listening(const Surroundings& surroundings, const RunSpec& spec, const Filter& filter,
                                const std::function<Result<void>(int)>& hear);

/// CLOCK_MONOTONIC.
Nanos monotonic_now();

}  // namespace bailiff
