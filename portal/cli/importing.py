"""`portal import-orders`."""

from __future__ import annotations

import csv
import sys
from contextlib import ExitStack
from pathlib import Path

import click
from flask.cli import with_appcontext

from portal import inputs
from portal.calendar import clock
from portal.cli.group import in_a_line, portal
from portal.cli.upkeep import check_database
from portal.orders.export_format import ExportRefused, read
from portal.orders.importing import describe_row, import_orders, report_file


@portal.command("import-orders")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only report, change nothing.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every row's result as CSV.")
@click.option("--ask-buyers", is_flag=True, help="The file is a shop's: buyers new to it are asked first.")
@with_appcontext
def import_file(file: Path, dry_run: bool, report: Path | None, ask_buyers: bool) -> None:
    """Read an order export (xlsx, csv). Exit 0: all in; 1: some rows refused; 2: nothing could be read.

    Buyers see these orders at once: who runs the portal says that they are theirs.
    """
    check_database()

    def progress(done: int, about: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done} / {about}", nl=False, err=True)

    try:
        with ExitStack() as opened:
            export = opened.enter_context(read(file))
            write = None
            if report is not None:
                try:
                    write = opened.enter_context(report_file(report))
                except OSError as error:
                    raise click.BadParameter(
                        f"{report} can't be written: {error.strerror}", param_hint="--report"
                    ) from error
            result = import_orders(
                export,
                now=clock.now(),
                dry_run=dry_run,
                vouched=not ask_buyers,
                on_progress=progress,
                on_row=write,
                source=Path(file).name,
            )
    except ExportRefused as refused:
        click.echo(f"portal: {in_a_line(refused.sentence)}", err=True)
        sys.exit(2)
    if dry_run:
        click.echo("\n".join(inputs.seen(line) for line in result.describe()))
        click.echo(result.summary())
        sys.exit(0 if result.all_in else 1)
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    for row in result.problems:
        writer.writerow([describe_row(row.row, row.sheet), row.order_no, row.column, row.sentence])
    click.echo(result.summary())
    sys.exit(0 if result.all_in else 1)
