# SPDX-License-Identifier: MIT
"""The layouts, key by key, against the X keyboard database of this machine."""
import pathlib
import re
import unicodedata

import pytest
from machine import TOP

SYMBOLS = pathlib.Path("/usr/share/X11/xkb/symbols")
# XKB's names of keys, and Linux's codes, row by row.
ROWS = (
    [("TLDE", "KEY_GRAVE")]
    + [(f"AE{i + 1:02}", f"KEY_{n}") for i, n in enumerate("1234567890")]
    + [("AE11", "KEY_MINUS"), ("AE12", "KEY_EQUAL")]
    + [(f"AD{i + 1:02}", f"KEY_{c}") for i, c in enumerate("QWERTYUIOP")]
    + [("AD11", "KEY_LEFTBRACE"), ("AD12", "KEY_RIGHTBRACE")]
    + [(f"AC{i + 1:02}", f"KEY_{c}") for i, c in enumerate("ASDFGHJKL")]
    + [("AC10", "KEY_SEMICOLON"), ("AC11", "KEY_APOSTROPHE"), ("BKSL", "KEY_BACKSLASH")]
    + [(f"AB{i + 1:02}", f"KEY_{c}") for i, c in enumerate("ZXCVBNM")]
    + [("AB08", "KEY_COMMA"), ("AB09", "KEY_DOT"), ("AB10", "KEY_SLASH"), ("LSGT", "KEY_102ND")]
)
NAMES = {
    "exclam": "!", "at": "@", "numbersign": "#", "dollar": "$", "percent": "%", "asciicircum": "^",
    "ampersand": "&", "asterisk": "*", "parenleft": "(", "parenright": ")", "minus": "-",
    "underscore": "_", "equal": "=", "plus": "+", "bracketleft": "[", "bracketright": "]",
    "braceleft": "{", "braceright": "}", "semicolon": ";", "colon": ":", "apostrophe": "'",
    "quotedbl": '"', "grave": "`", "asciitilde": "~", "backslash": "\\", "bar": "|", "comma": ",",
    "less": "<", "period": ".", "greater": ">", "slash": "/", "question": "?", "sterling": "£",
    "EuroSign": "€", "notsign": "¬", "brokenbar": "¦", "section": "§", "degree": "°",
    "twosuperior": "²", "threesuperior": "³", "ssharp": "ß", "mu": "µ", "currency": "¤",
    "dead_acute": "\u0301", "dead_grave": "\u0300", "dead_circumflex": "\u0302",
    "dead_diaeresis": "\u0308", "dead_tilde": "\u0303",
}  # fmt: skip
ACCENTS = {"diaeresis": "\u0308", "acute": "\u0301", "grave": "\u0300", "circumflex": "\u0302",
           "cedilla": "\u0327"}  # fmt: skip


def character(name):
    """Of a keysym; None for those that no test needs."""
    if len(name) == 1:
        return name
    for accent, mark in ACCENTS.items():
        if name[1:] == accent:
            return unicodedata.normalize("NFC", name[0] + mark)
    if re.fullmatch(r"U[0-9A-Fa-f]{4,6}", name):
        return chr(int(name[1:], 16))
    return NAMES.get(name)


def xkb(file, section):
    """{key: [characters]} of a section of a symbols file, what it includes first."""
    text = re.sub(r"//.*", "", (SYMBOLS / file).read_text())
    found = re.search(r'xkb_symbols\s+"%s"\s*\{(.*?)\n\s*\};' % re.escape(section), text, re.S)
    keys = {}
    for include, key, symbols in re.findall(
        r'include\s+"([^"]+)"|key\s*<(\w+)>\s*\{[^}\[]*\[([^\]]*)\]', found.group(1)
    ):
        if include:
            name, _, part = include.partition("(")
            if name in ("us", "gb", "de", "fr", "latin", "eurosign", "level3", "kpdl"):
                if name in ("us", "latin", "gb", "de", "fr"):
                    keys.update(xkb(name, part.rstrip(")") or "basic"))
        else:
            keys[key] = [character(s.strip()) for s in symbols.split(",")]
    return keys


def ours():
    """{layout: {key: characters}} as layouts.c has them; what a layout does not name is the first's."""
    text = (TOP / "src/drivers/input/layouts.c").read_text()
    layouts = {}
    for name, body in re.findall(r'\.name = "(\w+)".*?\.keys = \{(.*?)\n\t\} \}', text, re.S):
        keys = {}
        for key, string, codes in re.findall(
            r'\[(KEY_\w+)\] = (?:u"((?:[^"\\]|\\.)*)"|\{([^}]*)\})', body
        ):
            if string:
                keys[key] = re.sub(r"\\(.)", r"\1", string)
            else:
                keys[key] = "".join(chr(int(c.split()[0], 16)) for c in codes.split(","))
        layouts[name] = {**layouts.get("us", {}), **keys}
    return layouts


@pytest.mark.parametrize("name,file", [("us", "us"), ("uk", "gb"), ("de", "de"), ("fr", "fr")])
def test_layout(name, file):
    if not SYMBOLS.exists():
        pytest.skip("xkb-data is not installed")
    known, mine, wrong, compared = xkb(file, "basic"), ours()[name], [], 0
    for key, code in ROWS:
        for level, want in enumerate(known.get(key, [])[:2]):
            got = mine[code][level : level + 1]
            compared += want is not None
            if want and got != want:
                wrong.append(f"{code} level {level}: {got!r}, not {want!r}")
        # Of AltGr's characters we have a part; those we have are right.
        for level, got in list(enumerate(mine[code]))[2:]:
            want = (known.get(key, []) + [None] * 4)[level]
            if want and got != want and not want.startswith(("dead",)):
                wrong.append(f"{code} level {level}: {got!r}, not {want!r}")
    assert compared >= 90
    assert not wrong, "\n".join(wrong)
