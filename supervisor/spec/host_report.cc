#include "spec/host_report.h"

#include <nlohmann/json.hpp>

namespace bailiff {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

}  // namespace

std::string to_json(const HostReport& report) {
  Json mechanisms = Json::object();
  for (const auto& [name, held] : report.mechanisms) {
    mechanisms[name] = {{"mechanism", held.mechanism},
                        {"better", text_or_null(held.better)},
                        {"fix", text_or_null(held.fix)}};
  }
  return Json{{"usable", report.usable},
              {"problem", text_or_null(report.problem)},
              {"runtime", report.runtime},
              {"kernel", report.kernel},
              {"cgroup",
               {{"path", text_or_null(report.cgroup_path)},
                {"problem", text_or_null(report.cgroup_problem)},
                {"controllers", report.cgroup_controllers}}},
              {"mechanisms", std::move(mechanisms)},
              {"warnings", report.warnings}}
      .dump();
}

std::string to_text(const HostReport& report) {
  std::string text = "bailiff on " + report.runtime + ", kernel " + report.kernel + "\n";
  for (const auto& [name, held] : report.mechanisms) {
    text += "  " + padded(name, 13) + padded(held.mechanism, 11);
    if (!held.better.empty()) text += "(" + held.better + " possible: " + held.fix + ")";
    while (text.back() == ' ') text.pop_back();
    text += '\n';
  }
  if (report.cgroup_path.empty()) {
    text += "  no cgroup v2: " + report.cgroup_problem + "\n";
  } else {
    text += "  cgroup v2 at " + report.cgroup_path + ", controllers:";
    for (const std::string& controller : report.cgroup_controllers) text += " " + controller;
    text += report.cgroup_controllers.empty() ? " none\n" : "\n";
  }
  for (const std::string& warning : report.warnings) text += "  warning: " + warning + "\n";
  text += report.usable ? "usable: yes" : "usable: no: " + report.problem;
  return text;
}

}  // namespace bailiff
