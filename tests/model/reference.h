// reference.h: what the model's two files share: the questions that calls begin with, and a function for each call.
#pragma once
#include "model.h"

struct call { // the caller and what is asked
  struct model *m;
  struct model_env *self;
};
int64_t reaches(struct call c, exo_slot slot, exo_name guard, exo_word rights); // the slot, over this guard
struct model_frame *frame_of(struct model *m, exo_frame n);                     // nullptr: no such frame
int64_t frame_reached(struct call c, exo_slot slot, exo_frame n, exo_word rights);
bool mapped(const struct model *m, exo_frame n);
bool pinned(const struct model *m, exo_frame n);
int64_t plain(const struct model *m, exo_frame n); // it may become something else

#define EXO_CALL(number, name, ...) int64_t on_##name(struct call c, const struct exo_##name *a);
#include <exo/call.def>
#undef EXO_CALL
