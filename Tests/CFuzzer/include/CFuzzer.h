#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: it reads its options from the arguments, and calls `test` with one input after another.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
