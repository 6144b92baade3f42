#pragma once

#include <string>
#include <vector>

#include "launcher/docker_client.h"

namespace bailiff {

/// One thing a launcher needs, or would be better with.
struct CheckRow {
  std::string name = {};
  bool good = false;
  bool required = false;  // for runs under `runtime`
  std::string detail = {};
  std::string fix = {};  // one line; empty when good
};

/// Looks at Docker, at the runtimes, the images and what slots this host can give. Makes one slot and removes it, and
/// before that what a killed launcher left under the slot's number; no container is started.
std::vector<CheckRow> check_host(DockerClient& docker, const std::string& runtime, Deadline deadline);

/// {"usable":…,"checks":[{"name":…,"good":…,"required":…,"detail":…,"fix":…},…]}, one line.
std::string to_json(const std::vector<CheckRow>& rows);
std::string to_text(const std::vector<CheckRow>& rows);
bool usable(const std::vector<CheckRow>& rows);

}  // namespace bailiff
