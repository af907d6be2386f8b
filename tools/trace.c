// trace.c: makes a trace in Chrome's format (for ui.perfetto.dev or chrome://tracing) out of a machine's memory.
//
//   trace RAM BASE RESULTS NUMBERS >trace.json
//
// RAM is the file that was the guest's memory from the physical address BASE on; RESULTS says, as `TRACE <physical
// address> <rings>`, where the kernel's rings are; NUMBERS is the header with the numbers of the POSIX calls. One
// process shows who has each CPU; each environment is another, with a thread for each CPU.
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <exo/call.h>
#include <exo/trace.h>

enum { CPUS = 16, DEPTH = 64, POSIX = 512, HOLE_END = 32 };
enum { MACHINE = 1 << 20 }; // the process that stands for the CPUs: viewers keep 0 for purposes of their own

struct event {
  struct exo_trace r;
  uint64_t order;
  unsigned id; // of the environment; 0: none
};
static struct event *events;
static size_t count;
static uint64_t hz, zero, lost;

struct track { // one environment on one CPU: what has begun and not ended
  unsigned depth, beyond;
  char span[DEPTH]; // c: a call, m: between two marks, e: an event
};
static struct env {
  uint32_t frame;
  bool ended;
  char name[8];
  unsigned seen; // CPUs, bits
  struct track track[CPUS];
} *envs; // by id
static unsigned env_count = 1;

static const char *const call_name[] = {
#define EXO_CALL(number, name, ...) [number] = #name,
#include <exo/call.def>
#undef EXO_CALL
};
static const char *const cause_name[] = {"?",     "read",       "write",      "exec",    "illegal", "breakpoint",
                                         "align", "arithmetic", "protection", "foreign", "bad pc",  "?",
                                         "?",     "?",          "step",       "point"};
static char posix_name[POSIX][24];

[[noreturn]] static void die(const char *subject, const char *what) {
  fprintf(stderr, "trace: %s: %s\n", subject, what);
  exit(1);
}

static void *must(void *memory) {
  if (!memory) die("memory", "none left");
  return memory;
}

// --- What happened

// "  N_read = 63,"
static void read_numbers(const char *path) {
  FILE *f = fopen(path, "r");
  char line[256], name[24];
  unsigned number;
  if (!f) die(path, "can not be read");
  while (fgets(line, sizeof line, f))
    if (sscanf(line, " N_%23[a-z0-9_] = %u", name, &number) == 2 && number < POSIX) strcpy(posix_name[number], name);
  fclose(f);
}

static void read_place(const char *path, uint64_t *physical, unsigned *rings) {
  FILE *f = fopen(path, "r");
  char line[1024];
  if (!f) die(path, "can not be read");
  bool found = false;
  while (!found && fgets(line, sizeof line, f)) found = sscanf(line, "TRACE %" SCNu64 " %u", physical, rings) == 2;
  fclose(f);
  if (!found || *rings > CPUS) die(path, "this kernel traced nothing");
}

static void read_ring(const struct exo_trace_ring *ring) {
  if (ring->version != EXO_TRACE_VERSION || ring->records != EXO_TRACE_RECORDS || !ring->clock_hz)
    die("ring", "not one that this tool knows");
  hz = ring->clock_hz;
  zero = ring->clock_zero;
  uint64_t n = exo_trace_lost(ring, 0);
  lost += n;
  events = must(realloc(events, (count + EXO_TRACE_RECORDS) * sizeof *events));
  for (; exo_trace_read(ring, n, &events[count].r); n++) {
    events[count].order = n;
    if (events[count++].r.cpu >= CPUS) die("ring", "a record of no CPU");
  }
}

static int by_time(const void *a, const void *b) {
  const struct event *x = a, *y = b;
  if (x->r.time != y->r.time) return x->r.time < y->r.time ? -1 : 1;
  if (x->r.cpu != y->r.cpu) return x->r.cpu < y->r.cpu ? -1 : 1;
  return x->order < y->order ? -1 : 1;
}

static void read_rings(const char *ram, uint64_t base, uint64_t physical, unsigned rings) {
  int fd = open(ram, O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st)) die(ram, "can not be read");
  // q35 puts what does not fit below 2 GiB above 4 GiB.
  uint64_t at = !base && physical >> HOLE_END ? physical - (1ull << 31) : physical - base;
  uint64_t size = (uint64_t)st.st_size, bytes = rings * sizeof(struct exo_trace_ring);
  if (at > size || bytes > size - at) die(ram, "too small for the rings");
  const uint8_t *memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) die(ram, "can not be mapped");
  for (unsigned i = 0; i < rings; i++) read_ring((const struct exo_trace_ring *)(memory + at) + i);
  qsort(events, count, sizeof *events, by_time);
}

// --- Who it was: a frame is one environment after the other's.

