#include "spec/serve_peer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "spec/json.h"
#include "tests/unit/spec/example_result.h"

namespace bailiff {
namespace {

using nlohmann::json;

std::string body_of(const RunResult& run) {
  std::string body = run.stdout_stream.kept.text() + run.stderr_stream.kept.text();
  for (const auto& [name, file] : run.files) body += file.bytes.text();
  return body;
}

TEST(ServeReply, AResultComesBackAsItWas) {
  RunResult sent = example_result();
  sent.violation =
      Violation{.name = "socket", .nr = 41, .arch = "x86_64", .args = {2, 1, 0, 0, 0, ~0ULL}, .tid = 3};
  sent.exit_code = 7;
  const auto reply = parse_reply(result_message(9, sent), body_of(sent));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->id, 9U);
  EXPECT_EQ(to_json(std::get<RunResult>(reply->what)), to_json(sent));
}

/// Every place in the document, one after the other.
void visit(json& document, json& at, const std::function<void()>& changed) {
  for (auto member = at.begin(); member != at.end(); ++member) {
    if (member->is_structured()) visit(document, *member, changed);
    for (const json& other :
         {json(-1), json("x"), json::array(), json::object(), json(nullptr), json(1e300)}) {
      json kept = std::exchange(*member, other);
      changed();
      *member = std::move(kept);
    }
  }
}

TEST(ServeReply, WhateverIsChangedInAResultIsTakenOrRefused) {
  const RunResult sent = example_result();
  const std::string body = body_of(sent);
  json document = json::parse(result_message(9, sent));
  int refused = 0, taken = 0;
  visit(document, document, [&] {
    const auto reply = parse_reply(document.dump(), body);
    (reply ? taken : refused) += 1;
    if (reply && std::holds_alternative<RunResult>(reply->what))
      (void)to_json(std::get<RunResult>(reply->what));
  });
  EXPECT_GT(refused, 200);
  EXPECT_GT(taken, 10);
}

TEST(ServeReply, AMissingKeyIsNamed) {
  json document = json::parse(result_message(9, example_result()));
  document["result"].erase("peak_memory");
  const auto reply = parse_reply(document.dump(), body_of(example_result()));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().fault, Fault::kInternal);
  EXPECT_NE(reply.error().message().find("peak_memory"), std::string::npos);
}

TEST(ServeReply, APlaceOutsideOfTheBodyIsRefused) {
  for (const json& place : {json{0, 1000000}, json{1000000, 0}, json{18446744073709551615U, 1}, json{1}}) {
    json document = json::parse(result_message(9, example_result()));
    document["result"]["stdout"]["body"] = place;
    EXPECT_FALSE(parse_reply(document.dump(), body_of(example_result()))) << place;
  }
}

TEST(ServeReply, EachByteOfTheBodyIsOneOutputs) {
  RunResult sent = example_result();
  sent.stdout_stream.kept = "all there is";
  sent.stdout_stream.bytes = sent.stdout_stream.kept.size();
  sent.stderr_stream = {};
  sent.files.clear();
  const auto reply = parse_reply(result_message(9, sent), body_of(sent));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(to_json(std::get<RunResult>(reply->what)), to_json(sent));
  // Else a header of 8 MiB could make us copy a body 200000 times.
  for (const json& place : {json{0, 12}, json{0, 11}, json{11, 1}, json{0, 0}}) {
    json document = json::parse(result_message(9, sent));
    document["result"]["stderr"]["body"] = place;
    EXPECT_FALSE(parse_reply(document.dump(), body_of(sent))) << place;
  }
}

EarlyStreams early_of(const std::string& out, const std::string& err) { return {.out = out, .err = err}; }

TEST(ServeReply, WhatCameEarlyStandsBeforeTheRest) {
  const RunResult whole = example_result();
  RunResult sent = whole;
  const std::string out = whole.stdout_stream.kept.text(), err = whole.stderr_stream.kept.text();
  sent.stdout_stream.kept = out.substr(3);
  sent.stdout_stream.early = 3;
  sent.stderr_stream.kept = Blob();
  sent.stderr_stream.early = err.size();
  const auto reply = parse_reply(result_message(9, sent), body_of(sent), early_of(out.substr(0, 3), err));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(to_json(std::get<RunResult>(reply->what)), to_json(whole));
}

TEST(ServeReply, WhatCameEarlyIsWhatTheResultSays) {
  RunResult sent = example_result();
  sent.stdout_stream.early = 3;
  sent.stdout_stream.bytes += 3;
  EXPECT_TRUE(parse_reply(result_message(9, sent), body_of(sent), early_of("abc", "")));
  EXPECT_FALSE(parse_reply(result_message(9, sent), body_of(sent), early_of("ab", "")));
  EXPECT_FALSE(parse_reply(result_message(9, sent), body_of(sent), early_of("", "abc")));
  EXPECT_FALSE(parse_reply(result_message(9, sent), body_of(sent)));
  sent.stdout_stream.early = 0;
  EXPECT_FALSE(parse_reply(result_message(9, sent), body_of(sent), early_of("abc", "")));
  sent.stdout_stream.early = 3;
  sent.stdout_stream.bytes = 2;
  EXPECT_FALSE(parse_reply(result_message(9, sent), body_of(sent), early_of("abc", ""))) << "more kept than written";
}

