#include "jail/keeper_image.h"

// BAILIFF_KEEPER is the path of the built keeper; CMake makes this file depend on it.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    "bailiff_keeper_begin:\n"
    ".incbin \"" BAILIFF_KEEPER
    "\"\n"
    "bailiff_keeper_end:\n"
    ".popsection\n");

extern "C" const std::byte bailiff_keeper_begin[];
extern "C" const std::byte bailiff_keeper_end[];

namespace bailiff {

std::span<const std::byte> keeper_image() { return {bailiff_keeper_begin, bailiff_keeper_end}; }

}  // namespace bailiff
