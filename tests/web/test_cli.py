"""The commands as operators and scripts meet them: help, exit codes, and one clear line for every mistake."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import doctor, inputs
from portal.calendar import calendars, clock
from portal.cli import console, servers
from portal.cli import group as cli_group
from portal.extensions import db, writing
from portal.models import CaseEvent, Order, Shop, Staff, User
from portal.people import accounts
from tests import exports
from tests.cast import PASSWORD, Cast

TOP = Path(__file__).parents[2]
EXPORT = TOP / "tests/data/orders-export.xlsx"
GOOD = "correct-horse-7"
KEY = "0123456789abcdef" * 2
Portal = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def day_of_the_casts() -> None:
    """Commands that are processes of their own have the machine's clock, and so has what they are compared with."""


@pytest.fixture
def portal(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Portal:
    """Runs `portal` with these words; returns the exit code and what was said on both.

    On an empty, migrated database; or, where the test stands in an app, on that one's.
    """
    folder = tmp_path / "cli"
    folder.mkdir()
    shutil.copy(sqlite_template / "portal.db", folder / "portal.db")
    for name in [name for name in os.environ if name.startswith(("PORTAL_", "FLASK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_DATA", str(folder))

    def run(*words: str, typed: str | None = None, **settings: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["portal", *words])
        if typed is not None:
            monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
        capfd.readouterr()
        with monkeypatch.context() as environ, pytest.raises(SystemExit) as ended:
            for name, value in settings.items():
                environ.setenv(f"PORTAL_{name}", value)
            console.main()
        out, err = capfd.readouterr()
        code = ended.value.code
        if isinstance(code, str):  # as Python itself does it
            code, err = 1, f"{err}{code}\n"
        assert "Traceback" not in err
        return code or 0, out, err

    return run


def refused(said: tuple[int, str, str], code: int = 1) -> str:
    """The one line on standard error of a command that did nothing."""
    assert (said[0], said[1]) == (code, ""), said
    [line] = said[2].splitlines()
    assert line.startswith("portal: ")
    return line


def every_command(group: click.Group, above: click.Context | None = None) -> Iterator[click.Context]:
    with click.Context(group, parent=above, info_name=group.name) as context:  # until its end the app stays loaded
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield click.Context(command, parent=context, info_name=name)
            if isinstance(command, click.Group):
                yield from every_command(command, context)


# Help


OURS = ["demo", "serve", "sweep", "import-orders", "doctor", "create-user", "create-shop"]


def test_help_of_every_command(portal: Portal) -> None:
    code, out, err = portal("--help")
    assert (code, err) == (0, "")
    listed = [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line.strip()]
    assert {*OURS, "db", "run", "routes", "shell"} <= set(listed)
    known = set()
    for context in every_command(cli_group.portal):
        known.add(context.command_path)
        assert context.get_help().startswith("Usage: ")
    assert {"portal db upgrade", *(f"portal {name}" for name in OURS)} <= known
    for words in (["db"], ["db", "upgrade"], *([name] for name in OURS)):
        code, out, err = portal(*words, "--help")
        assert (code, err) == (0, ""), words
        assert out.startswith("Usage: "), words


def test_help_says_what_each_of_ours_does(portal: Portal) -> None:
    for name in OURS:
        _, out, _ = portal(name, "--help")
        assert len(out.split("\n\n")[1].strip()) > 20, f"portal {name} --help doesn't say what it does"


def test_help_in_spite_of_wrong_settings(portal: Portal) -> None:
    code, out, err = portal("--help", THREADS="many")
    assert (code, err) == (0, "portal: PORTAL_THREADS must be a whole number, not 'many'\n")
    assert "import-orders" in out
    assert portal("doctor", "--help", THREADS="many")[0] == 0


def test_no_command_at_all_is_told_the_commands(tmp_path: Path) -> None:
    environ = {**os.environ, "PORTAL_DATA": str(tmp_path)}
    run = subprocess.run([sys.executable, "-m", "portal.cli"], env=environ, cwd=TOP, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert "import-orders" in run.stderr and "Traceback" not in run.stderr


# Mistakes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nonsense"], "No such command"),
        (["doctor", "--nonsense"], "No such option"),
        (["doctor", "surplus"], "unexpected extra argument"),
        (["sweep", "--every", "often"], "'often' is not a valid float"),
        (["sweep", "--every", "0"], "0.0 is not in the range"),
        (["sweep", "--every", "-1"], "-1.0 is not in the range"),
        (["serve", "--port", "99999999"], "99999999 is not in the range"),
        (["serve", "--port", "http"], "'http' is not a valid int"),
        (["serve", "--workers", "0"], "0 is not in the range"),
        (["demo", "--port", "-1"], "-1 is not in the range"),
        (["demo", "--orders", "/nowhere.xlsx"], "does not exist"),
        (["create-user"], "Missing argument 'MEMBER_NAME'"),
        (["create-shop", "somebody"], "Missing argument 'NAME'"),
        (["import-orders"], "Missing argument 'FILE'"),
        (["import-orders", "/nowhere.xlsx"], "does not exist"),
        (["import-orders", "/tmp"], "is a directory"),
        (["import-orders", str(EXPORT), "--report", "/nowhere/report.csv"], "/nowhere/report.csv can't be written"),
    ],
    ids=" ".join,
)
def test_words_that_are_not_understood(portal: Portal, words: list[str], says: str) -> None:
    assert says in refused(portal(*words, SECRET_KEY=KEY), 2)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"THREADS": "many"}, "PORTAL_THREADS"),
        ({"THREADS": "0"}, "PORTAL_THREADS"),
        ({"THREADS": "-1"}, "PORTAL_THREADS"),
        ({"THREADS": "４"}, "PORTAL_THREADS"),
        ({"PROXIES": "all"}, "PORTAL_PROXIES"),
        ({"QA": "2"}, "PORTAL_QA"),
        ({"QA": "yes"}, "PORTAL_QA"),
        ({"HTTPS": "yes"}, "PORTAL_HTTPS"),
        ({"LOG": "true"}, "PORTAL_LOG"),
        ({"SQLITE_SYNCHRONOUS": "OFF"}, "PORTAL_SQLITE_SYNCHRONOUS"),
        ({"DEADLINES": "nonsense"}, "PORTAL_DEADLINES"),
        ({"DEADLINES": "nonsense=2d"}, "PORTAL_DEADLINES"),
        ({"DEADLINES": "seller_response=soon"}, "PORTAL_DEADLINES"),
        ({"WEBHOOK_URL": "ftp://there", "WEBHOOK_SECRET": "whsec_c2VjcmV0"}, "PORTAL_WEBHOOK_URL"),
        ({"WEBHOOK_URL": "https://", "WEBHOOK_SECRET": "whsec_c2VjcmV0"}, "PORTAL_WEBHOOK_URL"),
        ({"WEBHOOK_URL": "https://[there", "WEBHOOK_SECRET": "whsec_c2VjcmV0"}, "PORTAL_WEBHOOK_URL"),
        ({"WEBHOOK_URL": "https://there"}, "PORTAL_WEBHOOK_SECRET"),
        ({"WEBHOOK_URL": "https://there", "WEBHOOK_SECRET": "whsec_!"}, "PORTAL_WEBHOOK_SECRET"),
        ({"WEBHOOK_URL": "https://there", "WEBHOOK_SECRET": "whsec_"}, "PORTAL_WEBHOOK_SECRET"),
        ({"DATABASE_URL": "nonsense"}, "PORTAL_DATABASE_URL"),
        ({"DATABASE_URL": "mysql://localhost/portal"}, "PORTAL_DATABASE_URL"),
        ({"DATABASE_URL": "postgresql+nonsense://localhost/portal"}, "PORTAL_DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://localhost:port/portal"}, "portal: "),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/portal"}, "the database can't be used"),
        ({"DATA": "/dev/null"}, "/dev/null"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_used(portal: Portal, settings: Mapping[str, str], says: str) -> None:
    for words in (["doctor"], ["sweep", "--once"]):
        assert says in refused(portal(*words, **settings))


@pytest.mark.parametrize("settings", [{"THREADS": "many"}, {"HTTPS": "yes"}, {"DATABASE_URL": "nonsense"}], ids=str)
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_no_server_starts_with_them(portal: Portal, command: str, settings: Mapping[str, str]) -> None:
    assert "PORTAL_" in refused(portal(command, SECRET_KEY=KEY, **settings))


# serve and demo


def test_serve_needs_a_secret_key(portal: Portal) -> None:
    assert "PORTAL_SECRET_KEY is missing" in refused(portal("serve"))
    assert "PORTAL_SECRET_KEY is missing" in refused(portal("serve", SECRET_KEY=""))


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_qa_is_refused_where_others_reach_it(portal: Portal, command: str) -> None:
    line = refused(portal(command, "--host", "0.0.0.0", SECRET_KEY=KEY, QA="1"))
    assert "PORTAL_QA=anywhere" in line


@pytest.mark.parametrize(
    ("host", "settings", "says"),
    [
        ("127.0.0.1", {"SECRET_KEY": "short"}, "PORTAL_SECRET_KEY is weak"),
        ("127.0.0.1", {"SECRET_KEY": "a" * 64}, "PORTAL_SECRET_KEY is weak"),
        ("127.0.0.1", {"HTTPS": "1"}, "PORTAL_PROXIES"),
        ("127.0.0.1", {"QA": "1", "PROXIES": "1"}, "PORTAL_QA=1 is refused behind a proxy"),
        ("0.0.0.0", {}, "PORTAL_TRUSTED_HOSTS is missing"),
        ("0.0.0.0", {"TRUSTED_HOSTS": "huanhuo.example"}, "plain http on an open address"),
    ],
    ids=str,
)
def test_serve_refuses_what_strangers_could_use(
    portal: Portal, host: str, settings: Mapping[str, str], says: str
) -> None:
    assert says in refused(portal("serve", "--host", host, **{"SECRET_KEY": KEY, **settings}))


def test_what_is_killed_is_started_again(capfd: pytest.CaptureFixture[str]) -> None:
    """Somebody kills the server's first process: it is said, and the portal goes on."""
    commands = ["kill -9 $$", "exit 3"]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sh", "-c", commands.pop(0)], start_new_session=True)

    with pytest.raises(SystemExit) as ended:
        servers.keep_together([start])
    assert ended.value.code == 3 and commands == []
    assert "was killed by signal 9: it is started again" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_address_in_use(portal: Portal, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"127.0.0.1:{port} can't be listened at" in refused(portal(command, "--port", str(port), SECRET_KEY=KEY))


def test_serve_serves_until_it_is_told_to_stop(tmp_path: Path, sqlite_template: Path) -> None:
    (tmp_path / "new").mkdir()
    shutil.copy(sqlite_template / "portal.db", tmp_path / "new" / "portal.db")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {**os.environ, "PORTAL_DATA": str(tmp_path / "new"), "PORTAL_SECRET_KEY": KEY, "PORTAL_DATABASE_URL": ""}
    words = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), "--workers", "1"]
    with subprocess.Popen(words, env=environ, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            answer = b""
            for _ in range(600):
                try:
                    with socket.create_connection(("127.0.0.1", port), 5) as client:
                        client.sendall(b"GET /health/ready HTTP/1.0\r\n\r\n")
                        if answer := client.recv(100):  # empty: it was the look whether the address is free
                            break
                except OSError:
                    assert server.poll() is None
                    time.sleep(0.1)
            assert b" 200 " in answer.partition(b"\r\n")[0]
            templates = len(list((TOP / "templates").rglob("*.html")))
            for _ in range(1200):  # compiled in the meantime, for who comes first
                if len(list((tmp_path / "new" / "compiled").glob("*/*.cache"))) == templates:
                    break
                time.sleep(0.1)
            else:
                pytest.fail("templates weren't compiled")
        finally:
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=40)
    assert b"Traceback" not in err and out == b""


