// project.c: reads the real core's memory as a state of the model: descriptors, tables, env frames, slices. What the
// core keeps beside that (counts, homes, translations, who runs) is the invariants' business.
#include <string.h>
#include "model.h"
#include "test.h"

static void table_read(struct model *m, exo_frame table) {
  const pte_t *e = frame_memory(table);
  uint64_t level = exo_state_level(desc(table)->state), end = level == PTE_LEVELS - 1 ? 256 : 512;
  if (!exo_state_maps(desc(table)->state)) return; // the invariants count the entries
  for (uint64_t i = 0; i < end; i++) {
    exo_frame n = pte_physical(e[i]) >> EXO_PAGE_BITS;
    if (!pte_present(e[i])) continue;
    if (level)
      m->link[m->links++] = (struct model_link){table, i, n};
    else
      m->mapping[m->mappings++] = (struct model_mapping){table, i, n, pte_prot(e[i]), pte_kept(e[i])};
  }
}

static void env_read(struct model_env *to, exo_frame n) {
  const struct env *from = frame_memory(n);
  const struct exo_env_window *w = &from->w;
  *to = (struct model_env){.frame = n, .alive = w->alive, .number = w->number, .parent = w->parent};
  to->root = w->root;
  to->ceiling = w->ceiling;
  to->floor = w->floor;
  to->status = w->obituary.address;
  to->by = w->obituary.by;
  for (unsigned i = 0; i < MODEL_CPUS; i++)
    if (w->cpus >> i & 1) to->on[i].state = w->state_frame[i], to->on[i].uarea = from->uarea_frame[i];
  for (unsigned i = 0; i < EXO_SLOTS; i++)
    to->slot[i] = (struct model_slot){w->slot[i].name, w->slot[i].rights & CAP_RIGHTS, w->slot[i].open};
}

void project(struct model *m) {
  unsigned envs = 0;
  memset(m, 0, offsetof(struct model, mapping));
  for (exo_frame n = 0; n < RAM_END; n++) {
    const struct exo_frame_desc *d = desc(n);
    uint64_t s = d->state, kind = exo_state_kind(s);
    m->frame[n] = (struct model_frame){.kind = (uint8_t)kind, .level = (uint8_t)exo_state_level(s), .guard = d->guard};
    m->frame[n].written = s & EXO_STATE_WRITE;
    m->frame[n].fetched = s & EXO_STATE_EXEC;
    m->frame[n].payer = d->account;
    m->frame[n].generation = d->generation;
    if (kind == EXO_KIND_TABLE) table_read(m, n);
    if (kind == EXO_KIND_ENV) env_read(&m->env[envs++], n);
  }
  for (unsigned i = 0; i < MODEL_CPUS; i++)
    for (unsigned k = 0; k < EXO_SLICES; k++) {
      const struct slice *s = &cpu_at(i)->slice[k];
      m->slice[i][k] = (struct model_slice){s->env, s->guard, s->length_ns};
    }
}
