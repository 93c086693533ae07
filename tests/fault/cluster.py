"""Two nodes of the portal on one PostgreSQL and one bucket, behind nginx with the settings that are shipped."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.cli import portal
from tests.certificates import make_certificate

TOP = Path(__file__).parents[2]
HOST = "portal.example"
KEY = "0123456789abcdef" * 2
WITHIN = 60.0  # seconds for a node to start or stop


def find_nginx() -> str:
    """nginx; the test is skipped where there is none."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if nginx is None:
        pytest.skip("nginx isn't installed here")
    return nginx


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_until_listening(port: int) -> None:
    give_up = time.monotonic() + WITHIN
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < give_up, f"nothing listens at {port}"
        time.sleep(0.05)


@dataclass
class Node:
    """`portal serve` in a process, and other commands with the same settings."""

    folder: Path
    env: dict[str, str]
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[bytes] | None = None

    def begin(self, *words: str, said: str = "") -> subprocess.Popen[str]:
        """Start a command on this node."""
        command = [sys.executable, "-m", "portal.cli", *words]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        begun = subprocess.Popen(command, env=self.env, cwd=TOP, text=True, **pipes)
        assert begun.stdin is not None
        begun.stdin.write(said)
        begun.stdin.close()
        begun.stdin = None
        return begun

    def start(self) -> None:
        words = [sys.executable, "-m", "portal.cli", "serve", "--port", str(self.port), "--workers", "1"]
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(words, env=self.env, cwd=TOP, stdout=log, stderr=log)

    def stop(self) -> None:
        """As systemd does: SIGTERM, then waiting for what is on its way."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(WITHIN)


def make_node(folder: Path, url: str, **settings: str) -> Node:
    folder.mkdir(parents=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    env |= {"PORTAL_DATA": str(folder), "PORTAL_DATABASE_URL": url, "PORTAL_SECRET_KEY": KEY}
    env |= {"PORTAL_HTTPS": "1", "PORTAL_PROXIES": "1", "PORTAL_TRUSTED_HOSTS": HOST, "PORTAL_SECOND_FACTOR": "0"}
    return Node(folder, env | settings)


def finish(begun: subprocess.Popen[str]) -> str:
    """Wait for a command; what it said. Fails when the command did."""
    said, _ = begun.communicate(timeout=WITHIN)
    assert begun.returncode == 0, said
    return said


class Front:
    """nginx before these nodes."""

    def __init__(self, folder: Path, nodes: list[Node]) -> None:
        self.folder, self.nodes, self.port = folder, nodes, find_free_port()
        folder.mkdir()
        nginx = find_nginx()
        certificate, key = make_certificate(HOST)
        (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        words = ["write-deployment", str(folder), "--host", HOST]
        words += ["--certificate", str(folder / "cert.pem"), "--certificate-key", str(folder / "key.pem")]
        for node in nodes:
            words += ["--node", f"127.0.0.1:{node.port}"]
        done = CliRunner().invoke(portal, words)
        assert done.exit_code == 0, done.output
        site = re.sub(r"listen \[::\].*;\n", "", (folder / "nginx.conf").read_text())
        site = site.replace("listen 80;", f"listen 127.0.0.1:{find_free_port()};")
        site = site.replace("listen 443", f"listen 127.0.0.1:{self.port}")
        site = site.replace("/etc/nginx/portal-proxy.conf", str(folder / "portal-proxy.conf"))
        self.site = site.replace("/var/log/nginx/", f"{folder}/")
        self.words = [nginx, "-c", str(folder / "main.conf"), "-p", str(folder)]
        self._write()
        self.process = subprocess.Popen([*self.words, "-g", "daemon off;"])
        wait_until_listening(self.port)

    def _write(self, without: Node | None = None) -> None:
        site = self.site
        if without is not None:
            site = site.replace(f"server 127.0.0.1:{without.port};", f"server 127.0.0.1:{without.port} down;")
        main = f"pid {self.folder}/nginx.pid; error_log {self.folder}/error.log; events {{}} http {{ {site}\n }}"
        (self.folder / "main.conf").write_text(main)

    def take_out(self, node: Node | None) -> None:
        """Mark a node as down (None: none) and reload: requests on their way go on to their end."""
        self._write(node)
        subprocess.run([*self.words, "-s", "reload"], check=True)

    def ask(self, path: str, cookie: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of one request over a connection of its own."""
        trusts = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        trusts.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trusts)
        headers = {"Host": HOST, "Cookie": f"__Host-sid={cookie}", "Connection": "close"}
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
            connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
