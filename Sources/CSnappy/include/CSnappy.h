// A C door to snappy.
#pragma once
#include <snappy-c.h>
