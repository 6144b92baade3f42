#include "jail/host.h"

#include "jail/enforce.h"
#include "jail/run.h"

namespace bailiff {

std::vector<HostFact> probe_host(const Surroundings& surroundings) {
  std::vector<HostFact> facts;
  RunSpec spec;
  spec.argv = {"/usr/bin/true"};
  const Result<RunResult> tried = run_once(surroundings, spec);
  if (!tried) {
    facts.push_back({"box", "none", tried.error().message()});
    return facts;
  }
  for (const auto& [name, mechanism] : tried->enforced) facts.push_back({name, mechanism, {}});
  return facts;
}

}  // namespace bailiff
