#pragma once

#include <linux/filter.h>

#include <cstdint>

#include "jail/ready_word.h"

/// What supervisor and keeper share: one memory area ("the board"), written by one side while the other
/// waits, and one SOCK_SEQPACKET socket that says whose turn it is; `ready` alone is written by all at any time. The
/// board is a memfd mapped by both and reachable by nobody else: the program's exec replaces the mapping and closes the
/// descriptor.
///
/// Plain data only: this header is compiled with libc on one side and without on the other.
namespace bailiff {

/// Descriptors the keeper starts with; everything else is closed.
///
/// This number is /dev/null's until the program's filter puts its listener there: it has to lie below the
/// program's RLIMIT_NOFILE, which may be 4.
inline constexpr int kKeeperListenerFd = 3;
inline constexpr int kKeeperSocketFd = 4;
inline constexpr int kKeeperBoardFd = 5;
/// The uid lease (uid_lease.h): its lock lives as long as the last descriptor, so the keeper holds one too.
inline constexpr int kKeeperLeaseFd = 6;
/// The directory the box's cgroup lies in, for the farewell.
inline constexpr int kKeeperCgroupParentFd = 7;
/// /proc/sys/kernel/ns_last_pid, opened for writing outside: pid numbers start again for each run. May be
/// missing.
inline constexpr int kKeeperLastPidFd = 8;
inline constexpr int kLastKeeperFd = kKeeperLastPidFd;

/// Offset of something on the board from its start; 0 = nothing.
using Offset = std::uint32_t;

/// One system call for the keeper to make. The supervisor composes lists of these; the keeper thinks nothing.
struct Call {
  enum ArgKind : std::uint8_t {
    kLiteral,
    kBoard,
    kSlot
  };  // a value | an offset on the board | a descriptor slot

