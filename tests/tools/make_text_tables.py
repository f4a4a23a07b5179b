#!/usr/bin/env python3
"""Writes lib/base/text_tables.h from the Unicode data of python3: run it with the path of that file.

Folding of a character: compatibility decomposition, full case folding, accents off, again until
nothing changes. Whatever folds to one character goes into runs (from, to, step, difference), the
rest into a list with its text. Hangul is decomposed by arithmetic in C.
"""
import sys
import unicodedata

# Letters that are a letter with a stroke or a pair of letters, without a decomposition in Unicode.
EXTRA = {
    'ı': 'i', 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ð': 'd', 'þ': 'th', 'æ': 'ae', 'œ': 'oe', 'ħ': 'h', 'ŧ': 't',
    'ŋ': 'n', 'ĸ': 'k', 'ƀ': 'b', 'ƶ': 'z', 'ɨ': 'i', 'ʉ': 'u', 'ɓ': 'b', 'ɗ': 'd', 'ƙ': 'k', 'ŀ': 'l',
    'ƒ': 'f', 'ɖ': 'd', 'ɛ': 'e', 'ɔ': 'o', 'ə': 'e', 'ǝ': 'e', 'ʼ': "'", '’': "'", '‘': "'", 'ʻ': "'",
}
# Marks that make another letter instead of an accented one: nukta, kana voicing, virama, vowels.
KEPT_CLASSES = (0, 7, 8, 9)

LATIN = {
    'а': 'a', 'б': 'b', 'в': 'v', 'г': 'g', 'ґ': 'g', 'д': 'd', 'ђ': 'dj', 'е': 'e', 'є': 'ye', 'ж': 'zh',
    'з': 'z', 'ѕ': 'dz', 'и': 'i', 'і': 'i', 'ј': 'j', 'к': 'k', 'л': 'l', 'љ': 'lj', 'м': 'm', 'н': 'n',
    'њ': 'nj', 'о': 'o', 'п': 'p', 'р': 'r', 'с': 's', 'т': 't', 'ћ': 'c', 'у': 'u', 'ф': 'f', 'х': 'kh',
    'ц': 'ts', 'ч': 'ch', 'џ': 'dz', 'ш': 'sh', 'щ': 'shch', 'ъ': '', 'ы': 'y', 'ь': '', 'э': 'e', 'ю': 'yu',
    'я': 'ya', 'ѣ': 'e', 'ѳ': 'f', 'ѵ': 'i', 'ғ': 'g', 'қ': 'k', 'ң': 'n', 'ү': 'u', 'ұ': 'u', 'һ': 'h',
    'ә': 'a', 'ө': 'o', 'ӏ': '',
    'α': 'a', 'β': 'v', 'γ': 'g', 'δ': 'd', 'ε': 'e', 'ζ': 'z', 'η': 'i', 'θ': 'th', 'ι': 'i', 'κ': 'k',
    'λ': 'l', 'μ': 'm', 'ν': 'n', 'ξ': 'x', 'ο': 'o', 'π': 'p', 'ρ': 'r', 'σ': 's', 'τ': 't', 'υ': 'y',
    'φ': 'f', 'χ': 'ch', 'ψ': 'ps', 'ω': 'o',
}


def is_mark(c):
    return unicodedata.category(c) in ('Mn', 'Me') and unicodedata.combining(c) not in KEPT_CLASSES


def fold_once(s):
    # Accents go first: folding would make a letter of the Greek iota below.
    s = ''.join(c for c in unicodedata.normalize('NFKD', s) if not is_mark(c)).casefold()
    s = unicodedata.normalize('NFKD', s)
    return ''.join(EXTRA.get(c, c) for c in s if not is_mark(c))


def fold(c):
    before, s = None, c
    while s != before:
        before, s = s, fold_once(s)
    return s


def collect():
    single, multi = [], []
    for cp in range(0x80, 0x110000):
        c = chr(cp)
        if 0xAC00 <= cp <= 0xD7A3 or unicodedata.category(c) in ('Cs', 'Cn', 'Co'):
            continue
        to = fold(c)
        if to == c:
            continue
        if len(to) == 1:
            single.append((cp, ord(to) - cp))
        else:
            multi.append((cp, to))
    return single, multi


