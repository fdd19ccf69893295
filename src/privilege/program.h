/* What the assembled filters and the code that loads them agree on. */
#ifndef PRIVILEGE_PROGRAM_H
#define PRIVILEGE_PROGRAM_H

/*
 * Stands in the assembled programs for the process that loads them; no process can have this id
 * (they end at 2^22, proc(5) pid_max).
 */
#define PRIVILEGE_SELF 0x7e57ab1eU

/* The longest program that is loaded, in instructions. */
#define PRIVILEGE_PROGRAM_MAX 1024

#endif
