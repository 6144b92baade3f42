#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace bailiff {

/// What one run asked for, of one system call.
struct SeenCall {
  std::uint64_t times = 0;
  std::string first_in = {};            // name of the thread (comm) that made it first
  std::set<std::uint32_t> values = {};  // of the argument a profile tells apart (Learnable); else empty
};

/// The system calls of one run, by number.
struct CallLog {
  std::map<std::uint32_t, SeenCall> calls = {};

  void note(std::uint32_t number, const std::uint64_t (&args)[6], const std::string& thread);
};

/// Pure: the profile (docs/seccomp.md) that allows what was seen and takes all else for a violation.
/// `program` is for its texts.
std::string profile_of(const CallLog& log, const std::string& program);

/// Calls that a profile had better refuse politely than allow, however trusted the program: their work is
/// done where no filter sees it. Learning answers ENOSYS to them, and so does the learnt profile.
bool is_refused_politely(std::uint32_t number);

}  // namespace bailiff
