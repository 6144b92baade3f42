// bailiff: runs programs in containers with bailiff-supervisor in them. See docs/operations.md, "The
// launcher".

#include <malloc.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "launcher/docker_client.h"
#include "launcher/gc.h"
#include "launcher/host_check.h"
#include "launcher/runner.h"
#include "launcher/submission.h"
#include "main/input.h"
#include "spec/json.h"
#include "spec/language.h"

namespace bailiff {
namespace {

namespace fs = std::filesystem;

constexpr int kExitResult = 0;
constexpr int kExitError = 2;
constexpr int kExitUsage = 64;         // EX_USAGE, sysexits.h
constexpr Nanos kStartTakes = 60s;     // a container under gVisor on a machine under load
constexpr Nanos kEngineAnswers = 30s;  // calls that start nothing
constexpr std::size_t kMaxFile = std::size_t{1} << 30;
constexpr const char* kBox = "run";

struct Options {
  std::string docker = "/var/run/docker.sock";  // or unix://PATH
  std::string runtime = "runsc";
  std::string image;
  std::vector<std::string> allowed_images;
  std::string cpus;
  std::uint64_t container_memory = 0;
  unsigned patience_seconds = 30;
  std::string supervisor;
  std::string images;
  bool json = false;

  std::string spec_path;

  std::string language;
  std::vector<std::string> files;
  std::string tests;
  std::string input = "/dev/null";
  std::map<std::string, std::string> limits;  // of every test: key in a RunSpec -> value, as it was given
  bool stop_on_first_failure = false;

