/* What is true in a fake world: functions of seed, names and time, and the script above them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

const fake_metric msptk__fake_metrics[] = {
        { "cpu", "cpu_percent", "", "%", 5, 65, 93, 100, false },
        { "memory", "memory_percent", "", "%", 20, 75, 93, 100, false },
        { "disk", "disk_percent", "/", "%", 10, 75, 93, 100, false },
        { "disk", "disk_percent", "/var", "%", 5, 70, 93, 100, false },
        { "services", "service_up", "agent", NULL, 1, 1, 0, 0, true },
        { "services", "service_up", "backup", NULL, 1, 1, 0, 0, true },
        { "network", "link_up", "eth0", NULL, 1, 1, 0, 0, true },
};
const size_t msptk__fake_metric_count =
        sizeof(msptk__fake_metrics) / sizeof(msptk__fake_metrics[0]);

static uint64_t mix(uint64_t x) /* splitmix64's finalizer */
{
        x += 0x9e3779b97f4a7c15U;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
        return x ^ (x >> 31);
}

static uint64_t add_text(uint64_t h, const char *text) /* FNV-1a, with an end mark */
{
        for (; text && *text; text++)
                h = (h ^ (unsigned char)*text) * 0x100000001b3U;
        return (h ^ 0xff) * 0x100000001b3U;
}

uint64_t msptk__fake_hash(uint64_t seed, const char *a, const char *b, const char *c,
                          uint64_t number)
{
        uint64_t h = 0xcbf29ce484222325U ^ mix(seed);

        return mix(add_text(add_text(add_text(h, a), b), c) ^ mix(number));
}

static double unit(uint64_t hash) /* 0 <= x < 1 */
{
        return (double)(hash >> 11) / 9007199254740992.0;
}

bool msptk__fake_chance(uint64_t hash, double fraction)
{
        return unit(hash) < fraction;
}

int64_t msptk__fake_slot(const fake *self, int64_t now)
{
        int64_t length = self->slot_s * 1000000;

        return now >= 0 ? now / length : -((-now + length - 1) / length);
}

static int64_t episode(int64_t slot)
{
        return slot >= 0 ? slot / FAKE_EPISODE_SLOTS
                         : -((-slot + FAKE_EPISODE_SLOTS - 1) / FAKE_EPISODE_SLOTS);
}

static bool flaps(const fake *self, const char *device, const fake_metric *m)
{
        return msptk__fake_chance(msptk__fake_hash((uint64_t)self->seed, "flap", device, m->metric,
                                                   m->instance[0] ? add_text(0, m->instance) : 0),
                                  self->flap);
}

static bool ill(const fake *self, const char *device, const fake_metric *m, int64_t at)
{
        uint64_t h = add_text(mix((uint64_t)at), m->instance);

        return msptk__fake_chance(
                msptk__fake_hash((uint64_t)self->seed, "ill", device, m->metric, h),
                self->problems);
}

bool msptk__fake_is_problem(const fake *self, const char *device, const fake_metric *m,
                            int64_t slot)
{
        if (flaps(self, device, m))
                return (slot & 1) != 0;
        return ill(self, device, m, episode(slot));
}

int64_t msptk__fake_problem_since(const fake *self, const char *device, const fake_metric *m,
                                  int64_t slot)
{
        int64_t first = episode(slot);

        if (flaps(self, device, m))
                return slot;
        for (int i = 0; i < 1000 && ill(self, device, m, first - 1); i++)
                first--;
        return first * FAKE_EPISODE_SLOTS;
}

/* Noise that moves without jumps: values at the ends of the slot, a straight line between. */
static double wander(const fake *self, const char *device, const fake_metric *m, int64_t now)
{
        int64_t slot = msptk__fake_slot(self, now), length = self->slot_s * 1000000;
        double part = (double)(now - slot * length) / (double)length;
        double ends[2];

        for (int i = 0; i < 2; i++)
                ends[i] = unit(msptk__fake_hash((uint64_t)self->seed, device, m->metric,
                                                m->instance, (uint64_t)(slot + i))) *
                                  2 -
                          1;
        return self->drift * (ends[0] * (1 - part) + ends[1] * part);
}

double msptk__fake_value(const fake *self, const char *device, const fake_metric *m, int64_t now)
{
        int64_t slot = msptk__fake_slot(self, now);
        bool problem = msptk__fake_is_problem(self, device, m, slot);
        double base = unit(msptk__fake_hash((uint64_t)self->seed, "base", device, m->metric,
                                            add_text(0, m->instance)));
        double value;

        if (m->up_down)
                return problem ? m->bad : m->high;
        if (problem)
                return m->bad + base * (m->limit - m->bad);
        value = m->low + base * (m->high - m->low) + wander(self, device, m, now);
        if (value < 0)
                value = 0;
        return value > m->high + self->drift ? m->high + self->drift : value;
}

bool msptk__fake_rule_matches(const fake_rule *r, const char *device, const char *check,
                              const char *metric, const char *instance, int64_t now)
{
        return now >= r->from && now < r->until && (!r->device || strcmp(r->device, device) == 0) &&
               (!r->check || strcmp(r->check, check) == 0) &&
               (!r->metric || strcmp(r->metric, metric) == 0) &&
               (!r->instance || strcmp(r->instance, instance) == 0);
}

const fake_rule *msptk__fake_rule_for(const fake *self, const char *device, const char *check,
                                      const char *metric, const char *instance, int64_t now)
{
        for (size_t i = 0; i < self->rule_count; i++) { /* the first that fits */
                const fake_rule *r = &self->rules[i];

                if (!r->fail && !r->down &&
                    msptk__fake_rule_matches(r, device, check, metric, instance, now))
                        return r;
        }
        return NULL;
}

bool msptk__fake_is_down(const fake *self, const char *device, int64_t now)
{
        for (size_t i = 0; i < self->rule_count; i++) {
                const fake_rule *r = &self->rules[i];

                if (r->down && now >= r->from && now < r->until &&
                    (!r->device || strcmp(r->device, device) == 0))
                        return true;
        }
        return msptk__fake_chance(msptk__fake_hash((uint64_t)self->seed, "silent", device, NULL, 0),
                                  self->silent);
}

bool msptk__fake_is_missing(const fake *self, const char *device)
{
        return msptk__fake_chance(
                msptk__fake_hash((uint64_t)self->seed, "missing", device, NULL, 0), self->missing);
}

void msptk__fake_device_id(char *out, size_t cap, const char *client, int64_t number)
{
        snprintf(out, cap, "%.200s-%04lld", client, (long long)number);
}
