"""What the public headers declare, read from their text."""
import os
import re

from cases import blank, files_below, line_of, read

_DECLARATION = re.compile(r"(/\*\*(?:(?!\*/).)*\*/)?\s*\bMSPTK_API\b(?!\s*__attribute__)(?=[^#;]*\()([^;#]*);", re.S)


class Function:
    def __init__(self, path, line, comment, text):
        self.path, self.line, self.comment = path, line, comment
        text = " ".join(text.split())
        text = re.sub(r"__attribute__\s*\(\(.*?\)\)(?=\s*$)", "", text)
        text = re.sub(r"MSPTK_DEPRECATED\s*\([^)]*\)", "", text).strip()
        found = re.match(r"(.*?)\b(msptk_\w+)\s*\((.*)\)$", text)
        self.name = found.group(2) if found else ""
        self.returns = found.group(1).strip() if found else ""
        self.params = [_param(p) for p in _split(found.group(3))] if found else []

    @property
    def place(self):
        return "%s:%d: %s" % (self.path, self.line, self.name or "a declaration that cannot be read")


def _split(text):
    """Parameters at the top level of the brackets."""
    parts, depth, here = [], 0, ""
    for char in text:
        depth += char == "("
        depth -= char == ")"
        if char == "," and depth == 0:
            parts.append(here)
            here = ""
        else:
            here += char
    parts.append(here)
    return [p.strip() for p in parts if p.strip() not in ("", "void")]


def _param(text):
    pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", text)
    return pointer.group(1) if pointer else re.sub(r"\[[^\]]*\]$", "", text).split()[-1].lstrip("*")


def headers(root):
    return files_below(root, ["include"], (".h",))


def functions(root):
    """Every MSPTK_API function with the comment right before it."""
    for path in headers(root):
        text = read(os.path.join(root, path))
        code = blank(text)
        starts = {m.end() for m in re.finditer(r"\bMSPTK_API\b", code)}
        for match in _DECLARATION.finditer(text):
            api = text.index("MSPTK_API", match.end(1) if match.group(1) else match.start())
            if api + len("MSPTK_API") in starts and "#" not in text[text.rfind("\n", 0, api) + 1:api]:
                yield Function(path, line_of(text, api), match.group(1), blank(match.group(2)))
