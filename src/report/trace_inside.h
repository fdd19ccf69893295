/* The reports of a trace from inside. */
#ifndef REPORT_TRACE_INSIDE_H
#define REPORT_TRACE_INSIDE_H

#include "state.h"
#include "trace.h"

/* What became of one query, in the first round. */
enum trace_cell_state {
    TRACE_CELL_OPEN,
    TRACE_CELL_ANSWERED,
    TRACE_CELL_SILENT,
    TRACE_CELL_FAILED,     /* this machine did not send it: error says why */
    TRACE_CELL_UNFINISHED, /* nobody waited for it */
};

struct trace_cell {
    enum trace_cell_state state;
    int error;
    bool rtt_known;
    struct sonde_span rtt;
    struct sonde_address from;
};

struct trace_line {
    struct trace_cell cells[SONDE_TRACE_QUERIES_MAX];
};

struct report_trace {
    struct report_state state;
    struct report_trace_config config;
    struct trace_line *lines; /* by hop, 0 unused: 256 of them */
    uint16_t next_line;       /* the hop that is written next */
};

/* Room for a sentence about a hop. */
#define TRACE_WORDS 256

/* Where the name of somebody comes from: "name (number) [origin]". */
void trace_put_address(const struct report_trace *report, FILE *out,
                       const struct sonde_address *address);

/* Ends and judges: sets *end and returns the last hop to show. */
uint8_t trace_judge(const struct report_trace *report, struct sonde_trace_end *end);

/*
 * trace_words.c: the verdict on a hop in a few words ("rations its answers, no loss"); "" when
 * there is nothing to say. Returns text.
 */
const char *trace_verdict(const struct sonde_path_hop *hop, char text[static TRACE_WORDS]);

/* A single word for programs. */
const char *trace_verdict_word(enum sonde_path_verdict verdict);
const char *trace_reason_word(enum sonde_trace_reason reason);

/* Sentences on out: what each hop and the path as a whole show beside round-trip times. */
void trace_findings(const struct report_trace *report, const struct sonde_trace_end *end);

/* trace_table.c */
void trace_table(const struct report_trace *report, FILE *out);

/* trace_json.c */
void trace_json_begin(struct report_trace *report);
void trace_json_outcome(struct report_trace *report, const struct sonde_trace_place *place,
                        const struct sonde_outcome *outcome);
void trace_json_end(struct report_trace *report, const struct report_measurement *measurement);

/* trace_csv.c */
void trace_csv_end(struct report_trace *report);

#endif