  std::vector<std::string> build;
};

/// SIGINT, SIGTERM and SIGHUP as something to poll: whoever waits gives up, and everything is removed on the
/// way out.
UniqueFd catch_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, as some judges do and children inherit, it takes exit codes away (wait(2))
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// The directory of this program, without a slash at the end.
std::string own_directory() {
  std::array<char, 4096> path;
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return ".";
  return fs::path(std::string(path.data(), static_cast<std::size_t>(length))).parent_path().string();
}

/// --images, else $BAILIFF_IMAGES, else where an installation or a build tree has it.
std::string images_directory(const Options& options) {
  if (!options.images.empty()) return options.images;
  if (const char* given = std::getenv("BAILIFF_IMAGES"); given != nullptr) return given;
  const std::string own = own_directory();
  for (const char* place : {"/../share/bailiff/images", "/../../../images"}) {
    if (fs::is_directory(own + place)) return fs::weakly_canonical(own + place).string();
  }
  return "images";
}

std::string none_in(const std::string& images) {
  return "no language definitions in " + images + ": --images DIR says where";
}

/// What else than the program is in its container: the supervisor, gVisor's own memory, what the box's files
/// and outputs take. The run's limit is the supervisor's to hold; this one is the wall behind it.
std::optional<Bytes> container_memory(const Options& options, const Limits& limits) {
  if (options.container_memory > 0) return Bytes{options.container_memory};
  if (!limits.memory) return std::nullopt;
  return Bytes{limits.memory->count + limits.disk.count + 2 * limits.output.count +
               (std::uint64_t{512} << 20)};
}

/// `engine`: what is known of Docker from the runner before, so that it is asked once.
Result<Runner> make_runner(const Options& options, DockerClient& docker, std::optional<EngineInfo>& engine,
                           const std::string& image, const Limits& limits, Nanos lifetime, int cancel_fd) {
  const Deadline deadline = deadline_in(kStartTakes, cancel_fd);
  if (options.runtime == "native") {
    return Runner::native(
        options.supervisor.empty() ? own_directory() + "/bailiff-supervisor" : options.supervisor, deadline);
  }
  if (!engine) engine = TRY(check_engine(docker, options.runtime, deadline));
  return Runner::in_container(
      docker,
      {.image = image,
       .runtime = options.runtime,
       .engine = engine,
       .allowed_images = {options.allowed_images.begin(), options.allowed_images.end()},
       .memory = container_memory(options, limits),
       .cpus = options.cpus,
       .lifetime = lifetime},
      deadline);
}

Result<std::string> run(const Options& options, int cancel_fd) {
  RunSpec spec = TRY(read_run_spec_file(options.spec_path));
  TRY(load_files(spec));
  if (options.runtime != "native" && options.image.empty()) {
    return request_error("image", "--image is missing: the image to run in, bailiff/python for instance");
  }
  DockerClient docker(options.docker);
  const Nanos patience = std::chrono::seconds(options.patience_seconds);
  const Nanos lifetime = kStartTakes + spec.limits.wall_time + patience + 10min;
  std::optional<EngineInfo> engine;
  Runner runner = TRY(make_runner(options, docker, engine, options.image, spec.limits, lifetime, cancel_fd));
  TRY(runner.open(kBox, spec.files, spec.limits, spec.given, deadline_in(kStartTakes, cancel_fd)));
  return to_json(TRY(runner.run(kBox, spec, spec.stdin_content.bytes, patience, cancel_fd)));
}

/// `key`: where the request names it.
Result<Language> find_language(const Options& options, const std::string& id, const std::string& key) {
  const std::string directory = images_directory(options);
  const bool plain = id.find_first_of(std::string_view("/.\0", 3)) == std::string::npos;
  const std::string path = directory + "/" + id + "/language.json";
  Result<std::string> text = plain ? read_file(path, kMaxSpecBytes) : host_error("not a name");
  if (text) {
    Result<Language> language = parse_language(*text);
    if (language) return language;
    Error error = std::move(language).error();
    error.key = path + ": " + error.key;
    return error;
  }
  std::vector<std::string> known;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    if (fs::exists(entry.path() / "language.json", failed)) known.push_back(entry.path().filename().string());
  }
  std::sort(known.begin(), known.end());
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  return request_error(
      key, known.empty() ? none_in(directory) : id + " is not a language; in " + directory + " are: " + list);
}

Result<std::string> read_input(const std::string& path, const std::string& key) {
  Result<std::string> bytes = read_file(path, kMaxFile);
  if (bytes) return bytes;
  Error error = std::move(bytes).error();
  error.fault = Fault::kRequest;
  error.key = key;
  return error;
}

/// The option that sets a limit: "--cpu-time-ms".
std::string flag_of(const std::string& limit) {
  std::string flag = "--" + limit;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

/// NAME.in of a directory, by name; the whole rest of the directory is the judge's business.
Result<std::vector<SubmitTest>> read_tests(const Options& options) {
  std::vector<SubmitTest> tests;
  if (options.tests.empty()) {
    tests.push_back({.name = "stdin", .stdin_content = {.bytes = TRY(read_input(options.input, "--stdin"))}});
    return tests;
  }
  std::vector<fs::path> paths;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(options.tests, failed)) {
    if (entry.path().extension() == ".in") paths.push_back(entry.path());
  }
  if (failed) return request_error("--tests", options.tests + ": " + failed.message());
  if (paths.empty()) return request_error("--tests", options.tests + " has no file NAME.in");
  if (paths.size() > kMaxTests) {
    return request_error("--tests", options.tests + " has more than " + std::to_string(kMaxTests) + " tests");
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    tests.push_back({.name = path.stem().string(),
                     .stdin_content = {.bytes = TRY(read_input(path.string(), "--tests"))}});
  }
  return tests;
}

/// The SubmitSpec that the command line stands for.
Result<SubmitSpec> spec_of_command_line(const Options& options) {
  SubmitSpec spec = {.language = options.language, .stop_on_first_failure = options.stop_on_first_failure};
  for (const std::string& path : options.files) {
    const std::string name = fs::path(path).filename().string();
    // One file is the program, whatever it is called; several know each other by name.
    if (options.files.size() > 1) TRY(check_box_name(name, path));
    if (spec.files.contains(name)) return request_error(path, "two files are called " + name);
    spec.files[name] = {.content = {.bytes = TRY(read_input(path, path))}};
  }
  GivenLimits limits;
  for (const auto& [name, value] : options.limits)
    limits[name] = TRY(parse_limit(name, value, flag_of(name)));
  spec.tests = TRY(read_tests(options));
  for (SubmitTest& test : spec.tests) test.limits = limits;
  return spec;
}

Result<std::string> submit(const Options& options, DockerClient& docker, Retirement& retired, int cancel_fd) {
  const bool by_spec = !options.spec_path.empty();
  SubmitSpec spec = TRY(by_spec ? read_submit_spec_file(options.spec_path) : spec_of_command_line(options));
  const Language language = TRY(find_language(options, spec.language, by_spec ? "language" : "LANG"));
  TRY(load_files(spec));
  const Nanos patience = std::chrono::seconds(options.patience_seconds);
  std::optional<EngineInfo> engine;
  const MakeRunner make = [&](const std::string& image, const Limits& limits, Nanos together) {
    return make_runner(options, docker, engine, image, limits, kStartTakes + 10min + together, cancel_fd);
  };
  const SubmitResult result = TRY(submit(std::move(spec), language, make, patience, cancel_fd, retired));
  if (options.json || by_spec) return to_json(result);
  std::string text = to_text(result);
  text.pop_back();  // print_line adds it
  return text;
}

Result<std::string> check(const Options& options, bool* is_usable) {
  DockerClient docker(options.docker);
  const std::vector<CheckRow> rows = check_host(docker, options.runtime, deadline_in(kEngineAnswers));
  *is_usable = usable(rows);
  return options.json ? to_json(rows) : to_text(rows);
}

Result<std::string> gc(const Options& options) {
  DockerClient docker(options.docker);
  const Collected collected = TRY(collect_garbage(docker, deadline_in(5min)));
  std::string text;
  for (const std::string& what : collected.removed) text += "removed " + what + "\n";
  for (const std::string& what : collected.problems) text += "left " + what + "\n";
  text += std::to_string(collected.removed.size()) + " removed";
  return text;
}

/// The images of every language that has a definition, and whether Docker has them.
Result<std::string> list_images(const Options& options) {
  DockerClient docker(options.docker);
  const std::string directory = images_directory(options);
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) {
    const Result<std::string> definition =
        read_file(directory + "/" + name + "/language.json", kMaxSpecBytes);
    if (!definition) continue;
    const Language language = TRY(parse_language(*definition));
    for (const std::string& image : {language.compile_image, language.run_image}) {
      if (image.empty()) continue;
      const Result<ImageInfo> info = docker.inspect_image(image, deadline_in(kEngineAnswers));
      if (!info && !is_not_found(info.error())) return info.error();
      std::array<char, 128> row;
      const std::string size = info ? std::to_string(info->bytes >> 20) + " MiB" : "not built";
      std::snprintf(row.data(), row.size(), "%-12s %-32s %s", name.c_str(), image.c_str(), size.c_str());
      text += (text.empty() ? "" : "\n") + std::string(row.data());
    }
  }
  if (text.empty()) return request_error("--images", none_in(directory));
  return text;
}

