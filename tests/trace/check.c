// check.c: is this a trace? Reads JSON (RFC 8259) strictly, one that is an object with `traceEvents`, and looks at what
// the events say: known phases, times that do not go back, every end with its beginning, and all that was asked for.
//
//   check trace.json CATEGORY[=NAME][,LEAST] ...
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 128, ASKED = 64, TRACKS = 4096, NESTING = 32 };

static const char *text, *at;
static struct event { // what of an object with these keys counts
  char ph[TEXT], cat[TEXT], name[TEXT];
  double ts, pid, tid;
  unsigned keys; // bits, of `key`
} event;
static const char *const key[] = {"ph", "cat", "name", "ts", "pid", "tid", "args"};
enum { PH = 1, CAT = 2, NAME = 4, TS = 8, PID = 16, TID = 32, ARGS = 64 };
static struct track {
  double pid, tid;
  long depth;
} track[TRACKS];
static unsigned tracks;
static struct asked {
  char *category, *name;
  long least, found;
} asked[ASKED];
static double last;
static long events;

[[noreturn, gnu::format(printf, 1, 2)]] static void bad(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "check: byte %td: ", at - text);
  vfprintf(stderr, format, list);
  fprintf(stderr, "\n  near: %.60s\n", at);
  exit(1);
}

// --- JSON

static void space(void) { at += strspn(at, " \t\r\n"); }
static void must(char c) {
  space();
  if (*at != c) bad("'%c' expected", c);
  at++;
}

// Leaves the string's first letters, escapes as they are, in `to`.
static void string(char to[TEXT]) {
  size_t n = 0;
  must('"');
  for (; *at != '"'; at++) {
    if ((unsigned char)*at < ' ') bad("a control character in a string");
    if (n < TEXT - 1) to[n++] = *at;
    if (*at != '\\') continue;
    at++;
    if (!*at || !strchr("\"\\/bfnrtu", *at)) bad("no such escape");
    if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") < 4) bad("no such code");
  }
  to[n] = 0;
  at++;
}

static double number(void) {
  const char *begin = at;
  at += *at == '-';
  if (*at == '0')
    at++;
  else if (!strspn(at, "0123456789"))
    bad("a value expected");
  else
    at += strspn(at, "0123456789");
  if (*at == '.') {
    if (!strspn(at + 1, "0123456789")) bad("no digit behind the point");
    at += 1 + strspn(at + 1, "0123456789");
  }
  if (*at == 'e' || *at == 'E') {
    at += 1 + (at[1] == '+' || at[1] == '-');
    if (!strspn(at, "0123456789")) bad("no digit in the exponent");
    at += strspn(at, "0123456789");
  }
  return strtod(begin, nullptr);
}

static void look(void);
static void value(int nesting, struct event *e);

// `e`: the object is an event.
static void member(int nesting, struct event *e) {
  char name[TEXT];
  space();
  string(name);
  must(':');
  space();
  unsigned k = 0;
  while (k < sizeof key / sizeof *key && strcmp(name, key[k])) k++;
  if (!e || k == sizeof key / sizeof *key) {
    value(nesting, nullptr);
    return;
  }
  if (e->keys >> k & 1) bad("\"%s\" twice", name);
  e->keys |= 1u << k;
  if (k < 3)
    string(k == 0 ? e->ph : k == 1 ? e->cat : e->name);
  else if (k < 6)
    *(k == 3 ? &e->ts : k == 4 ? &e->pid : &e->tid) = number();
  else
    value(nesting, nullptr);
}

static void list(char end, int nesting, void (*one)(int, struct event *), struct event *e) {
  at++;
  space();
  if (*at != end)
    for (;;) {
      one(nesting + 1, e);
      space();
      if (*at != ',') break;
      at++;
    }
  must(end);
}

