"""The group that all commands join, and one way to say an error in a line."""

from __future__ import annotations

import click
from flask.cli import FlaskGroup, ScriptInfo
from sqlalchemy.exc import ArgumentError

from portal import create_app, inputs


class Commands(FlaskGroup):
    """Ours and Flask's. With settings that can't be used the list is shorter, and says why in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        try:
            ctx.ensure_object(ScriptInfo).load_app()
        except (ValueError, OSError, ArgumentError) as error:
            click.echo(f"portal: {in_a_line(error)}", err=True)
            return click.Group.list_commands(self, ctx)
        return super().list_commands(ctx)


@click.group(cls=Commands, create_app=create_app, add_version_option=False)
def portal() -> None:
    """After-sales exchanges (换货) for wholesale trade."""


def in_a_line(said: object) -> str:
    """Words in one line, whoever wrote them: nothing in them drives the terminal."""
    return " ".join(inputs.seen(str(said)).split())
