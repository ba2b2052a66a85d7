"""A line, split into words, with quotes as in a POSIX shell and with the position of each word.

Nothing is expanded: ``$``, ``{``, ``*``, ``#``, ``&`` and ``=`` are plain characters.
"""

from __future__ import annotations

from dataclasses import dataclass

from chronicle_notebook.base._errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Word:
    """One word."""

    text: str
    """Without its quotes."""
    start: int
    end: int
    quoted: bool
    """Whether the word begins with a quote, so that it is never a flag."""
    closed: bool = True
    """Whether its last quote is closed."""

    @property
    def flag(self) -> bool:
        """Whether the word is written like a flag."""
        return not self.quoted and self.text.startswith("-") and self.text != "-"


def split(line: str) -> list[Word]:
    """The words of a line.

    :raises InvalidInputError: a quote is not closed.
    """
    words = scan(line)
    if words and not words[-1].closed:
        raise InvalidInputError(
            "A quote is not closed.",
            field="line",
            hint="Close it; a quote that is part of a word goes into quotes of the other kind.",
        )
    return words


def scan(line: str) -> list[Word]:
    """The words of a line that the user may still be writing."""
    words: list[Word] = []
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        word = _word(line, position)
        words.append(word)
        position = word.end
    return words


def _word(line: str, start: int) -> Word:
    text: list[str] = []
    quote = ""
    position = start
    while position < len(line):
        character = line[position]
        following = line[position + 1 : position + 2]
        if character == "\\" and following and (not quote or (quote == '"' and following in {'"', "\\"})):
            text.append(following)
            position += 1
        elif quote:
            if character == quote:
                quote = ""
            else:
                text.append(character)
        elif character in {"'", '"'}:
            quote = character
        elif character.isspace():
            break
        else:
            text.append(character)
        position += 1
    return Word("".join(text), start, position, quoted=line[start] in {"'", '"'}, closed=not quote)
