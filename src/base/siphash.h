/*
 * SipHash-2-4: a keyed 64-bit hash (Aumasson, Bernstein 2012). Who does not know the key can
 * neither forge nor guess a value.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t base_siphash(const uint8_t key[static 16], const void *data, size_t length);

#endif
