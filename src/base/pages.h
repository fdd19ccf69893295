/*
 * Large tables that are looked into anywhere: in huge pages, where there are such
 * (Documentation/admin-guide/mm/transhuge.rst). With small ones the processor would look for the
 * address of a page nearly every time, which takes longer than all else that is done there.
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stddef.h>

/* Memory of zeros, which costs nothing before it is used; NULL: there is none. */
void *base_pages_take(size_t bytes);

/* Gives it back; NULL: nothing. `bytes` as they were taken. */
void base_pages_give(void *pages, size_t bytes);

#endif
