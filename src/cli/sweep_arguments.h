/* The arguments of sweep's options that have a form of their own. Each is a cli_parse. */
#ifndef CLI_SWEEP_ARGUMENTS_H
#define CLI_SWEEP_ARGUMENTS_H

#include "cli/options.h"

/* Probes a second with up to nine decimals, k or M; or "max". Into struct sweep_rate. */
cli_parse sweep_read_rate;

/* One more text. Into struct sweep_texts. */
cli_parse sweep_read_text;

/* A factor from 1 to 100. Into double. */
cli_parse sweep_read_factor;

/* An address in numbers. Into struct sonde_address. */
cli_parse sweep_read_address;

/* Names of fields with commas in between. Into struct report_sweep_fields. */
cli_parse sweep_read_fields;

/* "I/N", from 1; or "auto". Into struct sweep_shard. */
cli_parse sweep_read_shard;

#endif
