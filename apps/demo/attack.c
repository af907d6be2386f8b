// attack.c: hostile calls against the peer: random and nearly right numbers, slots, frames, tables and names. Whatever
// is aimed at the peer must be refused; what is anybody's right (a free frame, a read-only window) is given back at
// once.
#include "demo.h"

enum { TARGETS = 512, OWN = 4 };
enum : uint64_t { PLACE = OS_HEAP_END - (1ull << 30) }; // where mappings are tried: a leaf table of its own
static exo_frame target[TARGETS], own_table;
static uint64_t target_count;

// The peer's frames, as everybody may read in the frame table.
void attack_start(struct desk *d) {
  const struct exo_machine_window *m = os_self.machine;
  target_count = 0;
  for (uint64_t i = 0; i < m->range_count; i++)
    for (exo_frame f = m->range[i].first; f < m->range[i].first + m->range[i].count; f++) {
      const struct exo_frame_desc *t = os_frame_desc(f);
      if (t && t->account == (uint32_t)d->peer && target_count < TARGETS) target[target_count++] = f;
    }
  target[target_count ? target_count - 1 : 0] = d->peer & ((1ull << 40) - 1); // and its env frame
  if (!target_count) target_count = 1;
  const struct os_leaf *leaf = os_table_leaf(PLACE, true);
  own_table = leaf ? leaf->frame : 0;
}

static exo_frame some_frame(uint64_t *random) {
  uint64_t x = os_random(random);
  return x & 3 ? target[(x >> 8) % target_count] : (x >> 8) % (os_self.machine->frame_count + 64);
}
static exo_slot some_slot(uint64_t *random) {
  uint64_t x = os_random(random);
  return x & 1 ? OS_SLOT_SELF : (x >> 8) % (EXO_SLOTS + 2);
}
// The peer's name, its neighbours, prefixes of it, anything.
static exo_name some_name(const struct desk *d, uint64_t *random) {
  uint64_t x = os_random(random);
  if (x & 1) return d->peer_name;
  if (x & 2) return exo_name_extend(d->peer_name, x >> 60, 4);
  if (x & 4) return EXO_NAME(d->peer_name & ~63ull & ~0ull << 60, 4);
  return x & 8 ? x : 0;
}
static exo_env some_env(const struct desk *d, uint64_t *random) {
  uint64_t x = os_random(random);
  return x & 3 ? d->peer : x & 4 ? d->peer ^ 1ull << (40 + (x >> 8) % 8) : x >> 8;
}

// A frame nobody has is anybody's. Only a success on what is not the caller's own and not free is a breach.
static bool aimed_at_peer(const struct desk *d, exo_frame f) {
  const struct exo_frame_desc *t = os_frame_desc(f);
  return t && t->account == (uint32_t)d->peer;
}

static exo_result on_frames(const struct desk *d, uint64_t kind, uint64_t *random, bool *harmless) {
  exo_slot slot = some_slot(random);
  exo_frame f = some_frame(random);
  uint64_t x = os_random(random);
  bool peers = aimed_at_peer(d, f);
  exo_result r = EXO_DENIED;
  if (kind == 0) {
    r = exo_frame_take((struct exo_frame_take){
        .slot = slot, .frame = f, .guard = x & 1 ? os_self.name : some_name(d, random), .env = x & 2 ? d->peer : 0});
    *harmless = !peers && !(x & 2);
    if (r == EXO_OK && *harmless) os_frame_put(f);
  } else if (kind == 1) {
    r = exo_map((struct exo_map){
        .slot = OS_SLOT_SELF, .table = own_table, .index = x % 512, .frame_slot = slot, .frame = f, .prot = 1 + x % 7});
    *harmless = !peers; // a window, or a frame of its own
    if (r == EXO_OK)
      (void)exo_unmap((struct exo_unmap){.slot = OS_SLOT_SELF, .table = own_table, .index = x % 512, .count = 1});
  } else if (!peers) {
    return EXO_DENIED; // the rest is for the peer alone: its own frames would really suffer
  } else if (kind == 2) {
    r = exo_frame_guard(
        (struct exo_frame_guard){.slot = slot, .frame = f, .guard = x & 1 ? os_self.name : d->peer_name});
  } else if (kind == 3) {
    r = exo_frame_drop((struct exo_frame_drop){.slot = slot, .frame = f});
  } else if (kind == 4) {
    r = exo_table_root((struct exo_table_root){.slot = slot, .frame = f});
  } else if (kind == 5) {
    r = exo_table_link(
        (struct exo_table_link){.slot = slot, .table = f, .index = x % 513, .frame = some_frame(random)});
  } else if (kind == 6) {
    r = exo_table_drop((struct exo_table_drop){.slot = slot, .table = f});
  } else if (kind == 7) {
    r = exo_map((struct exo_map){.slot = slot,
                                 .table = f,
                                 .index = x % 512,
                                 .frame_slot = slot,
                                 .frame = some_frame(random),
                                 .prot = 1 + x % 7});
  } else if (kind == 8) {
    r = exo_protect((struct exo_protect){.slot = slot, .table = f, .index = x % 512, .count = x % 130, .prot = x % 8});
  } else {
    r = exo_unmap((struct exo_unmap){.slot = slot, .table = f, .index = x % 512, .count = x % 130});
  }
  return r;
}

