// A C door to Zstandard.
#pragma once
#include <zstd.h>
