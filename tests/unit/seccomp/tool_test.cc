#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "seccomp/filter.h"
#include "tests/support/bpf_interpreter.h"
#include "tests/unit/seccomp/profile_files.h"

namespace bailiff {
namespace {

struct Said {
  int exit_code;
  std::string text;  // standard output and error
};

Said tool(const std::string& arguments) {
  std::string command = BAILIFF_SECCOMP_TOOL;
  command.append(" ").append(arguments).append(" 2>&1");
  std::FILE* output = ::popen(command.c_str(), "r");
  Said said{-1, ""};
  std::array<char, 512> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), output))
    said.text.append(buffer.data(), count);
  const int status = ::pclose(output);
  if (WIFEXITED(status)) said.exit_code = WEXITSTATUS(status);
  return said;
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(Tool, CompilesWhatIsEmbedded) {
  const ProfileFiles files;
  const std::string bpf = files.folder() + "/d.bpf";
  const std::string listing = files.folder() + "/d.pfc";
  const Said said = tool("compile " + our_profile("default") + " -o " + bpf + " --listing " + listing);
  ASSERT_EQ(said.exit_code, 0) << said.text;
  const Filter* filter = find_filter("default");
  EXPECT_EQ(said.text, std::string(filter->sha256) + "  " + bpf + "\n");
  EXPECT_EQ(contents(bpf).substr(sizeof(FilterFileHead)),
            std::string(reinterpret_cast<const char*>(filter->code.data()), filter->code.size_bytes()));
  EXPECT_TRUE(contents(listing).starts_with("# default for "));
}

TEST(Tool, CompilesForTheOtherMachine) {
  const ProfileFiles files;
  const std::string bpf = files.folder() + "/d.bpf";
  for (const Arch arch : kArches) {
    const Said said =
        tool("compile --arch " + std::string(arch_name(arch)) + " " + our_profile("default") + " -o " + bpf);
    ASSERT_EQ(said.exit_code, 0) << said.text;
    const std::string bytes = contents(bpf);
    FilterFileHead head;
    std::memcpy(&head, bytes.data(), sizeof head);
    EXPECT_EQ(head.machine, arch == Arch::kX86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64);
    ASSERT_EQ(bytes.size(), sizeof head + head.count * sizeof(sock_filter));
    std::vector<sock_filter> code(head.count);
    std::memcpy(code.data(), bytes.data() + sizeof head, bytes.size() - sizeof head);
    EXPECT_EQ(interpret(code, call_data(arch, call_number(arch, "read").value())).value, SECCOMP_RET_ALLOW);
  }
}

TEST(Tool, ChecksEveryProfileOfOurs) {
  for (const Filter& filter : all_filters()) {
    const Said said = tool("check " + our_profile(filter.name));
    EXPECT_EQ(said.exit_code, 0) << said.text;
    EXPECT_EQ(said.text, "");
  }
}

TEST(Tool, NamesFileRuleAndReasonAndLeavesNothing) {
  const ProfileFiles files;
  const auto path =
      files.write("bad", profile_with(R"({"action": "trap", "calls": ["reed"], "because": "typo"})"));
  const std::string bpf = files.folder() + "/bad.bpf";
  for (const std::string& arguments : {"check " + path, "compile " + path + " -o " + bpf}) {
    const Said said = tool(arguments);
    EXPECT_EQ(said.exit_code, 2);
    EXPECT_EQ(said.text, "bad.json: rules[0].calls: unknown call \"reed\"\n");
  }
  EXPECT_FALSE(std::ifstream(bpf).good());
}

TEST(Tool, SaysWhenItCannotWrite) {
  const ProfileFiles files;
  const Said said = tool("compile " + our_profile("default") + " -o " + files.folder() + "/no/d.bpf");
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_NE(said.text.find("No such file or directory"), std::string::npos) << said.text;
}

TEST(Tool, RefusesBadCommandLines) {
  EXPECT_EQ(tool("").exit_code, 64);
  EXPECT_EQ(tool("nonsense").exit_code, 64);
  EXPECT_EQ(tool("check").exit_code, 64);
  EXPECT_EQ(tool("compile " + our_profile("default")).exit_code, 64);
  EXPECT_EQ(tool("compile " + our_profile("default") + " -o /dev/null --arch mips").exit_code, 64);
  EXPECT_EQ(tool("--help").exit_code, 0);
}

}  // namespace
}  // namespace bailiff
