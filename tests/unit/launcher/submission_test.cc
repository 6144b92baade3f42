// What a submission asks of its containers, before there is one.
#include "launcher/submission.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bailiff {
namespace {

struct Asked {
  std::string image;
  Limits limits;
  Nanos together;
};

/// The containers that it asked for; it gets none.
std::vector<Asked> asked_for(const SubmitSpec& spec, const Language& language, Error* error = nullptr) {
  std::vector<Asked> asked;
  const MakeRunner make = [&](const std::string& image, const Limits& limits,
                              Nanos together) -> Result<Runner> {
    asked.push_back({image, limits, together});
    return host_error("there is no container");
  };
  Retirement retired;
  Result<SubmitResult> result = submit(spec, language, make, 10s, -1, retired);
  EXPECT_FALSE(result);
  if (error != nullptr && !result) *error = std::move(result).error();
  return asked;
}

Language interpreted() {
  Language language = {.id = "python", .name = "Python", .source = "main.py", .run_image = "run"};
  language.run.argv = {"/usr/bin/python3", "main.py"};
  return language;
}

Language compiled() {
  Language language = {
      .id = "cpp", .name = "C++", .source = "main.cc", .compile_image = "compile", .run_image = "run"};
  language.compile = {
      .spec = {.argv = {"/usr/bin/g++", "{sources}"}}, .sources = {".cc"}, .produces = {{"main", 0755}}};
  language.run.argv = {"./main"};
  return language;
}

SubmitSpec one_file(std::vector<SubmitTest> tests) {
  return {.files = {{"a", {.content = {.bytes = "x"}}}}, .tests = std::move(tests)};
}

TEST(Submission, ARunContainerHasRoomAndTimeForAllItsTests) {
  Language language = interpreted();
  language.run.limits.memory = 64_MiB;
  const std::vector<Asked> asked = asked_for(
      one_file({{.name = "1"},
                {.name = "2", .limits = {{"memory_bytes", 1U << 30}, {"wall_time_ms", 20'000}}},
                {.name = "3",
                 .limits = {{"output_bytes", 1U << 26}, {"disk_bytes", 1U << 28}, {"memory_bytes", 65536}}}}),
      language);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].image, "run");
  EXPECT_EQ(asked[0].limits.memory, 1024_MiB);
  EXPECT_EQ(asked[0].limits.output, 64_MiB);
  EXPECT_EQ(asked[0].limits.disk, 256_MiB);
  EXPECT_EQ(asked[0].together, 3s + 20s + 3s + 3 * 10s);
}

TEST(Submission, MemoryIsUnlimitedWhereItIsForOneTest) {
  const auto asked = asked_for(
      one_file({{.name = "1", .limits = {{"memory_bytes", std::nullopt}}}, {.name = "2"}}), interpreted());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].limits.memory, std::nullopt);
}

TEST(Submission, ACompileContainerHasTheCompilersLimits) {
  SubmitSpec spec = one_file({{.name = "1", .limits = {{"memory_bytes", 1U << 30}}}});
  spec.compile_limits = {{"memory_bytes", 1U << 27}, {"cpu_time_ms", 4000}};
  Error error;
  const auto asked = asked_for(spec, compiled(), &error);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].image, "compile");
  EXPECT_EQ(asked[0].limits.memory, 128_MiB);
  EXPECT_EQ(asked[0].limits.wall_time, 12s);
  EXPECT_EQ(asked[0].together, 12s + 10s);
  EXPECT_EQ(error.what, "there is no container");
}

TEST(Submission, ThatIsWrongAsksForNoContainer) {
  SubmitSpec spec = one_file({{.name = "1"}});
  spec.compile_limits = {{"memory_bytes", 1U << 27}};
  Error error;
  EXPECT_EQ(asked_for(spec, interpreted(), &error).size(), 0U);
  EXPECT_EQ(error.key, "compile.limits.memory_bytes");
  EXPECT_EQ(error.fault, Fault::kRequest);
  spec.files["b"] = {};
  EXPECT_EQ(asked_for(spec, compiled(), &error).size(), 0U);
  EXPECT_EQ(error.key, "files");
}

}  // namespace
}  // namespace bailiff
