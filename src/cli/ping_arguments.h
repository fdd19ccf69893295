/* The arguments of ping's options that have a form of their own. Each is a cli_parse. */
#ifndef CLI_PING_ARGUMENTS_H
#define CLI_PING_ARGUMENTS_H

#include "cli/options.h"

/* Hexadecimal digits, two a byte; a single last one is a byte too. Digits behind the 16th byte are
 * not used. Into struct ping_pattern. */
bool ping_read_pattern(const struct cli_option *option, const char *argument, void *member,
                       struct cli_error *error);

/* A number up to 255, or the name of a DSCP or of an RFC 1349 type of service. Into int64_t. */
bool ping_read_traffic_class(const struct cli_option *option, const char *argument, void *member,
                             struct cli_error *error);

/* Percent with up to four decimals, separated by commas. Into struct ping_percentiles. */
bool ping_read_percentiles(const struct cli_option *option, const char *argument, void *member,
                           struct cli_error *error);

/* An address (with "%device" for IPv6), or a device. Into struct ping_source. */
bool ping_read_source(const struct cli_option *option, const char *argument, void *member,
                      struct cli_error *error);

/* An address, an index (digits only), or a name. Into struct ping_far_interface. */
bool ping_read_far_interface(const struct cli_option *option, const char *argument, void *member,
                             struct cli_error *error);

/* One word of a node information query; may be given again. Into struct ping_node_query. */
bool ping_read_node(const struct cli_option *option, const char *argument, void *member,
                    struct cli_error *error);

#endif
