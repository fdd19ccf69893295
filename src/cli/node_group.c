#include "cli/node_group.h"

#include <md5.h>
#include <string.h>
#include <sys/types.h>

#include "packet/node_info.h"

#define HASH_BYTES 3 /* of the 16 */

bool cli_node_group(const char *name, struct sonde_address *group)
{
    static const uint8_t prefix[16] = {0xff, 0x02, [11] = 2, [12] = 0xff};
    uint8_t wire[PACKET_NAME_WIRE], hash[MD5_DIGEST_LENGTH];
    struct packet_writer writer = packet_writer_over(wire, sizeof wire);
    MD5_CTX context;
    if (packet_node_info_write_name(&writer, name, true) != 0)
        return false;
    for (size_t i = 1; i <= wire[0]; i++)
        if (wire[i] >= 'A' && wire[i] <= 'Z')
            wire[i] = (uint8_t)(wire[i] - 'A' + 'a');
    MD5Init(&context);
    MD5Update(&context, wire, 1u + wire[0]);
    MD5Final(hash, &context);
    *group = sonde_address_from_bytes(SONDE_IPV6, prefix);
    memcpy(group->bytes + sizeof prefix - HASH_BYTES, hash, HASH_BYTES);
    return true;
}
