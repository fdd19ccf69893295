/*
 * The packets of a lab as a pcapng file: every packet that came and every answer that left, in the
 * order of their times as far as they are known, with the decision as packet comment
 * (draft-ietf-opsawg-pcapng: section header, interface description with ns resolution, enhanced
 * packet blocks; link type RAW).
 */
#ifndef LAB_PCAPNG_H
#define LAB_PCAPNG_H

#include "lab/record.h"

struct lab_pcapng;

extern const struct lab_record_ops lab_pcapng_ops; /* self: struct lab_pcapng */

/* Creates (or empties) the file. Returns 0 or a negative errno. */
int lab_pcapng_open(struct lab_pcapng **pcapng, const char *path);

/* Writes what is left. Returns 0, or the negative errno of the first write that failed. */
int lab_pcapng_close(struct lab_pcapng *pcapng);

#endif
