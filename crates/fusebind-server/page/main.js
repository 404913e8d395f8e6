// The page: what is asked, what comes back, and what is shown of it.

import * as api from "./api.js";
import { element, number, save } from "./dom.js";
import { body } from "./input.js";
import { show } from "./table.js";
import { explain } from "./why.js";

const at = (id) => document.getElementById(id);
const ask = at("ask");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

let limits = { body_bytes: 16 << 20 };
/** What is shown: rows, and the address of the table on the server where it has one. */
let shown = { rows: [], faults: [], job: undefined };
let running;

function say(text) {
  at("status").textContent = text;
}

function complain(cause) {
  say("");
  at("problem").textContent = cause?.message ?? "";
  at("problem").hidden = !cause;
  if (cause?.status === 401) {
    at("token-form").hidden = false;
    at("token").focus();
  }
}

/** Runs one request at a time; errors are shown. */
async function run(work) {
  const buttons = [...ask.querySelectorAll("button")];
  complain();
  buttons.forEach((button) => { button.disabled = true; });
  try {
    await work();
  } catch (cause) {
    complain(cause);
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
    at("job").hidden = true;
    running = undefined;
  }
}

function present(results, notes, job) {
  const rows = results.filter((row) => !row.error);
  const faults = results.filter((row) => row.error);
  shown = { rows, faults, job };
  const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;
  const count = many(rows.length, "prediction", "predictions");
  const left = faults.length ? `, ${many(faults.length, "row", "rows")} could not be read` : "";
  at("results").hidden = false;
  // A pasted list needs no header.
  const said = notes.filter((note) => !note.startsWith("pasted."));
  say([`${count}${left}.`, ...said].join(" "));
  show(rows, rows.length ? `${count}. Press a heading to sort, and Why? for the reasons.` : "No pair could be predicted.", explain);
  const place = (row) => [
    row.row && `row ${row.row}`,
    row.drug_row && `compound ${row.drug_row}`,
    row.target_row && `protein ${row.target_row}`,
  ].filter(Boolean).join(", ");
  at("faults").hidden = !faults.length;
  at("faults").open = faults.length > 0 && faults.length <= 10;
  at("faults").querySelector("summary").textContent = `${many(faults.length, "row", "rows")} could not be read`;
  at("faults").querySelector("ul").replaceChildren(...faults.slice(0, 500).map((row) =>
    element("li", {}, `${place(row)}${row.error.field ? `, ${row.error.field}` : ""}: ${row.error.reason}; ${row.error.remedy}.`)));
  at("results").focus();
}

/** Follows a job to its end, and gives its results. */
async function follow(job) {
  running = job.id;
  at("job").hidden = false;
  let now = job;
  while (now.status === "waiting" || now.status === "running") {
    at("progress").max = Math.max(now.total, 1);
    at("progress").value = now.done;
    at("progress-label").textContent = now.status === "waiting" ? "Waits for other jobs" : `${now.done} of ${now.total} done`;
    await wait(400);
    now = await api.get(`v1/jobs/${job.id}`);
  }
  if (now.status === "failed") throw new Error("The job failed. The log of the server says more.");
  const results = [];
  for (let next = 0; next !== null && next !== undefined;) {
    const page = await api.get(`v1/jobs/${job.id}/results?offset=${next}&limit=5000`);
    results.push(...page.results);
    next = page.next;
  }
  present(results, now.status === "cancelled" ? ["Stopped before the end.", ...now.notes] : now.notes, job.id);
}

async function predict() {
  const asked = await body(ask, limits.body_bytes);
  say("Predicting…");
  try {
    const answer = await api.post("v1/predict", asked);
    present(answer.results, answer.notes);
  } catch (cause) {
    // Too many pairs for one answer: as a job.
    if (cause.limit?.name !== "rows" && cause.limit?.name !== "answer_seconds") throw cause;
    await follow(await api.post("v1/predict", asked, true));
  }
}

async function screen() {
  const asked = await body(ask, limits.body_bytes);
  say("Screening…");
  await follow(await api.post("v1/screen", { ...asked, top: Number(at("top").value) || 100 }));
}

function csv(rows) {
  const header = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== "sequence");
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows.map((row) => header.map((name) => row[name]))].map((line) => line.map(cell).join(",")).join("\n") + "\n";
}

async function exampleText() {
  const known = await api.get("v1/targets");
  const targets = known.targets.slice(0, 2);
  at("compounds").value = "CC(=O)Oc1ccccc1C(=O)O aspirin\nCN1C=NC2=C1C(=O)N(C(=O)N2C)C caffeine\nCC(C)Cc1ccc(cc1)C(C)C(=O)O ibuprofen\n";
  at("targets").value = targets.length
    ? targets.map((target) => `>${target.id}\n${target.sequence}\n`).join("")
    : ">example\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n";
}

async function findKnown() {
  const found = await api.get(`v1/targets?search=${encodeURIComponent(at("known").value)}`);
  at("known-names").replaceChildren(...found.targets.map((target) => element("option", { value: target.id })));
  return found;
}

async function addKnown() {
  const found = await findKnown();
  const target = found.targets.find((one) => one.id === at("known").value) ?? (found.targets.length === 1 ? found.targets[0] : undefined);
  if (!target) throw new Error("No protein of training has this name: choose one of the list.");
  const before = at("targets").value.trimEnd();
  at("targets").value = `${before}${before ? "\n" : ""}>${target.id}\n${target.sequence}\n`;
  at("known").value = "";
  say(`${target.id} was added.`);
}

async function describe() {
  const { model, limits: bounds, version } = await api.get("v1/model");
  limits = bounds;
  const scales = model.scales.map((scale) => scale.name).join(", ");
  const all = [
    ["Says", [scales, model.task !== "affinity" && "probability of binding"].filter(Boolean).join(", ")],
    ["Trained on", `${model.training.pairs} pairs of ${model.training.drugs} compounds and ${model.training.targets} proteins`],
    ["Validation scores", Object.entries(model.training.scores).map(([name, score]) => `${name} ${number(score, 3)}`).join(", ")],
    ["Recipe", model.recipe],
    ["fusebind", version],
  ].filter(([, value]) => value);
  at("model").replaceChildren(...all.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  const known = await api.get("v1/targets");
  at("pick").hidden = known.known === 0;
  at("known-names").replaceChildren(...known.targets.map((target) => element("option", { value: target.id })));
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  run(predict);
});
at("screen").addEventListener("click", () => run(screen));
at("example").addEventListener("click", () => run(exampleText));
at("add-known").addEventListener("click", () => run(addKnown));
at("known").addEventListener("input", () => findKnown().catch(complain));
at("cancel").addEventListener("click", () => running && api.remove(`v1/jobs/${running}`).catch(complain));
at("close").addEventListener("click", () => at("why").close());
for (const side of ["compounds", "targets"]) {
  const file = at(`${side}-file`);
  const clear = at(`${side}-clear`);
  file.addEventListener("change", () => { clear.hidden = !file.files.length; });
  clear.addEventListener("click", () => {
    file.value = "";
    clear.hidden = true;
    file.focus();
  });
}
at("save-csv").addEventListener("click", () => save("predictions.csv", "text/csv", csv(shown.rows)));
at("save-json").addEventListener("click", () =>
  save("predictions.json", "application/json", JSON.stringify({ results: shown.rows, rejected: shown.faults }, null, 1)));
at("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  api.useToken(at("token").value);
  at("token-form").hidden = true;
  complain();
  describe().catch(complain);
});
describe().catch(complain);
