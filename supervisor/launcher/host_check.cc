#include "launcher/host_check.h"

#include <algorithm>
#include <utility>

#include "launcher/container.h"
#include "launcher/gc.h"
#include "launcher/lease.h"
#include "launcher/slot.h"
#include "spec/json_writer.h"

namespace bailiff {
namespace {

CheckRow runtime_row(const EngineInfo& engine, const std::string& runtime, bool required) {
  const Result<void> checked = check_runtime(engine, runtime);
  CheckRow row = {.name = "runtime " + runtime, .good = checked.has_value(), .required = required};
  if (checked) {
    row.detail = engine.runtimes.at(runtime);
    return row;
  }
  // "what is wrong: what helps"
  const std::string text = checked.error().message();
  const std::size_t colon = text.rfind("): ");
  const std::size_t split = colon != std::string::npos ? colon + 1 : text.rfind(": ");
  row.detail = text.substr(0, split);
  row.fix = split == std::string::npos ? "" : text.substr(split + 2);
  return row;
}

CheckRow cpus_row(const EngineInfo& engine) {
  if (engine.cpuset) {
    return {.name = "cpus", .good = true, .detail = "a container is held to its CPU, and runs there take turns"};
  }
  return {.name = "cpus",
          .detail = "Docker has no cpuset controller: runs take turns, but any CPU may be theirs",
          .fix = engine.cgroup_version == 2 ? "give the group Docker is in the cpuset controller, restart Docker"
                                            : "mount cgroup v1's cpuset hierarchy, restart Docker"};
}

/// Not required: other images may be allowed.
CheckRow images_row(DockerClient& docker, Deadline deadline) {
  CheckRow row = {.name = "images"};
  const Result<std::set<std::string>> languages = docker.list_image_labels(kLabelImage, "bailiff.step=run", deadline);
  row.good = languages && !languages->empty();
  if (row.good) {
    for (const std::string& language : *languages) row.detail += (row.detail.empty() ? "" : ", ") + language;
    return row;
  }
  row.detail = languages ? "none of ours is built: bailiff submit has nothing to run in" : languages.error().message();
  row.fix = languages ? "bailiff images build, for every language, or bailiff images build LANG"
                      : "see that `docker images` answers";
  return row;
}

/// `boxes`: whether the slot has a group that runc's containers can be given.
CheckRow slot_row(DockerClient& docker, const EngineInfo& engine, bool& boxes, Deadline deadline) {
  CheckRow row = {.name = "slots"};
  const CgroupLayout layout = CgroupLayout::find(engine);
  Result<Lease> lease = take_clean_lease(docker, layout, deadline);
  if (!lease) {
    row.detail = "no lease: " + lease.error().message();
    row.fix = "run as root, or set BAILIFF_STATE to a directory that can be written";
    return row;
  }
  // Should this be killed, `gc` reads there what is left.
  (void)lease->write({.socket = docker.socket_path(), .slot = slot_name(layout, lease->number())});
  Result<Slot> slot = Slot::make(layout, lease->number(), Bytes{std::uint64_t{1} << 40});
  row.good = slot.has_value();
  if (!slot) {
    row.detail = slot.error().message() + ": results are without the host's clock";
    row.fix = layout.systemd ? "run as root, beside systemd and its bus (the package dbus)"
                             : "run as root, with the host's cgroups mounted";
    (void)lease->clear();
    return row;
  }
  boxes = !slot->boxes().empty();
  row.detail = std::string(slot->clock()) + " below " + slot->cgroup_parent() + " (" + engine.cgroup_driver +
               "); memory " + (slot->holds_memory() ? "held there" : "held by the container's own group");
  if (const Result<void> removed = slot->remove(); removed) {
    (void)lease->clear();
  } else {
    row.good = false;
    row.detail += "; but it stays: " + removed.error().message();
    row.fix = "bailiff gc, once the cause is gone";
  }
  return row;
}

CheckRow delegation_row(const EngineInfo& engine, bool boxes) {
  CheckRow row = {.name = "delegation to runc"};
  const bool new_enough = std::strtoul(engine.version.c_str(), nullptr, 10) >= 28;
  row.good = engine.cgroup_version == 2 && (new_enough || boxes);
  if (row.good) {
    row.detail = new_enough ? "cgroup v2, writable in the container" : "cgroup v2, a group of the slot's";
    return row;
  }
  row.detail = engine.cgroup_version == 2
                   ? "Engine " + engine.version + " mounts cgroups read-only, and no slot has memory and pids"
                   : "cgroup v1: under runc CAP_SYS_ADMIN on such a host is close to being its root";
  row.fix =
      engine.cgroup_version == 2
          ? "run as root, or take Docker Engine 28 or newer; until then boxes under runc hold memory by "
            "sampling"
          : "boot with systemd.unified_cgroup_hierarchy=1; until then boxes under runc hold memory by "
            "sampling";
  return row;
}

}  // namespace

std::vector<CheckRow> check_host(DockerClient& docker, const std::string& runtime, Deadline deadline) {
  std::vector<CheckRow> rows;
  const Result<EngineInfo> engine = docker.info(deadline);
  if (!engine) {
    rows.push_back({.name = "docker",
                    .required = true,
                    .detail = engine.error().message(),
                    .fix = "systemctl start docker, or say where its socket is: --docker SOCKET"});
    return rows;
  }
  rows.push_back({.name = "docker", .good = true, .required = true, .detail = "Engine " + engine->version});
  rows.push_back(runtime_row(*engine, runtime, /*required=*/true));
  if (runtime != "runc") rows.push_back(runtime_row(*engine, "runc", /*required=*/false));
  rows.push_back(images_row(docker, deadline));
  bool boxes = false;
  rows.push_back(slot_row(docker, *engine, boxes, deadline));
  rows.push_back(cpus_row(*engine));
  rows.push_back(delegation_row(*engine, boxes));
  return rows;
}

bool usable(const std::vector<CheckRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const CheckRow& row) { return row.good || !row.required; });
}

std::string to_json(const std::vector<CheckRow>& rows) {
  JsonWriter out(1024);
  out.put([&] {
    out.member("usable", usable(rows));
    out.objects("checks", rows, [&](const CheckRow& row) {
      out.member("name", row.name)
          .member("good", row.good)
          .member("required", row.required)
          .member("detail", row.detail)
          .text_or_null("fix", row.fix);
    });
  });
  return std::move(out).take();
}

std::string to_text(const std::vector<CheckRow>& rows) {
  std::string text;
  for (const CheckRow& row : rows) {
    text += row.good ? "good     " : row.required ? "MISSING  " : "without  ";
    text += row.name + ": " + row.detail + "\n";
    if (!row.fix.empty()) text += "         fix: " + row.fix + "\n";
  }
  return text + "usable: " + (usable(rows) ? "yes" : "no");
}

}  // namespace bailiff
