"""The list of faults names tests that there are, and leaves out no file of this folder that causes one."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.fault.__main__ import FAULTS

TOP = Path(__file__).parents[2]
NO_FAULT = {"test_list.py", "test_deployment.py", "test_bucket.py", "test_units.py"}


def test_every_name_is_a_test() -> None:
    for fault in FAULTS:
        for each in fault.tests:
            place, _, name = each.partition("::")
            assert (TOP / place).is_file(), each
            tree = ast.parse((TOP / place).read_text("utf-8"))
            assert not name or name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, each


def test_every_file_is_named() -> None:
    here = {path.name for path in Path(__file__).parent.glob("test_*.py")} - NO_FAULT
    named = {Path(each.partition("::")[0]).name for fault in FAULTS for each in fault.tests}
    assert here <= named