static void value(int nesting, struct event *e) {
  char ignored[TEXT];
  space();
  if (nesting == NESTING) bad("nested too deep");
  if (*at == '{')
    list('}', nesting, member, e);
  else if (*at == '[')
    list(']', nesting, value, nullptr);
  else if (*at == '"')
    string(ignored);
  else if (!strncmp(at, "true", 4) || !strncmp(at, "null", 4))
    at += 4;
  else if (!strncmp(at, "false", 5))
    at += 5;
  else
    (void)number();
}

static void one_event(int nesting, struct event *e) {
  (void)e;
  space();
  if (*at != '{') bad("an event is an object");
  event = (struct event){};
  value(nesting, &event);
  look();
}

static void top(int nesting, struct event *e) {
  char name[TEXT];
  (void)e;
  space();
  string(name);
  must(':');
  space();
  if (strcmp(name, "traceEvents"))
    value(nesting, nullptr);
  else if (*at == '[')
    list(']', nesting, one_event, nullptr);
  else
    bad("traceEvents is an array");
}

// --- Events

static struct track *track_of(const struct event *e) {
  for (unsigned i = 0; i < tracks; i++)
    if (track[i].pid == e->pid && track[i].tid == e->tid) return &track[i];
  if (tracks == TRACKS) bad("too many tracks");
  track[tracks] = (struct track){e->pid, e->tid, 0};
  return &track[tracks++];
}

static void look(void) {
  const struct event *e = &event;
  if (!strcmp(e->ph, "M")) {
    if ((e->keys & (NAME | PID | ARGS)) != (NAME | PID | ARGS)) bad("a name without a bearer");
    return;
  }
  if ((e->keys & (PH | TS | PID | TID)) != (PH | TS | PID | TID)) bad("an event without phase, time or place");
  if (strcmp(e->ph, "E") && (e->keys & (CAT | NAME)) != (CAT | NAME)) bad("an event without category or name");
  if (e->ts < last) bad("time goes backwards: %f after %f", e->ts, last);
  last = e->ts;
  events++;
  struct track *t = track_of(e);
  if (!strcmp(e->ph, "B"))
    t->depth++;
  else if (!strcmp(e->ph, "E"))
    t->depth--;
  else if (strcmp(e->ph, "i"))
    bad("no phase of ours: %s", e->ph);
  if (t->depth < 0) bad("an end without a beginning");
  for (struct asked *a = asked; a->category; a++)
    a->found += !strcmp(e->cat, a->category) && (!a->name || !strcmp(e->name, a->name));
}

static char *slurp(const char *path) {
  FILE *f = fopen(path, "rb");
  char *all = nullptr;
  size_t size = 0, n = 0;
  if (f && !fseek(f, 0, SEEK_END)) size = (size_t)ftell(f);
  if (size) all = calloc(1, size + 1);
  if (all && !fseek(f, 0, SEEK_SET)) n = fread(all, 1, size, f);
  if (!f || !all || !n || memchr(all, 0, n)) {
    fprintf(stderr, "check: %s can not be read\n", path);
    exit(1);
  }
  fclose(f);
  return all;
}

int main(int argc, char **argv) {
  int missing = 0;
  if (argc < 2 || argc - 2 >= ASKED) return 2;
  for (int i = 2; i < argc; i++) {
    struct asked *a = &asked[i - 2];
    char *least = strchr(argv[i], ',');
    if (least) *least++ = 0;
    *a = (struct asked){argv[i], strchr(argv[i], '='), least ? atol(least) : 1, 0};
    if (a->name) *a->name++ = 0;
  }
  text = at = slurp(argv[1]);
  space();
  if (*at != '{') bad("a trace is an object");
  list('}', 0, top, nullptr);
  space();
  if (*at) bad("something behind the end");
  for (struct asked *a = asked; a->category; a++) {
    if (a->found >= a->least) continue;
    fprintf(stderr, "check: %ld of %s %s, fewer than %ld\n", a->found, a->category, a->name ? a->name : "", a->least);
    missing = 1;
  }
  printf("%ld events on %u tracks\n", events, tracks);
  return missing || !events;
}
