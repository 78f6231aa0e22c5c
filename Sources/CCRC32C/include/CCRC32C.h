#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has an instruction for CRC-32C.
bool crc32c_is_built_in(void);

/// Takes `count` bytes into `state` with that instruction, eight at a time. Only where `crc32c_is_built_in`.
uint32_t crc32c_update(uint32_t state, const uint8_t *bytes, size_t count);