  std::int32_t nr;
  std::int8_t save_slot;        // slot that receives the result (a descriptor); -1: none
  std::uint8_t may_fail;        // carry on after an error; its errno stays in `error`
  std::uint8_t only_if_failed;  // skip unless the call before failed: "else" for kernels that lack something
  std::uint8_t padding;
  ArgKind kinds[6];
  std::uint8_t padding2[2];
  std::uint64_t args[6];
  std::int32_t error;  // out: 0 done, >0 errno, -1 skipped
  std::int32_t padding3;
};

inline constexpr int kSlots = 8;
/// The box's /proc, for surveys. Stays with the keeper.
inline constexpr int kSlotProc = 0;
/// The writable tmpfs: box/, tmp/, shm/. Passed to the supervisor by each list that fills it.
inline constexpr int kSlotScratch = 1;
/// The box's own /dev/null, where standard descriptors of the keeper rest.
inline constexpr int kSlotNull = 2;
/// The writable tmpfs of the runs before, after a renewal. The keeper closes it once it has answered: what a program left in
/// there may take the kernel a second to free, and nobody has to wait for that.
inline constexpr int kSlotOldScratch = 3;
/// For open … close within one list.
inline constexpr int kSlotTemporary = 7;

/// Where become_program() was when it failed. The order is the order of the calls in child.cc.
enum class Step : std::int32_t {
  kNone,
  kClone,
  kUserNamespace,
  kSession,
  kKeyring,
  kCgroup,
  kStdio,
  kOomScore,
  kLandlock,
  kRlimit,
  kWorkdir,
  kGroups,
  kGid,
  kUid,
  kCapabilities,
  kNoNewPrivs,
  kSignals,
  kCloseFds,
  kSeccomp,
  kExec
};

struct StepFailure {
  Step step;
  std::int32_t error;   // errno
  std::int32_t detail;  // which rlimit, which descriptor
};

struct RlimitOrder {
  std::int32_t resource;
  std::int32_t padding;
  std::uint64_t soft, hard;
};

/// What a program may do below `path` where a Landlock ruleset is its view of the files (landlock(7)).
struct LandlockRule {
  Offset path;  // string; "/proc/self" is the program's own
  std::uint32_t padding;
  std::uint64_t access;
};

/// Who has the listener of the program's filter. Nobody: it has none. The keeper takes what it is asked for a
/// violation; the supervisor, who is sent the descriptor with Reply::kListening, may let calls through.
enum class Listener : std::uint8_t { kNobody, kKeeper, kSupervisor };

/// All that become_program() needs, resolved: it looks nothing up and decides nothing.
struct ChildPlan {
  std::uint32_t uid, gid;
  Offset workdir;     // string
  Offset path;        // string: what to exec
  Offset argv, envp;  // arrays of addresses in the keeper (kBoardAddress + offset), ended by 0
  Offset rlimits;     // array of RlimitOrder
  std::uint32_t rlimit_count;
  Offset filter;  // array of sock_filter; 0 = none
  std::uint32_t filter_length;
  Listener listener;  // who is asked by the filter
  std::uint32_t page_bytes;
  Offset user_map;  // line for uid_map and gid_map of a user namespace of the run's own; 0 = none
  std::int32_t oom_score_adj;
  std::uint8_t new_ipc;       // an ipc namespace of the run's own
  std::uint8_t new_keyring;   // a session keyring of the run's own
  std::uint8_t new_cgroup_namespace;  // of the run's own, if the kernel gives one
  std::uint8_t restart_pids;  // the main process is pid 2 again
  std::uint8_t own_memory;    // of a process made ahead: not the keeper's until its exec
  Offset landlock;            // array of LandlockRule; 0 = no ruleset
  std::uint32_t landlock_count;
  std::uint64_t landlock_handled;  // what is refused where no rule allows it
  std::uint32_t
      extent;  // where all this ends on the board; beyond kBoardBytes the keeper maps more for the run
};

struct ReapedProcess {
  std::int32_t pid;
  std::int32_t status;  // wait status
  std::int64_t cpu_ns;  // user + system, descendants it waited for included
  std::int64_t user_ns, system_ns;
  std::int64_t max_rss_kib;
};

/// The first call that the filter refused by asking its listener. Nobody answers: everything is killed.
struct ViolationRecord {
  std::int64_t at_ns;  // CLOCK_MONOTONIC; 0: there was none
  std::uint64_t args[6];
  std::int32_t nr;
  std::uint32_t arch;  // AUDIT_ARCH_*
  std::int32_t tid;    // inside the box
  std::int32_t padding;
};

inline constexpr int kReapedRows = 64;

/// What happened in one run: emptied by the supervisor before it begins, written by the keeper and, until its
/// exec, by the child itself.
struct RunReport {
  StepFailure failure;  // step kNone: exec happened
  std::int32_t main_pid;
  std::int32_t main_status;  // wait status of the exec'd process
  std::int32_t has_cgroup_namespace;  // of the run's own, rooted in its leaf
  std::int32_t listener;              // descriptor of the filter's listener; 0: none
  ViolationRecord violation;
  std::int64_t exec_ns;                     // CLOCK_MONOTONIC just before execve; 0 until then
  std::int64_t exit_ns;                     // CLOCK_MONOTONIC just after the main process was reaped
  std::int64_t quiet_ns;                    // CLOCK_MONOTONIC when nothing was left
  std::int64_t pre_exec_cpu_ns;             // what our own child used before execve: not the program's
  std::int64_t cpu_ns, user_ns, system_ns;  // of everything the keeper reaped
  std::int64_t max_rss_kib;                 // the largest single process
  std::int64_t reaped;                      // processes, the main one included
  std::int64_t killed_after;                // reaped with SIGKILL after the end of the run: the residue
  std::int32_t row_count;
  std::int32_t padding;
  ReapedProcess rows[kReapedRows];  // the ones with most CPU, in no order
};

/// A look at the living, answered to Order::kSurvey.
struct Survey {
  std::int64_t cpu_ns;           // live clocks of all living processes plus everything reaped
  std::int64_t rss_pages;        // sum over the living; pages shared by several count several times
  std::int64_t pss_bytes;        // the same without counting twice; only when asked for, else 0
  std::int64_t pss_shmem_bytes;  // what of pss_bytes is tmpfs, memfd or shared memory
  std::int64_t
      hidden_bytes;  // System V segments and memfds, mapped or not; not those in flight between sockets
  std::int64_t largest_rss_pages;  // of one process
  std::int64_t processes;
};

enum class Order : std::int32_t { kPerform, kRun, kMakeReady, kSurvey, kKill };
enum class Reply : std::int32_t { kPerformed, kEnded, kSurveyed, kListening };

inline constexpr std::int32_t kSurveyPss = 1;  // divide shared pages
inline constexpr std::int32_t kSurveyChildren =
    2;  // CPU time of children waited for; without a cgroup nobody else tells

struct OrderMessage {
  Order order;
  std::int32_t number;         // kPerform: calls; kSurvey: what to look at besides
  Offset where;                // kPerform: the first Call
  // kRun and kMakeReady, with descriptors in this order: output, error output, input, cgroup.
  std::int32_t has_stdin;      // or /dev/null is opened
  std::int32_t has_cgroup_fd;  // 0 none, 1 directory for CLONE_INTO_CGROUP, 2 cgroup.procs to write to
};

struct ReplyMessage {
  Reply reply;
  std::int32_t number;  // kPerformed: index of the call that failed, or -1
};

/// What the keeper gave up before the first order, as errno of each attempt; 0 = done.
struct Renounced {
  std::int32_t keyring, bounding_set, securebits, no_new_privs, dumpable, network;
};

/// Added to a box's user id: a user id nobody ever has.
inline constexpr std::uint32_t kShadow = 65'536;

/// The fixed part, at offset 0; texts, arrays and filters follow it.
struct Board {
  ChildPlan plan;
  RunReport report;
  Survey survey;
  Renounced renounced;
  char cgroup_names[2][64];  // the box's leaves, for the farewell: named before they are made; empty: none
  Offset farewell;           // calls made when the supervisor is gone and everything in the box is dead
  std::uint32_t farewell_count;
  ReadyWord ready;           // of the process made ahead, if there is one
  /// What the keeper knows the box's processes by where it is not pid 1 of a pid namespace of theirs: their
  /// user id, which nobody else has. 0: it is pid 1.
  std::uint32_t user;
};

/// Where the keeper maps the board: fixed, so that the supervisor can write argv as the pointers execve
/// wants.
inline constexpr std::uint64_t kBoardAddress = 0x2'0000'0000;

/// What the keeper keeps mapped. All but a huge argv fits; gVisor counts a mapping's 2 MiB areas as resident.
inline constexpr std::uint32_t kBoardBytes = 128U << 10;
/// Size of the memfd and of the supervisor's mapping: argv and envp may take 6 MiB of strings (execve(2)).
inline constexpr std::uint32_t kWholeBoardBytes = 16U << 20;

}  // namespace bailiff
