/* Two streams in memory for the lines of fping. */
#ifndef TESTS_REPORT_FPING_HELP_H
#define TESTS_REPORT_FPING_HELP_H

#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "report/fping_text.h"

struct pages {
    struct report_fping_form form;
    char **texts; /* out, err */
    size_t *sizes;
};

static inline struct pages open_pages(void)
{
    struct pages pages = {.texts = calloc(2, sizeof(char *)), .sizes = calloc(2, sizeof(size_t))};
    cr_assert(pages.texts && pages.sizes);
    pages.form.out = open_memstream(&pages.texts[0], &pages.sizes[0]);
    pages.form.err = open_memstream(&pages.texts[1], &pages.sizes[1]);
    return pages;
}

/* Ends the streams and compares. */
static inline void expect(struct pages *pages, const char *out, const char *err)
{
    fclose(pages->form.out);
    fclose(pages->form.err);
    cr_assert_str_eq(pages->texts[0], out);
    cr_assert_str_eq(pages->texts[1], err);
    free(pages->texts[0]);
    free(pages->texts[1]);
    free(pages->texts);
    free(pages->sizes);
}

#endif
