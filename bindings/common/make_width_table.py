#!/usr/bin/env python3
"""Writes bindings/common/width_table.h from the Unicode data of python3: run it with the path of that file.

Three lists of ranges: characters that take no column of their own (they sit on the one before), characters that take two,
and pictures that take one as text and two when U+FE0F follows.
"""
import sys
import unicodedata

LAST = 0x10FFFF
# Symbols that are drawn as text unless U+FE0F asks for the picture (emoji-data, Emoji_Presentation=No).
PICTURES = ("0023 002A 0030-0039 00A9 00AE 203C 2049 2122 2139 2194-2199 21A9-21AA 2328 23CF 23ED-23EF 23F1-23F2 "
            "23F8-23FA 24C2 25AA-25AB 25B6 25C0 25FB-25FC 2600-2604 260E 2611 2618 261D 2620 2622-2623 2626 262A "
            "262E-262F 2638-263A 2640 2642 265F-2660 2663 2665-2666 2668 267B 267E 2692 2694-2697 2699 269B-269C "
            "26A0 26A7 26B0-26B1 26C8 26CF 26D1 26D3 26E9 26F0-26F1 26F4 26F7-26F9 2702 2708-2709 270C-270D 270F "
            "2712 2714 2716 271D 2721 2733-2734 2744 2747 2763-2764 27A1 2934-2935 2B05-2B07 3030 303D 3297 3299 "
            "1F170-1F171 1F17E-1F17F 1F202 1F237 1F321 1F324-1F32C 1F336 1F37D 1F396-1F397 1F399-1F39B 1F39E-1F39F "
            "1F3CB-1F3CE 1F3D4-1F3DF 1F3F3 1F3F5 1F3F7 1F43F 1F441 1F4FD 1F549-1F54A 1F56F-1F570 1F573-1F579 1F587 "
            "1F58A-1F58D 1F590 1F5A5 1F5A8 1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 1F5D1-1F5D3 1F5DC-1F5DE 1F5E1 1F5E3 1F5E8 "
            "1F5EF 1F5F3 1F5FA 1F6CB 1F6CD-1F6CF 1F6E0-1F6E5 1F6E9 1F6F0 1F6F3")


def is_zero(c):
    if 0x1160 <= c <= 0x11FF or 0xD7B0 <= c <= 0xD7FF:  # vowels and finals of composed Hangul
        return True
    if c == 0xAD:  # the soft hyphen is drawn
        return False
    return unicodedata.category(chr(c)) in ("Mn", "Me", "Cf") and not 0x600 <= c <= 0x605


def is_wide(c):
    # Unassigned places of the ideographic planes are wide too; flags are pairs of letters of one column each.
    if 0x20000 <= c <= 0x2FFFD or 0x30000 <= c <= 0x3FFFD:
        return True
    return unicodedata.east_asian_width(chr(c)) in ("W", "F") and not is_zero(c)


def ranges(belongs):
    found, start = [], None
    for c in range(LAST + 2):
        inside = c <= LAST and not 0xD800 <= c <= 0xDFFF and belongs(c)
        if inside and start is None:
            start = c
        if not inside and start is not None:
            found.append((start, c - 1))
            start = None
    return found


def pictures():
    for word in PICTURES.split():
        first, _, last = word.partition("-")
        yield int(first, 16), int(last or first, 16)


def write_table(out, name, pairs):
    out.write("static const width_range %s[] = {\n" % name)
    line = "       "
    for first, last in pairs:
        item = " { 0x%x, 0x%x }," % (first, last)
        if len(line) + len(item) > 100:
            out.write(line + "\n")
            line = "       "
        line += item
    out.write(line + "\n};\n")


def main():
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("/* Columns of characters, from Unicode %s. Made by bindings/common/make_width_table.py; do not edit. */\n"
                  % unicodedata.unidata_version)
        out.write("/* clang-format off */\n#ifndef CLI_WIDTH_TABLE_H\n#define CLI_WIDTH_TABLE_H\n\n#include <stdint.h>\n\n"
                  "typedef struct width_range {\n        uint32_t first, last;\n} width_range;\n\n")
        write_table(out, "zero_ranges", ranges(is_zero))
        write_table(out, "wide_ranges", ranges(is_wide))
        write_table(out, "picture_ranges", pictures())
        out.write("\n#endif\n")


if __name__ == "__main__":
    main()
