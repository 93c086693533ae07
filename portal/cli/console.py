"""The console script: runs a command and says errors in one line on standard error."""

from __future__ import annotations

import os
import sys

import click
from sqlalchemy.exc import ArgumentError, DatabaseError

from portal.cli.group import in_a_line, portal
from portal.config import SettingsError
from portal.extensions import Busy
from portal.people import accounts


def main() -> None:
    """The console script. Errors are one line on standard error."""
    os.environ.setdefault("FLASK_SKIP_DOTENV", "1")
    os.umask(0o077)  # what the portal writes is for nobody else on the machine
    try:
        done = portal.main(standalone_mode=False)
        sys.exit(done if isinstance(done, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"portal: {in_a_line(error.format_message())}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except UnicodeDecodeError:  # a ValueError as well: what stands where names of tables should be
        sys.exit("portal: the database can't be used: it is damaged")
    except (SettingsError, accounts.AccountRefused, Busy, ValueError, OSError) as error:
        sys.exit(f"portal: {in_a_line(error)}")
    except ArgumentError as error:
        sys.exit(f"portal: PORTAL_DATABASE_URL can't be used: {in_a_line(error)}")
    except DatabaseError as error:
        sys.exit(f"portal: the database can't be used: {str(error.orig).splitlines()[0]}")
