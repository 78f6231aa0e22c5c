// The pages, embedded. `pages/` holds them; `assets.c` names every one.
#pragma once
#include <stddef.h>

typedef struct {
    const char *path;   // relative to pages/, for example "system/tokens.css"
    const unsigned char *bytes;
    size_t length;
} obstack_asset;

/// Every embedded file.
const obstack_asset *obstack_assets(void);
size_t obstack_asset_count(void);
