// calls_env.c: the calls about environments, slices and the machine: success, and each error of the manual.
#include "system.h"

void call_env_create(void), call_env_cpu(void), call_env_space(void), call_env_start(void), call_env_stop(void),
    call_env_ceiling(void), call_slice_set(void), call_console_write(void), call_console_read(void),
    call_machine_exit(void);

static exo_frame it, state, pair, root;
static exo_env env;

static exo_result create_by(exo_slot s) { return exo_env_create((struct exo_env_create){s, it, sub(4)}); }

static exo_env make(void) {
  it = frame_new();
  exo_result r = create_by(OS_SLOT_SELF);
  EXPECT(r > 0);
  return (exo_env)r;
}
static exo_result stop(exo_env e, uint64_t status) {
  return exo_env_stop((struct exo_env_stop){OS_SLOT_SELF, e, status});
}
static void unmake(exo_env e) {
  EXPECT_IS(stop(e, 0), EXO_OK);
  frame_end(e & ((1ull << 40) - 1));
}

void call_env_create(void) {
  it = frame_new();
  refuses(create_by, EXO_MANAGE, EXO_NAME);
  EXPECT_IS(exo_env_create((struct exo_env_create){OS_SLOT_SELF, ~0ull, sub(4)}), EXO_NO_FRAME);
  EXPECT_IS(exo_env_create((struct exo_env_create){OS_SLOT_SELF, it, 0}), EXO_NAME);
  EXPECT_IS(exo_env_create((struct exo_env_create){OS_SLOT_SELF, it, 63}), EXO_NAME);
  EXPECT_IS(exo_env_create((struct exo_env_create){OS_SLOT_SELF, place_table(), sub(4)}), EXO_KIND);
  EXPECT_IS(place_map(3, it, EXO_READ | EXO_WRITE), EXO_OK);
  place(3)[70] = ~0ull; // a slot, if it were believed
  EXPECT_IS(create_by(OS_SLOT_SELF), EXO_BUSY);
  EXPECT_IS(place_unmap(3, 1), 1);
  exo_result e = create_by(OS_SLOT_SELF);
  EXPECT_IS(e & ((1ll << 40) - 1), it);
  EXPECT_IS(place_map(3, it, EXO_READ | EXO_WRITE), EXO_KIND);
  EXPECT_IS(place_map(3, it, EXO_READ), EXO_OK);
  const volatile struct exo_env_window *w = (const volatile struct exo_env_window *)place(3);
  EXPECT_IS(w->version, 1);
  EXPECT_IS(w->number, e);
  EXPECT_IS(w->parent, os_self.env);
  EXPECT_IS(w->alive, 1);
  EXPECT_IS(w->root | w->used | w->ceiling | w->cpus, 0);
  for (int i = 0; i < EXO_SLOTS; i++) EXPECT(w->slot[i].open == 1 && w->slot[i].rights == 0);
  EXPECT_IS(create_by(OS_SLOT_SELF), EXO_KIND);
  EXPECT_IS(stop((exo_env)e, 5), EXO_OK);
  EXPECT_IS(w->alive, 0);
  EXPECT_IS(w->obituary.cause, EXO_CAUSE_STOPPED);
  EXPECT_IS(w->obituary.address, 5);
  EXPECT_IS(w->obituary.by, os_self.env);
  EXPECT_IS(stop((exo_env)e, 5), EXO_NO_ENV);                                     // the number has passed
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, it}), EXO_BUSY); // mapped
  EXPECT_IS(place_unmap(3, 1), 1);
  frame_end(it);
}

static exo_result cpu_by(exo_slot s) { return exo_env_cpu((struct exo_env_cpu){s, env, 0, state, pair}); }
static exo_result cpu_with(exo_env e, uint64_t cpu, exo_frame s, exo_frame u) {
  return exo_env_cpu((struct exo_env_cpu){OS_SLOT_SELF, e, cpu, s, u});
}

