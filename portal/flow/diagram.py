"""The table drawn as a Mermaid diagram."""

from __future__ import annotations

from portal.flow.kinds import FINAL, CaseType, State
from portal.flow.table import ROWS


def diagram(case_type: CaseType) -> str:
    """One type's rows as a Mermaid state diagram, for the README: an arrow says who takes which steps.

    平台介入 lies beside the states and isn't drawn; its decisions, which lead from one state to another, are.
    """
    arrows: dict[tuple[str, str], dict[str, list[str]]] = {}
    for step in ROWS:
        if case_type in step.types:
            names = arrows.setdefault((step.source or "[*]", step.target), {}).setdefault(step.actor, [])
            if step.name not in names:
                names.append(step.name)
    lines = ["stateDiagram-v2", "    direction TB"]
    for (source, target), said in arrows.items():
        whole = "; ".join(f"{actor} · {', '.join(names)}" for actor, names in said.items())
        lines.append(f"    {source} --> {target}: {whole}")
    lines += [f"    {state} --> [*]" for state in State if state in FINAL]
    return "\n".join(lines)
