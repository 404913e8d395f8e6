// The reasons for one prediction: the drawn molecule, the sequence, what each input adds, and the training pairs that it rests on.

import { post } from "./api.js";
import { drawn, element, number, signed } from "./dom.js";
import { compoundName, high, low, targetName } from "./table.js";

const STRIP = 20;

/** Opens the dialog for `row`. */
export async function explain(row) {
  const dialog = document.querySelector("#why");
  const body = document.querySelector("#why-body");
  const title = document.querySelector("#why-title");
  title.textContent = `${compoundName(row)} and ${targetName(row)}`;
  body.replaceChildren(element("p", { role: "status" }, "Looking for the reasons…"));
  dialog.showModal();
  title.focus();
  try {
    const pair = { smiles: row.smiles, sequence: row.sequence };
    const answer = await post("v1/explain", { pairs: [pair] });
    const [result] = answer.results;
    if (result.error) throw new Error(result.error.reason);
    body.replaceChildren(...parts({ ...row, ...withoutNames(result) }));
  } catch (cause) {
    body.replaceChildren(element("p", { role: "alert", class: "message bad" }, cause.message));
  }
}

/** Names of the table stay: the request had none. */
function withoutNames(result) {
  const { drug_id, target_id, row, ...rest } = result;
  return rest;
}

function parts(row) {
  const { explanation } = row;
  return [
    facts(row),
    element("p", { class: "hint" },
      "An effect is the prediction less the prediction without the part. Blue and + raise it, red and − lower it. Parts are left out one at a time, so that effects need not add up."),
    element("div", { class: "two" },
      element("div", {}, element("h3", {}, "Molecule"), ...molecule(row)),
      element("div", {}, element("h3", {}, "What each input adds"), shares(explanation))),
    element("h3", {}, "Training pairs that it rests on"),
    neighbours(explanation),
    element("h3", {}, "Sequence"),
    ...sequence(row),
  ];
}

