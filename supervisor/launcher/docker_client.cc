#include "launcher/docker_client.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace bailiff {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using nlohmann::json;
using Socket = asio::local::stream_protocol::socket;

constexpr int kApiMinor = 41;                      // Engine 20.10
constexpr std::uint64_t kMaxAnswer = 64ULL << 20;  // of JSON; a list of ten thousand containers is 20 MiB

/// One request and its answer on a connection of its own.
class Exchange {
 public:
  Exchange(std::string what, Deadline deadline) : socket_(io_), what_(std::move(what)), deadline_(deadline) {}

  Result<void> connect(const std::string& path) {
    if (path.size() >= sizeof(sockaddr_un::sun_path))
      return host_error("Docker: " + path + ": too long for a socket");
    const error_code failed =
        TRY(until_deadline([&](auto done) { socket_.async_connect({path}, std::move(done)); }));
    if (!failed) return {};
    std::string fix = "connect " + path;
    if (failed.value() == ENOENT) {
      fix = "Docker is not running (systemctl start docker), or its socket is elsewhere (--docker SOCKET): " + path;
    }
    if (failed.value() == ECONNREFUSED)
      fix = "Docker is not running (systemctl start docker): nobody listens at " + path;
    if (failed.value() == EACCES)
      fix = "no permission to use Docker: be root or in the group that owns " + path;
    return Error{Fault::kHost, failed.value(), std::move(fix), {}};
  }

  Result<void> send(const http::request<http::string_body>& request) {
    const error_code failed =
        TRY(until_deadline([&](auto done) { http::async_write(socket_, request, std::move(done)); }));
    return failed ? Result<void>(broken(failed)) : Result<void>();
  }

  template <typename Body>
  Result<void> receive_header(http::response_parser<Body>& parser) {
    parser.body_limit(kMaxAnswer);
    const error_code failed = TRY(until_deadline(
        [&](auto done) { http::async_read_header(socket_, buffer_, parser, std::move(done)); }));
    return failed ? Result<void>(broken(failed)) : Result<void>();
  }

  Result<void> receive_body(http::response_parser<http::string_body>& parser) {
    const error_code failed =
        TRY(until_deadline([&](auto done) { http::async_read(socket_, buffer_, parser, std::move(done)); }));
    return failed ? Result<void>(broken(failed)) : Result<void>();
  }

  /// The connection, and what came on it beyond the answer's header.
  AttachedStream take() {
    const auto rest = buffer_.data();
    (void)::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);  // its end is the supervisor's end of file
    return {UniqueFd(socket_.release()), std::string(static_cast<const char*>(rest.data()), rest.size())};
  }

 private:
  /// Starts one asynchronous operation and runs it to its end or to the deadline.
  template <typename Start>
  Result<error_code> until_deadline(Start start) {
    std::optional<error_code> ended;
    start([&ended](error_code code, auto... /*bytes*/) { ended = code; });
    io_.restart();
    io_.run_until(deadline_.at);
    if (ended) return *ended;
    error_code ignored;
    socket_.close(ignored);  // ends the operation, whose handler refers to what is ours
    io_.restart();
    io_.run();
    return Error{Fault::kHost, ETIMEDOUT, "Docker: " + what_ + ": the daemon did not answer in time", {}};
  }

  Error broken(const error_code& code) const {
    return host_error("Docker: " + what_ + ": the daemon's answer broke off: " + code.message() +
                      "; if Docker is being restarted, try again when `docker info` answers");
  }

  asio::io_context io_;
  Socket socket_;
  boost::beast::flat_buffer buffer_;
  std::string what_;
  Deadline deadline_;
};

http::request<http::string_body> request_of(const char* verb, const std::string& path,
                                            const std::string& body) {
  http::request<http::string_body> request(http::string_to_verb(verb), path, 11);
  request.set(http::field::host, "docker");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  return request;
}

constexpr const char* kConflict = "conflict";
constexpr Nanos kAskAgain = std::chrono::milliseconds(50);

