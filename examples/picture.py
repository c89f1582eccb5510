"""`make picture`: docs/run.svg, a recorded run of the sample project, as the README shows it.

The function is a real one; `--function-time` stands in for the time it took, so that the picture is always the same.
"""

import io
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ["run", "Lambda integration", "--from", "+12065550100", "--press", "1", "--function-time", "142"]
WIDTH = 110


def main() -> None:
    project = ROOT / ".offhook" / "picture"
    if not project.is_dir():
        subprocess.run([sys.executable, "-m", "offhook", "init", str(project)], check=True, stdout=subprocess.DEVNULL)
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
    command = [sys.executable, "-m", "offhook", *COMMAND]
    heard = subprocess.run(command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    console = Console(record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor")
    console.print(
        Text("$ offhook run 'Lambda integration' --from +12065550100 --press 1 --function-time 142\n", style="bold")
    )
    console.print(Text.from_ansi(heard))
    console.save_svg(str(ROOT / "docs" / "run.svg"), title="offhook", unique_id="offhook")


if __name__ == "__main__":
    main()
