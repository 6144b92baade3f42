// bench_engine FILE: the engine in a process of its own, driven by bench_driver. One box, prepared with FILE in it, which
// runs whenever a byte arrives on standard input:
//
//   r  one run; answers what it took, and what renewing the box afterwards took: two int64, nanoseconds
//   j  answers the result of the last run: u32 length, JSON

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "bench/support.h"
#include "jail/frame_stream.h"
#include "jail/run.h"
#include "seccomp/filter.h"
#include "spec/json.h"

namespace bailiff::bench {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class Engine {
 public:
  explicit Engine(const std::string& file) : filter_(find_filter("default")) {
    const std::string name = file.substr(file.rfind('/') + 1);
    spec_.argv = {"./" + name};
    surroundings_.root = must(RootTree::of_host());
    surroundings_.cgroups = CgroupTree::find_own();
    surroundings_.kernel = Kernel::probe();

    const std::string bytes = read_file(file);
    Spool spool{must(make_spool()), {{name, 0755, 0, bytes.size()}}};
    write_all(spool.bytes.get(), bytes);
    box_ = must(Box::open(surroundings_, BoxSpec{.root = &surroundings_.root,
                                                 .disk = spec_.limits.disk,
                                                 .disk_inodes = spec_.limits.disk_inodes,
                                                 .reusable = true}));
    must(box_.fill(std::move(spool)));
  }

  /// From the call to the result, as Session and run_once do it.
  Nanos run() {
    const Nanos begun = now();
    Run run = must(Run::start(box_, surroundings_, spec_, *filter_, UniqueFd()));
    for (bool over = false; !over;) {
      std::array<pollfd, 3> fds = run.watch();
      const Nanos left = std::max(Nanos{0}, run.next_look() - monotonic_now());
      const timespec timeout = {std::chrono::floor<std::chrono::seconds>(left).count(), (left % 1s).count()};
      if (::ppoll(fds.data(), fds.size(), &timeout, nullptr) < 0 && errno != EINTR) give_up_errno("ppoll");
      over = must(run.wake(fds));
    }
    result_ = must(run.finish());
    return now() - begun;
  }

  Nanos renew() {
    const Nanos begun = now();
    must(box_.renew(surroundings_));
    return now() - begun;
  }

  [[nodiscard]] const RunResult& result() const { return result_; }

 private:
  Surroundings surroundings_;
  const Filter* filter_;
  RunSpec spec_;
  Box box_;
  RunResult result_;
};

template <typename T>
void answer(const T& value) {
  write_all(STDOUT_FILENO, {reinterpret_cast<const char*>(&value), sizeof value});
}

void serve(Engine& engine) {
  for (char order = 0; ::read(STDIN_FILENO, &order, 1) == 1;) {
    if (order == 'r') {
      const Nanos run = engine.run();
      const Nanos renew = engine.renew();
      if (engine.result().status != Verdict::kOk) give_up("not OK: " + to_json(engine.result()));
      answer(std::array<std::int64_t, 2>{run.count(), renew.count()});
    } else {
      const std::string json = to_json(engine.result());
      answer(static_cast<std::uint32_t>(json.size()));
      write_all(STDOUT_FILENO, json);
    }
  }
}

}  // namespace
}  // namespace bailiff::bench

int main(int argc, char** argv) {
  using namespace bailiff::bench;  // NOLINT: this is the program
  if (argc != 2) give_up("usage: bench_engine FILE");
  ::signal(SIGPIPE, SIG_IGN);
  Engine engine(argv[1]);
  serve(engine);
}