/// {"message":"…"} of an answer that is an error.
Error refusal(unsigned status, const std::string& body, const std::string& what) {
  const json document = json::parse(body, nullptr, /*allow_exceptions=*/false);
  std::string message = "HTTP status " + std::to_string(status);
  if (document.is_object() && document.contains("message") && document["message"].is_string()) {
    message = document["message"].get<std::string>();
  }
  // ENOSPC and EDQUOT, as Go words them.
  for (const char* full : {"no space left on device", "disk quota exceeded"}) {
    if (message.find(full) == std::string::npos) continue;
    message += "; make room where Docker keeps its data (docker info has it as Docker Root Dir): docker system prune "
               "removes what nothing uses";
  }
  Error error = host_error("Docker: " + what + ": " + message);
  if (status == 404) error.key = kNotFound;
  if (status == 409) error.key = kConflict;
  return error;
}

std::string percent_encoded(const std::string& text) {
  constexpr const char* kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || c == '/' || c == ':' || c == '@';
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

// The daemon's JSON is read leniently: an absent or null member is an empty one.

std::string text_at(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
const json& member(const json& object, const char* key) {
  static const json nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? *found : nothing;
}
std::map<std::string, std::string> texts(const json& object) {
  std::map<std::string, std::string> found;
  if (!object.is_object()) return found;
  for (auto at = object.begin(); at != object.end(); ++at) {
    if (at->is_string()) found[at.key()] = at->get<std::string>();
  }
  return found;
}
std::int64_t whole(const json& value) { return value.is_number_integer() ? value.get<std::int64_t>() : 0; }

Result<json> parse(const std::string& body, const std::string& what) {
  json document = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return host_error("Docker: " + what + ": the daemon's answer is not JSON");
  return document;
}

/// {"path":"/usr/bin/runsc"}, or since Engine 23 {"runtimeType":"io.containerd.runsc.v1"}: containerd's shim for
/// "runsc", which takes that program from its path.
std::string runtime_program(const json& runtime) {
  std::string path = text_at(runtime, "path");
  if (!path.empty()) return path;
  const std::string type = text_at(runtime, "runtimeType");
  const std::size_t version = type.rfind('.');
  const std::size_t dot = version == std::string::npos ? version : type.rfind('.', version - 1);
  return dot == std::string::npos ? type : type.substr(dot + 1, version - dot - 1);
}

/// "1.41" -> 41; -1 when it is not 1.N.
int minor_of(const std::string& version) {
  if (!version.starts_with("1.") || version.size() < 3 || version.size() > 6) return -1;
  if (version.find_first_not_of("0123456789", 2) != std::string::npos) return -1;
  return std::stoi(version.substr(2));
}

}  // namespace

bool is_not_found(const Error& error) { return error.key == kNotFound; }

Result<DockerClient::Answer> DockerClient::call(const char* verb, const std::string& path,
                                                const std::string& body, const std::string& what,
                                                Deadline deadline) {
  Exchange exchange(what, deadline);
  TRY(exchange.connect(socket_path_));
  TRY(exchange.send(request_of(verb, path, body)));
  http::response_parser<http::string_body> parser;
  TRY(exchange.receive_header(parser));
  TRY(exchange.receive_body(parser));
  Answer answer{parser.get().result_int(), std::move(parser.get().body())};
  if (answer.status >= 400) return refusal(answer.status, answer.body, what);
  return answer;
}

Result<std::string> DockerClient::versioned(const std::string& path, Deadline deadline) {
  if (api_.empty()) {
    const Answer answer = TRY(call("GET", "/version", "", "version", deadline));
    const json version = TRY(parse(answer.body, "version"));
    const int newest = minor_of(text_at(version, "ApiVersion"));
    if (newest < kApiMinor) {
      return host_error("Docker: API version " + text_at(version, "ApiVersion") +
                        " is too old: Engine 20.10 (API 1.41) or newer is needed");
    }
    const int oldest = minor_of(text_at(version, "MinAPIVersion"));
    api_ = "/v1." + std::to_string(std::max(kApiMinor, oldest));
  }
  return api_ + path;
}

Result<EngineInfo> DockerClient::info(Deadline deadline) {
  const std::string path = TRY(versioned("/info", deadline));
  const Answer answer = TRY(call("GET", path, "", "info", deadline));
  const json document = TRY(parse(answer.body, "info"));
  EngineInfo info = {.version = text_at(document, "ServerVersion"),
                     .cgroup_driver = text_at(document, "CgroupDriver")};
  info.cgroup_version = text_at(document, "CgroupVersion") == "2" ? 2 : 1;
  info.cpuset = member(document, "CPUSet") == true;
  const json& security = member(document, "SecurityOptions");
  if (security.is_array() && std::find(security.begin(), security.end(), "name=rootless") != security.end()) {
    info.cgroup_driver = "none";  // in the user's own tree, wherever that is
  }
  const json& runtimes = member(document, "Runtimes");
  if (runtimes.is_object()) {
    for (auto at = runtimes.begin(); at != runtimes.end(); ++at)
      info.runtimes[at.key()] = runtime_program(*at);
  }
  return info;
}

Result<ImageInfo> DockerClient::inspect_image(const std::string& image, Deadline deadline) {
  const std::string path = TRY(versioned("/images/" + percent_encoded(image) + "/json", deadline));
  const Answer answer = TRY(call("GET", path, "", "image " + image, deadline));
  const json document = TRY(parse(answer.body, "image " + image));
  const json& config = member(document, "Config");
  ImageInfo info = {.id = text_at(document, "Id"), .labels = texts(member(config, "Labels"))};
  const json& entrypoint = member(config, "Entrypoint");
  if (entrypoint.is_array()) {
    for (const json& word : entrypoint) {
      if (word.is_string()) info.entrypoint.push_back(word.get<std::string>());
    }
  }
  info.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, whole(member(document, "Size"))));
  if (info.id.empty()) return host_error("Docker: image " + image + ": the answer has no Id");
  return info;
}

