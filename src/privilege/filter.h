/* The rules behind privilege_filter(), apart from loading them: for it and for its tests. */
#ifndef PRIVILEGE_FILTER_H
#define PRIVILEGE_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "privilege.h"

/*
 * True in builds whose run-time library needs calls of its own (sanitizers, coverage): their filter
 * refuses execveat alone, so that it is there and in nobody's way.
 */
bool privilege_is_instrumented(void);

/* The action of a stage's filter for calls that no rule names: an SCMP_ACT_ value. */
unsigned privilege_default_action(void);

/*
 * Adds the rules of a stage to a libseccomp context made with that default action, for every
 * architecture of the context. `self` is the process that may be sent signals. Returns 0 or a
 * negative errno.
 */
int privilege_rules_add(void *context, enum privilege_stage stage, pid_t self);

#endif