def runs_of(single):
    """Greedy runs with one difference and step 1 or 2."""
    runs = []
    for cp, diff in single:
        if runs:
            r = runs[-1]
            gap = cp - r[1]
            if r[3] == diff and gap in (1, 2) and (r[0] == r[1] or gap == r[2]):
                r[1], r[2] = cp, gap
                continue
        runs.append([cp, cp, 1, diff])
    return runs


def marks():
    ranges = []
    for cp in range(0x300, 0x110000):
        if is_mark(chr(cp)):
            if ranges and cp == ranges[-1][1] + 1:
                ranges[-1][1] = cp
            else:
                ranges.append([cp, cp])
    return ranges


# Compatibility forms that nobody types as text: they would double the tables.
SKIPPED = ((0x2E80, 0x2FDF), (0x3200, 0x33FF), (0xF900, 0xFAFF), (0xFC00, 0xFDFF), (0x1EE00, 0x1EEFF),
           (0x1F100, 0x1F2FF), (0x2F800, 0x2FA1F))


def is_skipped(cp):
    return any(a <= cp <= b for a, b in SKIPPED)


def c_bytes(s):
    """Octal escapes end by themselves, whatever follows."""
    return ''.join('\\%03o' % b if b >= 0x80 or b in (0x22, 0x5C) else chr(b) for b in s.encode())


def table(out, head, rows, width=100):
    out.append(head + ' = {')
    line = '       '
    for row in rows:
        if len(line) + len(row) + 2 > width:
            out.append(line)
            line = '       '
        line += ' ' + row + ','
    out += [line, '};', '']


def main():
    single, multi = collect()
    single = [s for s in single if not is_skipped(s[0])]
    multi = [m for m in multi if m[1] and not is_skipped(m[0])]
    runs = []
    for first, last, step, diff in runs_of(single):
        count = (last - first) // step
        assert count < 1024
        runs.append('{ 0x%x, %d }' % (first << 11 | (step - 1) << 10 | count, diff))
    pool, at, size = [], {}, 0
    for _, to in multi:
        if to not in at:
            at[to] = size
            pool.append(to)
            size += len(to.encode()) + 1
    assert size < 0x10000 and max(len(t.encode()) for t in LATIN.values()) < 6
    for key in LATIN:
        assert fold(key) == key, key

    out = ['/* Folding and transliteration tables from Unicode %s. Made by' % unicodedata.unidata_version,
           ' * tests/tools/make_text_tables.py; do not edit. */', '/* clang-format off */',
           '#ifndef BASE_TEXT_TABLES_H', '#define BASE_TEXT_TABLES_H', '', '#include <stdint.h>', '',
           '/* first << 11 | (step - 1) << 10 | (count - 1), difference */']
    table(out, 'static const struct fold_run {\n        uint32_t key;\n        int32_t diff;\n} fold_runs[]', runs)
    out += ['/* character, where in fold_pool its text begins */']
    table(out, 'static const struct fold_long {\n        uint32_t cp;\n        uint16_t at;\n} fold_longs[]',
          ['{ 0x%x, %d }' % (cp, at[to]) for cp, to in multi])
    out += ['static const char fold_pool[] =']
    out += ['        "%s\\0"' % c_bytes(t) for t in pool]
    out[-1] += ';'
    out += ['', '/* combining marks that do not count: first, last */']
    table(out, 'static const struct mark_range {\n        uint32_t first, last;\n} fold_marks[]',
          ['{ 0x%x, 0x%x }' % (a, b) for a, b in marks()])
    out += ['/* Greek and Cyrillic, folded, in Latin letters */']
    table(out, 'static const struct latin_row {\n        uint16_t cp;\n        char text[6];\n} latin_rows[]',
          ['{ 0x%x, "%s" }' % (ord(k), LATIN[k]) for k in sorted(LATIN)])
    out += ['#endif']
    with open(sys.argv[1], 'w', encoding='utf-8') as f:
        f.write('\n'.join(out) + '\n')


if __name__ == '__main__':
    main()