function facts(row) {
  const all = [
    ["Prediction", `${number(row.prediction, 3)} ${row.unit ?? ""}`],
    Number.isFinite(low(row)) && ["90 % interval", `${number(low(row))} to ${number(high(row))}`],
    Number.isFinite(row.p_bind) && ["Binds, calibrated", number(row.p_bind, 3)],
    row.domain && ["Domain", `${row.domain}: ${row.domain_reason ?? ""}`],
    row.nearest_drug && ["Nearest compound of training", `${row.nearest_drug} (similarity ${number(row.nearest_drug_similarity)})`],
    row.nearest_target && ["Nearest protein of training", `${row.nearest_target} (similarity ${number(row.nearest_target_similarity)})`],
    ["SMILES", row.smiles],
  ].filter(Boolean);
  return element("dl", { class: "facts" }, ...all.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function molecule({ smiles, drawing, explanation }) {
  const { atoms, unit } = explanation;
  const made = [];
  if (drawing) {
    const strongest = (atoms?.parts ?? []).toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, 3);
    const said = strongest.map((part) => `atom ${part.first} ${signed(part.effect)}`).join(", ");
    const alt = `Structure of ${smiles}${said ? `, strongest effects: ${said}` : ""}`;
    // As an image, a drawing can neither run scripts nor load anything.
    made.push(element("img", { class: "drawing", alt, src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}` }));
  }
  const note = atoms
    ? `The structure adds ${signed(atoms.whole)} ${unit}; its atoms leave ${signed(atoms.unexplained)} of that open.`
    : "The atoms of this molecule cannot be told apart.";
  made.push(element("p", { class: "hint" }, note));
  return made;
}

function shareBar(value, most) {
  const width = (48 * Math.abs(value)) / (most || 1);
  return drawn("svg", { class: "share", viewBox: "0 0 100 16", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawn("rect", { class: value < 0 ? "down" : "up", x: value < 0 ? 50 - width : 50, y: 2, width, height: 12 }),
    drawn("line", { class: "zero", x1: 50, x2: 50, y1: 0, y2: 16 }));
}

function tableOf(caption, header, rows) {
  const isNumber = (at) => rows[0]?.children[at]?.className === "number";
  const head = element("tr", {}, ...header.map((name, at) => element("th", { scope: "col", class: isNumber(at) ? "number" : undefined }, name)));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows)));
}

function shares({ modalities, unit }) {
  const most = Math.max(...modalities.shares.map((share) => Math.abs(share.share)), 1e-9);
  const row = (name, value, bar) => element("tr", {},
    element("th", { scope: "row" }, name),
    element("td", { class: "number" }, bar ? signed(value) : number(value, 3)),
    element("td", {}, bar ? shareBar(value, most) : ""));
  return tableOf(`Shares in ${unit}, which add up to the prediction`, ["Input", unit, "Share"], [
    row("an unknown pair", modalities.prior, false),
    ...modalities.shares.map((share) => row(share.input, share.share, true)),
    row("prediction", modalities.prediction, false),
  ]);
}

function neighbours({ neighbours: pairs, label_unit: labelUnit, unit }) {
  if (!pairs.length) return element("p", {}, "The model holds no training pairs, or none that are similar.");
  const cells = (pair) => [
    element("th", { scope: "row", class: "name", title: pair.smiles }, pair.drug),
    element("td", { class: "number" }, number(pair.drug_similarity)),
    element("td", { class: "name" }, pair.target),
    element("td", { class: "number" }, number(pair.target_similarity)),
    element("td", { class: "number" }, number(pair.label)),
    element("td", { class: "number" }, signed(pair.effect)),
  ];
  return tableOf(`Measured pairs, with their effect in ${unit}`,
    ["Compound", "Similarity", "Protein", "Similarity", `Measured (${labelUnit})`, "Effect"],
    pairs.map((pair) => element("tr", {}, ...cells(pair))));
}

/** Mean effect of the windows over each residue. */
function residueEffects(length, windows) {
  const sums = new Float64Array(length + 1);
  const counts = new Float64Array(length + 1);
  for (const { first, last, effect } of windows) {
    sums[first - 1] += effect;
    sums[last] -= effect;
    counts[first - 1] += 1;
    counts[last] -= 1;
  }
  let [sum, count] = [0, 0];
  return Array.from({ length }, (_, at) => {
    sum += sums[at];
    count += counts[at];
    return count > 0 ? sum / count : 0;
  });
}

function sequence({ sequence: letters, explanation }) {
  const { residues, unit } = explanation;
  const effects = residueEffects(letters.length, residues.parts);
  const most = Math.max(...residues.parts.map((part) => Math.abs(part.effect)), 1e-9);
  const level = (effect) => {
    const step = Math.min(3, Math.round((3 * Math.abs(effect)) / most));
    return step === 0 ? "" : `${effect < 0 ? "d" : "u"}${step}`;
  };
  // Neighbours of one colour are one element: a protein may have thousands of residues.
  const runs = [];
  for (let at = 0; at < letters.length; at += 1) {
    const colour = level(effects[at]);
    if (runs.at(-1)?.colour === colour) runs.at(-1).text += letters[at];
    else runs.push({ colour, text: letters[at] });
  }
  const strip = element("div", { class: "strip mono", role: "img", tabindex: "0", "aria-label": `Sequence of ${letters.length} residues, coloured by effect; the strongest are in the table below` },
    ...runs.map((run) => element("span", { class: run.colour || undefined }, run.text)));
  const strongest = residues.parts.toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, STRIP);
  const rows = strongest.toSorted((a, b) => a.first - b.first).map((part) => element("tr", {},
    element("th", { scope: "row" }, `${part.first} to ${part.last}`),
    element("td", { class: "number" }, signed(part.effect))));
  return [
    strip,
    element("p", { class: "hint" }, `The sequence adds ${signed(residues.whole)} ${unit}; its windows leave ${signed(residues.unexplained)} of that open.`),
    element("details", {}, element("summary", {}, "Residues with the largest effects"), tableOf(`Effects in ${unit}`, ["Residues", unit], rows)),
  ];
}
