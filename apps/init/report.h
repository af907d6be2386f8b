// report.h: the results port: what the machine tells the outside, in lines that only the first program and the kernel
// write.
//   VERIDIAN 1                       format version
//   STAGE n microseconds
//   MEMORY name frames               in use when the first program began
//   TEST name ok|FAIL detail
//   BENCH name count unit
//   FILE size crc32 path             then the file in lines of at most 64 bytes, as hex
//   END status passed total last     the last line: exit status, tests passed, tests seen, name of the last one
#pragma once
#include <os/env.h>

[[gnu::format(printf, 1, 2)]] void report_line(const char *format, ...);
void report_stages(void);                  // the kernel has printed them; the port gets them here
void report_drain(struct os_child *child); // passes on what the child's channel holds, as far as it is well formed
[[noreturn]] void report_end(int status);  // END, then the end of the machine
