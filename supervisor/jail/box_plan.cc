#include "jail/box_plan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace bailiff {
namespace {

using Slot = CallList::Slot;

/// Where the new root is put together inside the keeper's own mount namespace, and where in the old root, with
/// which it goes, the tree is shown through an overlay: any two directories every system has.
const std::string kStage = "/tmp";
const std::string kOverlay = "/proc";

bool in_user_namespace(const BoxSpec& spec) { return spec.privilege == Privilege::kUserNamespace; }

/// The mount a path is on (statx, Linux 5.8), not following links; nothing where the kernel does not say.
std::optional<std::uint64_t> mount_of(int tree, const std::string& path) {
  struct statx status = {};
  if (::statx(tree, path.c_str(), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0)
    return std::nullopt;
  if ((status.stx_mask & STATX_MNT_ID) == 0) return std::nullopt;
  return status.stx_mnt_id;
}

std::optional<RootTree::Entry> entry_of(int tree, const std::string& path) {
  struct stat status = {};
  if (::fstatat(tree, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return std::nullopt;
  if (S_ISLNK(status.st_mode)) {
    char target[4096];
    const ssize_t length = ::readlinkat(tree, path.c_str(), target, sizeof target);
    if (length <= 0 || length == sizeof target) return std::nullopt;
    return RootTree::Entry{path, std::string(target, static_cast<std::size_t>(length)), false};
  }
  // Sockets, FIFOs and devices of the tree are nobody's business in a box.
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) return std::nullopt;
  const std::optional<std::uint64_t> mount = mount_of(tree, path);
  const bool own_mount = !mount || mount != mount_of(tree, "");
  return RootTree::Entry{path, {}, S_ISDIR(status.st_mode), own_mount};
}

std::vector<std::string> names_in(int tree, const char* path) {
  std::vector<std::string> names;
  UniqueFd fd(::openat(tree, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return names;
  DIR* dir = ::fdopendir(fd.release());
  if (dir == nullptr) return names;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

constexpr std::uint64_t kReadOnly = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOATIME;

/// Binds a file. In a user namespace a mount that came from outside keeps what its owner said of it: exec is
/// not allowed again, and atime handling stays as it was, which is what a remount without a word on it means
/// (mount_namespaces(7), "Restrictions").
void bind_read_only(CallList& calls, const std::string& what, const std::string& source,
                    const std::string& target, int tree, bool user_namespace, bool device = false) {
  std::uint64_t flags = MS_RDONLY | MS_NOSUID | (device ? MS_NOEXEC : MS_NODEV);
  if (!user_namespace) flags |= MS_NOATIME;
  struct statvfs status = {};
  if (user_namespace) {
    const UniqueFd fd(::openat(tree, source.c_str(), O_PATH | O_CLOEXEC));
    if (fd && ::fstatvfs(fd.get(), &status) == 0 && (status.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  }
  calls.add("bind " + what, SYS_mount, {source, target, nullptr, MS_BIND, nullptr});
  calls.add("make " + what + " read-only", SYS_mount,
            {nullptr, target, nullptr, MS_REMOUNT | MS_BIND | flags, nullptr});
}

void add_overlay(CallList& calls, const std::string& what, const std::string& source,
                 const std::string& target) {
  std::string layers = "lowerdir=" + kStage + "/.empty:";
  for (const char c : source) {  // a colon parts layers, a comma options
    if (c == ':' || c == ',' || c == '\\') layers += '\\';
    layers += c;
  }
  calls.add("overlay " + what, SYS_mount, {"overlay", target, "overlay", kReadOnly, layers});
}

/// Whether it appears through the overlay of the whole tree. In a user namespace nothing does: what is mounted below
/// the tree's root is locked to its place there, and an overlay would uncover what lies under it (fs/namespace.c,
/// clone_private_mount).
bool is_shared(const RootTree::Entry& entry, const BoxSpec& spec) {
  return !spec.gvisor && !in_user_namespace(spec) && !entry.own_mount && entry.link_target.empty();
}

/// Shows one entry of the root tree.
void show_read_only(CallList& calls, const RootTree::Entry& entry, const BoxSpec& spec) {
  const std::string target = kStage + "/" + entry.path;
  const std::string what = "/" + entry.path;
  if (!entry.link_target.empty()) {
    calls.add("symlink " + what, SYS_symlinkat, {entry.link_target, AT_FDCWD, target});
    return;
  }
  if (entry.directory) {
    calls.add("mkdir " + what, SYS_mkdirat, {AT_FDCWD, target, 0755});
  } else {
    calls.add("mknod " + what, SYS_mknodat, {AT_FDCWD, target, S_IFREG | 0644, 0});
  }
  if (is_shared(entry, spec)) {  // a bind takes on the overlay's flags
    calls.add("bind " + what, SYS_mount, {entry.path, target, nullptr, MS_BIND, nullptr});
  } else if (spec.gvisor || !entry.directory) {
    const UniqueFd tree(::open(spec.root->directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    bind_read_only(calls, what, entry.path, target, tree.get(), in_user_namespace(spec));
  } else {
    add_overlay(calls, what, entry.path, target);
  }
}

/// Shows the root tree through an overlay without an upper layer, not through binds: its inodes are then the
/// box's own, so that a lock on a file is seen by no other box, and connect() to a socket of the host that lies
/// there finds nobody listening. One for the whole tree, of which the entries are bound, as taking down each costs
/// a grace period of RCU (fs/overlayfs, ovl_free_fs); what is a mount of its own, which an overlay does not show,
/// gets one of its own. Not recursive: what is mounted below /usr was not on the list.
void show_tree(CallList& calls, const BoxSpec& spec) {
  const std::vector<RootTree::Entry>& entries = spec.root->entries;
  const auto shared = [&](const RootTree::Entry& entry) { return is_shared(entry, spec); };
  for (const RootTree::Entry& entry : entries) {
    if (!shared(entry)) show_read_only(calls, entry, spec);
  }
  if (std::none_of(entries.begin(), entries.end(), shared)) return;
  add_overlay(calls, "the root tree", ".", kOverlay);
  calls.add("enter the overlay", SYS_chdir, {kOverlay});
  for (const RootTree::Entry& entry : entries) {
    if (shared(entry)) show_read_only(calls, entry, spec);
  }
}

void write_file(CallList& calls, const std::string& path, const std::string& text) {
  calls.add("create /" + path, SYS_openat, {AT_FDCWD, kStage + "/" + path, O_WRONLY | O_CREAT | O_EXCL, 0644})
      .save(kSlotTemporary);
  calls.add("write /" + path, SYS_write, {Slot{kSlotTemporary}, text, text.size()});
  calls.add("close /" + path, SYS_close, {Slot{kSlotTemporary}});
}

void add_device(CallList& calls, const std::string& name, unsigned major, unsigned minor,
                const BoxSpec& spec) {
  const std::string path = kStage + "/dev/" + name;
  if (in_user_namespace(spec)) {  // where no device can be made, the host's is shown
    calls.add("mknod /dev/" + name, SYS_mknodat, {AT_FDCWD, path, S_IFREG | 0644, 0});
    bind_read_only(calls, "/dev/" + name, "/dev/" + name, path, AT_FDCWD, true, /*device=*/true);
    return;
  }
  calls.add("mknod /dev/" + name, SYS_mknodat, {AT_FDCWD, path, S_IFCHR | 0666, makedev(major, minor)});
  calls.add("chmod /dev/" + name, SYS_fchmodat, {AT_FDCWD, path, 0666});  // mknod obeyed the umask
}

/// Where a program may write, and under which name that lies in the scratch file system.
struct Place {
  const char* name;
  const char* where;
  unsigned mode;
  bool owned;
};
constexpr Place kPlaces[] = {
    {"box", "/box", 0755, true}, {"tmp", "/tmp", 01777, false}, {"shm", "/dev/shm", 01777, false}};

/// One tmpfs, hence one quota, shown at the three places a program may write to. Its root directory and the
/// three below it are inodes of their own and not the program's. Returns the index of the call that holds
/// disk_inodes.
int add_scratch(CallList& calls, const BoxSpec& spec, uid_t uid, const std::string& root) {
  const std::string size = "mode=0700,size=" + std::to_string(spec.disk.count);
  constexpr std::uint64_t kFlags = MS_NOSUID | MS_NODEV | MS_NOATIME;
  const std::string scratch = root + "/.scratch";
  int inodes_call = -1;
  if (spec.disk_inodes) {
    const std::string inodes = ",nr_inodes=" + std::to_string(*spec.disk_inodes + 4);
    calls.add("mount scratch", SYS_mount, {"bailiff-scratch", scratch, "tmpfs", kFlags, size + inodes});
    inodes_call = calls.last();
    calls.otherwise("mount scratch", SYS_mount, {"bailiff-scratch", scratch, "tmpfs", kFlags, size});
  } else {
    calls.add("mount scratch", SYS_mount, {"bailiff-scratch", scratch, "tmpfs", kFlags, size});
  }
  for (const Place& place : kPlaces) {
    const std::string inside = scratch + "/" + place.name;
    calls.add(std::string("mkdir scratch ") + place.name, SYS_mkdirat, {AT_FDCWD, inside, place.mode});
    calls.add(std::string("chmod ") + place.where, SYS_fchmodat, {AT_FDCWD, inside, place.mode});
    if (place.owned && !in_user_namespace(spec))  // there it is the keeper's id, which is the program's
      calls.add(std::string("chown ") + place.where, SYS_fchownat, {AT_FDCWD, inside, uid, uid, 0});
    calls.add(std::string("bind ") + place.where, SYS_mount,
              {inside, root + place.where, nullptr, MS_BIND, nullptr});
  }
  return inodes_call;
}

void open_scratch(CallList& calls, const BoxSpec& spec, const std::string& root) {
  const std::string scratch = root + "/.scratch";
  calls.add("open scratch", SYS_openat, {AT_FDCWD, scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0})
      .save(kSlotScratch);
  // Its directory belongs to the program where that has the keeper's user id: it must not be there.
  if (in_user_namespace(spec)) calls.add("hide scratch", SYS_umount2, {scratch, MNT_DETACH});
}

}  // namespace

Result<RootTree> RootTree::of_host() {
  RootTree tree;
  UniqueFd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return errno_error("open /");
  for (const char* path : {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    if (auto entry = entry_of(root.get(), path)) tree.entries.push_back(*std::move(entry));
  }
  // Debian keeps these outside /usr: the loader's index, the links behind cc, java, awk …, and the
  // configuration without which a JVM or Free Pascal does not start.
  for (const char* path : {"etc/ld.so.cache", "etc/alternatives", "etc/fpc.cfg"}) {
    if (auto entry = entry_of(root.get(), path)) tree.entries.push_back(*std::move(entry));
  }
  // That of the JDK in /usr/lib/jvm/java-17-openjdk-amd64 is /etc/java-17-openjdk.
  for (const std::string& name : names_in(root.get(), "usr/lib/jvm")) {
    if (!name.starts_with("java-")) continue;
    if (auto entry = entry_of(root.get(), "etc/" + name.substr(0, name.rfind('-'))))
      tree.entries.push_back(*std::move(entry));
  }
  return tree;
}

Result<RootTree> RootTree::of_directory(const std::string& directory) {
  RootTree tree;
  tree.directory = directory;
  tree.own_etc = false;
  if (!directory.starts_with('/')) return request_error("--root", "must be an absolute path");
  UniqueFd root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) {
    Error error = errno_error("open " + directory);
    error.fault = Fault::kRequest;
    error.key = "--root";
    return error;
  }
  static constexpr std::string_view kNever[] = {"dev",  "proc", "sys",   "tmp",        "run",
                                                "box",  "home", "root",  "var",        "srv",
                                                "boot", "mnt",  "media", "lost+found", ".scratch"};
  for (const std::string& name : names_in(root.get(), ".")) {
    if (std::find(std::begin(kNever), std::end(kNever), name) != std::end(kNever)) continue;
    if (auto entry = entry_of(root.get(), name)) tree.entries.push_back(*std::move(entry));
  }
  return tree;
}

BoxPlan plan_box(const BoxSpec& spec, uid_t uid, BoardWriter& writer) {
  BoxPlan plan{CallList(writer), CallList(writer)};
  const RootTree& tree = *spec.root;
  const std::string owner = std::to_string(uid);

  CallList& first = plan.scratch;
  // From here on no mount of ours reaches the host, nor one of the host's us.
  first.add("make mounts private", SYS_mount, {nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr});
  first.add("enter root tree " + tree.directory, SYS_chdir, {tree.directory});
  first.add("mount root", SYS_mount,
            {"bailiff-root", kStage, "tmpfs", MS_NOSUID | MS_NOATIME, "mode=0755,size=1m"});
  first.add("mkdir /dev", SYS_mkdirat, {AT_FDCWD, kStage + "/dev", 0755});
  // On a read-only file system gVisor refuses whoever opens a device with O_CREAT, as every shell's `> /dev/null`
  // does; Linux does not. So there it is one of its own that stays writable, for root.
  if (spec.gvisor) {
    first.add("mount /dev", SYS_mount,
              {"bailiff-dev", kStage + "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NOATIME, "mode=0755,size=64k"});
  }
  for (const Place& place : kPlaces) {
    first.add(std::string("mkdir ") + place.where, SYS_mkdirat, {AT_FDCWD, kStage + place.where, 0755});
  }
  // Closed to its owner too where that is the program's id; the file system is read-only, so he cannot open
  // it.
  first.add("mkdir /.scratch", SYS_mkdirat,
            {AT_FDCWD, kStage + "/.scratch", in_user_namespace(spec) ? 0 : 0700});
  plan.inodes_call = add_scratch(first, spec, uid, kStage);
  open_scratch(first, spec, kStage);

  CallList& calls = plan.rest;
  if (tree.own_etc) calls.add("mkdir /etc", SYS_mkdirat, {AT_FDCWD, kStage + "/etc", 0755});
  calls.add("mkdir /.empty", SYS_mkdirat, {AT_FDCWD, kStage + "/.empty", 0555});
  show_tree(calls, spec);
  if (tree.own_etc) {
    write_file(calls, "etc/passwd",
               "root:x:0:0:root:/:/usr/sbin/nologin\nbox:x:" + owner + ":" + owner +
                   ":box:/box:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n");
    write_file(calls, "etc/group", "root:x:0:\nbox:x:" + owner + ":\nnogroup:x:65534:\n");
    write_file(calls, "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.0.1 box\n");
    write_file(calls, "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
  }

  add_device(calls, "null", 1, 3, spec);
  add_device(calls, "zero", 1, 5, spec);
  add_device(calls, "full", 1, 7, spec);
  add_device(calls, "random", 1, 8, spec);
  add_device(calls, "urandom", 1, 9, spec);
  calls.add("symlink /dev/fd", SYS_symlinkat, {"/proc/self/fd", AT_FDCWD, kStage + "/dev/fd"});
  calls.add("symlink /dev/stdin", SYS_symlinkat, {"/proc/self/fd/0", AT_FDCWD, kStage + "/dev/stdin"});
  calls.add("symlink /dev/stdout", SYS_symlinkat, {"/proc/self/fd/1", AT_FDCWD, kStage + "/dev/stdout"});
  calls.add("symlink /dev/stderr", SYS_symlinkat, {"/proc/self/fd/2", AT_FDCWD, kStage + "/dev/stderr"});

  calls.add("mkdir /proc", SYS_mkdirat, {AT_FDCWD, kStage + "/proc", 0555});
  constexpr std::uint64_t kProcFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  // hidepid: others' processes are not there at all; subset=pid (Linux 5.8): nor are /proc/sys, keys, locks,
  // loadavg. gVisor takes neither, and its /proc is the sandbox's own.
  const std::string hidden = spec.gvisor ? "" : "hidepid=2,subset=pid";
  calls.add("mount /proc", SYS_mount, {"proc", kStage + "/proc", "proc", kProcFlags, hidden});
  if (spec.gvisor) {  // so the keeper, whose links and maps anybody could read there, is covered
    calls.add("cover /proc/1", SYS_mount,
              {"bailiff-none", kStage + "/proc/1", "tmpfs", kProcFlags | MS_RDONLY, "mode=0555,size=4k"});
  }

  calls.add("set hostname", SYS_sethostname, {"box", 3});
  calls.add("enter new root", SYS_chdir, {kStage});
  calls.add("pivot root", SYS_pivot_root, {".", "."});
  calls.add("detach old root", SYS_umount2, {".", MNT_DETACH});
  calls.add("enter /", SYS_chdir, {"/"});
  calls.add("make / read-only", SYS_mount,
            {nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOATIME, nullptr});

  calls.add("open /dev/null", SYS_openat, {AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0}).save(kSlotNull);
  calls.add("open /proc", SYS_openat, {AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0})
      .save(kSlotProc);
  return plan;
}

BoxPlan plan_plain_box(const std::string& place, BoardWriter& writer) {
  BoxPlan plan{CallList(writer), CallList(writer)};
  plan.scratch
      .add("open " + place, SYS_openat, {AT_FDCWD, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0})
      .save(kSlotScratch);
  CallList& calls = plan.rest;
  calls.add("open /dev/null", SYS_openat, {AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0}).save(kSlotNull);
  calls.add("open /proc", SYS_openat, {AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0})
      .save(kSlotProc);
  return plan;
}

CallList plan_renewal(const BoxSpec& spec, uid_t uid, BoardWriter& writer) {
  CallList calls(writer);
  calls.add("keep old scratch", SYS_fcntl, {Slot{kSlotScratch}, F_DUPFD_CLOEXEC, 0}).save(kSlotOldScratch);
  calls.add("close scratch", SYS_close, {Slot{kSlotScratch}});
  for (const Place& place : kPlaces) {
    calls.add(std::string("unmount ") + place.where, SYS_umount2, {place.where, MNT_DETACH});
  }
  if (!in_user_namespace(spec)) calls.add("unmount scratch", SYS_umount2, {"/.scratch", MNT_DETACH});
  add_scratch(calls, spec, uid, "");
  open_scratch(calls, spec, "");
  return calls;
}

}  // namespace bailiff
