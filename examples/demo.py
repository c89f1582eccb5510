"""`make demo`: the sample project, heard three times: on voice, on chat, and with a function that fails.

Writes the project of `offhook init` to .offhook/demo in the checkout and nothing elsewhere.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / ".offhook" / "demo"
OFFHOOK = [sys.executable, "-m", "offhook"]

CONTACTS = (
    ("A call from Seattle: a Python function looks the number up.", ["--from", "+12065550100", "--press", "1"]),
    ("The same flow as a chat: it reads a fun fact instead.", ["--channel", "chat", "--silent"]),
    ("The function fails: retried as Connect retries, then the error branch.", ["--env", "outage", "--silent"]),
)


def main() -> None:
    shutil.rmtree(PROJECT, ignore_errors=True)
    temporary = ROOT / ".offhook" / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
    run([*OFFHOOK, "init", str(PROJECT)], ROOT, environment, quiet=True)
    for title, arguments in CONTACTS:
        command = ["run", "Lambda integration", *arguments]
        print(f"\n# {title}\n$ offhook {shlex.join(command)}\n", flush=True)
        run([*OFFHOOK, *command], PROJECT, environment)
    print(f"\nThe project is in {PROJECT.relative_to(ROOT)}: change a flow or the function there and run it again:")
    print(f"  cd {PROJECT.relative_to(ROOT)} && ../../.venv/bin/offhook run 'Lambda integration'")


def run(command: list[str], folder: Path, environment: dict[str, str], *, quiet: bool = False) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE if quiet else None, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
