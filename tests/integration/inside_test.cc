// What a program sees of itself and around it (tests/programs/inside.c), however the supervisor itself was started.

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

json look_inside(const json& limits = json::object()) {
  const Answer answer = run(limited(program_spec("inside"), limits));
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "OK") << answer.raw;
  json seen = json::parse(bytes_of(result["stdout"]), nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(seen.is_object()) << answer.raw;
  return seen;
}

/// Everything that holds in every box, whoever opened it.
void expect_a_clean_start(const json& seen) {
  const json& status = seen["status"];
  EXPECT_EQ(seen["descriptors"], json::array({"0", "1", "2"}));

  EXPECT_GE(seen["uid"].get<std::int64_t>(), 1'900'000'000) << "a leased id, all three the same";
  EXPECT_EQ(seen["gid"], seen["uid"]);
  EXPECT_EQ(seen["groups"], 0);
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(status[set], "0000000000000000") << set;
  }
  EXPECT_EQ(seen["no_new_privs"], 1);
  // In a user namespace of its own no other id exists.
  EXPECT_TRUE(seen["set_uid"] == "EPERM" || seen["set_uid"] == "EINVAL") << seen["set_uid"];
  // NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE set and locked, KEEP_CAPS locked off (linux/securebits.h).
  EXPECT_EQ(seen["securebits"], 0xEF);
  EXPECT_EQ(status["Seccomp"], "2");
  EXPECT_EQ(seen["keyctl"], "EPERM");

  EXPECT_EQ(seen["signals_not_default"], json::array());
  for (const char* set : {"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"}) {
    EXPECT_EQ(status[set], "0000000000000000") << set;
  }
  EXPECT_EQ(seen["timers_armed"], 0);
  EXPECT_EQ(seen["timer_slack"], 50'000);
  EXPECT_EQ(seen["parent_death_signal"], 0);
  EXPECT_EQ(seen["subreaper"], 0);
  EXPECT_EQ(seen["umask"], 022);
  EXPECT_EQ(seen["nice"], 0);
  EXPECT_EQ(seen["raise_priority"], "EACCES");
  EXPECT_EQ(seen["personality"], 0);
  EXPECT_EQ(seen["oom_score_adj"], "1000");

  EXPECT_EQ(seen["session"], seen["pid"]);
  EXPECT_EQ(seen["group"], seen["pid"]);
  EXPECT_EQ(seen["parent"], 1);
  EXPECT_EQ(seen["open_tty"], "ENOENT");
}

TEST(Inside, StartsClean) { expect_a_clean_start(look_inside()); }

/// The supervisor's own parent ignored and blocked signals, was niced, had timers, descriptors, a umask: see odd_parent.c.
TEST(Inside, StartsCleanUnderASupervisorThatDidNot) {
  ::setenv("ODD_PARENT_EXEC", supervisor_path().c_str(), 1);
  const char* before = std::getenv("BAILIFF_SUPERVISOR");
  const std::string lane = before != nullptr ? before : "";
  ::setenv("BAILIFF_SUPERVISOR", program_path("odd_parent").c_str(), 1);
  const json seen = look_inside();
  if (before != nullptr) ::setenv("BAILIFF_SUPERVISOR", lane.c_str(), 1);
  else ::unsetenv("BAILIFF_SUPERVISOR");
  expect_a_clean_start(seen);
}

TEST(Inside, HasTheLimitsOfTheSpecAsRlimits) {
  const json seen = look_inside({{"cpu_time_ms", 2500}, {"stack_bytes", 8 << 20}, {"file_size_bytes", 1 << 20},
                                 {"open_files", 32}, {"address_space_bytes", 1 << 28}, {"data_bytes", 1 << 27}});
  const json& limits = seen["rlimits"];
  EXPECT_EQ(limits["stack"], json::array({8 << 20, 8 << 20}));
  EXPECT_EQ(limits["file_size"], json::array({1 << 20, 1 << 20}));
  EXPECT_EQ(limits["open_files"], json::array({32, 32}));
  EXPECT_EQ(limits["as"], json::array({1 << 28, 1 << 28}));
  EXPECT_EQ(limits["data"], json::array({1 << 27, 1 << 27}));
  EXPECT_EQ(limits["memlock"], json::array({65536, 65536}));
  EXPECT_EQ(limits["core"], json::array({1, 1}));     // not 0: plan.cc says why
  EXPECT_GE(limits["cpu"][0].get<int>(), 4);          // a backstop, a second or more behind the timer
  EXPECT_EQ(limits["nice"], json::array({0, 0}));
  EXPECT_EQ(limits["rtprio"], json::array({0, 0}));
}

TEST(Inside, SeesNoNetwork) {
  const json seen = look_inside();
  EXPECT_EQ(seen["interfaces"], json::array({"lo"}));
  EXPECT_EQ(seen["connect_loopback"], "ENETUNREACH") << "lo must be down";
  EXPECT_EQ(seen["connect_outside"], "ENETUNREACH");
  EXPECT_EQ(seen["hostname"], "box");
}

TEST(Inside, SeesNobodyElse) {
  const json seen = look_inside();
  EXPECT_EQ(seen["processes"], json::array({std::to_string(seen["pid"].get<int>())}));
  EXPECT_EQ(seen["init_cmdline"], "ENOENT") << "the keeper must be hidden";
  for (const json& name : seen["proc"]) {  // subset=pid: nothing of the host's state
    EXPECT_TRUE(name == "self" || name == "thread-self" || seen["processes"][0] == name) << name;
  }
}

TEST(Inside, CanWriteToThreePlacesOnly) {
  const json seen = look_inside();
  EXPECT_EQ(seen["root_read_only"], 1);
  EXPECT_EQ(seen["write_root"], "EROFS");
  EXPECT_EQ(seen["write_dev"], "EROFS");
  EXPECT_NE(seen["write_usr"], "done");
  EXPECT_NE(seen["write_etc"], "done");
  for (const char* place : {"write_box", "write_tmp", "write_shm"}) EXPECT_EQ(seen[place], "done") << place;
  for (const auto& [where, options] : seen["mounts"].items()) {
    const bool writable = where == "/box" || where == "/tmp" || where == "/dev/shm" || where == "/proc" || where == "/.scratch";
    EXPECT_EQ(options.get<std::string>().substr(0, 2), writable ? "rw" : "ro") << where;
    EXPECT_NE(options.get<std::string>().find("nosuid"), std::string::npos) << where << " " << options;
    // The root holds the device nodes, or they are mounts themselves; nothing else may.
    if (where != "/" && !(where.starts_with("/dev/") && where != "/dev/shm")) {
      EXPECT_NE(options.get<std::string>().find("nodev"), std::string::npos) << where << " " << options;
    }
  }
}

TEST(Inside, HasTheDevicesOfTheListAndNoOthers) {
  const json seen = look_inside();
  EXPECT_EQ(seen["dev"], json::array({"fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"}));
  EXPECT_EQ(seen["device_numbers"], json({{"null", "1:3 20666"}, {"zero", "1:5 20666"}, {"full", "1:7 20666"},
                                          {"random", "1:8 20666"}, {"urandom", "1:9 20666"}}));
}

TEST(Inside, SeesNothingOfTheHostButItsAllowList) {
  const json seen = look_inside();
  for (const json& name : seen["root"]) {
    for (const char* never : {"home", "root", "run", "var", "srv", "mnt", "media", "boot", "sys", "opt"}) EXPECT_NE(name, never);
  }
  for (const json& name : seen["etc"]) {
    for (const char* never : {"shadow", "ssh", "hostname", "machine-id", "resolv.conf"}) EXPECT_NE(name, never);
  }
}

/// A root tree with mounts of its own, made in a mount namespace that goes with the test.
TEST(Inside, SeesWhatIsMountedAtTheTopOfTheRootTreeAndNothingBelow) {
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(::mount("root-tree", "/mnt", "tmpfs", 0, nullptr), 0);
  const std::filesystem::path top = "/mnt";
  const auto bind = [&](const char* from, const char* to) {
    return ::mount((top / from).c_str(), (top / to).c_str(), nullptr, MS_BIND, nullptr);
  };
  for (const char* directory : {"tree/usr", "tree/plain/below", "tree/mounted", "other"})
    std::filesystem::create_directories(top / directory);
  for (const char* link : {"bin", "lib", "lib64"})
    std::filesystem::create_directory_symlink(std::filesystem::path("usr") / link, top / "tree" / link);
  std::ofstream(top / "tree/plain/a") << "plain ";
  std::ofstream(top / "tree/mounted/hidden") << "what a mount hides ";
  std::ofstream(top / "tree/file") << "what a mount hides ";
  std::ofstream(top / "other/a") << "mounted ";
  ASSERT_EQ(bind("/usr", "tree/usr"), 0);
  ASSERT_EQ(bind("other", "tree/mounted"), 0);
  ASSERT_EQ(bind("other", "tree/plain/below"), 0);
  ASSERT_EQ(bind("other/a", "tree/file"), 0);

  const Answer answer = run({{"argv", {"/bin/sh", "-c", "cat /plain/a /mounted/a /file; ls /plain/below /mounted"}}},
                            {"--root", top / "tree"});
  EXPECT_EQ(bytes_of(result_of(answer)["stdout"]), "plain mounted mounted /mounted:\na\n\n/plain/below:\n");
}

TEST(Inside, CannotReadTheBoxsOwnMachinery) {  // the one tmpfs behind the three places
  const Answer answer = run({{"argv", {"/bin/sh", "-c", "ls /.scratch; cd /.scratch/box"}}});
  EXPECT_EQ(bytes_of(result_of(answer)["stdout"]), "");
  EXPECT_NE(result_of(answer)["exit_code"], 0);
}

TEST(Inside, IsTheSameEveryTime) {
  json first = look_inside();
  json second = look_inside();
  for (json* seen : {&first, &second}) {  // what is another one's in each box, or counts
    seen->erase("uid");
    seen->erase("gid");
    seen->erase("cgroup");
    seen->erase("age_ms");
    for (const char* key : {"Uid", "Gid", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches", "VmHWM", "VmRSS",
                            "RssAnon", "RssFile", "RssShmem", "VmPeak", "VmSize", "VmStk", "VmPTE", "SigQ"}) {
      (*seen)["status"].erase(key);
    }
  }
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace bailiff::test
