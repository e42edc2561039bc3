"""The command line: one command a file, each imported when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from healthsim_core.allocation import keep_freed_memory
from healthsim_core.errors import HealthSimError, InvalidDataError

COMMANDS = {
    "run": "Run a scenario file.",
    "generate": "Generate people by profile and journey.",
    "plan": "Show what a run would do, without running it.",
    "plugins": "Installed products and what they offer.",
    "profiles": "Profile templates and saved profiles.",
    "journeys": "Journey templates.",
    "plans": "Plans of benefits, and checking one of your own.",
    "formats": "Output formats.",
    "skills": "Clinical knowledge that journeys refer to.",
    "cohorts": "Stored cohorts.",
    "executions": "Earlier runs, and running them again.",
    "init": "Load reference data.",
    "explain": "Tell where a record of a run comes from.",
    "verify": "Read a run's files back and check that they agree.",
    "recover": "Put an output folder right whose run was killed.",
    "schema": "JSON Schema of a profile, journey, scenario or plan of benefits.",
}


class Commands(click.Group):
    """Commands that are imported when they are called, and those that plugins offer."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Names of all commands."""
        return [*COMMANDS, *sorted(_offered())]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command called `name`."""
        if name in COMMANDS:
            command: click.Command = importlib.import_module(f"healthsim_core.cli.{name}_command").command
            return command
        offered = _offered().get(name)
        return offered if offered is None or isinstance(offered, click.Command) else offered()

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """Find a command, naming the nearest where there is none."""
        from healthsim_core.errors import suggestion

        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            context.fail(f'no command is called "{args[0]}". {suggestion(args[0], self.list_commands(context))}')
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


def _offered() -> dict[str, Any]:
    from healthsim_core.catalog import default_catalog

    return {name: offer.command for name, offer in default_catalog().commands.items()}


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="healthsim-core", prog_name="healthsim")
def cli() -> None:
    """Synthetic healthcare data, one simulated truth in every format."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a user's mistake is one message and exit code 2, data that strict validation refuses 1,
    Ctrl-C is 130."""
    from healthsim_core.cli import show

    keep_freed_memory()
    try:
        code = cli.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except HealthSimError as error:
        count = len(error.mistakes)
        show.echo(f"healthsim: {count} mistakes.\n\n{error}" if count > 1 else f"healthsim: {error}", err=True)
        code = 1 if isinstance(error, InvalidDataError) else 2
    except (KeyboardInterrupt, click.Abort) as error:
        written = str(error.__cause__ or error)
        show.echo(f"healthsim: interrupted; {written or 'nothing was written'}.", err=True)
        code = 130
    except BrokenPipeError:  # the reader of a pipe has gone
        sys.stderr.close()
        code = 0
    except OSError as error:  # what no command has words for: of whatever file, one line
        show.echo(f"healthsim: {error.filename or 'a file'}: {error.strerror or error}.", err=True)
        code = 2
    _end(code if isinstance(code, int) else 0)


def _end(code: int) -> None:
    """End the process; at once where a question goes on that nothing stops."""
    database = sys.modules.get("healthsim_core.database.file")
    if database is not None and database.is_left_alone():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