static unsigned env_of(uint32_t frame) {
  for (unsigned i = env_count; frame && i-- > 1;)
    if (envs[i].frame == frame && !envs[i].ended) return i;
  if (!frame) return 0;
  envs = must(realloc(envs, (env_count + 1) * sizeof *envs));
  envs[env_count] = (struct env){.frame = frame};
  return env_count++;
}

static void find_envs(void) {
  envs = must(calloc(1, sizeof *envs));
  for (size_t i = 0; i < count; i++) {
    struct event *e = &events[i];
    bool ends = e->r.kind == EXO_TRACE_REVOCATION && e->r.number == EXO_TRACE_ENDED;
    e->id = env_of(ends ? (uint32_t)e->r.word[0] : e->r.env);
    envs[e->id].ended |= ends && e->id;
    envs[e->id].seen |= 1u << e->r.cpu;
    envs[0].seen |= 1u << e->r.cpu;
    if (e->r.kind != EXO_TRACE_MARK || (e->r.word[0] >> 56 & 127) != EXO_MARK_NAME) continue;
    for (int k = 0; k < 7; k++) {
      char c = (char)(e->r.word[0] >> k * 8);
      envs[e->id].name[k] = c && (c <= ' ' || c > '~' || c == '"' || c == '\\') ? '?' : c;
    }
  }
}

// --- Writing. `what` is a constant or made of visible letters without quotes.

static const char *separator = "\n";
static const struct event *now;

[[gnu::format(printf, 5, 6)]] static void put(char phase, unsigned pid, const char *category, const char *what,
                                              const char *arguments, ...) {
  unsigned __int128 ns = (unsigned __int128)(now->r.time - zero) * 1'000'000'000 / hz;
  uint64_t t = (uint64_t)ns;
  va_list list;
  printf("%s{\"ph\":\"%c\",\"pid\":%u,\"tid\":%u,\"ts\":%" PRIu64 ".%03u", separator, phase, pid ? pid : MACHINE,
         now->r.cpu + 1, t / 1000, (unsigned)(t % 1000));
  if (what) printf(",\"cat\":\"%s\",\"name\":\"%s\"", category, what);
  if (phase == 'i') printf(",\"s\":\"t\"");
  printf(",\"args\":{");
  va_start(list, arguments);
  vprintf(arguments, list);
  va_end(list);
  printf("}}");
  separator = ",\n";
}
#define HEX "\"0x%" PRIx64 "\""

static struct track *track_now(void) { return &envs[now->id].track[now->r.cpu]; }

static void begin(char span, const char *category, const char *what, uint64_t a, uint64_t b) {
  struct track *t = track_now();
  if (t->depth == DEPTH) {
    t->beyond++;
    return;
  }
  t->span[t->depth++] = span;
  if (span == 'c')
    put('B', now->id, category, what, "\"a\":" HEX ",\"b\":" HEX, a, b);
  else
    put('B', now->id, category, what, "%s", "");
}

// Ends the last one if it is of that kind; its beginning may be lost.
static void end(char span, int64_t result) {
  struct track *t = track_now();
  if (t->beyond)
    t->beyond--;
  else if (t->depth && t->span[t->depth - 1] == span) {
    t->depth--;
    if (span == 'c')
      put('E', now->id, nullptr, nullptr, "\"result\":%" PRId64, result);
    else
      put('E', now->id, nullptr, nullptr, "%s", "");
  }
}

// A call that went somewhere else than back.
static void end_calls(unsigned id, bool marks) {
  struct track *t = &envs[id].track[now->r.cpu];
  for (t->beyond = 0; t->depth && (marks || t->span[t->depth - 1] == 'c'); t->depth--)
    put('E', id, nullptr, nullptr, "%s", "");
}

// The event record is continued or used again: all that began since it was last used has ended.
static void end_event(void) {
  struct track *t = track_now();
  unsigned at = t->depth;
  while (at && t->span[at - 1] != 'e') at--;
  for (; at && t->depth >= at; t->depth--) put('E', now->id, nullptr, nullptr, "%s", "");
}

static const char *env_name(unsigned id) {
  static char text[32];
  snprintf(text, sizeof text, *envs[id].name ? "env %u: %s" : "env %u", id, envs[id].name);
  return text;
}

// --- One of each kind

static void mark(void) {
  uint64_t word = now->r.word[0], payload = word & ~0ull >> 8;
  char name[24] = {};
  end_calls(now->id, false);
  switch (word >> 56 & 127) {
  case EXO_MARK_END: end('m', 0); break;
  case EXO_MARK_POSIX:
    if (payload < POSIX && *posix_name[payload])
      begin('m', "posix", posix_name[payload], 0, 0);
    else
      snprintf(name, sizeof name, "posix %u", (unsigned)payload), begin('m', "posix", name, 0, 0);
    break;
  case EXO_MARK_BEGIN:
    for (int k = 0; k < 7; k++) {
      char c = (char)(payload >> k * 8);
      name[k] = c && (c < ' ' || c > '~' || c == '"' || c == '\\') ? '?' : c;
    }
    begin('m', "library", name, 0, 0);
    break;
  default:
  }
}

