#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "launcher/deadline.h"

namespace bailiff {

struct EngineInfo {
  std::string version = {};        // "20.10.24"
  std::string cgroup_driver = {};  // cgroupfs | systemd | none; of a rootless daemon, whose tree is its own, none
  unsigned cgroup_version = 0;
  bool cpuset = false;  // it can hold a container to some CPUs
  std::map<std::string, std::string> runtimes = {};  // name -> program, as the daemon was told
  bool operator==(const EngineInfo&) const = default;
};

struct ImageInfo {
  std::string id = {};  // sha256:…
  std::map<std::string, std::string> labels = {};
  std::vector<std::string> entrypoint = {};
  std::uint64_t bytes = 0;
};

struct ContainerInfo {
  std::string id = {};
  std::string name = {};
  std::map<std::string, std::string> labels = {};
};

struct ContainerState {
  bool running = false;
  bool oom_killed = false;  // true proves it; false proves nothing (Docker with runsc misses half of them)
  int exit_code = 0;
  std::string error = {};  // why it did not start
};

/// The key of an error for what the daemon does not have (HTTP status 404): an image, a container.
inline constexpr const char* kNotFound = "not found";
[[nodiscard]] bool is_not_found(const Error& error);

/// The stream of an attached container. What it sends begins with `first`: bytes that came with the answer.
struct AttachedStream {
  UniqueFd fd = {};
  std::string first = {};
};

/// The Docker Engine API over its unix socket, the few calls the launcher needs. A connection for each call:
/// nothing to share, nothing to tidy up. Bodies are JSON text, made and read by the caller or here.
///
/// API version 1.41 (Engine 20.10), or the oldest the daemon still speaks where that is newer.
///
/// Errors: kHost and a text that says what to do: no socket, no permission, nobody listening, no answer by
/// the deadline; else "Docker: CALL: " and the daemon's own message.
class DockerClient {
 public:
  explicit DockerClient(std::string socket_path) : socket_path_(std::move(socket_path)) {}

  [[nodiscard]] const std::string& socket_path() const { return socket_path_; }

  Result<EngineInfo> info(Deadline deadline);
  /// The values of this label, each once, of the images that have it, another one ("key=value"), and a name.
  Result<std::set<std::string>> list_image_labels(const std::string& label, const std::string& other,
                                                  Deadline deadline);
  Result<ImageInfo> inspect_image(const std::string& image, Deadline deadline);
  /// Those whose label `label` ("key" or "key=value") is set.
  Result<std::vector<ContainerInfo>> list_containers(const std::string& label, Deadline deadline);

  /// `body`: the JSON of POST /containers/create. Answers the id.
  Result<std::string> create(const std::string& name, const std::string& body, Deadline deadline);
  /// Before start(): what the container writes first is then not lost.
  Result<AttachedStream> attach(const std::string& id, Deadline deadline);
  Result<void> start(const std::string& id, Deadline deadline);
  /// Until it has ended; answers its exit code.
  Result<int> wait(const std::string& id, Deadline deadline);
  Result<void> kill(const std::string& id, Deadline deadline);
  /// Kills it if it runs. One that is not there (any more) is no error.
  Result<void> remove(const std::string& id, Deadline deadline);
  Result<ContainerState> state(const std::string& id, Deadline deadline);
  /// Answers the id of the container with this name.
  Result<std::string> find(const std::string& name, Deadline deadline);

 private:
  struct Answer {
    unsigned status = 0;
    std::string body = {};
  };
  Result<Answer> call(const char* verb, const std::string& path, const std::string& body,
                      const std::string& what, Deadline deadline);
  Result<std::string> versioned(const std::string& path, Deadline deadline);

  std::string socket_path_;
  std::string api_;  // "/v1.41"; empty until the daemon was asked
};

}  // namespace bailiff
