// The explorer without a kernel: the page's own phrases stand in for the run, and acts are answered here.

import { make } from "./drawing.js";
import { Explorer } from "./explorer.js";

const content = JSON.parse(document.getElementById("content").textContent);

/** Takes the place of a widget's model: gives values, and tells those who listen when they change. */
class OfflineModel {
  constructor() {
    this.handlers = new Map();
    this.rule = {};
    this.sort = { by: "gain", descending: true };
    this.page = 0;
    this.primary = content.lines[0].id;
    this.answered = 0;
    this.values = { about: content.about, second: {}, notes: { id: null, own: null, others: [], problems: [] }, slices: { slices: [], problems: [] }, tables: bytes(content.tables), problem: "", said: "" };
    this.find();
    this.show();
  }

  get(name) {
    return this.values[name];
  }

  on(name, handler) {
    this.handlers.set(name, [...(this.handlers.get(name) ?? []), handler]);
  }

  off(name, handler) {
    this.handlers.set(name, (this.handlers.get(name) ?? []).filter((each) => each !== handler));
  }

  tellOf(name, ...values) {
    for (const handler of this.handlers.get(name) ?? []) handler(...values);
  }

  send(message) {
    if (message.do === "thumbnail") {
      const at = content.lines.findIndex((line) => line.id === message.id);
      queueMicrotask(() => this.tellOf("msg:custom", { thumbnail: message.id, problem: "" }, [bytes(content.samples[at].thumbnail)]));
      return;
    }
    const before = this.primary;
    this.values.problem = "";
    const acts = {
      filter: () => (this.rule = message.rule),
      sort: () => (this.sort = { by: message.by, descending: message.descending }),
      page: () => (this.page = message.page),
      open: () => (this.primary = message.id),
      step: () => {
        const at = this.found.findIndex((line) => line.id === this.primary);
        this.primary = this.found[Math.min(this.found.length - 1, Math.max(0, at + message.by))]?.id ?? null;
      },
      select: () => this.select(message),
    };
    if (acts[message.do]) acts[message.do]();
    else this.values.problem = "This page has no kernel: notes, slices and asking again need the run.";
    this.find();
    if (message.do === "filter" && !this.found.some((line) => line.id === this.primary)) this.primary = this.found[0]?.id ?? null;
    if (["step", "open"].includes(message.do)) this.page = Math.max(0, Math.floor(this.found.findIndex((line) => line.id === this.primary) / content.page));
    this.page = Math.min(this.page, Math.max(0, Math.ceil(this.found.length / content.page) - 1));
    this.show();
    this.values.answered = ++this.answered;
    for (const name of ["listing", "facets", ...(before === this.primary ? [] : ["sample"]), "answered"]) this.tellOf(`change:${name}`);
  }

  select(message) {
    const wanted = message.all ? this.found : message.none ? content.lines : content.lines.filter((line) => message.ids.includes(line.id));
    for (const line of wanted) line.selected = message.none ? false : (message.on ?? true);
  }

  meets(line, rule) {
    const text = `${line.text}\n${line.id}`.toLowerCase();
    return (
      (!rule.types || rule.types.includes(line.type)) &&
      (!rule.search || text.includes(rule.search.trim().toLowerCase())) &&
      (!rule.change || line.change === rule.change) &&
      Object.entries(rule.tags ?? {}).every(([name, values]) => values.includes(line.tags[name])) &&
      Object.entries(rule.ranges ?? {}).every(([name, [low, high]]) => line.figures[name] !== null && line.figures[name] >= (low ?? -Infinity) && line.figures[name] <= (high ?? Infinity))
    );
  }

  find() {
    const { by, descending } = this.sort;
    const key = (line) => line.figures[by] ?? (descending ? -Infinity : Infinity);
    this.found = content.lines.filter((line) => this.meets(line, this.rule)).sort((a, b) => (descending ? key(b) - key(a) : key(a) - key(b)));
  }

  show() {
    const { found, page } = this;
    const position = found.findIndex((line) => line.id === this.primary);
    this.values.listing = {
      total: content.lines.length,
      matching: found.length,
      page,
      pages: Math.max(1, Math.ceil(found.length / content.page)),
      size: content.page,
      position: position < 0 ? null : position,
      primary: this.primary,
      sort: this.sort,
      selected: content.lines.filter((line) => line.selected).length,
      rows: found.slice(page * content.page, (page + 1) * content.page),
    };
    this.values.facets = this.facets();
    const at = content.lines.findIndex((line) => line.id === this.primary);
    if (at < 0) {
      this.values.sample = {};
      return;
    }
    const { info, picture, maps } = content.samples[at];
    if (this.values.sample !== info) Object.assign(this.values, { sample: info, picture: bytes(picture), maps: bytes(maps) });
  }

  facets() {
    const of = (part) => content.lines.filter((line) => this.meets(line, { ...this.rule, [part]: undefined }));
    const labelled = this.found.filter((line) => line.figures.iou !== null);
    const types = new Map();
    for (const line of of("types")) {
      const type = types.get(line.type) ?? { name: line.type, title: line.title, meaning: line.meaning, count: 0, cost: 0 };
      type.count += 1;
      type.cost += (100 * (line.figures.gain ?? 0)) / Math.max(1, content.whole.summary.labelled);
      types.set(line.type, type);
    }
    const tags = new Map();
    for (const line of content.lines) for (const name of Object.keys(line.tags)) tags.set(name, new Map());
    for (const line of this.found) for (const [name, value] of Object.entries(line.tags)) tags.get(name).set(value, (tags.get(name).get(value) ?? 0) + 1);
    for (const [name, values] of Object.entries(this.rule.tags ?? {})) for (const value of values) if (!tags.get(name)?.has(value)) tags.get(name)?.set(value, 0);
    return {
      rule: this.rule,
      summary: {
        labelled: labelled.length,
        right: labelled.filter((line) => line.type === "right").length,
        miou: labelled.length ? (100 * labelled.reduce((sum, line) => sum + line.figures.iou, 0)) / labelled.length : null,
        oiou: null,
      },
      types: [...types.values()].sort((a, b) => b.cost - a.cost),
      tags: [...tags].map(([name, values]) => ({ name, values: [...values].sort().map(([value, count]) => ({ value, count })) })).filter(({ values }) => values.length > 1 || this.rule.tags),
      metrics: content.metrics,
      changes: [],
      noteTags: [],
      noted: 0,
    };
  }
}

function bytes(text) {
  return new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

const { whole } = content;
const place = document.getElementById("explorer");
const run = `${content.about.run}: ${whole.total.toLocaleString("en")} phrases in the run, ${whole.matching.toLocaleString("en")} of them chosen; this page holds the first ${content.lines.length.toLocaleString("en")} of these.`;
place.append(make("p", "", { dir: "auto" }, run));
window.explorer = new Explorer(new OfflineModel(), place);
