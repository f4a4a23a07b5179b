/* Fail the Nth: a body runs again and again, each time with another single point of failure, until
 * it ran through without one. Link with fault.c and fault_link_args (tests/faults/meson.build).
 *
 *      FAULT_LOOP(fault, FAULT_ALLOC) {
 *              st = do_it(&thing, NULL);
 *              assert_true(st == MSPTK_OK || fault_was_hit(&fault));
 *              check_invariants(thing);
 *      }
 *
 * The loop goes twice: first only the Nth fails, then the Nth and all after it. Long loops run a
 * slice that MSPTK_SEED chooses; MSPTK_FULL=1 runs them whole. */
#ifndef TESTS_FAULTS_FAULT_H
#define TESTS_FAULTS_FAULT_H

#include <stdbool.h>

enum {
        FAULT_ALLOC = 1, /* malloc, calloc, realloc, strdup of everything linked statically */
        FAULT_HTTP = 2,  /* a transfer of the scripted transport */
        FAULT_STORE = 4  /* a call of the test VFS */
};

typedef struct fault_loop {
        unsigned kinds;
        bool onwards; /* the second pass: everything from the Nth on */
        bool started;
        long n;      /* the point that fails in this round, from 1 */
        long rounds; /* how many rounds ran */
        long points; /* most points that one round passed */
} fault_loop;

#define FAULT_LOOP(name, fault_kinds) \
        for (fault_loop name = { .kinds = (fault_kinds) }; fault_next(&name);)

/* Begins the next round; false when both passes are through. */
bool fault_next(fault_loop *f);

/* Whether this round's point was reached. Also disarms, so that checks after it run without faults.
 */
bool fault_was_hit(fault_loop *f);

/* Inside a round: no faults while the test prepares the next step, and faults again; the count goes
 * on where it was. */
void fault_rest(fault_loop *f);
void fault_arm(fault_loop *f);

/* For transports and file systems of tests: counts one point and says whether it has to fail. */
bool fault_point(unsigned kind);

#endif
