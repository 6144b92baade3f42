#pragma once

#include "spec/run_result.h"

namespace bailiff {

/// The run that docs/run-result.md shows.
inline RunResult example_result() {
  RunResult run;
  run.status = Verdict::kTimeLimit;
  run.reason = "cpu";
  run.signal = 9;
  run.killed_by = "supervisor";
  run.limits_exceeded = {"cpu_time"};
  run.cpu_time.best = {.total = 1000731us,
                       .user = 990ms,
                       .system = 10731us,
                       .source = "cgroup",
                       .resolution = 1us,
                       .includes = "every process of the run"};
  run.cpu_time.others = {{.total = 1000100us,
                          .source = "wait4",
                          .resolution = 1us,
                          .includes = "processes the keeper reaped, with the children they waited for"}};
  run.wall_time.total = 1001119us;
  run.peak_memory.best = {
      .peak = Bytes{1589248}, .source = "cgroup", .resolution = 4_KiB, .includes = "anon+file+shmem+kernel"};
  run.peak_memory.others = {{.peak = Bytes{1417216},
                             .source = "rusage",
                             .resolution = 4_KiB,
                             .includes = "resident pages of the largest process, files it maps included"}};
  run.memory_breakdown = {
      .anon = Bytes{1060864}, .file = Bytes{405504}, .shmem = Bytes{0}, .kernel = Bytes{122880}};
  run.processes = {{.pid = 2, .cpu = 1000100us, .max_rss = Bytes{1417216}, .signal = 9}};
  run.stdout_stream = {.kept = "working\n",
                       .bytes = 8,
                       .sha256 = "0e442b07e3772e8f5622478242ddf5f9f197bbd6a0402cd71471db4081abb291"};
  run.stderr_stream = {.kept = "\xFF",
                       .bytes = 1,
                       .sha256 = "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89"};
  run.files = {{"image.png", {.bytes = "\x89PNG\r\n\x1A\n"}},
               {"log.txt", {.bytes = "ok\n"}},
               {"out.txt", {.error = "missing"}}};
  run.enforced = {{"cpu_time", "timer"},   {"memory", "cgroup"},   {"net", "namespace"},
                  {"processes", "cgroup"}, {"seccomp", "default"}, {"wall_time", "timer"}};
  run.overhead = {.prepare = 410us, .spawn = 620us, .run = 90us, .collect = 35us, .cleanup = 280us};
  run.sandbox.namespaces = {"pid", "mount", "net", "ipc", "uts"};
  run.sandbox.seccomp = "default@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  return run;
}

}  // namespace bailiff
