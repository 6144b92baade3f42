#pragma once

#include <linux/errno.h>
#include <sys/syscall.h>

/// System calls without libc, for the keeper: a libc would cost it 600 KiB of resident memory, and every
/// program's ru_maxrss starts from what its parent had (getrusage(2); fs/exec.c, setmax_mm_hiwater_rss).
/// Every call returns what the kernel returned: a negative value is -errno.
namespace bailiff::raw {

using Word = long;

#if defined(__x86_64__)
inline Word syscall6(Word nr, Word a, Word b, Word c, Word d, Word e, Word f) noexcept {
  Word result;
  register Word r10 asm("r10") = d;
  register Word r8 asm("r8") = e;
  register Word r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline Word syscall6(Word nr, Word a, Word b, Word c, Word d, Word e, Word f) noexcept {
  register Word x8 asm("x8") = nr;
  register Word x0 asm("x0") = a;
  register Word x1 asm("x1") = b;
  register Word x2 asm("x2") = c;
  register Word x3 asm("x3") = d;
  register Word x4 asm("x4") = e;
  register Word x5 asm("x5") = f;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
#else
#error "the keeper knows x86_64 and aarch64"
#endif

template <typename T>
Word word(T value) noexcept {
  if constexpr (__is_enum(T)) {
    return static_cast<Word>(value);
  } else {
    return (Word)value;  // NOLINT: pointers and integers alike; this is the register
  }
}

template <typename... Args>
Word call(Word nr, Args... args) noexcept {
  static_assert(sizeof...(Args) <= 6);
  const Word words[6] = {word(args)...};
  return syscall6(nr, words[0], words[1], words[2], words[3], words[4], words[5]);
}

}  // namespace bailiff::raw
