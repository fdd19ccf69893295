/* What `sonde lab` says about a scenario and about a run. */
#ifndef CLI_LAB_TEXT_H
#define CLI_LAB_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "lab/player.h"
#include "lab/stage.h"
#include "sim/scenario.h"

/* Who and what is in a scenario, in a few lines. */
void lab_text_scenario(const struct sim_scenario *scenario, const char *path,
                       const struct lab_stage_config *machine, FILE *out);

/* One line about the machine: "net0 198.18.0.1 2001:db8::1 mtu 1500". */
void lab_text_machine(const struct lab_stage_config *machine, FILE *out);

/* The names of all nodes of a kind, or of all kinds (SIM_OBSERVER), in a line of bounded length. */
void lab_text_names(const struct sim_scenario *scenario, enum sim_node_kind kind, FILE *out);

/* What happened, in a line. */
void lab_text_counters(const struct lab_player_counters *counters, FILE *out);

#endif
