#!/usr/bin/env python3
"""Draw what a terminal shows as an SVG: reads text with colour escapes, writes the picture.

usage: CLICOLOR_FORCE=1 msp-toolkit health check acme-corp | make_picture.py 'msp-toolkit health check acme-corp' > docs/health-check.svg
"""
import html
import re
import sys
import unicodedata

WIDTH, HEIGHT, LEFT, TOP = 8.4, 19, 16, 40
COLOURS = {'30': '#6e7681', '31': '#ff7b72', '32': '#7ee787', '33': '#e3b341', '34': '#79c0ff', '35': '#d2a8ff', '36': '#76e3ea',
           '37': '#e6edf3', '90': '#8b949e', '91': '#ff7b72', '92': '#7ee787', '93': '#e3b341', '94': '#79c0ff', '95': '#d2a8ff',
           '96': '#76e3ea'}
PLAIN = '#e6edf3'


def cells(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)


def spans(line):
    """Pieces of a line: (text, colour, bold, dim)."""
    colour, bold, dim = PLAIN, False, False
    for piece in re.split(r'(\x1b\[[0-9;]*m)', line):
        if not piece.startswith('\x1b'):
            if piece:
                yield piece, colour, bold, dim
            continue
        for code in piece[2:-1].split(';'):
            if code in ('', '0'):
                colour, bold, dim = PLAIN, False, False
            elif code == '1':
                bold = True
            elif code == '2':
                dim = True
            elif code in ('22', '39'):
                colour, bold, dim = (PLAIN if code == '39' else colour), False, False
            elif code in COLOURS:
                colour = COLOURS[code]


def main():
    lines = ['\x1b[2m$\x1b[0m ' + sys.argv[1]] + sys.stdin.read().rstrip('\n').split('\n')
    plain = [re.sub(r'\x1b\[[0-9;]*m', '', line) for line in lines]
    width = int(max(map(cells, plain)) * WIDTH + 2 * LEFT)
    height = len(lines) * HEIGHT + TOP + 12
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">')
    print(f'<title>{html.escape(sys.argv[1])}</title>')
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>')
    for n, dot in enumerate(('#ff5f57', '#febc2e', '#28c840')):
        print(f'<circle cx="{20 + 18 * n}" cy="18" r="5.5" fill="{dot}"/>')
    print('<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">')
    for row, line in enumerate(lines):
        column = 0
        for text, colour, bold, dim in spans(line):
            style = (' font-weight="bold"' if bold else '') + (' opacity="0.6"' if dim else '')
            x, y = LEFT + column * WIDTH, TOP + (row + 1) * HEIGHT - 6
            print(f'<text x="{x:.1f}" y="{y}" fill="{colour}" textLength="{cells(text) * WIDTH:.1f}"{style}>{html.escape(text)}</text>')
            column += cells(text)
    print('</g>\n</svg>')


main()
