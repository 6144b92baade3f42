#include "jail/keeper/survey.h"

#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>

#include "jail/keeper/syscall.h"

namespace bailiff {
namespace {

using raw::Word;

// Kernel structure whose libc spelling we cannot include here.
struct Dirent {
  std::uint64_t ino;
  std::int64_t off;
  unsigned short length;
  unsigned char type;
  char name[1];
};

Word read_file(int directory, const char* name, char* buffer, int size) noexcept {
  const Word fd = raw::call(SYS_openat, directory, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  const Word length = raw::call(SYS_read, fd, buffer, size - 1);
  raw::call(SYS_close, fd);
  if (length >= 0) buffer[length] = 0;
  return length;
}

std::int64_t number_at(const char* text) noexcept {
  while (*text == ' ') ++text;
  std::int64_t value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (*text++ - '0');
  return value;
}

/// "<pid>/<leaf>" without stdio.
void proc_name(char* out, const char* pid, const char* leaf) noexcept {
  while (*pid != 0) *out++ = *pid++;
  *out++ = '/';
  while (*leaf != 0) *out++ = *leaf++;
  *out = 0;
}

/// "Pss:   123 kB" and "Pss_Shmem: …" of one process, from smaps_rollup (Linux 4.14, Pss_Shmem 5.9).
void add_pss(int proc_fd, const char* pid, Survey& out) noexcept {
  char name[64];
  char text[1024];
  proc_name(name, pid, "smaps_rollup");
  if (read_file(proc_fd, name, text, sizeof text) <= 0) return;
  for (const char* c = text; *c != 0; ++c) {
    if (c[0] != '\n' || c[1] != 'P' || c[2] != 's' || c[3] != 's') continue;
    if (c[4] == ':') out.pss_bytes += number_at(c + 5) * 1024;
    if (c[4] == '_' && c[5] == 'S') out.pss_shmem_bytes += number_at(c + 11) * 1024;  // Pss_Shmem:
  }
}

/// Bytes in the memfds that one process holds open: memory that is in nobody's resident set unless it is
/// mapped. Each open descriptor counts: that a memfd is held twice is rare, and that it hides a gigabyte is
/// not.
///
/// `left` is how many more may be looked at in this survey: limits act late by as long as it takes.
std::int64_t memfds_of(int proc_fd, const char* pid, int& left) noexcept {
  char name[64];
  proc_name(name, pid, "fd");
  const Word directory = raw::call(SYS_openat, proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return 0;
  std::int64_t bytes = 0;
  std::uint64_t seen[8] = {};  // inodes counted already; forked holders are looked at one by one
  int seen_count = 0;
  for (;;) {
    alignas(8) char entries[1024];
    const Word length = raw::call(SYS_getdents64, directory, entries, sizeof entries);
    if (length <= 0 || left <= 0) break;
    for (Word at_byte = 0; at_byte < length;) {
      const auto* entry = reinterpret_cast<const Dirent*>(entries + at_byte);
      at_byte += entry->length;
      if (--left < 0) break;
      char target[16];
      const Word size = raw::call(SYS_readlinkat, directory, entry->name, target, sizeof target);
      if (size < 8 || target[0] != '/' || target[1] != 'm' || target[2] != 'e' || target[3] != 'm' ||
          target[4] != 'f' || target[5] != 'd' || target[6] != ':') {
        continue;
      }
      struct statx status = {};
      if (raw::call(SYS_statx, directory, entry->name, 0, STATX_BLOCKS | STATX_INO, &status) < 0) continue;
      bool again = false;
      for (int i = 0; i < seen_count; ++i) again = again || seen[i] == status.stx_ino;
      if (again) continue;
      if (seen_count < 8) seen[seen_count++] = status.stx_ino;
      bytes += static_cast<std::int64_t>(status.stx_blocks) * 512;
    }
  }
  raw::call(SYS_close, directory);
  return bytes;
}

/// Resident pages of all System V segments of our ipc namespace, which is the run's: attached or not.
std::int64_t sysv_pages() noexcept {
  struct {  // struct shm_info, linux/shm.h
    int used_ids;
    unsigned long shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
  } info = {};
  constexpr int kShmInfo = 14;
  return raw::call(SYS_shmctl, 0, kShmInfo, &info) < 0
             ? 0
             : static_cast<std::int64_t>(info.shm_rss + info.shm_swp);
}

/// CPU time of the children a living process has waited for: fields cutime and cstime of /proc/PID/stat, in
/// ticks of 10 ms (proc(5); USER_HZ is 100 on both our machines). No clock tells it before that process
/// itself is reaped.
std::int64_t waited_children_ns(int proc_fd, const char* pid) noexcept {
  char name[64];
  char text[1024];
  proc_name(name, pid, "stat");
  if (read_file(proc_fd, name, text, sizeof text) <= 0) return 0;
  const char* field = text;
  for (const char* c = text; *c != 0; ++c) {
    if (*c == ')') field = c + 1;  // the last one ends the name, which may hold anything
  }
  for (int number = 2; number < 16; ++field) {  // `field` stands before the blank that field 3 follows
    if (*field == 0) return 0;
    if (field[0] == ' ' && field[1] != ' ') ++number;
  }
  std::int64_t ticks = number_at(field);
  while (*field != ' ' && *field != 0) ++field;
  ticks += number_at(field);
  return ticks * 10'000'000;
}

/// Whose process this is: /proc/PID belongs to its effective user id (fs/proc/base.c, task_dump_owner).
std::uint32_t owner_of(int proc_fd, const char* pid) noexcept {
  struct statx status = {};
  return raw::call(SYS_statx, proc_fd, pid, 0, STATX_UID, &status) < 0 ? 0 : status.stx_uid;
}

/// While it lives, what a process shows to its own user only is shown to us.
class AsUser {
 public:
  explicit AsUser(std::uint32_t user) noexcept : user_(user) {
    if (user_ != 0) become(user_);
  }
  ~AsUser() {
    if (user_ != 0) become(0);
  }
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;

 private:
  static void become(std::uint32_t user) noexcept {
    raw::call(SYS_setfsgid, user);
    raw::call(SYS_setfsuid, user);
  }
  std::uint32_t user_;
};

}  // namespace

void survey(Board& board, int proc_fd, int what) noexcept {
  const bool with_pss = (what & kSurveyPss) != 0;
  const bool with_children = (what & kSurveyChildren) != 0;
  Survey& out = board.survey;
  out = Survey{};
  out.cpu_ns = board.report.cpu_ns;
  int descriptors_left = 16384;  // some 10 ms of looking
  // Where the ipc namespace is not the run's, its filter refuses it System V segments.
  if (board.user == 0) out.hidden_bytes = sysv_pages() * static_cast<std::int64_t>(board.plan.page_bytes);
  const AsUser as(board.user);
  raw::call(SYS_lseek, proc_fd, 0, /*SEEK_SET=*/0);
  for (;;) {
    alignas(8) char entries[4096];
    const Word length = raw::call(SYS_getdents64, proc_fd, entries, sizeof entries);
    if (length <= 0) break;
    for (Word at_byte = 0; at_byte < length;) {
      const auto* entry = reinterpret_cast<const Dirent*>(entries + at_byte);
      at_byte += entry->length;
      const std::int64_t pid = number_at(entry->name);
      if (pid <= 1) continue;  // not a process, or ourselves
      if (board.user != 0 && owner_of(proc_fd, entry->name) != board.user) continue;  // somebody else's
      struct __kernel_timespec time = {};
      const Word clock =
          (~pid << 3) | 2;  // CPUCLOCK_SCHED of a process: exact and live, unlike /proc/PID/stat
      if (raw::call(SYS_clock_gettime, clock, &time) >= 0) {
        out.cpu_ns += time.tv_sec * 1'000'000'000 + time.tv_nsec;
      }
      if (with_children) out.cpu_ns += waited_children_ns(proc_fd, entry->name);
      char name[64];
      char text[128];
      proc_name(name, entry->name, "statm");
      if (read_file(proc_fd, name, text, sizeof text) > 0) {
        const char* resident = text;
        while (*resident != ' ' && *resident != 0) ++resident;
        const std::int64_t pages = number_at(resident);
        out.rss_pages += pages;
        if (pages > out.largest_rss_pages) out.largest_rss_pages = pages;
      }
      if (with_pss) add_pss(proc_fd, entry->name, out);
      out.hidden_bytes += memfds_of(proc_fd, entry->name, descriptors_left);
      out.processes += 1;
    }
  }
}

}  // namespace bailiff