/// Hands over to images/build, which shows its progress.
int build_images(const Options& options) {
  const std::string directory = images_directory(options);
  std::string program = directory + "/build";
  if (std::error_code failed; !fs::exists(program, failed)) {
    (void)print_line(to_json(request_error("--images", none_in(directory))));
    return kExitError;
  }
  ::setenv("DOCKER_HOST", ("unix://" + options.docker).c_str(), 1);
  std::vector<char*> argv = {program.data()};
  std::vector<std::string> languages = options.build;
  for (std::string& language : languages) argv.push_back(language.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  (void)print_line(to_json(errno_error("start " + program)));
  return kExitError;
}

int answer(const Result<std::string>& result) {
  if (result) return print_line(*result) ? kExitResult : kExitError;
  const bool interrupted = result.error().code == ECANCELED;  // catch_signals()
  (void)print_line(to_json(interrupted ? host_error("interrupted by a signal, " + result.error().what) : result.error()));
  return kExitError;
}

/// `key`: where the address was said.
Result<std::string> socket_path(const std::string& address, const std::string& key) {
  constexpr std::string_view kUnix = "unix://";
  if (address.starts_with(kUnix)) return address.substr(kUnix.size());
  if (address.find("://") == std::string::npos) return address;
  return request_error(key, address + " is not on this host: bailiff needs Docker's unix socket, unix://PATH");
}

/// Taken before a subcommand and after.
CLI::Option* add_docker_option(CLI::App& command, Options& options) {
  return command.add_option("--docker", options.docker, "Docker's socket; default: that of $DOCKER_HOST")
      ->capture_default_str();
}

void add_container_options(CLI::App& command, Options& options) {
  command
      .add_option("--runtime", options.runtime,
                  "Docker's runtime; or native: bailiff-supervisor here, without a container")
      ->capture_default_str();
  command.add_option("--allow-image", options.allowed_images,
                     "an image without our label that may be used, by name or id; may be repeated");
  command.add_option("--cpus", options.cpus, "CPUs of the container, 0 or 2-3, or all; default: one");
  command
      .add_option(
          "--container-memory", options.container_memory,
          "bytes of memory for the whole container; default: the run's limit and 512 MiB and its files")
      ->check(CLI::Range(std::uint64_t{64} << 20, std::uint64_t{1} << 50));
  command
      .add_option("--patience", options.patience_seconds,
                  "seconds beyond a run's wall time after which a silent container is given up")
      ->capture_default_str()
      ->check(CLI::Range(1U, 3600U));
  command.add_option("--supervisor", options.supervisor, "for native: the program; default: beside this one");
}

}  // namespace
}  // namespace bailiff

