/*
 * Process number 1 of a stage: starts the command, waits for it and for all that it leaves behind,
 * tells the stage how it ended, and ends; with that the kernel ends every other process there
 * (pid_namespaces(7)). It ends, too, when the stage does.
 *
 * The two speak over a socket that keeps messages apart.
 */
#ifndef LAB_INIT_H
#define LAB_INIT_H

#include "lab/stage.h"

/* From the stage to the init. */
struct lab_init_order {
    enum { LAB_INIT_START, LAB_INIT_SIGNAL } kind;
    int signal;
};

/* From the init to the stage, once. */
struct lab_init_report {
    int exit_status; /* as a shell shows it */
};

/*
 * Runs as the first process of a process-id namespace, with the signal mask and dispositions of the
 * command, and never returns. `control` is the init's end; `terminal` is one in whose foreground
 * the command shall be if it is to lead a group, or -1; all other descriptors that the command must
 * not have are close-on-exec.
 */
_Noreturn void lab_init_run(int control, int terminal, const struct lab_stage_config *config);

#endif
