#include "CWebAssets.h"

// One line a file: its symbol and its path under pages/. The compiler follows edits of embedded files.
#define ASSETS \
    ASSET(icon_svg, "icon.svg")

#define SYMBOL(name) name##_bytes
static const unsigned char SYMBOL(icon_svg)[] = {
#embed "pages/icon.svg"
};

static const obstack_asset assets[] = {
#define ASSET(name, file) {file, SYMBOL(name), sizeof(SYMBOL(name))},
    ASSETS
#undef ASSET
};

const obstack_asset *obstack_assets(void) { return assets; }
size_t obstack_asset_count(void) { return sizeof(assets) / sizeof(assets[0]); }
