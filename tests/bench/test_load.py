"""A short load on the production server: every answer was asked for, and what was written stands once."""

from __future__ import annotations

import pytest

from tests.bench.load import count_damage, full_scene, put_under_load, show
from tests.postgres import fresh_database


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_short_load(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with full_scene(fresh_database() if kind == "postgresql" else "", 500) as (scene, people):
        sound = count_damage(scene)
        answers, rss, lost = put_under_load(scene, people, 20, 5)
        assert not count_damage(scene) - sound
    assert not lost
    assert not answers.broken
    assert set(answers.statuses) == {200, 303}
    assert sum(answers.statuses.values()) == 100
    assert len(answers.written) == answers.statuses[303] > 0
    assert not any(answers.errors.values())
    show(answers, rss)
    said = capsys.readouterr().out
    assert all(words in said for words in ("p50 ms", "my orders", "a sentence", "errors", "memory of the workers"))
