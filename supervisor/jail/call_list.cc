#include "jail/call_list.h"

#include <cassert>

namespace bailiff {

Offset BoardWriter::reserve(std::size_t size) {
  const Offset at = (next_ + 15U) & ~15U;
  assert(at + size <= kWholeBoardBytes);
  next_ = static_cast<Offset>(at + size);
  return at;
}

Offset BoardWriter::put(const void* data, std::size_t size) {
  const Offset at_offset = reserve(size);
  std::memcpy(at(at_offset), data, size);
  return at_offset;
}

Offset BoardWriter::text(std::string_view text) {
  assert(next_ + text.size() + 1 <= kWholeBoardBytes);
  const Offset at_offset = next_;  // texts need no alignment: keep them dense, each page costs the keeper RSS
  std::memcpy(at(at_offset), text.data(), text.size());
  std::memset(at(at_offset + static_cast<Offset>(text.size())), 0, 1);
  next_ += static_cast<Offset>(text.size()) + 1;
  return at_offset;
}

CallList& CallList::add(std::string_view name, long nr, std::initializer_list<Arg> args) {
  Call call = {};
  call.nr = static_cast<std::int32_t>(nr);
  call.save_slot = -1;
  std::size_t i = 0;
  for (const Arg& arg : args) {
    call.kinds[i] = arg.kind;
    call.args[i] = arg.kind == Call::kBoard && arg.number == 0 ? writer_.text(arg.text) : arg.number;
    ++i;
  }
  calls_.push_back(call);
  names_.emplace_back(name);
  return *this;
}

CallList& CallList::save(int slot) {
  calls_.back().save_slot = static_cast<std::int8_t>(slot);
  return *this;
}

CallList& CallList::may_fail() {
  calls_.back().may_fail = 1;
  return *this;
}

CallList& CallList::otherwise(std::string_view name, long nr, std::initializer_list<Arg> args) {
  calls_.back().may_fail = 1;
  add(name, nr, args);
  calls_.back().only_if_failed = 1;
  return *this;
}

Offset CallList::finish() { return writer_.put(calls_.data(), calls_.size() * sizeof(Call)); }

}  // namespace bailiff
