/* The machine that runs the test, compared with what it says of itself. */
#include "support.h"
#include <math.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "adapters/local/local.h"
#include "mock_host.h"

typedef struct world {
        mock_host *mock;
        msptk_json *settings;
        local *self;
} world;

static void really_sleep(mock_host *mock, void *user)
{
        (void)mock;
        (void)user;
        usleep(LOCAL_SAMPLE_MS * 1000);
}

static int setup(void **state)
{
        world *w = calloc(1, sizeof(*w));
        msptk_query q = { .struct_size = sizeof(q) };

        w->mock = mock_host_new();
        w->mock->on_sleep = really_sleep;
        w->self = mock_open(w->mock, &msptk__local_adapter, "{}", &w->settings);
        assert_int_equal(msptk__local_adapter.probe(w->self, mock_request(w->mock), NULL),
                         MSPTK_OK);
        assert_int_equal(
                msptk__local_adapter.metrics->collect(w->self, mock_request(w->mock), &q, NULL),
                MSPTK_OK);
        assert_int_equal(
                msptk__local_adapter.devices->list(w->self, mock_request(w->mock), &q, NULL),
                MSPTK_OK);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        world *w = *state;

        msptk__local_adapter.close(w->self);
        msptk_json_free(w->settings);
        assert_int_equal(w->mock->live, 0);
        mock_host_free(w->mock);
        free(w);
        return 0;
}

/* What free(1) shows, read another way than the adapter does. */
static double proc_value(const char *file, const char *format)
{
        FILE *f = fopen(file, "r");
        char line[512];
        unsigned long long value = 0;
        int found = 0;

        assert_non_null(f);
        while (!found && fgets(line, sizeof(line), f))
                found = sscanf(line, format, &value) == 1;
        fclose(f);
        assert_true(found);
        return (double)value;
}

static void every_check_answers_with_a_message(void **state)
{
        static const char *const checks[] = { "cpu", "memory", "disk", "services", "network" };
        world *w = *state;

        for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
                assert_true(mock_count(w->mock, checks[i], NULL) >= 1);
        for (size_t i = 0; i < w->mock->metric_count; i++)
                assert_true(strlen(w->mock->metrics[i].message) > 5);
}

static void cpu_and_memory_agree_with_proc(void **state)
{
        world *w = *state;
        const mock_metric *m = mock_find(w->mock, "cpu", "cpu_percent", "");
        double total = proc_value("/proc/meminfo", "MemTotal: %llu");
        double available = proc_value("/proc/meminfo", "MemAvailable: %llu");

        assert_non_null(m);
        assert_int_equal(m->state, MSPTK_STATE_JUDGE);
        assert_true(m->value >= 0 && m->value <= 100);
        m = mock_find(w->mock, "memory", "memory_percent", "");
        assert_non_null(m);
        assert_int_equal(m->state, MSPTK_STATE_JUDGE);
        if (strstr(m->data, "\"of\":\"memory\"")) /* not of a container's limit */
                assert_true(fabs(m->value - 100 * (total - available) / total) < 10);
}

static void the_root_disk_is_as_full_as_statvfs_says(void **state)
{
        world *w = *state;
        const mock_metric *m = mock_find(w->mock, "disk", "disk_percent", "/");
        struct statvfs v;
        double used, percent;

        assert_non_null(m);
        assert_int_equal(statvfs("/", &v), 0);
        used = (double)(v.f_blocks - v.f_bfree);
        percent = 100 * used / (used + (double)v.f_bavail);
        assert_true(m->value >= percent - 0.5 && m->value <= percent + 0.6);
}

static void the_device_is_this_machine(void **state)
{
        world *w = *state;
        char name[256];

        assert_int_equal(gethostname(name, sizeof(name)), 0);
        assert_int_equal(w->mock->device_count, 1);
        assert_string_equal(w->mock->devices[0].name, name);
        assert_true(strlen(w->mock->devices[0].vendor_id) > 4);
        assert_non_null(strstr(w->mock->devices[0].attributes, "\"kernel\":"));
        if (getenv("MSPTK_SHOW"))
                for (size_t i = 0; i < w->mock->metric_count; i++)
                        printf("%-9s %-16s %-12s %2d %s %s\n", w->mock->metrics[i].check,
                               w->mock->metrics[i].metric, w->mock->metrics[i].instance,
                               w->mock->metrics[i].state, w->mock->metrics[i].message,
                               w->mock->metrics[i].data);
        if (getenv("MSPTK_SHOW"))
                printf("%s %s\n", w->mock->devices[0].vendor_id, w->mock->devices[0].attributes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_check_answers_with_a_message),
                cmocka_unit_test(cpu_and_memory_agree_with_proc),
                cmocka_unit_test(the_root_disk_is_as_full_as_statvfs_says),
                cmocka_unit_test(the_device_is_this_machine),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