void call_env_cpu(void) {
  env = make(), state = frame_new(), pair = frame_pair();
  refuses(cpu_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(cpu_with(env, os_self.machine->cpu_count, state, pair), EXO_RANGE);
  EXPECT_IS(cpu_with(env, ~0ull, state, pair), EXO_RANGE);
  EXPECT_IS(cpu_with(env + (1ull << 40), 0, state, pair), EXO_NO_ENV);
  EXPECT_IS(cpu_with(env, 0, ~0ull, pair), EXO_NO_FRAME);
  EXPECT_IS(cpu_with(env, 0, state, ~0ull), EXO_NO_FRAME);
  EXPECT_IS(cpu_with(env, 0, pair, pair), EXO_KIND);
  EXPECT_IS(cpu_with(env, 0, pair + 1, pair), EXO_KIND);
  EXPECT_IS(cpu_with(env, 0, it, pair), EXO_KIND); // the env frame itself
  EXPECT_IS(cpu_with(env, 0, place_table(), pair), EXO_KIND);
  EXPECT_IS(place_map(3, state, EXO_READ), EXO_OK);
  EXPECT_IS(cpu_with(env, 0, state, pair), EXO_BUSY); // mapped
  EXPECT_IS(place_unmap(3, 1), 1);
  EXPECT_IS(place_map(3, pair, EXO_READ | EXO_EXEC), EXO_OK);
  EXPECT_IS(cpu_with(env, 0, state, pair), EXO_KIND); // executable
  EXPECT_IS(place_unmap(3, 1), 1);
  EXPECT_IS(cpu_by(OS_SLOT_SELF), EXO_OK);
  EXPECT_IS(frame_kind(state), EXO_KIND_ENV_CPU);
  EXPECT_IS(frame_kind(pair), EXO_KIND_UAREA);
  EXPECT_IS(frame_kind(pair + 1), EXO_KIND_UAREA);
  EXPECT_IS(place_map(3, state, EXO_READ), EXO_KIND); // private
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, pair}), EXO_KIND);
  EXPECT_IS(cpu_by(OS_SLOT_SELF), EXO_BUSY);
  EXPECT_IS(place_map(3, pair, EXO_READ | EXO_EXEC), EXO_KIND);
  EXPECT_IS(place_map(3, pair, EXO_READ | EXO_WRITE), EXO_OK);
  EXPECT_IS(((const volatile struct exo_uarea *)place(3))->env, env);
  EXPECT_IS(place_unmap(3, 1), 1);
  unmake(env);
  EXPECT_IS(frame_kind(state), EXO_KIND_USER);
  EXPECT_IS(frame_kind(pair), EXO_KIND_USER);
  frame_end(state);
  frame_end(pair);
  frame_end(pair + 1);
}

static exo_result space_by(exo_slot s) { return exo_env_space((struct exo_env_space){s, env, root}); }

void call_env_space(void) {
  env = make(), root = frame_new();
  EXPECT_IS(space_by(OS_SLOT_SELF), EXO_KIND);
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, root}), EXO_OK);
  refuses(space_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(exo_env_space((struct exo_env_space){OS_SLOT_SELF, env, ~0ull}), EXO_NO_FRAME);
  EXPECT_IS(exo_env_space((struct exo_env_space){OS_SLOT_SELF, env, place_table()}), EXO_KIND);
  EXPECT_IS(exo_env_space((struct exo_env_space){OS_SLOT_SELF, env, it}), EXO_KIND);
  EXPECT_IS(exo_env_space((struct exo_env_space){OS_SLOT_SELF, env + (1ull << 40), root}), EXO_NO_ENV);
  EXPECT_IS(space_by(OS_SLOT_SELF), EXO_OK);
  EXPECT_IS(space_by(OS_SLOT_SELF), EXO_BUSY);
  EXPECT_IS(exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, root}), EXO_BUSY);
  unmake(env);
  EXPECT_IS(exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, root}), EXO_OK);
  frame_end(root);
}

static exo_result start_by(exo_slot s) { return exo_env_start((struct exo_env_start){s, env, 0}); }

