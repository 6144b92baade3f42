// bailiff-seccomp: checks profiles, compiles them for operators, and embeds ours at build time.
#include <linux/audit.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "seccomp/compile.h"
#include "seccomp/embed.h"
#include "seccomp/filter.h"
#include "seccomp/profile.h"

namespace bailiff {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 2;  // a profile is wrong, or a file cannot be written
constexpr int kBadCommand = 64;

struct Order {
  std::vector<std::string> profiles;
  std::string output;
  std::string listing;  // compile: a file; embed: a folder
  std::string arch = std::string(arch_name(kNativeArch));
};

Result<CompiledFilter> compile_file(const std::string& path, Arch arch) {
  const Profile profile = TRY(load_profile(path, arch));
  return compile(profile, arch);
}

/// A file is there complete or, when that fails, as it was before.
Result<void> write_file(const std::string& path, std::string_view bytes) {
  const std::string unfinished = path + ".unfinished";
  std::FILE* file = std::fopen(unfinished.c_str(), "wb");
  if (file == nullptr) return errno_error("create " + unfinished);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    Error failure = errno_error("write " + path);
    (void)std::remove(unfinished.c_str());  // nothing more can be done about it
    return failure;
  }
  return {};
}

std::string head_of(const CompiledFilter& filter, Arch arch) {
  FilterFileHead head;
  head.machine = arch == Arch::kX86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
  head.count = static_cast<std::uint32_t>(filter.code.size());
  for (std::size_t i = 0; i < head.sha256.size(); ++i) {
    const char* digits = filter.sha256.data() + 2 * i;
    std::from_chars(digits, digits + 2, head.sha256[i], 16);
  }
  return {reinterpret_cast<const char*>(&head), sizeof head};
}

Result<void> compile_order(const Order& order, Arch arch) {
  const CompiledFilter filter = TRY(compile_file(order.profiles.front(), arch));
  const std::string head = head_of(filter, arch);
  const auto code = std::as_bytes(std::span(filter.code));
  TRY(write_file(order.output, head + std::string(reinterpret_cast<const char*>(code.data()), code.size())));
  if (!order.listing.empty()) TRY(write_file(order.listing, filter.listing));
  std::printf("%s  %s\n", filter.sha256.c_str(), order.output.c_str());
  return {};
}

/// A profile is right when every machine of ours can use it.
Result<void> check_order(const Order& order) {
  for (const std::string& path : order.profiles) {
    for (const Arch arch : kArches) (void)TRY(compile_file(path, arch));  // only whether it succeeds
  }
  return {};
}

Result<void> embed_order(const Order& order, Arch arch) {
  std::vector<NamedFilter> filters;
  for (const std::string& path : order.profiles) {
    const std::string name = std::filesystem::path(path).stem();
    filters.push_back({name, TRY(compile_file(path, arch))});
    if (order.listing.empty()) continue;
    TRY(write_file(order.listing + "/" + name + ".pfc", filters.back().filter.listing));
  }
  return write_file(order.output, embed(filters, arch));
}

int run(int argc, char** argv) {
  CLI::App app{"Checks and compiles seccomp profiles (docs/seccomp.md)", "bailiff-seccomp"};
  app.require_subcommand(1);
  Order order;

  CLI::App* compile = app.add_subcommand("compile", "Compile one profile to a .bpf file");
  compile->add_option("profile", order.profiles, "the profile, NAME.json")->required()->expected(1);
  compile->add_option("-o,--output", order.output, "where the instructions go")->required();
  compile->add_option("--listing", order.listing, "where the readable listing goes");

  CLI::App* check = app.add_subcommand("check", "Say whether profiles are right, for every machine");
  check->add_option("profile", order.profiles, "profiles, NAME.json")->required();

  CLI::App* embed = app.add_subcommand("embed", "Compile profiles into one C++ file (the build does this)");
  embed->add_option("profile", order.profiles, "profiles, NAME.json")->required();
  embed->add_option("-o,--output", order.output, "the C++ file")->required();
  embed->add_option("--listings", order.listing, "a folder for NAME.pfc of each");

  std::vector<std::string> arch_names;
  for (const Arch arch : kArches) arch_names.emplace_back(arch_name(arch));
  for (CLI::App* command : {compile, embed}) {
    command->add_option("--arch", order.arch, "the machine the filter is for")
        ->check(CLI::IsMember(arch_names));
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    return app.exit(failure) == 0 ? kDone : kBadCommand;  // 0: --help
  }

  const Arch arch = *arch_from_name(order.arch);
  const Result<void> done = compile->parsed() ? compile_order(order, arch)
                            : check->parsed() ? check_order(order)
                                              : embed_order(order, arch);
  if (done) return kDone;
  std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return kFailed;
}

}  // namespace
}  // namespace bailiff

int main(int argc, char** argv) { return bailiff::run(argc, argv); }
