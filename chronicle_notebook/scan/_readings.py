"""The readings of one text: a text that a comment sign, a colour, a tag or a line break divides is joined again."""

from __future__ import annotations

import base64
import binascii
import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_COLOUR = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,100}+[ -/]{0,10}+[@-~]|(?:\\u001b|\\x1b|\\033|\\e|\^\[)\[[0-9;:]{0,100}+[mK]",
    re.IGNORECASE,
)
_LINK = re.compile(r"\x1b\]8;[^;\x1b\x07]{0,200}+;|\x1b\\|\x07")
"""The begin and the end of a link in a terminal; the address between them stays."""
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")

_PREFIX = re.compile(
    r"^[ \t]*+(?:(?:\#+|//+|>+|\.\.\.|\$|[+-](?=[ \t\w%!\"'])|-{2,10}>[ \t]*+\d+|\d+(?=[ \t])|In \[\d*\]:|\|)"
    r"[ \t]?){1,3}+",
    re.MULTILINE,
)
"""The beginning of a line of a comment, a quotation, a prompt, a difference or a traceback."""
_BEGIN_OF_PREFIX = frozenset(" \t#/>.$+-0123456789I|")
_GLUE = re.compile(
    r"""(?P<quote>["'])[ \t]*+(?:\+[ \t]*+)?\\?(?:\#[^\n]{0,300}+)?\r?\n[ \t]*+(?:\+[ \t]*+)?[rRuUbB]{0,2}(?P=quote)"""
    r"""(?!(?P=quote))|[ \t]*+\\\r?\n[ \t]*+"""
)
"""The text between two parts of a literal, as a formatter breaks it, and between two parts of a command."""

_LONG_LINE = 1_000
"""The length of a line that nobody wrote by hand, such as a library in a page."""

_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|data|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u|var|wbr)"
    r"(?:\s[^<>]*+)?/?>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[A-Za-z!?][^<>]*+>")
_BROKEN_TAG = re.compile(r"<[^<>\n]*+\n[^<>]*+>")
_ENTITY = re.compile(r"&(?:#\d|#[xX]|quot;|amp;|lt;|gt;|apos;|nbsp;)")

_EXPORTED = re.compile(
    r"get_ipython\(\)\s{0,20}+\.\s{0,20}+(run_line_magic|run_cell_magic|system|getoutput)\s{0,20}+\("
)
_LITERAL = re.compile(
    r"""\s{0,40}+,?\s{0,40}+[ru]?(?:"(?P<double>(?:[^"\\\n]|\\.)*+)"|'(?P<single>(?:[^'\\\n]|\\.)*+)')"""
)
_ESCAPE = re.compile(r"""\\(?:(["'\\/])|([ntr])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))""")
_BLANKS = {"n": "\n", "t": "\t", "r": "\r"}

_JSON_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*+)"?')
_COMMA = re.compile(r"\s*+,\s*+")

_DATA_URL = re.compile(r"data:[\w.+/-]{0,100}+(?:;[\w=.-]{1,60}+){0,5}?;base64,([A-Za-z0-9+/=]++)")
_BASE64 = re.compile(r"\s*+[A-Za-z0-9+/]{16,}+(?:\s++[A-Za-z0-9+/]++)*+={0,2}\s*+")

