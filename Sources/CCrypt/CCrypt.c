#define _GNU_SOURCE
#include "CCrypt.h"
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

bool ccrypt_bcrypt_setting(unsigned cost, const unsigned char random[16], char *out, size_t out_length) {
    if (cost < 4 || cost > 31) return false;
    return crypt_gensalt_rn("$2b$", cost, (const char *)random, 16, out, (int)out_length) != NULL;
}

bool ccrypt_bcrypt(const char *password, const char *setting, char *out, size_t out_length) {
    if (strncmp(setting, "$2a$", 4) != 0 && strncmp(setting, "$2b$", 4) != 0 && strncmp(setting, "$2y$", 4) != 0) return false;
    struct crypt_data *state = calloc(1, sizeof *state);
    if (state == NULL) return false;
    const char *hash = crypt_rn(password, setting, state, sizeof *state);
    bool done = hash != NULL && strlen(hash) < out_length;
    if (done) strcpy(out, hash);
    explicit_bzero(state, sizeof *state);
    free(state);
    return done;
}
