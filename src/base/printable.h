/* Text from the network made fit for a terminal or a file. */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stddef.h>

/*
 * Copies `length` bytes of `text` into `out` (of `size` bytes, NUL included, size > 0), writing
 * every byte that is not a printable ASCII character, and the backslash, as \xHH. Cuts at the end
 * of `out` without splitting an escape. Returns out.
 */
char *base_printable(const char *text, size_t length, char *out, size_t size);

#endif
