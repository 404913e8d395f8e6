// From what was pasted or chosen to the compounds and proteins of a request. Files are sent as they are: the server reads them.

/** The first line that says something. */
const firstLine = (text) => text.split(/\r?\n/).find((line) => line.trim()) ?? "";

/** The name tells the server how a pasted text is written. */
export function compoundsName(text) {
  if (/^M {2}END/m.test(text)) return "pasted.sdf";
  // No SMILES has a comma.
  if (firstLine(text).includes(",")) return "pasted.csv";
  return firstLine(text).includes("\t") ? "pasted.tsv" : "pasted.smi";
}

/** FASTA and tables go as text; bare sequences as a list, where an empty line separates them. */
export function pastedTargets(text) {
  if (/^>/m.test(text)) return { name: "pasted.fasta", text };
  if (firstLine(text).includes(",")) return { name: "pasted.csv", text };
  const blocks = text.split(/\n\s*\n/).map((block) => block.replace(/\s+/g, "")).filter(Boolean);
  return blocks.map((sequence, at) => ({ id: `protein ${at + 1}`, sequence }));
}

async function fileText(file, most) {
  if (file.size > most) throw new Error(`${file.name} is larger than the ${most} bytes that this server takes: use the command line`);
  return { name: file.name, text: await file.text() };
}

/** The body of a request. */
export async function body(form, most) {
  const compoundsFile = form.querySelector("#compounds-file").files[0];
  const targetsFile = form.querySelector("#targets-file").files[0];
  const compounds = form.querySelector("#compounds").value;
  const targets = form.querySelector("#targets").value;
  if (!compoundsFile && !compounds.trim()) throw new Error("There are no compounds yet: paste SMILES or choose a file.");
  if (!targetsFile && !targets.trim()) throw new Error("There are no proteins yet: paste a sequence or choose a file.");
  return {
    compounds: compoundsFile ? await fileText(compoundsFile, most) : { name: compoundsName(compounds), text: compounds },
    targets: targetsFile ? await fileText(targetsFile, most) : pastedTargets(targets),
    sequences: true,
  };
}
