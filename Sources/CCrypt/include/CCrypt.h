// A C door to libxcrypt's bcrypt, the scheme of Prometheus's web configuration and of Apache's htpasswd.
#pragma once
#include <stdbool.h>
#include <stddef.h>

/// A bcrypt setting ("$2b$COST$SALT") made of 16 random bytes, into `out` of at least 64 bytes; false for a cost outside 4 … 31.
bool ccrypt_bcrypt_setting(unsigned cost, const unsigned char random[16], char *out, size_t out_length);
/// Hashes `password` (no NUL inside, at most 72 bytes) under a setting or an existing hash, into `out` of at least 64 bytes; false when
/// the setting is not a bcrypt one. Safe from many threads; takes about 50 ms at cost 10 and 33 KB while it runs.
bool ccrypt_bcrypt(const char *password, const char *setting, char *out, size_t out_length);
