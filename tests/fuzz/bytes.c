// bytes.c: the fuzzer's bytes in place of random numbers: whoever asks test_random gets the next of them.
#include "bytes.h"

static const uint8_t *next, *end;

void bytes_from(const uint8_t *data, size_t size) {
  next = data;
  end = data + size;
}

size_t bytes_left(void) { return (size_t)(end - next); }

uint64_t bytes_take(unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes && next < end; i++) value |= (uint64_t)*next++ << 8 * i;
  return value;
}

// As few bytes as can name all that is asked for.
uint64_t test_random(uint64_t below) {
  unsigned bytes = 0;
  for (uint64_t most = below - 1; most; most >>= 8) bytes++;
  return bytes_take(bytes) % below;
}
