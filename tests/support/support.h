/* First include of every test: cmocka, minus its macro that clashes with ours. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail
#undef fail_msg
#define fail_msg(...) \
        do { \
                print_error("ERROR: " __VA_ARGS__); \
                print_error("\n"); \
                _fail(__FILE__, __LINE__); \
        } while (0)

#endif
