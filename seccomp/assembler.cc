#include "seccomp/assembler.h"

#include <algorithm>
#include <map>

namespace bailiff {

/// Gives an assembler's lines their final places.
class Layout {
 public:
  explicit Layout(const Assembler& source) : lines_(source.lines_), places_(source.places_) {}

  std::vector<sock_filter> result() {
    look_ahead();
    for (std::size_t i = lines_.size(); i-- > 0;) {
      if (knowledge_[i].reached && !knowledge_[i].superfluous) write(i);
    }
    std::ranges::reverse(code_);
    return std::move(code_);
  }

 private:
  using Line = Assembler::Line;
  static constexpr std::uint32_t kNothingKnown = 0xffffffff;
  static constexpr std::size_t kFarthest = 255;  // a conditional jump's distance is one byte

  struct Knowledge {
    bool reached = false;
    bool superfluous = false;              // loads what is there already
    std::uint32_t loaded = kNothingKnown;  // the offset whose word the accumulator holds on every way here
  };

  static bool is_branch(const Line& line) {
    return BPF_CLASS(line.code.code) == BPF_JMP && line.code.code != kGoto;
  }

  /// The line a jump from `from` to `label` ends at, past jumps and loads that do nothing.
  [[nodiscard]] std::size_t target(Label label, std::size_t from) const {
    std::size_t line = label == Assembler::kNext ? from + 1 : places_[label];
    while (lines_[line].code.code == kGoto || knowledge_[line].superfluous) {
      line = lines_[line].code.code == kGoto ? places_[lines_[line].yes] : line + 1;
    }
    return line;
  }

  void arrive(std::size_t line, std::uint32_t loaded) {
    Knowledge& there = knowledge_[line];
    if (!there.reached) there.loaded = loaded;
    if (there.loaded != loaded) there.loaded = kNothingKnown;
    there.reached = true;
  }

  /// A verdict that is jumped to needs no place of its own: bring_near() finds or makes one.
  void arrive_by_jump(std::size_t line, std::uint32_t loaded) {
    if (lines_[line].code.code != kReturn) arrive(line, loaded);
  }

  /// All jumps are forward, so whoever leads to a line has been seen before it.
  void look_ahead() {
    knowledge_.assign(lines_.size(), {});
    arrive(0, kNothingKnown);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Line& line = lines_[i];
      Knowledge& here = knowledge_[i];
      if (!here.reached || line.code.code == kReturn) continue;
      if (line.code.code == kGoto) {
        arrive_by_jump(target(line.yes, i), here.loaded);
      } else if (is_branch(line)) {
        arrive_by_jump(target(line.yes, i), here.loaded);
        arrive_by_jump(target(line.no, i), here.loaded);
      } else {
        here.superfluous = line.code.code == kLoad && here.loaded == line.code.k;
        arrive(i + 1, line.code.code == kLoad ? line.code.k : kNothingKnown);
      }
    }
  }

  // --- writing, from the last instruction to the first: where a jump goes is then known ---

  void write(std::size_t index) {
    const Line& line = lines_[index];
    sock_filter code = line.code;
    if (is_branch(line)) {
      const std::size_t yes = target(line.yes, index);
      const std::size_t no = target(line.no, index);
      // Making one reachable can push the other one away by an instruction.
      bring_near(yes);
      bring_near(no);
      code.jt = static_cast<std::uint8_t>(distance(yes));
      code.jf = static_cast<std::uint8_t>(distance(no));
    } else if (code.code == kGoto) {
      // Only a load or mask falls into one.
      const std::size_t to = target(line.yes, index);
      if (lines_[to].code.code == kReturn) {
        code = lines_[to].code;
      } else {
        code.k = static_cast<std::uint32_t>(distance(to));
      }
    }
    code_.push_back(code);
    remember(index);
  }

  void remember(std::size_t index) {
    const sock_filter& code = lines_[index].code;
    if (code.code == kReturn) {
      verdicts_[code.k] = code_.size() - 1;
    } else {
      written_[index] = code_.size() - 1;
    }
  }

  /// Instructions between the one written next and the line.
  [[nodiscard]] std::size_t distance(std::size_t line) const {
    const sock_filter& code = lines_[line].code;
    return code_.size() - 1 - (code.code == kReturn ? verdicts_.at(code.k) : written_.at(line));
  }

  /// Lets a branch written next reach the line: by a verdict of its own, or a jump that goes the rest.
  void bring_near(std::size_t line) {
    const sock_filter& code = lines_[line].code;
    const bool missing = code.code == kReturn && !verdicts_.contains(code.k);
    if (!missing && distance(line) + 1 <= kFarthest) return;
    code_.push_back(
        code.code == kReturn ? code : sock_filter{kGoto, 0, 0, static_cast<std::uint32_t>(distance(line))});
    remember(line);
  }

  const std::vector<Line>& lines_;
  const std::vector<std::size_t>& places_;
  std::vector<Knowledge> knowledge_;
  std::vector<sock_filter> code_;                  // backwards
  std::map<std::size_t, std::size_t> written_;     // line -> its place in code_
  std::map<std::uint32_t, std::size_t> verdicts_;  // value -> the place of the nearest one
};

std::vector<sock_filter> Assembler::assemble() const { return Layout(*this).result(); }

}  // namespace bailiff
