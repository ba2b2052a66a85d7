"""Where a command writes its notebook and its page. This is checked before the command starts, because afterwards it
is too late."""

from __future__ import annotations

from pathlib import Path

from chronicle_notebook.base._errors import InvalidInputError


def check(runbook: Path, *, output: Path | None, page: Path | None) -> None:
    """Create the folders of the files, and check that the files can be written.

    :raises InvalidInputError: a file is a folder, cannot be written, or is the runbook, or both files are the same.
    """
    given = {option: file for option, file in (("--output", output), ("--html", page)) if file is not None}
    for option, file in given.items():
        _check_one(option, file, runbook, "the runbook itself")
    if output is not None and page is not None and same(output, page):
        raise InvalidInputError(
            "--output and --html are one file.", field="--html", hint="Name another for one of them."
        )


def check_markdown(page: Path | None, *, read: Path) -> None:
    """The same for a page of Markdown about a file that is read.

    :raises InvalidInputError: the page is a folder, cannot be written, or is that file.
    """
    if page is not None:
        _check_one("--markdown", page, read, "FILE itself")


def _check_one(option: str, file: Path, read: Path, itself: str) -> None:
    if same(file, read):
        raise InvalidInputError(
            f"{option} is {itself}, which would be overwritten.", field=option, hint="Name another file."
        )
    try:
        _try(file)
    except OSError as error:
        raise InvalidInputError(
            f"{option} cannot be written: {file}: {error.strerror or type(error).__name__}.",
            field=option,
            hint="Nothing was started. Name another file.",
        ) from None


def _try(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    there = file.exists()
    if there and not file.is_file() and not file.is_dir():
        return  # a device or a pipe: opening it may wait, or may have an effect
    with file.open("ab"):
        pass
    if not there:
        file.unlink()


def same(one: Path, other: Path | None) -> bool:
    """Whether both are one file, which need not exist."""
    if other is None:
        return False
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.absolute() == other.absolute()
