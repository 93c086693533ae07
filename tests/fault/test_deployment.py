"""The files for nginx, Caddy, systemd, Prometheus, Grafana: whole, true to the portal, and taken by their programs."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from portal.cli import portal
from portal.config import Settings
from tests.certificates import make_certificate


@pytest.fixture
def written(tmp_path: Path) -> Path:
    folder = tmp_path / "deployment"
    words = ["write-deployment", str(folder), "--host", "portal.example", "--port", "8123"]
    words += ["--certificate", str(tmp_path / "cert.pem"), "--certificate-key", str(tmp_path / "key.pem")]
    done = CliRunner().invoke(portal, words)
    assert done.exit_code == 0, done.output
    assert [Path(line).name for line in done.output.splitlines()] == sorted(path.name for path in folder.iterdir())
    return folder


def test_nothing_is_left_to_fill_in(written: Path) -> None:
    for path in written.iterdir():
        assert not re.search(r"@[a-z_]+@", path.read_text()), path.name


@pytest.mark.parametrize(
    "words",
    [
        ["--host", "Portal Example"],
        ["--host", "a;b"],
        ["--host", "a.example", "--data", "var lib"],
        ["--host", "a", "--node", "b;c"],
        [],
    ],
)
def test_a_name_that_would_break_a_file_is_refused(tmp_path: Path, words: list[str]) -> None:
    done = CliRunner().invoke(portal, ["write-deployment", str(tmp_path / "d"), *words])
    assert done.exit_code == 2
    assert not (tmp_path / "d").exists()


def test_units_name_the_command_from_the_root(tmp_path: Path) -> None:
    """As it is typed in the folder of the installation."""
    folder = Path(sys.executable).parent
    words = [f"{folder.name}/portal", "write-deployment", str(tmp_path), "--host", "portal.example"]
    subprocess.run(words, cwd=folder.parent, check=True, capture_output=True)
    for path in tmp_path.glob("*.service"):
        assert f"\nExecStart={folder}/portal " in path.read_text(), path.name


def test_units_start_commands_that_there_are(written: Path) -> None:
    for path in written.glob("*.service"):
        unit = configparser.ConfigParser(interpolation=None, strict=False)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read(path)
        start = unit["Service"]["ExecStart"].split()
        done = CliRunner().invoke(portal, [start[1], "--help"])
        assert done.exit_code == 0, start
        assert all(word in done.output for word in start if word.startswith("--"))
        assert unit["Service"]["UMask"] == "0077"
        assert unit["Service"]["ProtectSystem"] == "strict"


def test_the_settings_are_settings(written: Path) -> None:
    lines = [line for line in (written / "portal.env").read_text().splitlines() if line and not line.startswith("#")]
    given = dict(line.split("=", 1) for line in lines)
    settings = Settings.from_env({**given, "PORTAL_SECRET_KEY": "x"})
    assert (settings.trusted_hosts, settings.https, settings.proxies) == ("portal.example", "1", 1)
    assert {f"PORTAL_{name.upper()}" for name in vars(settings)} >= given.keys()


def test_alerts_and_dashboard_ask_for_what_is_measured(app: Flask, written: Path) -> None:
    client = app.test_client()
    client.post("/sign-in", data={})
    measured = set(re.findall(r"^# TYPE (\w+)", client.get("/metrics").text, re.M)) | {"portal_sweep_age_seconds"}
    said = (written / "alerts.yml").read_text() + (written / "dashboard.json").read_text()
    asked = set(re.findall(r"\bportal_[a-z_]+", said))
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked} <= measured
    rules = yaml.safe_load((written / "alerts.yml").read_text())["groups"][0]["rules"]
    assert all(rule["annotations"]["summary"] for rule in rules)
    assert len({panel["id"] for panel in json.loads((written / "dashboard.json").read_text())["panels"]}) == 11


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def set_up_nginx(nginx: str, written: Path, folder: Path, behind: int, plain: int, secure: int) -> list[str]:
    """Our settings with other ports and places, taken by nginx; the words that start it."""
    site = (written / "nginx.conf").read_text().replace("127.0.0.1:8123", f"127.0.0.1:{behind}")
    site = re.sub(r"listen \[::\].*;\n", "", site)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace("listen 443", f"listen 127.0.0.1:{secure}")
    site = site.replace("/etc/nginx/portal-proxy.conf", str(written / "portal-proxy.conf"))
    site = site.replace("/var/log/nginx/", f"{folder}/")
    main = f"pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}} http {{ {site}\n }}"
    (folder / "main.conf").write_text(main)
    words = [nginx, "-c", str(folder / "main.conf"), "-p", str(folder)]
    tried = subprocess.run([*words, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    return [*words, "-g", "daemon off;"]


def set_up_caddy(caddy: str, written: Path, folder: Path, behind: int, plain: int, secure: int) -> list[str]:
    """Our settings with other ports, places and our certificate, taken by Caddy; the words that start it."""
    site = (written / "Caddyfile").read_text().replace("127.0.0.1:8123", f"127.0.0.1:{behind}")
    more = f"\tadmin off\n\thttp_port {plain}\n\thttps_port {secure}\n\tstorage file_system {folder}/caddy\n"
    site = site.replace("\tservers {", f"{more}\tservers {{", 1)
    mine = f"\tbind 127.0.0.1\n\ttls {folder}/cert.pem {folder}/key.pem\n"
    site = site.replace("portal.example {\n", f"portal.example {{\n{mine}", 1)
    (folder / "mine").write_text(site.replace("/var/log/caddy/", f"{folder}/"))
    words = ["--config", str(folder / "mine"), "--adapter", "caddyfile"]
    tried = subprocess.run([caddy, "validate", *words], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    return [caddy, "run", *words]


SET_UP = {"nginx": set_up_nginx, "caddy": set_up_caddy}


@pytest.fixture(params=SET_UP)
def front(request: pytest.FixtureRequest, written: Path, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """nginx or Caddy with our settings on a free port, before a server that says which headers it got."""
    program = shutil.which(request.param, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip(f"{request.param} isn't installed here")
    certificate, key = make_certificate("portal.example")
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    behind = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        plain, secure = one.getsockname()[1], two.getsockname()[1]
    words = SET_UP[request.param](program, written, tmp_path, behind.server_port, plain, secure)
    running = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", secure)) == 0:
                break
        time.sleep(0.05)
    yield secure, tmp_path
    running.terminate()
    running.wait(10)
    behind.shutdown()


def ask(port: int, folder: Path, path: str, **headers: str) -> str:
    trusts = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    with socket.create_connection(("127.0.0.1", port), 10) as raw:
        with trusts.wrap_socket(raw, server_hostname="portal.example") as secure:
            lines = [f"GET {path} HTTP/1.1", "Host: portal.example", "Connection: close"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            secure.sendall("\r\n".join([*lines, "", ""]).encode())
            answer = b""
            while piece := secure.recv(65536):
                answer += piece
    return answer.decode()


def test_the_settings_are_taken_and_no_headers_trusted(front: tuple[int, Path]) -> None:
    port, folder = front
    answer = ask(port, folder, "/orders", X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="http")
    seen = json.loads(answer.split("\r\n\r\n", 1)[1])
    assert (seen["X-Forwarded-For"], seen["X-Forwarded-Proto"]) == ("127.0.0.1", "https")
    assert seen["X-Forwarded-Host"] == "portal.example"
    assert not re.search(r"nginx/|caddy", answer, re.I)
    assert ask(port, folder, "/metrics").startswith("HTTP/1.1 404")
    assert (folder / "portal.log").read_text().count("\n") == 2
    assert "orders" not in (folder / "portal.log").read_text()


def test_half_sent_headers_stop_nobody(front: tuple[int, Path]) -> None:
    port, folder = front
    slow = []
    for _ in range(60):
        half = socket.create_connection(("127.0.0.1", port), 5)
        half.sendall(b"\x16\x03")
        slow.append(half)
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        assert ask(port, folder, "/").startswith("HTTP/1.1 200")
        taken.append(time.perf_counter() - started)
    for half in slow:
        half.close()
    assert sorted(taken)[18] < 0.5, sys.argv


def test_old_tls_is_not_spoken(front: tuple[int, Path]) -> None:
    port, folder = front
    for version, spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
        trusts = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            trusts.minimum_version, trusts.maximum_version = version, version
        if not spoken:
            trusts.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", port), 10) as raw:
            try:
                with trusts.wrap_socket(raw, server_hostname="portal.example") as secure:
                    assert spoken
                    assert secure.cipher()[0].startswith("ECDHE")  # type: ignore[index]
            except ssl.SSLError:
                assert not spoken