# sweep


def test_a_killed_command_leaves_no_server_behind() -> None:
    """kill -9, which nothing can be done about in the command itself; the port must be free for the next."""
    program = (
        "import os, signal, subprocess, sys, time; from portal.cli import servers; popen = subprocess.Popen\n"
        "servers.subprocess.Popen = lambda words, **more: popen(['sleep', '60'], **more)\n"
        "print(servers.start_server('127.0.0.1', 0, 1, dict(os.environ)).pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=TOP) as command:
        assert command.stdout
        pid = int(command.stdout.readline())  # not to its end: what goes on would hold it open
        assert command.wait() == -signal.SIGKILL
        state = Path(f"/proc/{pid}/stat")
        for _ in range(200):
            if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        raise AssertionError("the server goes on")


def test_sweeping_twice_does_everything_once(app: Flask, cast: Cast, portal: Portal) -> None:
    case_id = cast.open_case(now=clock.now() - timedelta(days=3)).id
    code, out, err = portal("sweep", "--once")
    assert (code, out) == (0, "1 cases moved, 0 files taken in, 0 parcels asked, 0 notices sent\n")
    assert all(line.startswith("event_head ") for line in err.splitlines())  # the chain's anchors go to the log
    taken = taken_of(case_id)
    assert taken == ["apply", "timeout_agree"]
    assert portal("sweep", "--once") == (0, "0 cases moved, 0 files taken in, 0 parcels asked, 0 notices sent\n", "")
    assert taken_of(case_id) == taken
    assert portal("doctor")[0] == 0


def taken_of(case_id: int) -> list[str]:
    db.session.rollback()
    found = select(CaseEvent.step).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version)
    return list(db.session.scalars(found))