void call_env_start(void) {
  env = make();
  refuses(start_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(start_by(OS_SLOT_SELF), EXO_EMPTY);
  EXPECT_IS(exo_env_start((struct exo_env_start){OS_SLOT_SELF, env, 16}), EXO_EMPTY);
  EXPECT_IS(exo_env_start((struct exo_env_start){OS_SLOT_SELF, env, ~0ull}), EXO_EMPTY);
  EXPECT_IS(exo_env_start((struct exo_env_start){OS_SLOT_SELF, env + 1, 0}), EXO_NO_ENV);
  EXPECT_IS(exo_env_start((struct exo_env_start){OS_SLOT_SELF, os_self.parent, 0}), EXO_DENIED);
  state = frame_new(), pair = frame_pair();
  EXPECT_IS(cpu_by(OS_SLOT_SELF), EXO_OK);
  EXPECT_IS(start_by(OS_SLOT_SELF), EXO_EMPTY); // no space; the rest of this story is every child that runs
  unmake(env);
  frame_end(state);
  frame_end(pair);
  frame_end(pair + 1);
}

static exo_result stop_by(exo_slot s) { return exo_env_stop((struct exo_env_stop){s, env, 1}); }

void call_env_stop(void) {
  env = make();
  refuses(stop_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(stop(os_self.parent, 0), EXO_DENIED);
  EXPECT_IS(stop(~0ull, 0), EXO_NO_ENV);
  uint64_t told = os_obituaries;
  unmake(env);
  for (int i = 0; i < 20 && os_obituaries == told; i++) os_yield(0, os_now_ns() + MS(1));
  EXPECT(os_obituaries > told); // its parent is told
}

static exo_result ceiling_by(exo_slot s) { return exo_env_ceiling((struct exo_env_ceiling){s, env, 10, 0}); }
static exo_result ceiling(uint64_t n) { return exo_env_ceiling((struct exo_env_ceiling){OS_SLOT_SELF, env, n, 0}); }

void call_env_ceiling(void) {
  env = make();
  exo_frame f = os_frame_pick();
  uint64_t mine = os_self.window->ceiling;
  refuses(ceiling_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(exo_env_ceiling((struct exo_env_ceiling){OS_SLOT_SELF, env + (1ull << 40), 1, 0}), EXO_NO_ENV);
  EXPECT_IS(exo_env_ceiling((struct exo_env_ceiling){OS_SLOT_SELF, os_self.parent, 1, 0}), EXO_DENIED);
  EXPECT_IS(exo_frame_take((struct exo_frame_take){OS_SLOT_SELF, f, sub(4), env}), EXO_CEILING);
  EXPECT_IS(ceiling(mine + 1), EXO_CEILING);
  EXPECT_IS(ceiling(~0ull), EXO_CEILING);
  EXPECT_IS(ceiling(10), EXO_OK);
  EXPECT_IS(os_self.window->ceiling, mine - 10);
  EXPECT_IS(exo_frame_take((struct exo_frame_take){OS_SLOT_SELF, f, sub(4), env}), EXO_OK);
  EXPECT_IS(ceiling(0), EXO_CEILING); // below what it uses
  EXPECT_IS(ceiling(1), EXO_OK);
  EXPECT_IS(os_self.window->ceiling, mine - 1);
  frame_end(f);
  EXPECT_IS(ceiling(0), EXO_OK);
  EXPECT_IS(os_self.window->ceiling, mine);
  unmake(env);
}

static exo_result slice_by(exo_slot s) {
  return exo_slice_set((struct exo_slice_set){s, 0, 31, 0, 0, EXO_GUARD_SLICE});
}

void call_slice_set(void) {
  struct exo_slice_set s = {OS_SLOT_SLICE, os_self.machine->cpu_count, 31, 0, 0, EXO_GUARD_SLICE};
  EXPECT_IS(slice_by(60), EXO_NO_SLOT);
  EXPECT_IS(slice_by(OS_SLOT_SELF), EXO_NAME);
  EXPECT_IS(exo_slice_set(s), EXO_RANGE);
  s.cpu = 0;
  s.index = EXO_SLICES;
  EXPECT_IS(exo_slice_set(s), EXO_RANGE);
  s.index = 31;
  static const uint64_t lengths[] = {1, 49'999, 1'000'000'001, ~0ull};
  for (int i = 0; i < 4; i++) {
    s.length_ns = lengths[i];
    EXPECT_IS(exo_slice_set(s), EXO_RANGE);
  }
  s.length_ns = 50'000;
  s.env = 4711;
  EXPECT_IS(exo_slice_set(s), EXO_NO_ENV);
  s.env = os_self.env;
  s.guard = 0;
  EXPECT_IS(exo_slice_set(s), EXO_NAME);
  s.guard = exo_name_extend(EXO_GUARD_SLICE, 1, 1);
  EXPECT_IS(exo_slice_set(s), EXO_OK);
  slot_set(20, os_self.name, EXO_RIGHTS_ALL); // somebody who holds another name: not his
  s.slot = 20;
  s.guard = os_self.name;
  EXPECT_IS(exo_slice_set(s), EXO_DENIED);
  slot_end(20);
  EXPECT_IS(slice_by(OS_SLOT_SLICE), EXO_OK);
}

void call_console_write(void) {
  struct exo_console_write w = {OS_SLOT_OUT, EXO_PORT_CONSOLE, 25, 0x0A2E2E2E, 0, 0};
  EXPECT_IS(exo_console_write(w), EXO_RANGE);
  w.length = 4;
  w.port = 2;
  EXPECT_IS(exo_console_write(w), EXO_RANGE);
  w.port = EXO_PORT_RESULTS;
  EXPECT_IS(exo_console_write(w), EXO_DENIED); // the report is not ours
  w.slot = OS_SLOT_SELF;
  EXPECT_IS(exo_console_write(w), EXO_DENIED);
  w.port = EXO_PORT_CONSOLE;
  EXPECT_IS(exo_console_write(w), EXO_DENIED);
  w.slot = 60;
  EXPECT_IS(exo_console_write(w), EXO_NO_SLOT);
  w.slot = OS_SLOT_OUT;
  w.length = 0;
  EXPECT_IS(exo_console_write(w), EXO_OK);
}

void call_console_read(void) {
  EXPECT_IS(exo_console_read((struct exo_console_read){60}), EXO_NO_SLOT);
  EXPECT_IS(exo_console_read((struct exo_console_read){OS_SLOT_OUT}), EXO_DENIED);
  exo_result r = exo_console_read((struct exo_console_read){OS_SLOT_IN});
  EXPECT(r == EXO_EMPTY || (r >= 0 && r < 256));
}

void call_machine_exit(void) {
  for (exo_slot s = 0; s < EXO_SLOTS; s++) {
    exo_result r = exo_machine_exit((struct exo_machine_exit){s, 0});
    EXPECT(r == EXO_DENIED || r == EXO_NO_SLOT);
  }
}
