#include "report/histogram.h"

#include "bench.h"

struct picture {
    struct sonde_histogram histogram;
    uint64_t counts[SONDE_HISTOGRAM_BUCKETS];
    char *text;
    size_t size;
};

static struct picture *empty(void)
{
    struct picture *picture = calloc(1, sizeof *picture);
    sonde_histogram_init(&picture->histogram, SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST,
                         picture->counts, SONDE_HISTOGRAM_BUCKETS);
    return picture;
}

static void record(struct picture *picture, int64_t ns, int times)
{
    for (int i = 0; i < times; i++)
        sonde_histogram_record(&picture->histogram, (struct sonde_span){ns});
}

static const char *draw(struct picture *picture, bool utf8, uint32_t columns)
{
    FILE *out = open_memstream(&picture->text, &picture->size);
    report_histogram_draw(out, &picture->histogram, utf8, columns);
    fclose(out);
    return picture->text;
}

static void done(struct picture *picture)
{
    free(picture->text);
    free(picture);
}

static size_t lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

Test(report_histogram, empty_draws_nothing)
{
    struct picture *picture = empty();
    cr_assert_str_eq(draw(picture, true, 80), "");
    done(picture);
}

Test(report_histogram, one_value)
{
    struct picture *picture = empty();
    record(picture, 1000000, 3);
    cr_assert_str_eq(draw(picture, false, 62),
                     "rtt histogram, ms\n"
                     "0.999 - 1.008 | ######################## 3 (100.0%)\n");
    done(picture);
}

Test(report_histogram, a_few_rows)
{
    struct picture *picture = empty();
    record(picture, 1000000, 8); /* buckets of 8.192 µs here */
    record(picture, 1010000, 4);
    record(picture, 1030000, 1);
    const char *text = draw(picture, true, 55);
    cr_assert_str_eq(text,
                     "rtt histogram, ms\n"
                     "0.999 – 1.008 │ █████████████████ 8 (61.5%)\n"
                     "1.008 – 1.016 │ ████████▌ 4 (30.8%)\n"
                     "1.016 – 1.024 │\n"
                     "1.024 – 1.032 │ ██▏ 1 (7.7%)\n",
                     "%s", text);
    done(picture);
}

Test(report_histogram, everything_fits_into_twenty_rows)
{
    for (int octaves = 1; octaves < 27; octaves++) {
        struct picture *picture = empty();
        uint64_t total = 0;
        for (int64_t ns = 512; ns < INT64_C(512) << octaves; ns += 1 + ns / 50, total++)
            record(picture, ns, 1);
        record(picture, 10, 1);
        record(picture, INT64_MAX, 2);
        const char *text = draw(picture, true, 0);
        cr_assert_leq(lines(text), REPORT_HISTOGRAM_ROWS + 1, "%d octaves: %s", octaves, text);
        cr_assert_not_null(strstr(text, "below"));
        cr_assert_not_null(strstr(text, "above"));
        done(picture);
    }
}

/* What was counted is on the picture: the counts of the rows add up. */
Test(report_histogram, nothing_is_left_out)
{
    struct picture *picture = empty();
    unsigned long drawn = 0;
    for (int64_t ns = 1; ns < INT64_C(200) * SONDE_NS_PER_S; ns += 1 + ns / 3)
        record(picture, ns, 7);
    const char *text = draw(picture, false, 200);
    for (const char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n');
        const char *count = strstr(line, "# ");
        if (count && count < end)
            drawn += strtoul(count + 2, NULL, 10);
    }
    cr_assert_eq(drawn, picture->histogram.total);
    done(picture);
}

Test(report_histogram, rare_ones_show)
{
    struct picture *picture = empty();
    record(picture, 1000000, 1000);
    record(picture, 1500000, 1);
    const char *text = draw(picture, true, 80);
    cr_assert_not_null(strstr(text, "│ ▏ 1 (0.1%)"), "%s", text);
    free(picture->text);
    picture->text = NULL;
    text = draw(picture, false, 80);
    cr_assert_not_null(strstr(text, "| # 1 (0.1%)"), "%s", text);
    for (; *text; text++)
        cr_assert(*text == '\n' || (*text >= ' ' && *text < 0x7f));
    done(picture);
}

Test(report_histogram, only_beyond_the_range)
{
    struct picture *picture = empty();
    record(picture, INT64_C(100) * SONDE_NS_PER_S, 2);
    const char *text = draw(picture, false, 40);
    cr_assert_not_null(strstr(text, "above | ########## 2 (100.0%)\n"), "%s", text);
    done(picture);
}

Test(report_histogram, narrow_screen)
{
    struct picture *picture = empty();
    record(picture, 1000000, 5);
    cr_assert_str_eq(draw(picture, false, 1), "rtt histogram, ms\n"
                                              "0.999 - 1.008 | ########## 5 (100.0%)\n");
    done(picture);
}