static exo_result on_env(const struct desk *d, uint64_t kind, uint64_t *random) {
  exo_slot slot = some_slot(random);
  exo_env env = some_env(d, random);
  uint64_t x = os_random(random);
  if (env == os_self.env || env == 0) return EXO_DENIED; // never itself
  switch (kind) {
  case 0:
    return exo_cap_grant((struct exo_cap_grant){
        .slot = slot, .env = env, .index = x % 66, .name = some_name(d, random), .rights = x >> 58});
  case 1: // by names it holds alone: what all hold, all may drop
    return exo_cap_drop((struct exo_cap_drop){.slot = OS_SLOT_SELF, .env = env, .index = x % 66});
  case 2: return exo_env_stop((struct exo_env_stop){.slot = slot, .env = env, .status = 1});
  case 3: return exo_env_start((struct exo_env_start){.slot = slot, .env = env, .cpu = x % 5});
  case 4: return exo_env_ceiling((struct exo_env_ceiling){.slot = slot, .env = env, .ceiling = x % 4096});
  case 5: return exo_env_space((struct exo_env_space){.slot = slot, .env = env, .root = some_frame(random)});
  case 6:
    return exo_env_cpu((struct exo_env_cpu){
        .slot = slot, .env = env, .cpu = x % 3, .state = some_frame(random), .uarea = some_frame(random)});
  default:
    return exo_slice_set((struct exo_slice_set){.slot = slot,
                                                .cpu = x % 3,
                                                .index = x >> 32 & 31,
                                                .env = env,
                                                .length_ns = 50'000 + x % 1000,
                                                .guard = some_name(d, random)});
  }
}

static exo_result on_machine(const struct desk *d, uint64_t kind, uint64_t *random) {
  exo_slot slot = some_slot(random);
  exo_frame f = some_frame(random);
  switch (kind) {
  case 0:
    return exo_console_write(
        (struct exo_console_write){.slot = slot, .port = EXO_PORT_RESULTS, .length = 4, .w0 = 0x20444E45});
  case 1: return exo_machine_exit((struct exo_machine_exit){.slot = slot, .status = 0});
  case 2: return exo_console_read((struct exo_console_read){.slot = slot});
  case 3: // a number that is no call, in the only place where that is no fault
    return os_batch(&(struct exo_batch_entry){.number = EXO_CALL_COUNT + (f & 0xFFFF)}, 1) ? EXO_OK : EXO_NO_CALL;
  default:
    if (!aimed_at_peer(d, f)) return EXO_DENIED;
    return exo_env_create((struct exo_env_create){.slot = slot, .frame = f, .guard = some_name(d, random)});
  }
}

void attack_once(struct desk *d, uint64_t *random) {
  uint64_t x = os_random(random), kind = x >> 8;
  bool harmless = false;
  exo_result r = x % 4 < 2   ? on_frames(d, kind % 10, random, &harmless)
                 : x % 4 < 3 ? on_env(d, kind % 8, random)
                             : on_machine(d, kind % 5, random);
  if (r < 0) {
    d->refused = d->refused + 1;
  } else if (harmless) {
    d->harmless = d->harmless + 1;
  } else {
    d->breaches = d->breaches + 1;
    d->worst = x;
  }
}
