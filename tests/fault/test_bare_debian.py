"""A bare Debian, and what the README's *Installing* says, line by line: systemd starts it and it answers by https.

Only the certificate is our own, because no authority reaches a test. Takes some minutes and a network:
``python -m tests.fault --long --only install``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault.cluster import find_free_port
from tests.fault.debian import Debian, check_needs

TOP = Path(__file__).parents[2]
HOST = "portal.example"
PASSWORD = "seventeen blue parcels"
MOST_MINUTES = 20.0

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(3600)]


@pytest.fixture(params=["bookworm", "trixie"], scope="module")
def base(request: pytest.FixtureRequest) -> Iterator[Debian]:
    """The smallest Debian that starts, and this repository where it can be cloned from."""
    check_needs()
    place = Path(tempfile.mkdtemp(prefix="portal-debian-"))
    debian = Debian(place / "base")
    try:
        debian.make(request.param)
        source = f"file://{TOP}"
        subprocess.run(
            ["git", "clone", "-q", "--bare", "--depth=1", source, debian.root / "srv/portal.git"], check=True
        )
        yield debian
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def bare(base: Debian) -> Iterator[Debian]:
    """One that is this test's own."""
    copy = Debian(base.root.with_name("copy"))
    subprocess.run(["cp", "-a", base.root, copy.root], check=True)
    yield copy
    copy.remove()


def read_block(section: str) -> list[str]:
    """The lines to be typed of a section of the README."""
    text = (TOP / "README.md").read_text("utf-8")
    found = re.search(rf"^## {section}\n.*?^```\n(.*?)^```$", text, re.M | re.S)
    assert found is not None
    return found[1].splitlines()


CERTIFICATE = f"""
mkdir -p /etc/letsencrypt/live/{HOST}
openssl req -quiet -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={HOST} -addext subjectAltName=DNS:{HOST} \\
    -keyout /etc/letsencrypt/live/{HOST}/privkey.pem -out /etc/letsencrypt/live/{HOST}/fullchain.pem
echo 127.0.0.1 {HOST} >>/etc/hosts
""".replace(" -quiet", "")

# What an operator looks at afterwards, in a system that systemd has started.
LOOK = f"""
cat >~/look.py <<'END'
import http.cookiejar, re, ssl, sys, time, urllib.error, urllib.parse, urllib.request

trusts = ssl.create_default_context(cafile="/etc/letsencrypt/live/{HOST}/fullchain.pem")
jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
browser = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trusts), jar)

def ask(path, form=None):
    data = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request("https://{HOST}" + path, data, {{"Origin": "https://{HOST}"}})
    try:
        with browser.open(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.geturl()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(), path

for _ in range(120):
    status, said, _ = ask("/health/ready")
    if status == 200:
        break
    time.sleep(0.5)
print("ready", status, said)
assert status == 200
assert ask("/metrics")[0] == 404
page = ask("/login")[1]
token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
status, page, where = ask("/login", {{"csrf_token": token, "member_name": "owner", "password": "{PASSWORD}"}})
print("signed in", status, where)
assert status == 200 and "/login" not in where
status, page, where = ask("/seller")
assert status == 200 and where.endswith("/seller"), (status, where)
print("desk", status)
END
python3 ~/look.py
systemctl is-active portal portal-sweep portal-backup.timer nginx
systemctl start portal-backup.service
ls /var/backups/portal
for unit in portal portal-sweep; do [ "$(systemctl show -P NRestarts $unit)" = 0 ]; done
"""

# The decoder of photos, and everything that it needs of the kernel, inside of the limits of the server's unit.
DECODE = """
cat >/var/lib/portal/decode.py <<'END'
import io
from PIL import Image
from portal.evidence.imaging import IncomingFile, prepare
for kind in ("JPEG", "PNG", "WEBP"):
    file = io.BytesIO()
    Image.new("RGB", (900, 700), "red").save(file, kind)
    (made,) = prepare([IncomingFile("a." + kind.lower(), file)])
    print(kind, "decoded")
END
sed -e '/^Restart/d' -e 's|^ExecStart=\\([^ ]*\\)/portal .*|Type=oneshot\\nExecStart=\\1/python decode.py|' \\
    /etc/systemd/system/portal.service >/etc/systemd/system/portal-decode.service
systemctl daemon-reload
systemctl start portal-decode || { journalctl --no-pager -u portal-decode; exit 1; }
"""

# What the README's *Disaster* says, into another place.
DISASTER = """
. /etc/portal.env
set -a; . /etc/portal.env; PORTAL_DATA=~/again; set +a
/opt/portal/.venv/bin/portal restore /var/backups/portal --key ~/backup-key
/opt/portal/.venv/bin/portal db upgrade
/opt/portal/.venv/bin/portal doctor
"""


def test_installing(bare: Debian) -> None:
    begun = time.monotonic()
    lines = read_block("Installing")
    script = "\n".join(lines).replace("THIS-REPOSITORY", "file:///srv/portal.git").replace("NAME", "owner")
    script = script.replace("COMPANY", "'Bare Ltd'")
    script, certbot = re.subn(r"^certbot .*$", CERTIFICATE, script, flags=re.M)
    script, asked = re.subn(r"(portal create-user [^#\n]*).*$", rf"\1 <<<'{PASSWORD}'", script, flags=re.M)
    before, cut, after = script.partition("cp ~/portal-files/nginx.conf")
    assert (certbot, asked, bool(cut)) == (1, 1, True)
    print(bare.type(before)[-2000:])
    took = time.monotonic() - begun
    print(bare.type_booted(f"cd /root\n{cut}{after}{LOOK}{DECODE}{DISASTER}"))
    print(f"installed in {took:.0f} s, all in {time.monotonic() - begun:.0f} s")
    assert took < MOST_MINUTES * 60


ANSWERS = """
python3 - <<'END'
import time, urllib.request
from pathlib import Path
for _ in range(1200):
    try:
        with urllib.request.urlopen("http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            print("ready", answer.read().decode())
        with urllib.request.urlopen("http://127.0.0.1:{port}/login", timeout=5) as answer:
            assert "密码" in answer.read().decode()
        break
    except OSError:
        time.sleep(0.5)
else:
    print(Path("~/demo.log").expanduser().read_text()[-3000:])
    raise SystemExit("the demo doesn't answer")
END
kill $!
"""


def test_one_command_makes_a_demo(bare: Debian) -> None:
    """As the README says: with python3 and nothing else."""
    port = find_free_port()
    bare.type("apt-get update && apt-get install -y --no-install-recommends python3")
    subprocess.run(["git", "clone", "-q", bare.root / "srv/portal.git", bare.root / "root/portal"], check=True)
    begun = time.monotonic()
    demo = f"cd ~/portal\n./run demo --port {port} >~/demo.log 2>&1 &"
    print(bare.type(demo + ANSWERS.replace("{port}", str(port)))[-1500:], f"{time.monotonic() - begun:.0f} s")


def test_pipx_installs_it(bare: Debian) -> None:
    port = find_free_port()
    bare.type("apt-get update && apt-get install -y --no-install-recommends git pipx")
    demo = "git clone -q file:///srv/portal.git ~/portal && cd /root && pipx install ./portal && rm -r ~/portal\n"
    demo += f"~/.local/bin/portal demo --port {port} --data ~/demo >~/demo.log 2>&1 &"
    print(bare.type(demo + ANSWERS.replace("{port}", str(port)))[-1500:])
