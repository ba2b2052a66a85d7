"""Secrets next to their names: in assignments, mappings, variables, commands and connection strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chronicle_notebook.base._credential_names import looks_like_credential, names_a_password, names_a_secret
from chronicle_notebook.scan._finder import Finder, Found
from chronicle_notebook.scan._literal import OPENING, literal_after, literal_at
from chronicle_notebook.scan._patterns import QUERY
from chronicle_notebook.scan._value import is_dense, is_password, is_random, is_secret, is_written_out

VARIABLE = "a secret that is written out for an environment variable"
COMMAND = "a secret that is written out in a command"
PAIR = "a secret that is written out beside its name"

_STEM = re.compile(r"token|secret|passw|passphrase|passcode|pass\b|pwd|credential|bearer|jwt|key|auth", re.IGNORECASE)
"""A part of every name of a secret."""
_LONGEST_NAME = 80
_BEFORE = 200
"""The number of characters before a name that are used to recognise its context."""

_QUOTED = re.compile(
    r"""(?P<close>\\{0,16}["'`])?+[ \t]{0,8}+\]?+"""
    r"""(?P<type>[ \t]*+:[ \t]*+[A-Za-z][\w.\[\]| ]{0,80}?(?==))?[ \t]{0,40}+"""
    r"""(?P<sep>=(?!=)>?|:=?|<-|,)\s{0,200}+(?:\(\s{0,200}+)?"""
    r"""(?:(?:[\w.]{0,60}(?:Secret(?:Str|Bytes)?|fromhex|b64decode)|str|bytes)\(\s{0,200}+)?""" + OPENING,
)
"""The text between a name and a literal: ``name = "``, ``"name": "``, ``["name"] = "``, ``name: str = (``,
``"name", "``.

It ends with the quote.
"""
_BARE = re.compile(
    r"""["']?(?P<blank>[ \t]{0,40}+)(?P<sep>[=:])[ \t]{0,40}+(?P<value>[^\s"'`]\S{0,1000}+)(?P<rest>[^\n]{0,3})"""
)
_OPTION = re.compile(
    r"""[ \t]{0,5}+=[ \t]{0,5}+(?P<value>\{[^}\n]{1,200}+\}|[^;\s"'<>&\\,)(]{1,1000}+)"""
    r"""(?P<end>[ \t]{0,5}+;|[ \t]++\w{1,40}=|\()?"""
)
_FLAG = re.compile(r"""(?:=|[ \t]{1,10}+)(?P<value>"[^"\n]{1,1000}+|'[^'\n]{1,1000}+|[^\s"'\\;|&)]{1,1000}+)""")
_ELEMENT = re.compile(r"""[^<>\n]{0,100}+>\s{0,80}+(?P<value>[^<>\s]{1,1000}+)\s{0,80}+</""")
_VALUE_OF = re.compile(
    r"""["']?[\s,]{1,60}+(?:["']value["']|value|default)[ \t]{0,10}+[:=][ \t]{0,10}+"""
    r"""["']?(?P<value>[^\s"',<>]{1,1000}+)""",
    re.IGNORECASE,
)
"""A value in a list of names and values, as in containers and settings."""
_BLANK_VALUE = re.compile(r"[ \t]{1,10}+(?P<value>[^\s\"']{1,1000}+)")
_ENTRY = re.compile(r"(?P<name>[\w.-]{1,80}): (?P<value>\S{1,1000})")
"""A name and a value of a notebook's JSON."""

_LINE = r"[ \t]*+(?:[-+*][ \t]++)?"
_AT_LINE = re.compile(rf"""{_LINE}["']?""")
_EXPORT = re.compile(
    rf"{_LINE}(?:!+[ \t]*+set|!*[ \t]*+(?:export|setx|ENV|ARG|declare(?:[ \t]+-\w+)*+)"
    r"|%(?:set_)?env|(?i:set)|\$env:)[ \t]*+"
)
_ENVIRONMENT = re.compile(
    r"""(?:\benviron(?:\.(?:setdefault|get)\(|\[)|\b(?:getenv|putenv|setenv)\()\s{0,100}+\\{0,16}["']$""", re.IGNORECASE
)
_UNPACKED = re.compile(r"(?:^|[\s(])[\w.]{1,80}[ \t]{0,5},[ \t]{0,5}$")
_COMMA = re.compile(r"\s{0,40}+,\s{0,40}+")
"""``user, password = "...", "..."``: the second literal belongs to the second name."""
_LONG = 16
"""The least length of a secret after a name and a comma. Two columns of a table are written like this too."""
_MENTION = re.compile(r"=(?P<value>[\w.~!@#$%^*+/=-]{6,1000}+)(?![(\[{])")
_TEXT_OPTION = re.compile(r"""(?:^|[\s"'])\w{1,40}=[^\s=;,()"']{1,100}+[ \t]++$""")
_CONNECTION = re.compile(
    r"\b(?:server|data source|driver|host(?:name)?|endpoint|account\w{0,20}|u(?:ser)?[ _]?id|user(?:name)?|database|"
    r"dbq|initial catalog|defaultendpointsprotocol|sharedaccesskeyname|port|scheme|dsn)[ \t]{0,5}=[^;\n]{1,150}(?:;|$)",
    re.IGNORECASE,
)
"""Other keys of a connection string, which rarely occur between semicolons in a program."""
_NETRC = re.compile(r"\b(?:login|machine|account)[ \t]+\S{1,100}[ \t]+$")
_CODE = re.compile(r"""\w[(\[]|^[(\[{]|[,;]$|["']""")
"""Signs that a value without quotes is a piece of a program."""
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
"""A value that is an attribute, such as ``settings.token2``, and so not a secret."""

_SQL = re.compile(
    r"\b(?:PASSWORD[ \t]{1,10}+(?:=[ \t]{0,10}+)?|IDENTIFIED[ \t]{1,10}+BY[ \t]{1,10}+(?:PASSWORD[ \t]{1,10}+)?)"
    r"'(?P<value>[^'\n]{1,1000}+)'|\b(?i:ConvertTo-SecureString)[ \t]{1,10}+(?:-String[ \t]{1,10}+)?"
    r"""[\"'](?P<other>[^\"'\n]{1,1000}+)"""
)
"""Statements that set the password of a database user, and a secure string of PowerShell."""
_SHORT_FLAGS = re.compile(
    r"""\b(?:sshpass[ \t]{1,10}+-p[ \t]{0,5}+|(?:docker|podman)[ \t]{1,10}+login\b[^\n]{0,200}?[ \t]-p[ \t]{1,5}+"""
    r"""|mysql(?:dump|admin)?\b[^\n]{0,200}?[ \t]-p)["']?(?P<value>[^\s"']{1,1000}+)"""
)
_USER = re.compile(
    r"""\b(?:curl|wget|https?)(?=[ \t])[^\n]{0,500}?\s(?:-u|--user)[ =]?["']?[^\s:"']{0,100}:"""
    r"""(?P<value>[^\s"']{1,1000}+)""",
    re.IGNORECASE,
)
_HEADER_FLAG = re.compile(
    r"""\s(?:-H|--header)[ =]?\\{0,16}["'](?P<name>[\w-]{1,80}):\s{0,10}(?P<value>[^\s"'\\]{1,1000}+)"""
)


def _names(text: str) -> Iterator[tuple[int, int, str]]:
    """The names of secrets: their begin, their end and their last part, as in ``settings.api_key``."""
    done = 0
    for stem in _STEM.finditer(text):
        if stem.start() < done:
            continue
        begin, end = stem.span()
        while begin > done and stem.start() - begin < _LONGEST_NAME and _is_of_name(text[begin - 1]):
            begin -= 1
        while end < len(text) and end - begin < _LONGEST_NAME and _is_of_name(text[end]):
            end += 1
        done = end
        whole = text[begin:end].rstrip(".-")
        end = begin + len(whole)
        name = whole.rpartition(".")[2]
        if not names_a_secret(name):
            name = _dotted(whole)
        if names_a_secret(name):
            yield begin + len(whole) - len(whole.lstrip(".-")), end, name


def _dotted(whole: str) -> str:
    """The part of ``fs.s3a.secret.key`` and ``fs.azure.account.key.NAME.blob.core.windows.net`` that is a name."""
    account = re.search(r"(?:^|\.)(account\.key)\.", whole)
    return account[1] if account else ".".join(whole.split(".")[-2:])


def _is_of_name(sign: str) -> bool:
    return sign.isalnum() or sign in "_-."


def _beside_names(text: str) -> Iterator[Found]:
    entry = _ENTRY.fullmatch(text)
    if entry and names_a_secret(entry["name"]) and _is_named(entry["name"], entry["value"]):
        yield entry.start("value"), PAIR
    for begin, end, name in _names(text):
        before = text[max(0, begin - _BEFORE) : begin]
        line = before.rpartition("\n")[2]
        at_line = len(line) < _BEFORE or begin == len(before)
        for way in (_in_literal, _as_flag, _as_option, _in_markup):
            found = way(text, before, end, name)
            if found is not None:
                break
        else:
            found = (_in_line(text, line, end, name) if at_line else None) or _as_mention(text, before, end)
        if found is not None:
            yield found


def _is_named(name: str, value: str) -> bool:
    return is_password(value) if names_a_password(name) else is_random(value)


def _in_literal(text: str, before: str, end: int, name: str) -> Found | None:
    site = _QUOTED.match(text, end)
    if site is None or (site["sep"] == "," and not site["close"]):
        return None
    one_line = "\n" not in site[0]
    literal = literal_after(text, site)
    if site["sep"] == "=" and _UNPACKED.search(before):
        following = _COMMA.match(text, literal.end)
        literal = (literal_at(text, following.end()) if following else None) or literal
    if literal.filled_in:
        return None
    value = literal.value.strip()
    if _ENVIRONMENT.search(before) or (site["sep"] == "=" and not site["close"] and _is_shell(text, before, end)):
        told = "://" not in value and is_written_out(value)
        return (literal.begin, VARIABLE) if told else None
    if not one_line and (site["sep"] == "," or not (site["close"] or site["sep"] == "=")):
        return None  # the next line of a list, or the line after a sentence that ends with a colon
    told = len(value) >= _LONG and is_dense(value) if site["sep"] == "," else _is_named(name, value)
    return (literal.begin, PAIR) if told else None


def _is_shell(text: str, before: str, end: int) -> bool:
    return text[end : end + 1] == "=" and _EXPORT.fullmatch(before.rpartition("\n")[2]) is not None


def _as_flag(text: str, before: str, end: int, name: str) -> Found | None:
    """``--password value``."""
    if not before.endswith("--"):
        return None
    flag = _FLAG.match(text, end)
    if flag is None:
        return None
    value = flag["value"].strip("\"'")
    told = not value.startswith("-") and (_is_named(name, value))
    return (flag.start("value"), COMMAND) if told else None


def _as_option(text: str, before: str, end: int, name: str) -> Found | None:
    """``;Pwd=value`` of a connection string, and ``host=name password=value``."""
    option = _OPTION.match(text, end)
    if option is None or option["end"] == "(":
        return None
    stripped = before.rstrip(" \t")
    follows = option["end"] or ""
    among = (stripped.endswith(";") and _CONNECTION.search(stripped) is not None) or (
        follows.endswith(";")
        and stripped[-1:] in {"", '"', "'"}
        and _CONNECTION.search(text[option.end() : option.end() + _BEFORE]) is not None
    )
    if not among and names_a_password(name):
        among = _TEXT_OPTION.search(before) is not None or (follows.endswith("=") and stripped[-1:] in "\"'")
    value = option["value"]
    if not among:
        return None
    if value.startswith("{"):  # how ODBC quotes a value; a name in braces is a field of a template
        told = is_secret(value[1:-1]) and not re.fullmatch(r"[\w.\[\]()'\"!:]*", value[1:-1])
    else:
        told = is_written_out(value) and "://" not in value and not _is_name_of_variable(value)
    return (option.start("value"), QUERY) if told else None


def _is_name_of_variable(value: str) -> bool:
    return re.fullmatch(r"[a-z]+(?:[._][a-z]+)+", value) is not None


def _as_mention(text: str, before: str, end: int) -> Found | None:
    """``password=value`` in the middle of a line, as in a log."""
    if not before or before[-1] not in " \t\"'(,;[{|":
        return None
    found = _MENTION.match(text, end)
    value = found["value"].rstrip(".") if found else ""
    return (found.start("value"), PAIR) if found and is_dense(value) and not _ATTRIBUTE.fullmatch(value) else None


def _in_markup(text: str, before: str, end: int, name: str) -> Found | None:
    """``<password>value</password>``, ``name: TOKEN`` with ``value:`` below, ``.netrc``."""
    if before.endswith("<"):
        found = _ELEMENT.match(text, end)
    elif (found := _VALUE_OF.match(text, end)) is None and _NETRC.search(before):
        found = _BLANK_VALUE.match(text, end)
        if found and is_written_out(found["value"]):
            return found.start("value"), PAIR
        return None
    if found is None or not _is_named(name, found["value"]):
        return None
    return found.start("value"), PAIR


def _in_line(text: str, line: str, end: int, name: str) -> Found | None:
    """``NAME=value`` and ``name: value`` at the beginning of a line, without quotes."""
    exported = _EXPORT.fullmatch(line) is not None
    bare = _BARE.match(text, end)
    if bare is None and exported and "%" in line:  # %env NAME value
        bare = _BLANK_VALUE.match(text, end)
    if bare is None:
        return None
    value, position = bare["value"].rstrip(";&|"), bare.start("value")
    if _CODE.search(value) or _ATTRIBUTE.fullmatch(value) or value.startswith("="):
        return None
    if exported:
        return (position, VARIABLE) if is_written_out(value) and "://" not in value else None
    if not _AT_LINE.fullmatch(line):
        return None
    if bare["sep"] == "=" and not bare["blank"] and name == name.upper():
        return (position, VARIABLE) if _is_set(name, value) else None
    alone = not bare["rest"].strip() or bare["rest"].lstrip()[:1] == "#"
    return (position, PAIR) if alone and is_dense(value) else None


def _is_set(name: str, value: str) -> bool:
    """A value without quotes. Here a password may be any word."""
    return _is_named(name, value) or (names_a_password(name) and is_written_out(value) and "://" not in value)


def _in_data(text: str) -> Iterator[Found]:
    """Secrets next to their names in a text with settings and no code: the values need no quotes."""
    for begin, end, name in _names(text):
        before = text[max(0, begin - _BEFORE) : begin]
        if not _AT_LINE.fullmatch(before.rpartition("\n")[2]):
            continue
        bare = _BARE.match(text, end)
        if bare is None:
            continue
        value = bare["value"].removeprefix("literal:")
        if _is_set(name, value):
            yield bare.start("value"), PAIR


def _in_statements(text: str) -> Iterator[Found]:
    for found in _SQL.finditer(text):
        group = "value" if found["value"] else "other"
        if is_written_out(found[group]):
            yield found.start(group), PAIR


def _in_commands(text: str) -> Iterator[Found]:
    for found in (*_USER.finditer(text), *_SHORT_FLAGS.finditer(text)):
        if is_written_out(found["value"]):
            yield found.start("value"), COMMAND
    for found in _HEADER_FLAG.finditer(text):
        if looks_like_credential(found["name"]) and is_written_out(found["value"]):
            yield found.start("value"), COMMAND


_WORDS = ("token", "secret", "pass", "pwd", "credential", "bearer", "jwt", "key", "auth")
ASSIGNMENTS = (
    Finder(_WORDS, _beside_names),
    Finder(("identified", "password", "securestring"), _in_statements, also=("'", '"')),
    Finder(
        ("curl ", "wget ", "sshpass", "docker", "podman", "mysql", "http ", "https ", "curl\t", " -h", " --header"),
        _in_commands,
    ),
)
"""Finders of secrets next to their names."""
DATA = (Finder(_WORDS, _in_data),)
"""The same for a text with settings."""