static void fault(void) {
  char name[32];
  unsigned n = now->r.number < sizeof cause_name / sizeof *cause_name ? now->r.number : 0;
  end_calls(now->id, false);
  snprintf(name, sizeof name, "fault: %s", cause_name[n]);
  put('i', now->id, "fault", name, "\"address\":" HEX ",\"pc\":" HEX, now->r.word[0], now->r.word[1]);
}

static void upcall(void) {
  static const struct {
    const char *name, *a, *b;
  } door[] = {{"upcall: fault", "cause", "pc"},
              {"upcall: event", "pending", "pc"},
              {"upcall: gate", "from", "word"},
              {"upcall: reply", "a", "b"}};
  unsigned n = now->r.number % 4;
  end_calls(now->id, false);
  put('i', now->id, "upcall", door[n].name, "\"%s\":" HEX ",\"%s\":" HEX, door[n].a, now->r.word[0], door[n].b,
      now->r.word[1]);
  if (n == EXO_TRACE_DOOR_EVENT && now->r.word[1]) end_event(), begin('e', "upcall", "event", 0, 0);
}

static void resume(void) {
  end_calls(now->id, false);
  if (now->r.number == 1) end_event();
  put('i', now->id, "upcall", "resume", "\"record\":%u,\"pc\":" HEX, now->r.number, now->r.word[0]);
}

static void switched(void) {
  static unsigned has[CPUS];
  unsigned *who = &has[now->r.cpu];
  if (*who) {
    end_calls(*who, false);
    put('E', 0, nullptr, nullptr, "%s", "");
  }
  *who = now->id;
  if (*who) put('B', 0, "switch", env_name(*who), "\"slice\":%u,\"end_ns\":%" PRIu64, now->r.number, now->r.word[0]);
}

static void interrupt(void) {
  static const char *const name[] = {"timer", "cross call", "device"};
  put('i', 0, "interrupt", name[now->r.number % 3], "\"env\":%u,\"which\":%" PRIu64, now->id, now->r.word[0]);
}

static void revocation(void) {
  static const char *const name[] = {"revocation: CPU asked for", "revocation: CPU taken", "revocation: ended",
                                     "revocation: asked", "revocation: repossessed"};
  unsigned pid = now->r.number == EXO_TRACE_ENDED ? 0 : now->id;
  if (!pid) end_calls(now->id, true);
  put('i', pid, "revocation", name[now->r.number % 5], "\"env\":%u,\"a\":" HEX ",\"b\":" HEX, now->id, now->r.word[0],
      now->r.word[1]);
}

static void event(void) {
  const struct exo_trace *r = &now->r;
  switch (r->kind) {
  case EXO_TRACE_CALL:
    if (r->number < EXO_CALL_COUNT) begin('c', "call", call_name[r->number], r->word[0], r->word[1]);
    break;
  case EXO_TRACE_RETURN: end('c', (int64_t)r->word[0]); break;
  case EXO_TRACE_MARK: mark(); break;
  case EXO_TRACE_FAULT: fault(); break;
  case EXO_TRACE_UPCALL: upcall(); break;
  case EXO_TRACE_RESUME: resume(); break;
  case EXO_TRACE_SWITCH: switched(); break;
  case EXO_TRACE_INTERRUPT: interrupt(); break;
  case EXO_TRACE_REVOCATION: revocation(); break;
  default: die("ring", "a record of no known kind");
  }
}

// Phase M: names, and the CPUs above all.
static void put_names(void) {
  printf("%s{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":-1}}", separator,
         MACHINE);
  for (unsigned id = 0; id < env_count; id++) {
    unsigned pid = id ? id : MACHINE;
    printf(",\n{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}", pid,
           id ? env_name(id) : "CPUs");
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
      if (envs[id].seen >> cpu & 1)
        printf(",\n{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":\"CPU %u\"}}", pid,
               cpu + 1, cpu);
  }
}

int main(int argc, char **argv) {
  uint64_t physical;
  unsigned rings;
  if (argc != 5) die("usage", "trace RAM BASE RESULTS NUMBERS >trace.json");
  read_place(argv[3], &physical, &rings);
  read_rings(argv[1], strtoull(argv[2], nullptr, 0), physical, rings);
  read_numbers(argv[4]);
  find_envs();
  printf("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"records\":%zu,\"lost\":%" PRIu64 "},\"traceEvents\":[", count,
         lost);
  for (now = events; now < events + count; now++) event();
  put_names();
  printf("\n]}\n");
  fprintf(stderr, "trace: %zu events of %u CPUs and %u environments; %" PRIu64 " older ones lost\n", count, rings,
          env_count - 1, lost);
  return fflush(stdout) || ferror(stdout);
}
