// The table of predictions: sorted by any column, some rows at a time, with an interval bar for each.

import { drawn, element, number } from "./dom.js";

const ROWS = 100;
const DOMAINS = ["inside", "edge", "outside"];

/** Name of the columns of the interval of a row: those of its unit. */
const column = (row) => String(row.unit ?? "").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "_");
export const low = (row) => row[`${column(row)}_lo_90`];
export const high = (row) => row[`${column(row)}_hi_90`];

const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
export const compoundName = (row) => row.drug_id ?? row.smiles ?? "";
export const targetName = (row) => row.target_id ?? `protein ${row.target_row ?? ""}`;

function bar(row, [from, to]) {
  const at = (value) => (8 + (84 * (value - from)) / (to - from || 1)).toFixed(1);
  const parts = [drawn("line", { class: "rule", x1: 4, x2: 96, y1: 10, y2: 10 })];
  if (Number.isFinite(low(row)) && Number.isFinite(high(row))) {
    parts.push(drawn("line", { class: "range", x1: at(low(row)), x2: at(high(row)), y1: 10, y2: 10 }));
  }
  parts.push(drawn("circle", { class: "dot", cx: at(row.prediction), cy: 10, r: 4 }));
  return drawn("svg", { class: "bar", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
}

/** What the bars of all rows lie between. */
function extent(rows) {
  let from = Infinity;
  let to = -Infinity;
  for (const row of rows) {
    for (const value of [row.prediction, low(row), high(row)]) {
      if (Number.isFinite(value)) {
        from = Math.min(from, value);
        to = Math.max(to, value);
      }
    }
  }
  return from < to ? [from, to] : [from - 1, from + 1];
}

const interval = (row) =>
  Number.isFinite(low(row)) ? `${number(low(row))} to ${number(high(row))}` : undefined;

/** Columns that the rows have something to say in. */
function columns(rows, explain) {
  const has = (field) => rows.some((row) => row[field] !== undefined && row[field] !== null);
  const range = extent(rows);
  const unit = rows.find((row) => row.unit)?.unit ?? "";
  return [
    has("rank") && { title: "Rank", value: (row) => row.rank, cell: (row) => [String(row.rank)], number: true },
    {
      title: "Compound",
      value: compoundName,
      head: true,
      cell: (row) => [element("span", { title: row.smiles }, shortened(compoundName(row), 60))],
    },
    { title: "Protein", value: targetName, cell: (row) => [shortened(targetName(row), 60)], name: true },
    { title: `Prediction${unit ? ` (${unit})` : ""}`, value: (row) => row.prediction, cell: (row) => [number(row.prediction)], number: true },
    {
      title: "90 % interval",
      value: (row) => high(row) - low(row),
      cell: (row) => [bar(row, range), interval(row) ? element("span", { class: "hint" }, interval(row)) : undefined],
    },
    has("p_bind") && { title: "Binds, calibrated", value: (row) => row.p_bind, cell: (row) => [number(row.p_bind)], number: true },
    !has("p_bind") && has("probability") && unit !== "probability" &&
      { title: "Probability", value: (row) => row.probability, cell: (row) => [number(row.probability)], number: true },
    has("domain") && {
      title: "Domain",
      value: (row) => DOMAINS.indexOf(row.domain),
      cell: (row) => [element("span", { class: `flag ${DOMAINS.includes(row.domain) ? row.domain : ""}`, title: row.domain_reason }, row.domain ?? "")],
    },
    {
      title: "Why",
      cell: (row) => {
        const label = `Why: ${compoundName(row)} and ${targetName(row)}`;
        const button = element("button", { type: "button", "aria-label": label, "aria-haspopup": "dialog" }, "Why?");
        button.addEventListener("click", () => explain(row));
        return [button];
      },
    },
  ].filter(Boolean);
}

const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
/** Rows in order; those without a value come last in both directions. */
function sorted(rows, { value, down }) {
  const is = (row) => value(row) !== undefined && value(row) !== null && !Number.isNaN(value(row));
  const order = (a, b) => Number(is(b)) - Number(is(a)) || (is(a) ? (down ? -1 : 1) * compare(value(a), value(b)) : 0);
  return rows.toSorted(order);
}

/** Shows `rows` in the table; `explain` is called with the row that is asked about. */
export function show(rows, caption, explain) {
  const table = document.querySelector("#table");
  const parts = columns(rows, explain);
  const state = { rows, order: undefined, page: 0 };
  document.querySelector("#caption").textContent = caption;

  const draw = () => {
    const shown = state.rows.slice(state.page * ROWS, (state.page + 1) * ROWS);
    table.tBodies[0].replaceChildren(...shown.map((row) =>
      element("tr", {}, ...parts.map((part) => {
        const kind = part.number ? "number" : part.head || part.name ? "name" : undefined;
        return element(part.head ? "th" : "td", { class: kind, scope: part.head ? "row" : undefined }, ...part.cell(row));
      }))));
    const pages = Math.ceil(state.rows.length / ROWS);
    document.querySelector("#pages").hidden = pages < 2;
    document.querySelector("#page-place").textContent = `Rows ${state.page * ROWS + 1} to ${Math.min((state.page + 1) * ROWS, state.rows.length)} of ${state.rows.length}`;
    document.querySelector("#earlier").disabled = state.page === 0;
    document.querySelector("#later").disabled = state.page + 1 >= pages;
  };

  const heads = parts.map((part) => {
    const head = element("th", { scope: "col", class: part.number ? "number" : undefined });
    if (!part.value) {
      head.append(part.title);
      return head;
    }
    const mark = element("span", { "aria-hidden": "true" });
    const button = element("button", { type: "button" }, part.title, mark);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending" || (part.number && head.getAttribute("aria-sort") === null);
      heads.forEach((other) => {
        other.removeAttribute("aria-sort");
        other.querySelector("span")?.replaceChildren();
      });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      mark.textContent = down ? " ▾" : " ▴";
      state.rows = sorted(rows, { value: part.value, down });
      state.page = 0;
      draw();
    });
    head.append(button);
    return head;
  });
  table.tHead.replaceChildren(element("tr", {}, ...heads));

  // Handlers of an earlier table go with the old buttons.
  for (const [id, step] of [["earlier", -1], ["later", 1]]) {
    const old = document.querySelector(`#${id}`);
    const button = old.cloneNode(true);
    old.replaceWith(button);
    button.addEventListener("click", () => {
      state.page += step;
      draw();
    });
  }
  draw();
}
