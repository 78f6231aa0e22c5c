#include "CCRC32C.h"
#include <string.h>

#if defined(__x86_64__)

#define BUILT_IN __attribute__((target("sse4.2")))
#define TAKE_8(state, word) ((uint32_t)__builtin_ia32_crc32di(state, word))
#define TAKE_1(state, byte) __builtin_ia32_crc32qi(state, byte)
bool crc32c_is_built_in(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__) && (defined(__APPLE__) || defined(__linux__))

#define BUILT_IN __attribute__((target("crc")))
#define TAKE_8(state, word) __builtin_arm_crc32cd(state, word)
#define TAKE_1(state, byte) __builtin_arm_crc32cb(state, byte)
#if defined(__linux__)
#include <sys/auxv.h>
bool crc32c_is_built_in(void) { return getauxval(AT_HWCAP) & (1 << 7); }
#else
bool crc32c_is_built_in(void) { return true; }
#endif

#else

#define BUILT_IN
#define TAKE_8(state, word) (state)
#define TAKE_1(state, byte) (state)
bool crc32c_is_built_in(void) { return false; }

#endif

BUILT_IN uint32_t crc32c_update(uint32_t state, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        state = TAKE_8(state, word);
    }
    for (; count > 0; bytes++, count--) state = TAKE_1(state, *bytes);
    return state;
}
