// Filters an operator compiled (--seccomp /…/NAME.bpf): taken under their names, or refused with the file and
// why.

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <nettle/sha2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "seccomp/filter.h"
#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
using Code = std::vector<sock_filter>;

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#endif

/// A .bpf file with a right head.
std::string file_of(const Code& code) {
  FilterFileHead head;
  head.machine = kMachine;
  head.count = static_cast<std::uint32_t>(code.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, code.size() * sizeof code[0], bytes);
  sha256_digest(&context, head.sha256.size(), head.sha256.data());
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) +
         std::string(reinterpret_cast<const char*>(bytes), code.size() * sizeof code[0]);
}

/// A folder for one test.
class FilterFile : public testing::Test {
 protected:
  FilterFile() {
    char path[] = "/tmp/filter-file.XXXXXX";
    folder_ = ::mkdtemp(path);
  }
  ~FilterFile() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string write_bytes(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << bytes;
    return folder_ + "/" + name;
  }
  [[nodiscard]] std::string write(const std::string& name, const Code& code) const {
    return write_bytes(name, file_of(code));
  }
  [[nodiscard]] Answer run_with(const std::string& path, const std::string& name = "own") const {
    json spec = program_spec("nothing");
    spec["seccomp"] = name;
    return run(spec, {"--seccomp", path});
  }
  void expect_refused(const std::string& path, const std::string& why) const {
    const Answer answer = run_with(path);
    const json& error = error_of(answer);
    EXPECT_EQ(error["kind"], "request");
    EXPECT_EQ(error["key"], "--seccomp");
    const std::string message = error["message"];
    EXPECT_NE(message.find(path), std::string::npos) << message;
    EXPECT_NE(message.find(why), std::string::npos) << message;
  }

  std::string folder_;
};

constexpr sock_filter kAllowAll = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

/// Allows everything but one call.
Code without(int nr, unsigned action) {
  return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(nr), 0, 1),
          BPF_STMT(BPF_RET | BPF_K, action), kAllowAll};
}

TEST_F(FilterFile, IsTakenUnderItsName) {
  const json result = result_of(run_with(write("own.bpf", {kAllowAll})));
  EXPECT_EQ(result["status"], "OK");
  EXPECT_EQ(result["enforced"]["seccomp"], "own");
  EXPECT_TRUE(result["sandbox"]["seccomp"].get<std::string>().starts_with("own@sha256:"));
  EXPECT_EQ(result["sandbox"]["seccomp"].get<std::string>().size(), std::string("own@sha256:").size() + 64);
}

TEST_F(FilterFile, IsWhatBailiffSeccompCompiled) {
  const std::string profile = folder_ + "/own.json", compiled = folder_ + "/own.bpf";
  std::ofstream(profile)
      << R"({"about": "a test", "otherwise": "allow", "unknown_calls": "errno ENOSYS", "rules": []})";
  const std::string command = std::string(BAILIFF_SECCOMP) + " compile " + profile + " -o " + compiled;
  FILE* pipe = ::popen(command.c_str(), "r");
  char sha256[65] = {};
  ASSERT_TRUE(pipe != nullptr && std::fread(sha256, 1, 64, pipe) == 64);
  ASSERT_EQ(::pclose(pipe), 0);
  EXPECT_EQ(result_of(run_with(compiled))["sandbox"]["seccomp"], std::string("own@sha256:") + sha256);
}

TEST_F(FilterFile, OfAnotherMachineIsRefused) {
#if defined(__x86_64__)
  const char* other = "aarch64";
#else
  const char* other = "x86_64";
#endif
  const std::string profile = folder_ + "/own.json", compiled = folder_ + "/own.bpf";
  std::ofstream(profile)
      << R"({"about": "a test", "otherwise": "allow", "unknown_calls": "errno ENOSYS", "rules": []})";
  const std::string command = std::string(BAILIFF_SECCOMP) + " compile " + profile + " -o " + compiled +
                              " --arch " + other + " >/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  expect_refused(compiled, std::string("is for ") + other + "; this machine is ");
}

TEST_F(FilterFile, ThatIsNoFilterIsRefused) {
  expect_refused(write_bytes("own.bpf", ""), "truncated");
  expect_refused(write("own.bpf", {}), "has 0 instructions");
  expect_refused(write("own.bpf", Code(BPF_MAXINSNS + 1, kAllowAll)),
                 "has 4097 instructions; the kernel takes 1 to 4096");
  const std::string whole = file_of({kAllowAll, kAllowAll});
  for (const std::size_t size :
       {whole.size() - 1, whole.size() - 8, sizeof(FilterFileHead), sizeof(FilterFileHead) - 1}) {
    expect_refused(write_bytes("own.bpf", whole.substr(0, size)), "truncated");
  }
  expect_refused(write_bytes("own.bpf", whole + "x"),
                 "goes on after its end: 64 bytes belong to it, it has 65");
  std::string flipped = whole;
  flipped.back() ^= 1;
  expect_refused(write_bytes("own.bpf", flipped), "damaged");
  std::string headless = whole.substr(sizeof(FilterFileHead));  // a plain array of instructions
  headless.resize(sizeof(FilterFileHead) + 8);
  expect_refused(write_bytes("own.bpf", headless),
                 "is not what this version's bailiff-seccomp compile writes");
  expect_refused(write("own.bpf", {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)}), "does not take it");  // no return
  expect_refused(write("own.bpf", {BPF_JUMP(BPF_JMP | BPF_JA, 9, 0, 0), kAllowAll}), "does not take it");
  expect_refused(folder_ + "/none.bpf", "No such file");
  std::filesystem::create_directory(folder_ + "/dir.bpf");
  expect_refused(folder_ + "/dir.bpf", "regular");
  ASSERT_EQ(::mkfifo((folder_ + "/fifo.bpf").c_str(), 0600), 0);
  expect_refused(folder_ + "/fifo.bpf", "regular");
}

TEST_F(FilterFile, ThatForbidsWhatEveryRunNeedsIsRefused) {
  for (const unsigned action : {SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRAP}) {
    expect_refused(write("own.bpf", without(SYS_execve, action)), "execve");
    expect_refused(write("own.bpf", without(SYS_clock_gettime, action)), "clock_gettime");
    expect_refused(write("own.bpf", without(SYS_exit_group, action)), "exit_group");
  }
}

TEST_F(FilterFile, HasToHaveAnAbsolutePathAndANameThatIsFree) {
  const std::string path = write("own.bpf", {kAllowAll});
  expect_refused("own.bpf", "absolute");
  expect_refused("." + path, "absolute");
  expect_refused(write("own.filter", {kAllowAll}), "NAME.bpf");
  expect_refused(write("Own.bpf", {kAllowAll}), "a-z");
  expect_refused(write("default.bpf", {kAllowAll}), "second filter");
  json spec = program_spec("nothing");
  EXPECT_EQ(error_of(run(spec, {"--seccomp", path, "--seccomp", path}))["key"], "--seccomp");
  spec["seccomp"] = "other";
  EXPECT_EQ(error_of(run(spec, {"--seccomp", path}))["key"], "seccomp");
}

}  // namespace
}  // namespace bailiff::test
