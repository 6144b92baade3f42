#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "jail/call_list.h"
#include "jail/privilege.h"

namespace bailiff {

/// What of a root tree a box shows, read-only. Looked up once per supervisor.
struct RootTree {
  struct Entry {
    std::string path;         // relative to the tree: "usr", "etc/alternatives"
    std::string link_target;  // set: a symbolic link, recreated rather than bound
    bool directory = true;
    bool own_mount = true;  // not known to be on the mount the tree's root is on
  };
  std::string directory = "/";
  std::vector<Entry> entries = {};  // parents before children
  bool own_etc = true;              // generate /etc/passwd and the like: the tree's own /etc is not shown

  /// The allow-list of this host: /usr, /bin, /lib*, and those parts of /etc that programs cannot do without.
  /// Never /home, /root, /run, /var, /srv: a read-only bind does not stop connect() to a unix socket.
  static Result<RootTree> of_host();
  /// Everything at the top of `directory` but what a box replaces (dev, proc, sys, tmp, run, box) or never
  /// shows. In an image that is "/": its /etc is the image's.
  ///
  /// Errors: kRequest  not an absolute path of a directory
  static Result<RootTree> of_directory(const std::string& directory);
};

/// What one box is to be.
struct BoxSpec {
  const RootTree* root = nullptr;
  Bytes disk = 64_MiB;
  std::optional<std::uint64_t> disk_inodes = 1000;
  bool gvisor = false;  // its sockets and locks do not reach the host, and it has neither overlay nor hidepid
  bool reusable = false;  // more than one run will use it, each from the same start
  Privilege privilege = Privilege::kRoot;
};

/// The calls that turn the keeper's fresh namespaces into a box, in two lists: after the first, files can be put
/// in while the keeper goes on with the second.
struct BoxPlan {
  CallList scratch;
  CallList rest;
  int inodes_call = -1;  // in `scratch`: inodes are held iff this one succeeded
};

/// Composes the lists of calls. Pure but for what it writes to the board.
BoxPlan plan_box(const BoxSpec& spec, uid_t uid, BoardWriter& writer);
/// The calls that give a built box new writable directories in place of the ones a run has changed: how much
/// there is to throw away does not matter, it goes with its file system.
CallList plan_renewal(const BoxSpec& spec, uid_t uid, BoardWriter& writer);

/// Where no namespaces are to be had: only opens what is there. `place` is the box's directory (plain.h).
BoxPlan plan_plain_box(const std::string& place, BoardWriter& writer);

}  // namespace bailiff
