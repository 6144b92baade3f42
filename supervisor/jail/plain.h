#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "jail/box_plan.h"

namespace bailiff {

/// What a box is made of where there are no namespaces to be had (Privilege::kPlain): a user id nobody else
/// has, and a directory that belongs to it.

/// While it lives, this thread works on files as that user: without CAP_CHOWN and CAP_DAC_OVERRIDE root can
/// neither give a file away nor look into a directory that is closed to others. 0: as before.
class AsUser {
 public:
  explicit AsUser(uid_t user);
  ~AsUser();
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;

 private:
  uid_t user_, user_before_ = 0;
  gid_t group_before_ = 0;
};

/// A box's directory, /tmp/bailiff-UID: root's, and only that user gets into it. In it, and his, lie "box",
/// "tmp" and "shm". Removed with all that is in it by the destructor, which also removes what the user left
/// in the directories of the machine that everybody may write to. Move-only.
class Place {
 public:
  /// What one that died left under that name is removed first.
  ///
  /// Errors: EEXIST  somebody else has made something of that name
  static Result<Place> make(uid_t user);

  Place() = default;
  Place(Place&& other) noexcept { swap(other); }
  Place& operator=(Place&& other) noexcept {
    Place(std::move(other)).swap(*this);
    return *this;
  }
  ~Place();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Empties the three directories, as after make().
  Result<void> renew();

 private:
  void swap(Place& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(user_, other.user_);
  }
  Result<void> make_directories() const;

  std::string path_;
  uid_t user_ = 0;
};

/// Ends every process of a box's user id and waits, at most 2 s, until none is left; reaps those that have
/// become ours. What a keeper does that is alive.
void end_processes_of(uid_t user);

/// A path, or all below it, as the program may use it (landlock(7)).
struct VisiblePath {
  std::string path;
  std::uint64_t access;
};
/// What a program sees of the machine's files: the tree as in any box, read-only, the harmless devices, its
/// own /proc, and `place`. `version`: of the kernel's Landlock.
std::vector<VisiblePath> visible_paths(const RootTree& tree, const std::string& place, int version);
/// All rights over files that this version knows: what no rule gives is refused.
std::uint64_t file_rights(int version);

}  // namespace bailiff