TEST(ServeReply, AnOutputNamesItsPlace) {
  const auto place = output_place(output_message(7, "stderr"));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->run, 7U);
  EXPECT_TRUE(place->is_stderr);
  EXPECT_FALSE(output_place(output_message(7, "stdout"))->is_stderr);
  for (const char* other : {R"({"id":7,"output":"stdin"})", R"({"id":-7,"output":"stdout"})", R"({"output":"stdout"})",
                            R"({"id":7,"output":1})", R"([1])", "garbage", ""}) {
    EXPECT_FALSE(output_place(other)) << other;
  }
  EXPECT_FALSE(output_place(opened_message(1, "b", 5ns)));
}

TEST(ServeReply, ReadsTheOthers) {
  EXPECT_EQ(std::get<HelloReply>(parse_reply(hello_message("0.1", "runsc"), "")->what).protocol,
            kServeProtocol);
  EXPECT_TRUE(std::get<HelloReply>(parse_reply(hello_message("0.1", "runsc"), "")->what).early_output);
  EXPECT_FALSE(
      std::get<HelloReply>(parse_reply(R"({"hello":{"protocol":1,"version":"0","runtime":"x"}})", "")->what).early_output);
  EXPECT_TRUE(std::holds_alternative<OpenedReply>(parse_reply(opened_message(1, "b", 5ns), "")->what));
  EXPECT_TRUE(std::holds_alternative<ClosedReply>(parse_reply(closed_message(1, "b"), "")->what));
  const auto error = parse_reply(error_message(3, request_error("spec.argv", "is missing")), "");
  EXPECT_EQ(std::get<Error>(error->what).key, "spec.argv");
  EXPECT_EQ(std::get<Error>(error->what).fault, Fault::kRequest);
  EXPECT_FALSE(parse_reply("{}", ""));
  EXPECT_FALSE(parse_reply("[1,2]", ""));
  EXPECT_FALSE(parse_reply("garbage", ""));
}

TEST(ServeRequest, ARunSpecArrivesAsItWas) {
  const auto spec =
      parse_run_spec(R"({"argv":["/bin/a","b\n"],"env":{"X":"y"},"workdir":"/tmp","collect":["o"],
      "limits":{"cpu_time_ms":null,"wall_time_ms":5000,"memory_bytes":1048576,"stack_bytes":65536,"output_bytes":7,
                "file_size_bytes":null,"processes":3,"open_files":9,"address_space_bytes":65536,"data_bytes":65536},
      "seccomp":"default","require":{"memory":"cgroup"},"accept_missing":["disk_inodes"]})");
  ASSERT_TRUE(spec) << spec.error().message();
  std::uint64_t id = 0;
  const auto request =
      parse_request(run_request({.id = 4, .box = "b", .spec = spec.value(), .stdin_bytes = 12, .early_output = true}), 12,
                    &id);
  ASSERT_TRUE(request) << request.error().key << request.error().message();
  const auto& run = std::get<RunRequest>(request.value());
  EXPECT_EQ(run.id, 4U);
  EXPECT_EQ(run.stdin_bytes, 12U);
  EXPECT_TRUE(run.early_output);
  EXPECT_EQ(run.spec, spec.value());
}

TEST(ServeRequest, WhatTheCallerDidNotSayIsNotSaid) {
  const auto spec = parse_run_spec(R"({"argv":["/bin/a"],"limits":{"cpu_time_ms":10}})");
  const json sent = json::parse(run_request({.id = 4, .box = "b", .spec = spec.value()}));
  EXPECT_EQ(sent["spec"]["limits"], (json{{"cpu_time_ms", 10}}));
}

TEST(ServeRequest, ABoxArrivesAsItWas) {
  OpenRequest open = {.id = 2, .box = "b", .disk = Bytes{8192}, .disk_inodes = 5};
  open.disk_inodes_given = true;
  open.files = {{.name = "a", .bytes = 3, .mode = 0755}, {.name = "c/d", .bytes = 0, .mode = 0600}};
  std::uint64_t id = 0;
  const auto request = parse_request(open_request(open), 3, &id);
  ASSERT_TRUE(request) << request.error().key << request.error().message();
  const auto& got = std::get<OpenRequest>(request.value());
  EXPECT_EQ(got.disk, open.disk);
  EXPECT_EQ(got.disk_inodes, open.disk_inodes);
  ASSERT_EQ(got.files.size(), 2U);
  EXPECT_EQ(got.files[0].mode, 0755U);
  EXPECT_EQ(got.files[1].name, "c/d");
}

}  // namespace
}  // namespace bailiff
