/*
 * The rules behind privilege_filter(), for libseccomp.
 *
 * They are assembled into programs while sonde is built: libseccomp takes longer for that than
 * sonde for everything else before its first probe. Nothing here is part of the program.
 */
#ifndef PRIVILEGE_ASSEMBLE_RULES_H
#define PRIVILEGE_ASSEMBLE_RULES_H

#include <stdbool.h>

#include "privilege/privilege.h"
#include "privilege/program.h"

/*
 * True in builds whose run-time library needs calls of its own (sanitizers, coverage): their filter
 * refuses execveat alone, so that it is there and in nobody's way.
 */
bool privilege_is_instrumented(void);

/* The action of a stage's filter for calls that no rule names: an SCMP_ACT_ value. */
unsigned privilege_default_action(void);

/*
 * Adds the rules of a stage to a libseccomp context made with that default action, for every
 * architecture of the context. Returns 0 or a negative errno.
 */
int privilege_rules_add(void *context, enum privilege_stage stage);

#endif