Result<std::set<std::string>> DockerClient::list_image_labels(const std::string& label, const std::string& other,
                                                              Deadline deadline) {
  const json wanted = {{"label", {label, other}}, {"dangling", {"false"}}};
  const std::string filters = percent_encoded(wanted.dump());
  const std::string path = TRY(versioned("/images/json?filters=" + filters, deadline));
  const Answer answer = TRY(call("GET", path, "", "list images", deadline));
  const json document = TRY(parse(answer.body, "list images"));
  if (!document.is_array()) return host_error("Docker: list images: the answer is no list");
  std::set<std::string> values;
  for (const json& entry : document) {
    const auto labels = texts(member(entry, "Labels"));
    if (const auto found = labels.find(label); found != labels.end()) values.insert(found->second);
  }
  return values;
}

Result<std::vector<ContainerInfo>> DockerClient::list_containers(const std::string& label,
                                                                 Deadline deadline) {
  const std::string filters = percent_encoded(json{{"label", {label}}}.dump());
  const std::string path = TRY(versioned("/containers/json?all=1&filters=" + filters, deadline));
  const Answer answer = TRY(call("GET", path, "", "list containers", deadline));
  const json document = TRY(parse(answer.body, "list containers"));
  if (!document.is_array()) return host_error("Docker: list containers: the answer is no list");
  std::vector<ContainerInfo> found;
  for (const json& entry : document) {
    ContainerInfo& container = found.emplace_back();
    container.id = text_at(entry, "Id");
    container.labels = texts(member(entry, "Labels"));
    const json& names = member(entry, "Names");
    if (names.is_array() && !names.empty() && names[0].is_string()) {
      const auto name = names[0].get<std::string>();
      container.name = name.substr(name.starts_with('/') ? 1 : 0);
    }
  }
  return found;
}

