"""What a notebook shows: the drawn molecule, the interval, the reasons."""

from __future__ import annotations

import html
from typing import Any, Dict, Iterable, List, Sequence

from . import _fusebind

STRIP = 20


def escape(value: Any) -> str:
    """A value as text of a page."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return html.escape(str(value))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A small table."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def drawing(smiles: Any, weights: Sequence[float] = ()) -> str:
    """The molecule, its atoms tinted by weights: blue raises, red lowers."""
    try:
        return _fusebind.draw_molecule(smiles or "", list(weights))
    except ValueError:
        return ""


def beside(left: str, right: str) -> str:
    """Two parts beside each other."""
    return f'<div style="display:flex;gap:1.5em;align-items:flex-start"><div>{left}</div><div>{right}</div></div>'


def intervals(row: Dict[str, Any]) -> List[List[Any]]:
    """Each affinity with its interval of 90 %."""
    names = [name[: -len("_lo_90")] for name in row if name.endswith("_lo_90")]
    return [
        [f"{name} from {escape(row[name + '_lo_90'])} to {escape(row[name + '_hi_90'])}", "interval of 90 %"]
        for name in names
        if row[name + "_lo_90"] is not None
    ]


def prediction(row: Dict[str, Any]) -> str:
    """One prediction."""
    if row.get("error"):
        return f"<p><b>no prediction</b>: {escape(row['error'])}</p>"
    facts = [["prediction", f"{escape(row.get('prediction'))} {escape(row.get('unit'))}"]]
    facts += [[what, text] for text, what in intervals(row)]
    for name, what in [
        ("p_bind", "calibrated probability"),
        ("set_90", "cannot be ruled out at 90 %"),
        ("domain", "domain"),
        ("domain_reason", "why"),
        ("inputs", "rests on"),
    ]:
        if row.get(name) is not None:
            facts.append([what, row[name]])
    for side in ("drug", "target"):
        if row.get(f"nearest_{side}") is not None:
            near = f"{row[f'nearest_{side}']} ({escape(row[f'nearest_{side}_similarity'])})"
            facts.append([f"nearest {side} of training", near if len(near) < 60 else near[:28] + "…" + near[-28:]])
    return beside(drawing(row.get("smiles")), table(["", ""], facts))


def explanation(reasons: Dict[str, Any]) -> str:
    """The reasons of one prediction."""
    unit = reasons["unit"]
    shares = [["an unknown pair", reasons["modalities"]["prior"]]]
    shares += [[share["input"], share["share"]] for share in reasons["modalities"]["shares"]]
    shares.append(["prediction", reasons["prediction"]])
    near = [
        [pair["drug"][:40], pair["drug_similarity"], pair["target"][:40], pair["target_similarity"], pair["label"], pair["effect"]]
        for pair in reasons["neighbours"]
    ]
    strip = sorted(reasons["residues"]["parts"], key=lambda part: -abs(part["effect"]))[:STRIP]
    strip.sort(key=lambda part: part["first"])
    atoms = reasons["atoms"]
    weights = [part["effect"] for part in atoms["parts"]] if atoms else []
    drawn = drawing(reasons["smiles"], weights) + "<p>blue raises, red lowers</p>"
    return (
        beside(drawn, table([f"what each input adds", unit], shares))
        + table(["training drug", "similarity", "training target", "similarity", f"label, {reasons['label_unit']}", f"effect, {unit}"], near)
        + table(["residues", f"effect, {unit}"], ([f"{part['first']}-{part['last']}", part["effect"]] for part in strip))
    )


def model(path: str, info: Dict[str, Any]) -> str:
    """What a model is."""
    training = info["training"]
    facts = [
        ["task", info["task"]],
        ["scales", ", ".join(scale["name"] for scale in info["scales"])],
        ["drug modalities", ", ".join(info["drug_modalities"])],
        ["target modalities", ", ".join(info["target_modalities"])],
        ["trained on", f"{training['pairs']} pairs of {training['drugs']} drugs and {training['targets']} targets"],
        ["recipe", info["recipe"]],
    ]
    return f"<b>{escape(path)}</b>" + table(["", ""], facts)