int main(int argc, char** argv) {
  using namespace bailiff;               // NOLINT: this is the program
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);  // a large output's memory is given back
  Options options;
  if (const char* host = std::getenv("DOCKER_HOST"); host != nullptr && *host != '\0') options.docker = host;
  CLI::App app{"Runs strangers' programs in containers and says what happened.", "bailiff"};
  app.require_subcommand(1);
  app.set_version_flag("--version", BAILIFF_VERSION);

  CLI::App* run_command =
      app.add_subcommand("run", "run one RunSpec, print one RunResult (docs/run-spec.md)");
  run_command->add_option("SPEC", options.spec_path, "file with the RunSpec; - for standard input")
      ->required();
  run_command->add_option("--image", options.image, "image to run in, by name or id");
  add_container_options(*run_command, options);

  CLI::App* submit_command = app.add_subcommand("submit", "compile a program and run it on tests");
  CLI::Option* language =
      submit_command->add_option("LANG", options.language, "a language: bailiff images list");
  CLI::Option* files = submit_command->add_option("FILE", options.files, "its source files")->needs(language);
  CLI::Option* tests = submit_command->add_option("--tests", options.tests, "directory of inputs NAME.in");
  CLI::Option* input =
      submit_command
          ->add_option("--stdin", options.input, "the one input; - for standard input; default: none")
          ->excludes(tests);
  CLI::Option* stop = submit_command->add_flag("--stop-on-first-failure", options.stop_on_first_failure,
                                               "no test after one that is not OK");
  CLI::Option* submit_spec =
      submit_command
          ->add_option(
              "--spec", options.spec_path,
              "file with a SubmitSpec, in place of all these (docs/submit-spec.md); - for standard input")
          ->excludes(language, files, tests, input, stop);
  for (const std::string limit : {"cpu_time_ms", "wall_time_ms", "memory_bytes"}) {
    submit_command
        ->add_option_function<std::string>(
            flag_of(limit), [&, limit](const std::string& value) { options.limits[limit] = value; },
            limit == "wall_time_ms" ? "of each test; default: the language's"
                                    : "of each test; null: unlimited; default: the language's")
        ->excludes(submit_spec);
  }
  submit_command->add_flag("--json", options.json, "all results as JSON; always so with --spec");
  submit_command->add_option("--images", options.images, "directory of language definitions");
  add_container_options(*submit_command, options);

  CLI::App* images_command = app.add_subcommand("images", "the images of the languages");
  images_command->require_subcommand(1);
  images_command->add_option("--images", options.images, "directory of language definitions");
  CLI::App* list_command = images_command->add_subcommand("list", "those there are, and which are built");
  CLI::App* build_command = images_command->add_subcommand("build", "build them");
  build_command->add_option("LANG", options.build, "default: all");

  CLI::App* check_command =
      app.add_subcommand("check", "what this host has and lacks, with the line that helps");
  check_command->add_flag("--json", options.json, "as JSON");
  check_command->add_option("--runtime", options.runtime, "the runtime that is required")
      ->capture_default_str();

  CLI::App* gc_command = app.add_subcommand("gc", "remove what launchers that were killed left");
  CLI::App* version_command = app.add_subcommand("version", "print the version");
  std::vector<CLI::Option*> docker_options;
  for (CLI::App* command : {&app, run_command, submit_command, list_command, build_command, check_command, gc_command})
    docker_options.push_back(add_docker_option(*command, options));
  try {
    app.parse(argc, argv);
    if (submit_command->parsed() && options.spec_path.empty() && options.files.empty()) {
      throw CLI::RequiredError("LANG and FILE, or --spec,");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitResult : kExitUsage;
  }
  if (!version_command->parsed() && options.runtime != "native") {
    const bool said = std::ranges::any_of(docker_options, [](const CLI::Option* option) { return option->count() > 0; });
    Result<std::string> socket = socket_path(options.docker, said ? "--docker" : "DOCKER_HOST");
    if (!socket) return answer(socket);
    options.docker = *std::move(socket);
  }
  if (build_command->parsed()) return build_images(options);
  const UniqueFd signals = catch_signals();
  if (run_command->parsed()) return answer(run(options, signals.get()));
  if (submit_command->parsed()) {
    DockerClient docker(options.docker);
    Retirement retired;  // the answer is printed while the last container goes
    return answer(submit(options, docker, retired, signals.get()));
  }
  if (list_command->parsed()) return answer(list_images(options));
  if (gc_command->parsed()) return answer(gc(options));
  if (version_command->parsed()) return answer(std::string(BAILIFF_VERSION));
  if (!check_command->parsed()) return kExitUsage;
  bool is_usable = false;
  const int code = answer(check(options, &is_usable));
  return is_usable ? code : kExitError;
}
