#define _GNU_SOURCE

#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)1 << 21) /* of most machines; on others nothing is gained or lost */

/* Begins where a huge page does: what was mapped around it for that is given back. */
void *base_pages_take(size_t bytes)
{
    if (bytes == 0 || bytes > SIZE_MAX - 2 * HUGE_PAGE)
        return NULL;
    const size_t whole = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uint8_t *mapping =
        mmap(NULL, whole + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        return NULL;
    const size_t before = (HUGE_PAGE - (uintptr_t)mapping % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0)
        munmap(mapping, before);
    munmap(mapping + before + whole, HUGE_PAGE - before);
    (void)madvise(mapping + before, whole, MADV_HUGEPAGE);
    return mapping + before;
}

void base_pages_give(void *pages, size_t bytes)
{
    if (pages)
        munmap(pages, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
}
