/* Lines of mtr-packet's protocol: what is read is within its limits, whatever the bytes. */
#include "cli/packet_line.c"
#include "packet_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sonde_bytes bytes = exact_copy(data, size);
    struct packet_line line;
    packet_line_read(&line, (const char *)bytes.data, bytes.length);
    if (line.kind == PACKET_LINE_PROBE) {
        const struct packet_request *request = &line.request;
        MUST(request->address.family == SONDE_IPV4 || request->address.family == SONDE_IPV6);
        MUST(request->source.family == SONDE_FAMILY_NONE ||
             request->source.family == request->address.family);
        MUST(request->hop_limit > 0);
        MUST(request->local_port == 0 || request->local_port >= FIRST_USER_PORT);
        MUST(request->timeout.ns >= 0);
        MUST(memchr(request->device, '\0', sizeof request->device));
    }
    drop(bytes);
    return 0;
}
