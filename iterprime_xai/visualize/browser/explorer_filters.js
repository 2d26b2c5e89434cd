// The explorer's filters: each shows what it would leave, and the rule that holds stands below as pieces to take away.

import { make } from "./drawing.js";

const PLACES = {
  "": "anywhere",
  left: { left: 0, top: 0, right: 1 / 3, bottom: 1 },
  "middle across": { left: 1 / 3, top: 0, right: 2 / 3, bottom: 1 },
  right: { left: 2 / 3, top: 0, right: 1, bottom: 1 },
  top: { left: 0, top: 0, right: 1, bottom: 1 / 3 },
  "middle down": { left: 0, top: 1 / 3, right: 1, bottom: 2 / 3 },
  bottom: { left: 0, top: 2 / 3, right: 1, bottom: 1 },
};

export class Filters {
  constructor(model, tell) {
    this.model = model;
    this.tell = tell;
    this.root = make("div", "ixe-filters");
    this.types = make("div", "ixe-types", { role: "group", "aria-label": "Types of failure" });
    this.choices = make("div", "ixe-choices");
    this.selects = make("div", "ixe-selects");
    this.pieces = make("div", "ixe-pieces", { role: "group", "aria-label": "Filters that hold" });
    this.search = make("input", "ixw-field ixe-search", { type: "search", "aria-label": "Search phrases and ids", placeholder: "search phrases and ids  ( / )", spellcheck: "false" });
    let waiting;
    this.search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.set({ search: this.search.value }), 250);
    });
    this.choices.append(this.search, this.selects);
    this.range = this.rangeForm();
    this.saved = make("div", "ixe-slices");
    this.more = make("details", "ixe-more");
    const { offline } = model.get("about");
    this.more.append(make("summary", "", {}, offline ? "More filters" : "More filters, slices and exports"), this.range);
    if (!offline) this.more.append(this.saved, this.exportForm());
    this.root.append(this.types, this.choices, this.pieces, this.more);
  }

  get rule() {
    return this.model.get("facets").rule;
  }

  /** Parts of the rule in place of what they were; an empty part is none. */
  set(changes) {
    const rule = { ...this.rule, ...changes };
    for (const [name, value] of Object.entries(rule)) {
      const empty = !value || (Array.isArray(value) && !value.length && name !== "ids") || (typeof value === "object" && !Array.isArray(value) && !Object.keys(value).length);
      if (empty) delete rule[name];
    }
    this.tell({ do: "filter", rule });
  }

  draw() {
    const facets = this.model.get("facets");
    const { rule } = facets;
    const most = Math.max(...facets.types.map((type) => type.cost), 1e-9);
    this.types.replaceChildren(
      ...facets.types.map((type) => {
        const on = (rule.types ?? []).includes(type.name);
        const cost = type.cost ? `, costs ${type.cost.toFixed(1)} points of mIoU` : "";
        const button = make("button", "ixe-type", { type: "button", "aria-pressed": String(on), title: `${type.meaning}${cost}`, "data-key": `type ${type.name}` });
        const bar = make("i");
        bar.style.width = `${(100 * type.cost) / most}%`;
        button.append(make("span", "", {}, type.title), make("b", "", {}, type.count.toLocaleString("en")), bar);
        button.addEventListener("click", () => this.set({ types: toggled(rule.types, type.name) }));
        return button;
      }),
    );
    if (document.activeElement !== this.search) this.search.value = rule.search ?? "";
    const choices = [];
    for (const tag of facets.tags) {
      // A value can be empty: what is chosen goes by its place, 0 for none.
      const chosen = rule.tags?.[tag.name] ? tag.values.findIndex(({ value }) => value === rule.tags[tag.name][0]) + 1 : 0;
      const options = [`any ${tag.name}`, ...tag.values.map(({ value, count }) => `${value || "none"} (${count.toLocaleString("en")})`)];
      const pick = (at) => this.set({ tags: without(rule.tags, tag.name, at > 0 && [tag.values[at - 1].value]) });
      choices.push(this.select(tag.name, options.map((text, at) => [String(at), text]), String(chosen), (at) => pick(Number(at))));
    }
    if (facets.changes.length) {
      const options = [["", "any change"], ...facets.changes.map(({ name, title, count, meaning }) => [name, `${title} (${count.toLocaleString("en")})`, meaning])];
      choices.push(this.select("change between the runs", options, rule.change ?? "", (value) => this.set({ change: value })));
    }
    if (facets.noted || rule.noted || rule.note_tags) {
      const chosen = rule.note_tags?.[0] ? `tag ${rule.note_tags[0]}` : rule.noted ? "noted" : "";
      const options = [["", "noted or not"], ["noted", `noted (${facets.noted})`], ...facets.noteTags.map(({ value, count }) => [`tag ${value}`, `tagged ${value} (${count})`])];
      choices.push(this.select("notes", options, chosen, (value) => this.set({ noted: value === "noted", note_tags: value.startsWith("tag ") ? [value.slice(4)] : [] })));
    }
    this.selects.replaceChildren(...choices); // not the search: taken out and put back it would lose the focus
    this.drawPieces(facets);
    this.drawMetrics(facets);
  }

  select(label, options, chosen, action) {
    const select = make("select", "ixe-select", { "aria-label": label, "data-key": `select ${label}`, dir: "auto" });
    for (const [value, text, title] of options) {
      const option = make("option", "", title ? { value, title } : { value }, text);
      option.selected = value === chosen;
      select.append(option);
    }
    select.addEventListener("change", () => action(select.value));
    return select;
  }

  /** What holds, each with a button that takes it away. */
  drawPieces({ rule, types, metrics }) {
    const titles = Object.fromEntries(types.map((type) => [type.name, type.title]));
    const metric = Object.fromEntries(metrics.map((each) => [each.name, each.title]));
    const pieces = [];
    for (const name of rule.types ?? []) pieces.push([titles[name] ?? name, { types: toggled(rule.types, name) }]);
    for (const [name, values] of Object.entries(rule.tags ?? {})) pieces.push([`${name}: ${values.join(", ")}`, { tags: without(rule.tags, name) }]);
    for (const [name, [low, high]] of Object.entries(rule.ranges ?? {})) {
      pieces.push([`${metric[name] ?? name} ${low === null ? "" : `from ${short(low)}`} ${high === null ? "" : `to ${short(high)}`}`, { ranges: without(rule.ranges, name) }]);
    }
    if (rule.search) pieces.push([`holds “${rule.search}”`, { search: "" }]);
    for (const word of rule.words ?? []) pieces.push([`word “${word}”`, { words: toggled(rule.words, word) }]);
    if (rule.place) {
      const { by, left, top, right, bottom } = rule.place;
      pieces.push([`${by === "gold" ? "target" : "peak"} at x ${short(left)}–${short(right)}, y ${short(top)}–${short(bottom)}`, { place: null }]);
    }
    if (rule.change) pieces.push([rule.change.replace("_", " "), { change: "" }]);
    if (rule.ids) pieces.push([`${rule.ids.length.toLocaleString("en")} samples of a slice`, { ids: null }]);
    if (rule.noted) pieces.push(["noted", { noted: false }]);
    for (const tag of rule.note_tags ?? []) pieces.push([`tagged ${tag}`, { note_tags: [] }]);
    const buttons = pieces.map(([text, changes]) => {
      const button = make("button", "ixe-piece", { type: "button", "aria-label": `Take away: ${text}` }, `${text} ✕`);
      button.addEventListener("click", () => this.set(changes));
      return button;
    });
    if (buttons.length) {
      const clear = make("button", "ixw-button", { type: "button" }, "Clear all");
      clear.addEventListener("click", () => this.tell({ do: "filter", rule: {} }));
      buttons.push(clear);
    }
    this.pieces.replaceChildren(...buttons);
  }

  rangeForm() {
    const form = make("form", "ixe-row", { "aria-label": "Filter by a figure" });
    this.metric = make("select", "ixe-select", { "aria-label": "Figure" });
    this.low = make("input", "ixe-number", { type: "number", step: "any", "aria-label": "at least", placeholder: "at least" });
    this.high = make("input", "ixe-number", { type: "number", step: "any", "aria-label": "at most", placeholder: "at most" });
    const place = make("select", "ixe-select", { "aria-label": "Where the target lies" });
    for (const name of Object.keys(PLACES)) place.append(make("option", "", { value: name }, name ? `target: ${name}` : "target anywhere"));
    place.addEventListener("change", () => this.set({ place: place.value ? { by: "gold", ...PLACES[place.value] } : null }));
    form.append(this.metric, this.low, this.high, make("button", "ixw-button", { type: "submit" }, "Filter"));
    if (!this.model.get("about").offline) form.append(place);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const ends = [this.low, this.high].map((field) => (field.value === "" ? null : Number(field.value)));
      this.set({ ranges: without(this.rule.ranges, this.metric.value, ends.some((end) => end !== null) && ends) });
    });
    return form;
  }

  drawMetrics({ metrics }) {
    if (this.metric.options.length) return;
    for (const { name, title, meaning } of metrics) this.metric.append(make("option", "", { value: name, title: meaning }, title));
    this.metric.value = "iou";
  }

  drawSlices() {
    const { slices, problems } = this.model.get("slices");
    const name = make("input", "ixw-field", { type: "text", "aria-label": "Name of the slice", placeholder: "name of a new slice" });
    const form = make("form", "ixe-row");
    const replace = make("input", "", { type: "checkbox" });
    const label = make("label");
    label.append(replace, " replace");
    const listed = make("button", "ixw-button", { type: "submit" }, "Save what is listed");
    const selected = make("button", "ixw-button", { type: "button" }, "Save the selection");
    const save = (chosen) => this.tell({ do: "save slice", name: name.value, selected: chosen, replace: replace.checked });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(false);
    });
    selected.addEventListener("click", () => save(true));
    form.append(name, listed, selected, label);
    const rows = slices.map((slice) => {
      const row = make("div", "ixe-row");
      const open = make("button", "ixw-button", { type: "button", dir: "auto" }, `${slice.name} (${slice.count.toLocaleString("en")})`);
      open.addEventListener("click", () => this.tell({ do: "slice", name: slice.name }));
      const again = make("button", "ixw-button", { type: "button", title: "What the slice's rule finds now" }, "its rule");
      again.addEventListener("click", () => this.tell({ do: "slice", name: slice.name, rule: true }));
      row.append(open, again);
      return row;
    });
    this.saved.replaceChildren(make("p", "ixe-title", {}, "Slices"), ...rows, form, ...problems.map((each) => make("p", "ixw-caveat", {}, each)));
  }

  exportForm() {
    const form = make("form", "ixe-row", { "aria-label": "Export the notes" });
    const path = make("input", "ixw-field", { type: "text", "aria-label": "File for the notes", placeholder: "notes.csv, .parquet or .json (COCO)" });
    form.append(path, make("button", "ixw-button", { type: "submit" }, "Export all notes"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.tell({ do: "export", path: path.value });
    });
    return form;
  }
}

function toggled(values, value) {
  const held = values ?? [];
  return held.includes(value) ? held.filter((each) => each !== value) : [...held, value];
}

/** A mapping with one entry in place of what it was, or without it. */
function without(mapping, name, value) {
  const rest = { ...mapping };
  delete rest[name];
  return value ? { ...rest, [name]: value } : rest;
}

function short(value) {
  return String(Number(value.toPrecision(3)));
}
