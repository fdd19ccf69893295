#include "cli/geo.h"

#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/options.h"

struct cli_geo {
    MMDB_s database;
    char text[256];
};

struct cli_geo *cli_geo_open(const char *file, const char **problem)
{
    struct cli_geo *geo = calloc(1, sizeof *geo);
    *problem = "out of memory";
    if (!geo)
        return NULL;
    const int status = MMDB_open(file, MMDB_MODE_MMAP, &geo->database);
    if (status == MMDB_SUCCESS)
        return geo;
    *problem = MMDB_strerror(status);
    free(geo);
    return NULL;
}

void cli_geo_close(struct cli_geo *geo)
{
    if (!geo)
        return;
    MMDB_close(&geo->database);
    free(geo);
}

static bool find(const struct cli_geo *geo, const struct sonde_address *address,
                 MMDB_lookup_result_s *found)
{
    union net_name name;
    int status;
    net_name_write(&name, address, 0, 0);
    *found = MMDB_lookup_sockaddr(&geo->database, &name.any, &status);
    return status == MMDB_SUCCESS && found->found_entry;
}

/* Appends a text or a number of the entry, behind `before`. */
static void append(struct cli_geo *geo, MMDB_lookup_result_s *found, const char *before,
                   const char *const *path)
{
    MMDB_entry_data_s data;
    const size_t used = strlen(geo->text);
    const char *comma = used > 0 && *before == ',' ? ", " : "";
    if (*before == ',')
        before = "";
    if (MMDB_aget_value(&found->entry, &data, path) != MMDB_SUCCESS || !data.has_data)
        return;
    if (data.type == MMDB_DATA_TYPE_UTF8_STRING)
        snprintf(geo->text + used, sizeof geo->text - used, "%s%s%.*s", comma, before,
                 (int)data.data_size, data.utf8_string);
    else if (data.type == MMDB_DATA_TYPE_UINT32)
        snprintf(geo->text + used, sizeof geo->text - used, "%s%s%u", comma, before, data.uint32);
}

const char *cli_geo_ask(struct cli_geo *geo, const struct sonde_address *address)
{
    static const char *const number[] = {"autonomous_system_number", NULL};
    static const char *const holder[] = {"autonomous_system_organization", NULL};
    static const char *const country[] = {"country", "iso_code", NULL};
    static const char *const city[] = {"city", "names", "en", NULL};
    MMDB_lookup_result_s found;
    geo->text[0] = '\0';
    if (address->family == SONDE_FAMILY_NONE || !find(geo, address, &found))
        return NULL;
    append(geo, &found, "AS", number);
    append(geo, &found, " ", holder);
    append(geo, &found, ",", country);
    append(geo, &found, ",", city);
    return geo->text[0] ? geo->text : NULL;
}