def test_two_sweeps_at_once(app: Flask, cast: Cast) -> None:
    """As two processes: one of them moves the case."""
    case_id = cast.open_case(now=clock.now() - timedelta(days=3)).id
    db.session.remove()
    folder = app.extensions["portal_settings"].data
    environ = {**os.environ, "PORTAL_DATA": str(folder), "PORTAL_DATABASE_URL": "", "PORTAL_SECRET_KEY": KEY}
    words = [sys.executable, "-m", "portal.cli", "sweep", "--once"]
    both = [
        subprocess.Popen(words, env=environ, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [(*process.communicate(timeout=60), process.returncode) for process in both]
    assert [code for _, _, code in said] == [0, 0] and not any("Traceback" in err for _, err, _ in said)
    assert sorted(int(out.split()[0]) for out, _, _ in said) == [0, 1]
    assert taken_of(case_id) == ["apply", "timeout_agree"]


# import-orders


def orders() -> dict[str, str]:
    db.session.rollback()
    return {row.order_no: row.status for row in db.session.execute(select(Order.order_no, Order.status))}


def export(path: Path, *rows: exports.Cells) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(exports.table(rows))
    return str(path)


def test_import_of_a_good_file(app: Flask, portal: Portal, tmp_path: Path) -> None:
    file = export(tmp_path / "good.csv", exports.order())
    code, out, err = portal("import-orders", file, "--dry-run")
    assert (code, err, orders()) == (0, "", {})
    assert "新增 1" in out
    code, out, err = portal("import-orders", file)
    assert (code, err) == (0, "")
    assert "新增 1" in out and orders() == {"3905403692550747597": "completed"}
    code, out, err = portal("import-orders", file)
    assert (code, err) == (0, "")
    assert "新增 0" in out and "未变 1" in out


def test_an_import_does_what_its_dry_run_says(app: Flask, portal: Portal, tmp_path: Path) -> None:
    numbers = [str(3905403692550740100 + number) for number in range(12)]
    portal("import-orders", export(tmp_path / "before.csv", *(exports.order(each) for each in numbers[:3])))
    rows = [
        exports.order(numbers[0], 收货人姓名="张伟"),
        exports.order(numbers[1]),
        exports.order(numbers[2], 订单状态="等待卖家发货"),
        *(exports.order(each, **{"运费(元)": f"第{each[-1]}档"}) for each in numbers[3:9]),
        *(exports.order(each, 数量=f"若干{each[-1]}") for each in numbers[9:]),
    ]
    file, before = export(tmp_path / "all.csv", *rows), orders()
    code, would, err = portal("import-orders", file, "--dry-run")
    assert (code, err, orders()) == (1, "", before)
    said = would.splitlines()
    assert len(said) <= 40
    heads = [line for line in said if line and not line.startswith(" ")]
    assert [line.split()[0] for line in heads[:6]] == ["新增", "更新", "未变", "未采信", "拒绝", "提醒"]
    assert heads[0] == "新增 6 张订单" and heads[4] == "拒绝 3 张订单、3 行明细"
    new = said[said.index(heads[0]) + 1 :][:4]
    assert [line.split()[-1] for line in new] == [*numbers[3:6], "…"]
    [freight] = [line for line in said if "运费(元)" in line]
    assert "共 6 行  运费(元)：「第3档」等不能用" in freight  # not as if all were 第3档
    [amount] = [line for line in said if "数量：" in line]
    assert "第 11 行、第 12 行、第 13 行  数量：「若干9」等不能用" in amount

    code, did, err = portal("import-orders", file)
    assert (code, err) == (1, "")
    assert did.splitlines()[-1] == said[-1]  # the same counts, line by line of the summary
    assert set(orders()) == set(numbers[:9])
    code, again, err = portal("import-orders", file, "--dry-run")
    assert (code, err) == (1, "") and "新增 0 张订单" in again and "更新 0 张订单" in again


def test_import_with_refused_rows(app: Flask, portal: Portal, tmp_path: Path) -> None:
    good, bad = exports.order(), exports.order("3905403692550747598", 数量="许多")
    report = tmp_path / "report.csv"
    code, out, err = portal("import-orders", export(tmp_path / "mixed.csv", good, bad), "--report", str(report))
    assert (code, err) == (1, "")
    problem, of_the_order = [line.split("\t") for line in out.splitlines() if line.startswith("第 ")]
    assert problem[:3] == ["第 3 行", "3905403692550747598", "数量"] and "许多" in problem[3]
    assert of_the_order[:3] == ["第 3 行", "3905403692550747598", ""]
    assert "新增 1" in out and "拒绝 1" in out
    assert set(orders()) == {"3905403692550747597"}
    rows = list(csv.reader(report.open(encoding="utf-8-sig")))
    assert rows[0] == ["行号", "订单编号", "结果", "列", "说明"]
    assert {row[2] for row in rows[1:]} == {"新增", "拒绝"}


UNSEEN = "\x1b]0;mine\x07\x1b[2J\x9b31m\u202e\u200b"


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["import", "dry run"])
def test_nothing_in_a_file_drives_the_terminal(
    app: Flask, portal: Portal, tmp_path: Path, options: Sequence[str]
) -> None:
    """Cells of strangers are quoted in what is refused, doubted and not read."""
    rows = [exports.order(f"39054036925507475{number:02}") for number in range(10, 14)]
    for row, (heading, said) in zip(
        rows,
        [
            ("数量", f"许{UNSEEN}多"),
            ("货品总价(元)", f"一{UNSEEN}百"),
            ("订单状态", f"成{UNSEEN}功"),
            ("订单编号", f"3{UNSEEN}"),
        ],
        strict=True,
    ):
        row[heading] = said
    headings = [*exports.HEADINGS, f"附{UNSEEN}注"]
    file = str(exports.text(tmp_path / "odd.csv", exports.table(rows, headings)))
    report = tmp_path / "report.csv"
    code, out, err = portal("import-orders", file, "--report", str(report), *options)
    assert (code, err) == (1, "") and "多" in out
    for said in (out, report.read_text("utf-8-sig")):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]", said), said
    code, out, err = portal(
        "import-orders", str(exports.text(tmp_path / "none.csv", [[f"订单{UNSEEN}编号", UNSEEN], ["1", "2"]]))
    )
    assert code == 2 and not re.search(r"[\x1b\x9b\u202e]", err), err


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbf", b"\0" * 100, b"PK\x03\x04 not a book", b"a,b\n1,2\n", b"\xff\xfe"],
    ids=lambda content: content[:8].hex(),
)
@pytest.mark.parametrize("name", ["orders.csv", "orders.xlsx", "orders"])
def test_import_of_what_cannot_be_read(app: Flask, portal: Portal, tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    line = refused(portal("import-orders", str(file)), 2)
    assert len(line) > len("portal: ") + 5
    assert orders() == {}


# Accounts


def members() -> dict[str, tuple[str, bool]]:
    db.session.rollback()
    return {
        user.member_name: (user.company_name, accounts.verify_password(user.member_name, GOOD) is not None)
        for user in db.session.scalars(select(User))
    }


def test_the_first_accounts(app: Flask, portal: Portal) -> None:
    assert portal("create-user", "heng", "--company", "恒盛", typed=GOOD) == (0, "heng can sign in\n", "")
    assert members() == {"heng": ("恒盛", True)}
    assert portal("create-shop", "heng", "恒盛针织") == (0, "恒盛针织 belongs to heng\n", "")
    found = db.session.execute(select(Shop.name, Staff.role).join(Staff, Staff.shop_id == Shop.id)).all()
    assert [tuple(row) for row in found] == [("恒盛针织", "owner")]
    assert portal("doctor")[0] == 0


def test_making_a_database_is_said(portal: Portal, tmp_path: Path) -> None:
    new = {"DATA": str(tmp_path / "new")}
    code, out, err = portal("create-user", "heng", typed=GOOD, **new)
    assert (code, out) == (0, "heng can sign in\n") and err.startswith("a new database was made: sqlite:///")
    assert portal("create-user", "sheng", typed=GOOD, **new) == (0, "sheng can sign in\n", "")
    for file in (tmp_path / "new").rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_dormant_account_gets_its_password(app: Flask, portal: Portal) -> None:
    with writing():
        accounts.create_user("asleep", now=clock.now(), company_name="来自订单")
    assert portal("create-user", "asleep", typed=GOOD)[0] == 0
    assert members() == {"asleep": ("来自订单", True)}
    assert "已被使用" in refused(portal("create-user", "asleep", typed=GOOD))


def test_an_account_is_called_as_its_person_will_type_it(app: Flask, portal: Portal) -> None:
    assert portal("create-user", "  Ｅ\u200bve\n", typed=GOOD)[0] == 0
    [name] = members()
    assert name == inputs.line("  Ｅ\u200bve\n", limit=64) and name.strip() == name


@pytest.mark.parametrize(
    "words",
    [
        ["create-user", "", GOOD],
        ["create-user", " \n", GOOD],
        ["create-user", "x" * 65, GOOD],
        ["create-user", "heng", "--company", "x" * 201, GOOD],
        ["create-user", "heng", "short"],
        ["create-user", "heng", ""],
        ["create-user", "heng", "a" * 129],
        ["create-user", "heng", "heng-heng"],
        ["create-shop", "nobody", "店"],
        ["create-shop", "seller", "第二家店"],
        ["create-shop", "buyer", ""],
        ["create-shop", "buyer", "店" * 201],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_accounts_that_cannot_be(app: Flask, cast: Cast, portal: Portal, words: list[str]) -> None:
    known = len(members())
    typed = words[-1] if words[0] == "create-user" else None
    refused(portal(*(words[:-1] if typed is not None else words), typed=typed), 2 if typed == "" else 1)
    assert len(members()) == known
    assert db.session.scalar(select(func.count()).select_from(Shop)) == 2


def test_a_password_is_no_word_of_a_command(app: Flask, portal: Portal) -> None:
    """Others on the machine read those, and shells keep them."""
    assert "No such option" in refused(portal("create-user", "heng", "--password", GOOD), 2)
    assert members() == {}


def test_a_lost_password_a_lost_phone_and_a_closed_account(app: Flask, cast: Cast, portal: Portal) -> None:
    code, out, _ = portal("reset-password", "buyer", "--address", "https://portal.example/")
    assert code == 0 and out.startswith("https://portal.example/reset/")
    client = app.test_client()
    assert client.get(out.strip().removeprefix("https://portal.example")).status_code == 200
    assert portal("disable-user", "buyer")[0] == 0
    db.session.rollback()
    assert accounts.verify_password("buyer", PASSWORD) is None
    assert client.get(out.strip().removeprefix("https://portal.example")).status_code == 410
    assert "is disabled" in refused(portal("reset-password", "buyer"))
    assert portal("enable-user", "buyer")[0] == 0
    db.session.rollback()
    assert accounts.verify_password("buyer", PASSWORD) is not None
    assert portal("reset-second-factor", "buyer") == (0, "buyer signs in with the password only\n", "")
    for command in ("reset-password", "disable-user", "enable-user", "reset-second-factor"):
        assert "there is no account nobody" in refused(portal(command, "nobody"))


def test_nobody_to_ask_for_the_password(app: Flask, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "the password is missing" in refused(portal("create-user", "heng"), 2)
    assert members() == {}


# doctor


def test_doctor_says_a_line_for_each_invariant(app: Flask, cast: Cast, portal: Portal) -> None:
    cast.open_case()
    code, out, err = portal("doctor")
    assert (code, err) == (0, "")
    lines, to_do = out.splitlines(), calendars.find_missing_year(clock.now())
    if to_do is not None:
        assert lines.pop() == f"do  calendar: {calendars.TO_LOAD.format(year=to_do)}"
    assert len(lines) == len(doctor.CHECKS) + 1
    assert all(line.startswith("ok  ") for line in lines)