Result<std::string> DockerClient::create(const std::string& name, const std::string& body,
                                         Deadline deadline) {
  const std::string path = TRY(versioned("/containers/create?name=" + percent_encoded(name), deadline));
  const Answer answer = TRY(call("POST", path, body, "create container", deadline));
  std::string id = text_at(TRY(parse(answer.body, "create container")), "Id");
  if (id.empty()) return host_error("Docker: create container: the answer has no Id");
  return id;
}

Result<AttachedStream> DockerClient::attach(const std::string& id, Deadline deadline) {
  const std::string path =
      TRY(versioned("/containers/" + id + "/attach?stream=1&stdin=1&stdout=1&stderr=1", deadline));
  Exchange exchange("attach", deadline);
  TRY(exchange.connect(socket_path_));
  http::request<http::string_body> request = request_of("POST", path, "");
  request.set(http::field::upgrade, "tcp");
  request.set(http::field::connection, "Upgrade");
  TRY(exchange.send(request));
  http::response_parser<http::empty_body> parser;
  TRY(exchange.receive_header(parser));
  const unsigned status = parser.get().result_int();
  if (status == 101) return exchange.take();
  if (status < 400)
    return host_error("Docker: attach: HTTP status " + std::to_string(status) + " instead of 101");
  http::response_parser<http::string_body> whole_answer(std::move(parser));
  TRY(exchange.receive_body(whole_answer));
  return refusal(status, whole_answer.get().body(), "attach");
}

Result<void> DockerClient::start(const std::string& id, Deadline deadline) {
  const std::string path = TRY(versioned("/containers/" + id + "/start", deadline));
  TRY(call("POST", path, "", "start container", deadline));
  return {};
}

Result<int> DockerClient::wait(const std::string& id, Deadline deadline) {
  const std::string path = TRY(versioned("/containers/" + id + "/wait?condition=not-running", deadline));
  const Answer answer = TRY(call("POST", path, "", "wait for container", deadline));
  return static_cast<int>(whole(member(TRY(parse(answer.body, "wait for container")), "StatusCode")));
}

Result<void> DockerClient::kill(const std::string& id, Deadline deadline) {
  const std::string path = TRY(versioned("/containers/" + id + "/kill", deadline));
  TRY(call("POST", path, "", "kill container", deadline));
  return {};
}

Result<void> DockerClient::remove(const std::string& id, Deadline deadline) {
  const std::string path = TRY(versioned("/containers/" + percent_encoded(id) + "?v=1&force=1", deadline));
  for (;;) {
    const Result<Answer> removed = call("DELETE", path, "", "remove container", deadline);
    if (removed || is_not_found(removed.error())) return {};
    // The daemon is at it already, for a launcher that was killed: it says so until the container is gone.
    if (removed.error().key != kConflict || deadline.left() <= kAskAgain) return removed.error();
    std::this_thread::sleep_for(kAskAgain);
  }
}

Result<ContainerState> DockerClient::state(const std::string& id, Deadline deadline) {
  const std::string path = TRY(versioned("/containers/" + percent_encoded(id) + "/json", deadline));
  const Answer answer = TRY(call("GET", path, "", "inspect container", deadline));
  const json document = TRY(parse(answer.body, "inspect container"));
  const json& state = member(document, "State");
  return ContainerState{.running = member(state, "Running") == true,
                        .oom_killed = member(state, "OOMKilled") == true,
                        .exit_code = static_cast<int>(whole(member(state, "ExitCode"))),
                        .error = text_at(state, "Error")};
}

Result<std::string> DockerClient::find(const std::string& name, Deadline deadline) {
  const std::string path = TRY(versioned("/containers/" + percent_encoded(name) + "/json", deadline));
  const Answer answer = TRY(call("GET", path, "", "inspect container", deadline));
  return text_at(TRY(parse(answer.body, "inspect container")), "Id");
}

}  // namespace bailiff
