#include "base/printable.h"

char *base_printable(const char *text, size_t length, char *out, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f && c != '\\') {
            if (used + 1 >= size)
                break;
            out[used++] = (char)c;
        } else {
            if (used + 4 >= size)
                break;
            out[used++] = '\\';
            out[used++] = 'x';
            out[used++] = hex[c >> 4];
            out[used++] = hex[c & 0xf];
        }
    }
    out[used] = '\0';
    return out;
}
