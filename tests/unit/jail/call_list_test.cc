#include "jail/call_list.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <array>
#include <string>

namespace bailiff {
namespace {

/// A board of our own, large enough for these lists.
struct Board4K {
  alignas(16) std::array<std::byte, 4096> bytes = {};
  BoardWriter writer{bytes.data(), 64};

  [[nodiscard]] std::string text_at(std::uint64_t offset) const {
    return reinterpret_cast<const char*>(bytes.data() + offset);
  }
  [[nodiscard]] const Call& call(Offset list, int index) const {
    return reinterpret_cast<const Call*>(bytes.data() + list)[index];
  }
};

TEST(BoardWriter, PutsTextsDenseAndArraysAligned) {
  Board4K board;
  const Offset first = board.writer.text("ab");
  const Offset second = board.writer.text("");
  const Offset third = board.writer.text("c");
  EXPECT_EQ(first, 64U);
  EXPECT_EQ(second, first + 3);
  EXPECT_EQ(third, second + 1);
  EXPECT_EQ(board.text_at(first), "ab");
  EXPECT_EQ(board.text_at(second), "");
  EXPECT_EQ(board.text_at(third), "c");
  const std::uint64_t number = 42;
  const Offset array = board.writer.put(&number, sizeof number);
  EXPECT_EQ(array % 16, 0U);
  EXPECT_GE(array, third + 2);
  EXPECT_EQ(board.writer.next(), array + sizeof number);
}

TEST(BoardWriter, TakesNoMoreOfATextThanItSays) {
  Board4K board;
  const Offset at = board.writer.text(std::string_view("abcdef", 3));
  EXPECT_EQ(board.text_at(at), "abc");
}

TEST(CallList, WritesTheCallAndItsArguments) {
  Board4K board;
  CallList list(board.writer);
  list.add("mount /x", SYS_mount, {"source", std::string("/target"), nullptr, 5UL, CallList::Slot{3}});
  const Call& call = board.call(list.finish(), 0);
  EXPECT_EQ(call.nr, SYS_mount);
  EXPECT_EQ(call.kinds[0], Call::kBoard);
  EXPECT_EQ(board.text_at(call.args[0]), "source");
  EXPECT_EQ(board.text_at(call.args[1]), "/target");
  EXPECT_EQ(call.kinds[2], Call::kLiteral);
  EXPECT_EQ(call.args[2], 0U);
  EXPECT_EQ(call.args[3], 5U);
  EXPECT_EQ(call.kinds[4], Call::kSlot);
  EXPECT_EQ(call.args[4], 3U);
  EXPECT_EQ(call.args[5], 0U);
  EXPECT_EQ(call.save_slot, -1);
  EXPECT_EQ(call.may_fail, 0);
  EXPECT_EQ(call.only_if_failed, 0);
  EXPECT_EQ(list.names().at(0), "mount /x");
}

TEST(CallList, SignExtendsWhatIsNegative) {  // AT_FDCWD is -100 and must arrive as such
  Board4K board;
  CallList list(board.writer);
  list.add("open", SYS_openat, {-100});
  EXPECT_EQ(static_cast<std::int64_t>(board.call(list.finish(), 0).args[0]), -100);
}

TEST(CallList, TakesAnOffsetThatIsOnTheBoardAlready) {
  Board4K board;
  const Offset there = board.writer.text("there");
  CallList list(board.writer);
  list.add("open", SYS_openat, {CallList::Arg(there, Call::kBoard)});
  const Offset before = board.writer.next();
  EXPECT_EQ(board.call(list.finish(), 0).args[0], there);
  EXPECT_LE(before, there + 16) << "the text was put a second time";
}

TEST(CallList, KeepsAnEmptyText) {  // "" is a path and not the null pointer
  Board4K board;
  CallList list(board.writer);
  list.add("open", SYS_openat, {""});
  const Call& call = board.call(list.finish(), 0);
  EXPECT_EQ(call.kinds[0], Call::kBoard);
  EXPECT_NE(call.args[0], 0U);
  EXPECT_EQ(board.text_at(call.args[0]), "");
}

TEST(CallList, SpeaksOfTheCallAddedLast) {
  Board4K board;
  CallList list(board.writer);
  list.add("one", SYS_getpid, {}).save(2);
  list.add("two", SYS_getpid, {}).may_fail();
  EXPECT_EQ(list.size(), 2);
  EXPECT_EQ(list.last(), 1);
  const Offset at = list.finish();
  EXPECT_EQ(board.call(at, 0).save_slot, 2);
  EXPECT_EQ(board.call(at, 0).may_fail, 0);
  EXPECT_EQ(board.call(at, 1).save_slot, -1);
  EXPECT_EQ(board.call(at, 1).may_fail, 1);
}

TEST(CallList, OtherwiseLetsTheOneBeforeFail) {
  Board4K board;
  CallList list(board.writer);
  list.add("new way", SYS_getpid, {});
  list.otherwise("old way", SYS_getuid, {});
  list.otherwise("older way", SYS_getgid, {});
  const Offset at = list.finish();
  EXPECT_EQ(board.call(at, 0).may_fail, 1);
  EXPECT_EQ(board.call(at, 0).only_if_failed, 0);
  EXPECT_EQ(board.call(at, 1).may_fail, 1);
  EXPECT_EQ(board.call(at, 1).only_if_failed, 1);
  EXPECT_EQ(board.call(at, 2).may_fail, 0);
  EXPECT_EQ(board.call(at, 2).only_if_failed, 1);
  EXPECT_EQ(list.names().at(2), "older way");
}

}  // namespace
}  // namespace bailiff
