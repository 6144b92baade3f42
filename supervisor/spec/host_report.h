#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace bailiff {

/// One limit or layer as this host holds it.
struct HostMechanism {
  std::string mechanism = {};  // what holds it now; "none" when nothing does
  std::string better = {};     // what could; empty when there is nothing better
  std::string fix = {};        // the one line that gets it
};

/// What `bailiff-supervisor check` found by running a real program in a real box. Its JSON form has these
/// keys.
struct HostReport {
  bool usable = false;
  std::string problem = {};  // why not usable, and the fix
  std::string runtime = {};
  std::string kernel = {};       // uname -r
  std::string cgroup_path = {};  // empty: no cgroup v2 to use
  std::string cgroup_problem = {};
  std::set<std::string> cgroup_controllers = {};
  std::map<std::string, HostMechanism> mechanisms = {};
  std::vector<std::string> warnings = {};
};

/// One line of JSON.
std::string to_json(const HostReport& report);
/// For people: one line per mechanism.
std::string to_text(const HostReport& report);

}  // namespace bailiff