_SETTINGS = re.compile(
    r"^[ \t]*+(?P<fence>`{3,}|~{3,})[ \t]*+\{?(?:yaml|yml|env|dotenv|ini|toml|properties|conf|cfg)\b[^\n]*+\n"
    r"|^[ \t]*+%%(?:writefile|file)\b[^\n]*?(?:\.ya?ml|\.env|\.ini|\.toml|\.cfg|\.conf|\.properties)[ \t]*+\n"
    r"|^[ \t]*+%%(?:bash|sh|script)\b[^\n]*+\n",
    re.MULTILINE,
)
_END_OF_CELL = re.compile(r"^[ \t]*+(?:\#[ \t]*+%%|%%|\#[ \t]In\[)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in the form for the search. It knows where its parts were."""

    text: str
    line: int = 1
    """Its first line."""
    inside: bool = True
    """Whether its own lines count. They do not if it was written inside one line."""
    glued: tuple[int, ...] = ()
    """The positions where line breaks were removed."""
    settings: bool = False
    """Whether it contains settings, so that values need no quotes."""

    def lines(self, positions: Sequence[int]) -> list[int]:
        """The lines of the original text for the given positions."""
        if not self.inside or not positions:
            return [self.line] * len(positions)
        breaks = _breaks(self.text)
        return [self.line + bisect_left(breaks, each) + bisect_right(self.glued, each) for each in positions]


def _breaks(text: str) -> list[int]:
    """The ends of the lines of a text."""
    return [found.start() for found in re.finditer("\n", text)]


def readings(text: str, *, line: int = 1, settings: bool = False, markup: bool | None = None) -> Iterator[Reading]:
    """All readings of a text, each once.

    :param markup: whether it is HTML or XML; by default the text itself decides.
    """
    text = _seen(text)
    told: set[str] = set()
    for each in (text, *_without_tags(text, markup=markup)):
        for form in dict.fromkeys((each, _without_prefixes(each))):
            if form not in told:
                told.add(form)
                yield _joined(form, line, settings=settings)
    yield from _exported(text, line)
    yield from _settings(text, line)
    if ";base64," in text:
        yield from _data_urls(text, line)


def _data_urls(text: str, line: int) -> Iterator[Reading]:
    breaks = _breaks(text)
    for found in _DATA_URL.finditer(text):
        decoded = decoded_text(found[1])
        if decoded:
            yield Reading(decoded, line + bisect_left(breaks, found.start()), inside=False)


def decoded_text(encoded: str) -> str | None:
    """The text of a value in Base64; None if the value is not Base64, or not text."""
    if not _BASE64.fullmatch(encoded):
        return None
    try:
        text = base64.b64decode(encoded).decode()
    except (binascii.Error, ValueError):
        return None
    return text if text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else None


def strings_of_json(text: str) -> Iterator[Reading]:
    """The strings in a broken JSON text. The strings of one list are one text."""
    breaks = _breaks(text)
    parts: list[str] = []
    line = end = 0
    for found in _JSON_STRING.finditer(text):
        between = _COMMA.fullmatch(text, end, found.start()) if parts else None
        if between is None and parts:
            yield Reading(_seen("".join(parts)), line + 1, inside=False)
            parts = []
        if not parts:
            line = bisect_left(breaks, found.start())
        parts.append(unescaped(found[1]))
        end = found.end()
    if parts:
        yield Reading(_seen("".join(parts)), line + 1, inside=False)


def unescaped(literal: str) -> str:
    """The value of a literal, without its quotes."""
    return _ESCAPE.sub(_character, literal) if "\\" in literal else literal


def _character(escape: re.Match[str]) -> str:
    sign, blank, short, long = escape.groups()
    return sign or (_BLANKS[blank] if blank else chr(int(short or long, 16)))


def _seen(text: str) -> str:
    """A text without colours and without invisible characters."""
    if "[" in text:
        text = _COLOUR.sub("", text)
    if "\x1b" in text or "\x07" in text:
        text = _LINK.sub(" ", text)
    return text if text.isascii() else _UNSEEN.sub("", text)


def _without_prefixes(text: str) -> str:
    if "\n" not in text and text[:1] not in _BEGIN_OF_PREFIX:
        return text
    return _changed(text, _PREFIX.sub("", text))


def _changed(before: str, after: str) -> str:
    """The second form of a text, without very long lines that are the same in the first form, where they are
    searched."""
    if before == after:
        return after
    old, new = before.split("\n"), after.split("\n")
    if len(old) != len(new):
        return after
    return "\n".join(
        "" if line == other and len(line) > _LONG_LINE else line for line, other in zip(new, old, strict=True)
    )


def _joined(text: str, line: int, *, settings: bool) -> Reading:
    if "\n" not in text:
        return Reading(text, line, settings=settings)
    parts: list[str] = []
    glued: list[int] = []
    end = length = 0
    for glue in _GLUE.finditer(text):
        parts.append(text[end : glue.start()])
        length += len(parts[-1])
        end = glue.end()
        if glue["quote"] is None:
            parts.append(" ")
            length += 1
        glued.append(length)
    parts.append(text[end:])
    return Reading("".join(parts), line, glued=tuple(glued), settings=settings)


def _without_tags(text: str, *, markup: bool | None) -> Iterator[str]:
    """The text of HTML or XML, and its attributes, both without entities."""
    if "<" in text and (markup or (markup is None and "</" in text)):
        # A tag of several lines is rare, and a function for each tag slow.
        broken = "\n" in text and _BROKEN_TAG.search(text)
        bare = _INLINE.sub(_lines if broken else "", text)
        bare = _TAG.sub(_lines_or_blank if broken else " ", bare)
        yield html.unescape(bare) if "&" in bare else bare
    if "&" in text and _ENTITY.search(text):
        yield _changed(text, html.unescape(text))


def _lines(tag: re.Match[str]) -> str:
    return "\n" * tag[0].count("\n")


def _lines_or_blank(tag: re.Match[str]) -> str:
    return _lines(tag) or " "


def _exported(text: str, line: int) -> Iterator[Reading]:
    """Magics and commands as they are in a script, written as in the notebook again."""
    if "get_ipython()" not in text:
        return
    for form in dict.fromkeys((text, *_without_tags(text, markup=None))):
        breaks = _breaks(form)
        for call in _EXPORTED.finditer(form):
            arguments: list[str] = []
            position = call.end()
            while len(arguments) < 3 and (literal := _LITERAL.match(form, position)):
                arguments.append(unescaped(literal["double"] or literal["single"] or ""))
                position = literal.end()
            if not arguments:
                continue
            if call[1] == "run_line_magic":
                source = "%" + " ".join(arguments)
            elif call[1] == "run_cell_magic":
                source = "%%" + " ".join(arguments[:2]) + "\n" + "".join(arguments[2:])
            else:
                source = "!" + arguments[0]
            yield Reading(source, line + bisect_left(breaks, call.start()), inside=False)


def _settings(text: str, line: int) -> Iterator[Reading]:
    """Blocks of a page and cells with settings or commands."""
    if "```" not in text and "~~~" not in text and "%%" not in text:
        return
    breaks = _breaks(text)
    position = 0
    while begin := _SETTINGS.search(text, position):
        end = (_end_of_fence(begin["fence"]) if begin["fence"] else _END_OF_CELL).search(text, begin.end())
        position = end.start() if end else len(text)
        block = text[begin.end() : position]
        yield Reading(block, line + bisect_left(breaks, begin.end()), settings=True)


def _end_of_fence(fence: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*+{fence[:3]}", re.MULTILINE)
