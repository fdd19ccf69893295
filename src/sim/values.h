/*
 * Reading the values of properties: each function reads what stands behind a property's name into
 * the members of the setting that enum sim_property tells, which are 0 before. All answer false
 * after a mistake, which is told. Which property has which of them: properties.c.
 */
#ifndef SIM_VALUES_H
#define SIM_VALUES_H

#include <stdbool.h>

#include "sim/reader.h"

/* --- values_link.c: what links have, and hosts and routers in common with them --- */

bool sim_value_present(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_chance(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_span(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_jitter(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_burst(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_duplicate(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_reorder(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_rate(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_load(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_mtu(struct sim_reader *reader, struct sim_setting *setting);

/* --- values_host.c --- */

bool sim_value_signed_span(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_shortening(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_mangle(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_garbage(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_fault(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_address(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_answers(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_ports(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_reverse(struct sim_reader *reader, struct sim_setting *setting);

/* --- values_router.c --- */

bool sim_value_error_limit(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_quote(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_quote_options(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_balance(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_mpls(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_interface(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_extensions(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_nat(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_loop(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_prohibits(struct sim_reader *reader, struct sim_setting *setting);

/* --- values_observer.c --- */

bool sim_value_stamps(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_send_error(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_clock(struct sim_reader *reader, struct sim_setting *setting);

/* --- ways.c: who stands in front, and who belongs to a group --- */

bool sim_value_via(struct sim_reader *reader, struct sim_setting *setting);
bool sim_value_members(struct sim_reader *reader, struct sim_setting *setting);

#endif
