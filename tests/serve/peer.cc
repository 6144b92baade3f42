#include "tests/serve/peer.h"

#include <gtest/gtest.h>
#include <nettle/sha2.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/support/supervisor.h"

namespace bailiff::test {

using nlohmann::json;

namespace {

std::vector<std::string> command(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {supervisor_path(), "serve"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

}  // namespace

Peer::Peer(const std::vector<std::string>& arguments) : frames_(command(arguments)), pid_(frames_.pid()) {
  const std::optional<Frame> first = frames_.receive();
  if (first) hello_ = first->json();
}

std::uint64_t Peer::ask_open(const std::string& box, const std::vector<BoxFile>& files, const json& more) {
  json request = {{"op", "open"}, {"box", box}};
  if (!more.is_null()) request.update(more);
  std::string body;
  for (const BoxFile& file : files) {
    json entry = {{"name", file.name}, {"mode", file.mode}};
    if (!file.path.empty()) {
      entry["path"] = file.path;
    } else {
      entry["bytes"] = file.bytes.size();
      body += file.bytes;
    }
    request["files"].push_back(std::move(entry));
  }
  return frames_.ask(std::move(request), body);
}

std::uint64_t Peer::ask_run(const std::string& box, const json& spec, std::string_view input,
                            bool early_output) {
  json request = {{"op", "run"}, {"box", box}, {"spec", spec}};
  if (early_output) request["early_output"] = true;
  if (!input.empty()) request["stdin"] = {{"bytes", input.size()}};
  return frames_.ask(std::move(request), input);
}

RunReply Peer::result(std::uint64_t id) {
  RunReply reply;
  Frame frame = frames_.reply(id);
  json message = frame.json();
  for (; message.contains("output"); frame = frames_.reply(id), message = frame.json()) {
    (message["output"] == "stdout" ? reply.out : reply.err) += frame.body;
    ++reply.early_frames;
  }
  if (message.contains("error")) {
    reply.error = message["error"];
    return reply;
  }
  reply.result = message.at("result");
  EXPECT_EQ(reply.result["stdout"].value("early", std::size_t{0}), reply.out.size());
  EXPECT_EQ(reply.result["stderr"].value("early", std::size_t{0}), reply.err.size());
  reply.out += frame.bytes(reply.result.at("stdout"));
  reply.err += frame.bytes(reply.result.at("stderr"));
  for (const auto& [name, file] : reply.result.at("files").items()) {
    if (file.contains("body")) reply.files[name] = frame.bytes(file);
  }
  return reply;
}

void Peer::open(const std::string& box, const std::vector<BoxFile>& files, const json& more) {
  const json reply = answer(ask_open(box, files, more));
  ASSERT_TRUE(reply.contains("opened")) << reply;
}

int Peer::bye() {
  (void)call({{"op", "bye"}});
  return frames_.finish();
}

std::uint64_t Peer::held_bytes() const {
  std::uint64_t bytes = 0;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd", gone)) {
    struct stat status = {};
    const std::string target = std::filesystem::read_symlink(entry.path(), gone);
    // make_output_file(): a memfd, or a file without a name
    const bool output = target.starts_with("/memfd:bailiff-output") || target.starts_with("/#");
    if (output && ::stat(entry.path().c_str(), &status) == 0) {
      bytes += static_cast<std::uint64_t>(status.st_size);
    }
  }
  return bytes;
}

long Peer::status_kib(std::string_view key) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stol(line.substr(key.size()));
  }
  return 0;
}

BoxFile program_file(const std::string& name) { return {name, read_whole(program_path(name)), "0755"}; }

json box_spec(const std::string& name, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "./" + name);
  return {{"argv", arguments}};
}

std::string read_whole(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

std::string sha256_of(std::string_view bytes) {
  sha256_ctx context;
  nettle_sha256_init(&context);
  nettle_sha256_update(&context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest;
  nettle_sha256_digest(&context, digest.size(), digest.data());
  std::string text;
  for (const std::uint8_t byte : digest) {
    for (const unsigned half : {unsigned{byte} >> 4U, byte & 15U}) text += "0123456789abcdef"[half];
  }
  return text;
}

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string bytes;
  bytes.reserve(size + 8);
  while (bytes.size() < size) {
    const std::uint64_t word = random();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  bytes.resize(size);
  return bytes;
}

json left_after(pid_t server, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;  // keepers without a supervisor are our children
    json left = left_behind(server);
    if (left.empty() || std::chrono::steady_clock::now() > deadline) return left;
    ::usleep(5000);
  }
}

}  // namespace bailiff::test
