"""Says what is wrong with a page's HTML by the standard: html-validate, in one Node process for all pages of a run."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import IO

from tests.support.npm import node_modules, program

_SCRIPT = Path(__file__).with_name("browser_html.cjs")


@cache
def html_faults(html: str) -> tuple[str, ...]:
    """Each with its line and rule; nothing for a valid page. Takes the page as it was sent, not as the browser mended it."""
    process = _validator()
    to, back = _pipe(process.stdin), _pipe(process.stdout)
    to.write(json.dumps(html) + "\n")
    to.flush()
    answer = back.readline()
    assert answer, f"the validator of HTML ended (exit code {process.wait(10)}); its words are on the terminal"
    return tuple(json.loads(answer))


def stop_validator() -> None:
    """Ends the process, if there is one; it ends by itself when this one does."""
    if _validator.cache_info().currsize:
        process = _validator()
        _validator.cache_clear()
        process.communicate(timeout=10)


@cache
def _validator() -> "subprocess.Popen[str]":
    command = [program("node", "nodejs"), str(_SCRIPT), str(node_modules())]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
