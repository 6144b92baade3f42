// docs/ and the code must say the same: the examples, the ranges and the defaults.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "spec/enforceable.h"
#include "spec/json.h"
#include "tests/unit/spec/example_result.h"

namespace bailiff {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string read_doc(const std::string& name) {
  std::ifstream file(BAILIFF_DOCS "/" + name);
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What stands between ```json and ```.
std::vector<std::string> examples(const std::string& doc) {
  std::vector<std::string> found;
  const std::string fence = "\n```", open = fence + "json\n";
  for (std::size_t at = doc.find(open); at != std::string::npos; at = doc.find(open, at)) {
    at += open.size();
    found.push_back(doc.substr(at, doc.find(fence, at) - at));
  }
  return found;
}

TEST(Docs, RunSpecExampleIsAccepted) {
  const auto found = examples(read_doc("run-spec.md"));
  ASSERT_EQ(found.size(), 1U);
  const Result<RunSpec> spec = parse_run_spec(found[0]);
  ASSERT_TRUE(spec) << spec.error().key << ": " << spec.error().message();
  EXPECT_EQ(spec->files.at("prog").mode, 0755U);
  EXPECT_EQ(spec->given.size(), 12U);  // every limit is shown
}

TEST(Docs, RunResultExampleIsWhatIsWritten) {
  const auto found = examples(read_doc("run-result.md"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(ordered_json::parse(found[0]).dump(1), ordered_json::parse(to_json(example_result())).dump(1));
}

TEST(Docs, ErrorExampleIsWhatIsWritten) {
  const auto found = examples(read_doc("run-result.md"));
  ASSERT_EQ(found.size(), 2U);
  const Result<RunSpec> spec = parse_run_spec(R"({"argv": ["/a"], "limits": {"cpu_time_ms": 0}})");
  EXPECT_EQ(ordered_json::parse(found[1]).dump(), to_json(spec.error()));
}

bool accepts(const std::string& limit, const json& value) {
  return bool(parse_run_spec(json{{"argv", {"/a"}}, {"limits", {{limit, value}}}}.dump()));
}

TEST(Docs, SchemaHasTheLimitsThatAreEnforced) {
  const json limits = json::parse(read_doc("run-spec.schema.json"))["$defs"]["limits"]["properties"];
  EXPECT_EQ(limits.size(), 12U);
  for (const auto& [name, range] : limits.items()) {
    const auto low = range["minimum"].get<std::uint64_t>(), high = range["maximum"].get<std::uint64_t>();
    EXPECT_TRUE(accepts(name, low)) << name;
    EXPECT_FALSE(accepts(name, low - 1)) << name;
    EXPECT_TRUE(accepts(name, high)) << name;
    EXPECT_FALSE(accepts(name, high + 1)) << name;
    EXPECT_EQ(accepts(name, nullptr), range["type"].is_array()) << name;
  }
}

TEST(Docs, SchemaHasTheDefaults) {
  const json schema = json::parse(read_doc("run-spec.schema.json"));
  json spec = {{"argv", {"/a"}}, {"limits", json::object()}};
  for (const auto& [name, member] : schema["properties"].items()) {
    if (member.contains("default")) spec[name] = member["default"];
  }
  for (const auto& [name, limit] : schema["$defs"]["limits"]["properties"].items()) {
    if (limit.contains("default")) spec["limits"][name] = limit["default"];
  }
  Result<RunSpec> written_out = parse_run_spec(spec.dump());
  ASSERT_TRUE(written_out) << written_out.error().key;
  written_out->given.clear();
  EXPECT_EQ(*written_out, *parse_run_spec(R"({"argv": ["/a"]})"));
}

TEST(Docs, SchemasHaveTheNamesOfLimitsAndLayers) {
  const json spec = json::parse(read_doc("run-spec.schema.json"))["$defs"];
  const json result = json::parse(read_doc("run-result.schema.json"))["$defs"];
  EXPECT_EQ(spec["enforceable"]["enum"], json(kEnforceable));
  json both = result["limit"]["enum"];
  for (const json& layer : result["layer"]["enum"]) both.push_back(layer);
  EXPECT_EQ(both, json(kEnforceable));
}

}  // namespace
}  // namespace bailiff
