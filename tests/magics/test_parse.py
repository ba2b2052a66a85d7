"""What a line may hold, and how it says no."""

from __future__ import annotations

import pytest

from chronicle_notebook import InvalidInputError
from chronicle_notebook.magics._parse import Call, parse
from chronicle_notebook.magics._table import BY_NAME, MAGICS

SUBCOMMANDS = "show, test, retry, remove, pause, paused, resume, replay, redeliver, code, form"


def read(line: str) -> Call:
    name, _, rest = line.partition(" ")
    return parse(BY_NAME[name], rest)


@pytest.mark.parametrize(
    ("line", "command", "values", "switches"),
    [
        ("%chronicle", "", {}, set()),
        ("%chronicle connect", "connect", {}, set()),
        (
            "%chronicle connect chronicle://localhost:35000/?auth=none&skipTlsValidation=true --store s --as=a",
            "connect",
            {
                "CONNECTION": "chronicle://localhost:35000/?auth=none&skipTlsValidation=true",
                "--store": "s",
                "--as": "a",
            },
            set(),
        ),
        ("%chronicle use --namespace 'Tenant B' staging", "use", {"NAME": "staging", "--namespace": "Tenant B"}, set()),
        ("%chronicle sandbox reset", "sandbox", {"ACTION": "reset"}, set()),
        ("%webhooks --active --tidy --url 'https://*'", "", {"--url": "https://*"}, {"--active", "--tidy"}),
        ("%webhook show 'my hook'", "show", {"ID": "my hook"}, set()),
        ("%webhook remove --yes -- --yes", "remove", {"ID": "--yes"}, {"--yes"}),
        ("%webhook remove '--yes'", "remove", {"ID": "--yes"}, set()),
        ("%webhook code a --as=yaml", "code", {"ID": "a", "--as": "yaml"}, set()),
        ("%webhook form", "form", {}, set()),
        ("%webhook show --help", "show", {}, {"--help"}),
        ("%webhook show -h", "show", {}, {"--help"}),
        ("%%webhook a https://b/?c=d&e={f} --dry-run", "", {"ID": "a", "URL": "https://b/?c=d&e={f}"}, {"--dry-run"}),
    ],
)
def test_a_line_is_read(line: str, command: str, values: dict[str, str], switches: set[str]) -> None:
    call = read(line)
    assert call.command.name == command
    assert dict(call.values) == values
    assert set(call.switches) == switches


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        (
            "%webhook",
            "A subcommand is missing.",
            f"Write one of {SUBCOMMANDS}; %webhook --help tells more.",
        ),
        ("%webhook shw a", "There is no subcommand 'shw'.", "Did you mean 'show'?"),
        (
            "%webhook account-events https://example.com",
            "%webhook does not register.",
            "Write %%webhook ID URL on the first line of a cell, and the rest below it.",
        ),
        (
            "%webhook zzz a",
            "There is no subcommand 'zzz'.",
            f"For one webhook write %webhook show ID. It has {SUBCOMMANDS}.",
        ),
        (
            "%webhook show",
            "ID is missing: the id of a registered webhook.",
            "It is written %webhook show ID.",
        ),
        (
            "%webhook show my hook",
            "It takes 1 word, and 1 more is there.",
            "It is written %webhook show ID; put what has spaces into quotes.",
        ),
        (
            "%chronicle stores a b",
            "It takes no words, and 2 more are there.",
            "It is written %chronicle stores; put what has spaces into quotes.",
        ),
        ("%webhook remove a --yess", "There is no flag '--yess'.", "Did you mean '--yes' or '--help'?"),
        ("%webhook show a -x", "There is no flag '-x'.", "It is written %webhook show ID."),
        ("%webhook remove a --yes --yes", "--yes is given twice.", "Give it once."),
        ("%webhook remove a --yes=no", "--yes takes no value.", "Write --yes alone."),
        ("%webhook code a --as", "--as needs a value.", "Write --as STYLE."),
        ("%webhook code a --as --traceback", "--as needs a value.", "Write --as STYLE."),
        ("%webhook code a --as pyton", "--as cannot be 'pyton'.", "Did you mean 'python'? Write python, cell or yaml."),
        ("%webhook code a --as perl", "--as cannot be 'perl'.", "Did you mean 'cell'? Write python, cell or yaml."),
        ("%webhook code a --as zzz", "--as cannot be 'zzz'.", "Write python, cell or yaml."),
        (
            "%chronicle sandbox strt",
            "ACTION cannot be 'strt'.",
            "Did you mean 'start' or 'stop'? Write start, stop or reset.",
        ),
        (
            "%webhooks active",
            "It takes no words, and 1 more is there.",
            (
                "Did you mean '--active'? It is written %webhooks [--event-type T] [--url GLOB] "
                "[--auth none|basic|bearer|oauth] [--active] [--inactive] [--tidy] [--failing]; "
                "put what has spaces into quotes."
            ),
        ),
        (
            "%webhooks retry --failing",
            "There is no subcommand 'retry'.",
            "Write %webhook retry ID, or %webhook retry --failing for all that fail.",
        ),
        ("%webhooks --active --inactive", "--active and --inactive exclude each other.", "Give one of them."),
        (
            "%webhook show it's",
            "A quote is not closed.",
            "Close it; a quote that is part of a word goes into quotes of the other kind.",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_next_step(line: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(line)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_every_command_has_a_summary_and_a_way_in_python() -> None:
    for magic in MAGICS:
        for command in magic.commands:
            assert command.summary.endswith((".", "AccountOpened")), command
            assert command.python, command
            assert all(argument.help for argument in command.arguments)
            assert all(flag.help for flag in command.flags)
