"""`portal write-deployment`: the files that stand around the portal on a machine."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import click

from portal import deployment
from portal.cli.group import portal


@portal.command("write-deployment")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", required=True, help="The name that people type: portal.example.")
@click.option("--data", default="/var/lib/portal", show_default=True, help="Where database and evidence are kept.")
@click.option("--backups", default="/var/backups/portal", show_default=True, help="Better another disk.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--node", "nodes", multiple=True, help="ADDRESS:PORT of each node; default: this machine alone.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1))
@click.option("--certificate", help="Default: certbot's place for the host.")
@click.option("--certificate-key", help="Default: certbot's place for the host.")
def write_deployment(
    folder: Path,
    host: str,
    data: str,
    backups: str,
    port: int,
    nodes: tuple[str, ...],
    workers: int,
    certificate: str | None,
    certificate_key: str | None,
) -> None:
    """Write settings for nginx or Caddy, systemd, Prometheus, Grafana into FOLDER; the README says what goes where."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host):
        raise click.BadParameter("a host's name in small letters, such as portal.example", param_hint="--host")
    for option, path in (("--data", data), ("--backups", backups)):
        if not re.fullmatch(r"/[A-Za-z0-9._/-]*", path):
            raise click.BadParameter("an absolute path of plain characters", param_hint=option)
    if wrong := [node for node in nodes if not re.fullmatch(r"[A-Za-z0-9.-]+:[0-9]{1,5}", node)]:
        raise click.BadParameter(f"an address and a port, such as 10.0.0.5:8000, not {wrong[0]}", param_hint="--node")
    live = f"/etc/letsencrypt/live/{host}"
    values = {
        "host": host,
        "data": data,
        "backups": backups,
        "port": str(port),
        "nodes": "\n    ".join(f"server {node};" for node in nodes or (f"127.0.0.1:{port}",)),
        "caddy_nodes": " ".join(nodes or (f"127.0.0.1:{port}",)),
        "workers": str(workers),
        "certificate": certificate or f"{live}/fullchain.pem",
        "certificate_key": certificate_key or f"{live}/privkey.pem",
        "command": str(Path(shutil.which(sys.argv[0]) or Path(sys.executable).with_name("portal")).absolute()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in deployment.fill_files(values):
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(str(folder / name))
