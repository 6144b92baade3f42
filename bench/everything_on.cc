#include "bench/everything_on.h"

#include <cstdlib>

#include "bench/support.h"

namespace bailiff::bench {
namespace {

/// The object that `key` has, from its '{' to its '}'. Neither of the two looked for here has another in it.
std::string_view object(std::string_view result, std::string_view key) {
  const std::size_t at = result.find('"' + std::string(key) + "\":{");
  if (at == std::string_view::npos) give_up("the result has no " + std::string(key) + ": " + std::string(result));
  const std::string_view rest = result.substr(at + key.size() + 3);
  return rest.substr(0, rest.find('}') + 1);
}

}  // namespace

void must_be_ok(std::string_view result) {
  if (result.find("\"status\":\"OK\"") == std::string_view::npos) give_up("not OK: " + std::string(result));
}

std::string everything_on(std::string_view result) {
  must_be_ok(result);
  const std::string_view enforced = object(result, "enforced"), sandbox = object(result, "sandbox");
  const auto need = [&](std::string_view where, std::string_view what) {
    if (where.find(what) == std::string_view::npos) {
      give_up("not everything is on: no " + std::string(what) + " in " + std::string(where));
    }
  };
  for (const char* off : {":\"none\"", ":\"unlimited\""}) {
    if (enforced.find(off) != std::string_view::npos) give_up("not everything is on: " + std::string(enforced));
  }
  for (const char* layer : {"net", "pid", "mount", "ipc", "uts"}) {
    need(enforced, '"' + std::string(layer) + "\":\"namespace\"");
    need(sandbox, '"' + std::string(layer) + '"');
  }
  for (const char* limit : {"cpu_time", "wall_time", "memory", "stack", "output", "file_size", "processes", "open_files",
                            "disk_bytes", "disk_inodes", "uid"}) {
    need(enforced, '"' + std::string(limit) + "\":");
  }
  need(enforced, "\"seccomp\":\"default\"");
  need(sandbox, "\"seccomp\":\"default@sha256:");
  return "{\"enforced\": " + std::string(enforced) + ", \"sandbox\": " + std::string(sandbox) + '}';
}

long long number_in(std::string_view result, std::string_view section, std::string_view key) {
  const std::size_t at = result.find('"' + std::string(section) + "\":{");
  const std::size_t number = at == std::string_view::npos ? at : result.find('"' + std::string(key) + "\":", at);
  if (number == std::string_view::npos) {
    give_up("the result has no " + std::string(section) + '.' + std::string(key) + ": " + std::string(result));
  }
  return std::atoll(std::string(result.substr(number + key.size() + 3, 24)).c_str());
}

}  // namespace bailiff::bench
