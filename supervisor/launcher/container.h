#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "launcher/cpus.h"
#include "launcher/docker_client.h"
#include "launcher/lease.h"
#include "launcher/slot.h"

namespace bailiff {

inline constexpr const char* kLabelImage = "bailiff.language";  // of an image made by `bailiff images build`
inline constexpr const char* kLabelOwner = "bailiff.owner";     // of a container: see owner_label()
inline constexpr const char* kLabelDeadline = "bailiff.deadline";  // of a container: seconds since 1970

/// The oldest gVisor whose guest kernel a box can be made in (pivot_root, read-only remounts).
inline constexpr unsigned kOldestRunsc = 20240729;

/// A capability the supervisor keeps in its container, and what fails without it. All others are dropped. The
/// program has none of them, and under runsc they are the guest kernel's, not the host's.
struct NeededCapability {
  const char* name;
  const char* because;
  bool under_runsc = true;  // gVisor makes device files and shows a program's memory without
};
extern const std::vector<NeededCapability> kCapabilities;

struct ContainerSpec {
  std::string image = {};  // id or name
  std::string runtime = "runsc";
  std::optional<EngineInfo> engine = {};      // of check_engine() for this runtime; not given: it is asked
  std::set<std::string> allowed_images = {};  // names or ids beyond those with the label
  std::optional<Bytes> memory = {};           // of everything in the container
  std::string cpus = {};                      // see Cpus::choose: "0", "2-3"; "all"; empty: one
  Nanos lifetime = 60s;                       // after that `gc` takes it for left behind
};

/// "PIDNS:PID:STARTTIME" of this process: no other process of this machine ever has it.
std::string owner_label();
/// False when the owner has the pid namespace of this process and is no longer alive; true when that cannot
/// be told.
bool owner_may_live(const std::string& label);

/// What runs containers under this name of Docker's, whatever the name: "runsc", "runc", else its program's
/// file name ("kata-runtime").
std::string runtime_kind(const EngineInfo& engine, const std::string& runtime);
/// Refuses a runtime that is not registered or too old, with the line that helps.
Result<void> check_runtime(const EngineInfo& engine, const std::string& runtime);
/// What the daemon is, once check_runtime() has nothing against it. Takes 25 ms, most of it `runsc --version`.
Result<EngineInfo> check_engine(DockerClient& docker, const std::string& runtime, Deadline deadline);
/// YYYYMMDD of what `runsc --version` prints; 0: no date in it.
unsigned runsc_date(const std::string& version_text);

/// One running container with the supervisor in it, attached to. Its end, however it comes about, leaves
/// nothing: the destructor removes container, processes and slot. When this process is killed instead,
/// `serve` reads an end of file and exits, and `gc` finds the rest by the lease and by the labels.
class Container {
 public:
  /// Errors: kRequest  image unknown or not allowed
  ///         kHost     the runtime is missing or too old, or Docker could not start the container
  static Result<std::unique_ptr<Container>> start(DockerClient& docker, const ContainerSpec& spec,
                                                  Deadline deadline);
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  ~Container();

  [[nodiscard]] AttachedStream take_stream() { return std::move(stream_); }
  [[nodiscard]] const std::string& id() const { return id_; }
  /// nullptr: none could be made; `bailiff check` says why.
  [[nodiscard]] Slot* slot() { return slot_ ? &*slot_ : nullptr; }
  /// Where it runs. Whoever makes a run in it waits for its turn there.
  [[nodiscard]] const Cpus& cpus() const { return *cpus_; }
  /// As runtime_kind() has it.
  [[nodiscard]] const std::string& runtime() const { return runtime_; }

  /// Why its stream ended: what Docker and the slot know about it, in one line.
  struct End {
    bool out_of_memory = false;
    std::string cause = {};
  };
  End explain_end();

 private:
  Container(DockerClient& docker, Lease lease) : docker_(docker), lease_(std::move(lease)) {}

  DockerClient& docker_;
  Lease lease_;
  std::optional<Cpus> cpus_;
  std::optional<Slot> slot_;
  std::string runtime_;
  std::string name_;
  std::string id_;
  bool started_ = false;
  AttachedStream stream_;
};

/// Kills every process that has this container's id (64 hex digits) among its arguments: the shim, gofer and
/// sandbox that a failed start leaves although Docker no longer knows the container.
void kill_processes_of(const std::string& container_id);

}  // namespace bailiff
