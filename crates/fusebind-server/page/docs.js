// The documentation of the API, from its OpenAPI document.

import { element } from "./dom.js";

const document_ = await (await fetch("openapi.json")).json();
const resolve = (part) => (part?.$ref ? part.$ref.slice(2).split("/").reduce((at, key) => at[key], document_) : part);
const nameOf = (part) => part.$ref?.split("/").pop();

/** A short name of a schema, linked where it has a section of its own. */
function typeOf(schema) {
  if (schema.$ref) return [element("a", { href: `#${nameOf(schema)}` }, nameOf(schema))];
  if (schema.enum) return [schema.enum.join(" | ")];
  if (schema.oneOf) return schema.oneOf.flatMap((one, at) => (at ? [" or ", ...typeOf(one)] : typeOf(one)));
  if (schema.type === "array") return ["list of ", ...typeOf(schema.items ?? {})];
  return [[schema.type ?? "object"].flat().join(" or ")];
}

function table(caption, header, rows) {
  const head = element("tr", {}, ...header.map((name) => element("th", { scope: "col" }, name)));
  return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows)));
}

const row = (name, ...cells) => element("tr", {}, element("th", { scope: "row" }, element("code", {}, name)), ...cells.map((cell) => element("td", {}, ...[cell].flat())));

function operation(path, method, it) {
  const name = `${method.toUpperCase()} ${path}`;
  const parts = [element("h3", { id: it.operationId }, element("span", { class: "method" }, method.toUpperCase()), " ", element("code", {}, path)),
    element("p", {}, [it.summary, it.description].filter(Boolean).join(". "))];
  const parameters = (it.parameters ?? []).map(resolve);
  if (parameters.length) {
    parts.push(table(`Parameters of ${name}`, ["Name", "Where", "Meaning"], parameters.map((one) => row(one.name, one.in, one.description ?? ""))));
  }
  const body = it.requestBody?.content ?? {};
  if (Object.keys(body).length) {
    parts.push(table(`Body of ${name}`, ["Content-Type", "Content"], Object.entries(body).map(([kind, one]) => row(kind, typeOf(one.schema)))));
  }
  const answers = Object.entries(it.responses).map(([status, one]) => {
    const answer = resolve(one);
    const kinds = Object.entries(answer.content ?? {}).flatMap(([kind, of], at) => [at ? ", " : "", `${kind}: `, ...typeOf(of.schema)]);
    return row(status, answer.description, kinds);
  });
  parts.push(table(`Answers of ${name}`, ["Status", "Meaning", "Content"], answers));
  return parts;
}

function object(name, schema) {
  const parts = [element("h3", { id: name }, name)];
  if (schema.description) parts.push(element("p", {}, schema.description));
  const forms = schema.oneOf ?? [schema];
  for (const [at, one] of forms.entries()) {
    if (!one.properties) {
      parts.push(element("p", {}, ...typeOf(one)));
      continue;
    }
    const required = new Set(one.required ?? []);
    parts.push(table(`Fields of ${name}${forms.length > 1 ? `, form ${at + 1}` : ""}`, ["Field", "Type", "Meaning"], Object.entries(one.properties).map(([field, of]) =>
      row(field, typeOf(of), [required.has(field) && "Required.", of.description].filter(Boolean).join(" ")))));
  }
  return parts;
}

document.querySelector("#about").textContent = document_.info.description.replaceAll("`", "");
document.querySelector("#addresses").append(...Object.entries(document_.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, it]) => operation(path, method, it))));
document.querySelector("#objects").append(...Object.entries(document_.components.schemas).flatMap(([name, schema]) => object(name, schema)));
if (location.hash) document.querySelector(`#${CSS.escape(location.hash.slice(1))}`)?.scrollIntoView();
