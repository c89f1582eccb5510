"""The program `offhook`. Importing this must stay cheap: what a command needs is imported when it runs.

Exit codes: 0 fine, 1 something was found (an internal error too), 2 the input or the call is wrong. What is wrong is
said on stderr, one sentence a line, all of it at once, and never as a traceback.
"""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from offhook import __version__
from offhook.cli import backup, convert, functions, graph, init, lint, load, pull, push, run, serve
from offhook.model.errors import InternalError, UsageError

# typer brings its own copy of click's exceptions since 0.26 and has click's before; both are found from here
_CallRefused: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class Program(TyperGroup):
    """The command group, saying what is wrong in one way whoever found it."""

    def main(  # the signature is the parent's
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        try:
            _check(sys.argv[1:] if args is None else args)
            code = run()
        except UsageError as refusal:
            code = _say(*refusal.problems)
        except _CallRefused as refusal:
            code = _refused(refusal)
        except InternalError as fault:
            _say(
                f"internal error: {fault}",
                "this is a mistake in offhook; please report it with the flow and the command.",
            )
            code = 1
        except typer.Abort:
            code = 130
        sys.exit(code if isinstance(code, int) else 0)


def _check(args: Sequence[str]) -> None:
    """Python keeps bytes that are no text as halves of surrogate pairs, which nothing could show, send or store."""
    wrong = [arg for arg in args if not arg.isascii() and any("\ud800" <= sign <= "\udfff" for sign in arg)]
    if wrong:
        raise UsageError(*(f"{arg!r}: an argument must be text in UTF-8." for arg in wrong))


def _say(*sentences: str) -> int:
    for sentence in sentences:
        print(f"offhook: {sentence}", file=sys.stderr)
    return 2


def _refused(refusal: Any) -> int:
    if type(refusal).__name__ == "NoArgsIsHelpError":
        refusal.show()
        return int(refusal.exit_code)
    message = refusal.format_message().rstrip(".")
    where = refusal.ctx.command_path if getattr(refusal, "ctx", None) is not None else "offhook"
    return _say(f"{message}. Try '{where} --help'.")


app = typer.Typer(
    cls=Program,
    help="Run Amazon Connect contact flows anywhere: on a laptop, in CI, on your own servers.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"offhook {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


app.command("init")(init.command)
app.command("run", cls=run.InOrder)(run.command)
app.command("load", cls=run.InOrder)(load.command)
app.command("lint")(lint.command)
app.command("convert")(convert.command)
app.command("graph")(graph.command)
app.command("serve")(serve.command)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("pull")(pull.command)
app.command("push")(push.command)
app.add_typer(functions.app, name="functions")


def main() -> None:
    """The entry point of the package."""
    app(prog_name="offhook")


if __name__ == "__main__":
    main()
