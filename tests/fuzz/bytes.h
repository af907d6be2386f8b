// bytes.h: a fuzzer's input, used up from the front; behind its end there are only zeros.
#pragma once
#include "test.h"

void bytes_from(const uint8_t *data, size_t size);
size_t bytes_left(void);
uint64_t bytes_take(unsigned bytes); // as a number, least significant first
