/* The decision about a packet in words, as the comment of a capture. */
#ifndef LAB_PCAPNG_COMMENT_H
#define LAB_PCAPNG_COMMENT_H

#include "lab/record.h"

#define LAB_COMMENT_TEXT 1024

/* "packet 17: reply from far after 540.002 ms", "packet 18: lost-in-burst at r1>r2". Returns text.
 */
const char *lab_comment_packet(const struct lab_record *record, char text[static LAB_COMMENT_TEXT]);

/* "answer to packet 17: reply from far, corrupt, due after 540.002 ms, 0.013 ms late" */
const char *lab_comment_answer(const struct lab_record *record, const struct lab_decision *decision,
                               char text[static LAB_COMMENT_TEXT]);

#endif
