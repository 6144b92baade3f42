#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "launcher/container.h"
#include "launcher/frame_peer.h"
#include "spec/run_result.h"
#include "spec/run_spec.h"
#include "spec/serve_peer.h"

namespace bailiff {

/// How much longer than a run's own wall time its answer may take before the sandbox counts as hung: the rest
/// of a 64 MiB output, a machine under load, gVisor's slow file system.
inline constexpr Nanos kPatience = 30s;

/// A `bailiff-supervisor serve` somewhere: in a container, or as a child of this process. Boxes are opened in
/// it, runs made in them. When it is destroyed the container is removed or the child reaped.
///
/// It always answers. A supervisor that breaks off, hangs or talks nonsense in the middle of a run is a
/// RunResult all the same: MLE (container_oom) where the host's counters prove it, else IE (launcher) with
/// the cause.
class Runner {
 public:
  static Result<Runner> in_container(DockerClient& docker, const ContainerSpec& spec, Deadline deadline);
  /// `supervisor`: a path.
  static Result<Runner> native(const std::string& supervisor, Deadline deadline);
  Runner(Runner&&) noexcept;
  Runner& operator=(Runner&&) noexcept;
  ~Runner();

  /// `limits`: disk and disk_inodes are the box's; `given` as in RunSpec. Errors: what the supervisor
  /// refuses, or kHost when it is lost.
  Result<void> open(const std::string& box, const std::map<std::string, InputFile>& files,
                    const Limits& limits, const std::set<std::string>& given, Deadline deadline);
  /// One run; files, stdin and disk limits of `spec` are ignored. `patience`: see kPatience; `cancel_fd` as
  /// in Deadline. In a container it first waits, however long, until no other container's run is on its CPUs; no
  /// figure and no limit has that time. Errors: what the supervisor refuses of the request; after a RunResult of IE or MLE that
  /// lost() explains, no further run can be made.
  Result<RunResult> run(const std::string& box, const RunSpec& spec, const std::string& input, Nanos patience,
                        int cancel_fd);
  Result<void> close(const std::string& box, Deadline deadline);

  [[nodiscard]] bool lost() const { return lost_; }

 private:
  struct Child;

  explicit Runner(std::string runtime);
  Result<void> greet(Deadline deadline);
  Result<Reply> ask(std::uint64_t id, const std::string& header, std::string body, Deadline deadline);
  RunResult explain_loss(const Error& error);
  /// What is known about why the stream broke, in one line.
  std::string cause_of(const Error& error, bool* out_of_memory);

  std::string runtime_;
  std::unique_ptr<Container> container_;
  std::unique_ptr<Child> child_;
  std::unique_ptr<FramePeer> peer_;
  bool early_output_ = false;  // the supervisor sends it
  std::uint64_t last_id_ = 0;
  bool lost_ = false;
};

}  // namespace bailiff
