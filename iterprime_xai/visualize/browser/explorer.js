// The failure explorer: filters, list, sample and notes. What is shown comes from the kernel; overlays, sliders and keys act here.

import { make } from "./drawing.js";
import { Filters } from "./explorer_filters.js";
import { List } from "./explorer_list.js";
import { Sample } from "./explorer_sample.js";

const KEYS = [
  ["← or k, → or j", "the sample before, the sample after"],
  ["Page Up, Page Down", "the page before, the page after"],
  ["h (hold)", "hide the overlay"],
  ["m", "heat, or misplaced and missing heat"],
  ["x", "select the sample, or not"],
  ["/", "search the phrases"],
  ["g", "ask another phrase"],
  ["n", "write a note"],
  ["c", "clear all filters"],
  ["?", "this list"],
];

export class Explorer {
  constructor(model, el) {
    this.model = model;
    this.ended = new AbortController();
    const about = model.get("about");
    this.root = make("div", "ixw ixe", { role: "group", "aria-label": `Failures of ${about.run}`, tabindex: "-1" });
    this.problem = make("p", "ixe-problem", { role: "alert" });
    this.said = make("p", "ixe-said", { role: "status", "aria-live": "polite" });
    this.head = make("p", "ixe-head");
    this.help = this.helpBox();
    const tell = (message) => this.tell(message);
    this.filters = new Filters(model, tell);
    this.list = new List(model, tell);
    this.sample = new Sample(model, tell);
    const helpButton = make("button", "ixw-button", { type: "button", "aria-label": "Keys", title: "Keys (?)" }, "?");
    helpButton.addEventListener("click", () => this.help.showModal());
    const top = make("div", "ixe-top");
    top.append(this.head, helpButton);
    const body = make("div", "ixe-body");
    body.append(this.list.root, this.sample.root);
    this.root.append(top, this.problem, this.said, this.filters.root, body, this.help);
    el.append(this.root);
    this.listen();
    for (const name of ["listing", "facets", "sample", "second", "notes", "slices", "answered"]) this.changed(name);
  }

  /** An act of the user: one message, and the answer takes its place on the screen when it comes. */
  tell(message) {
    this.root.setAttribute("aria-busy", "true");
    this.model.send(message);
  }

  listen() {
    const parts = {
      listing: ["listing"],
      facets: ["facets"],
      slices: ["slices"],
      sample: ["sample", "picture", "maps"],
      second: ["second", "second_picture", "second_maps"],
      notes: ["notes"],
      answered: ["answered"],
    };
    // Values of one answer come one after the other: what hangs together is drawn once, when all are there.
    const due = new Set();
    this.handlers = [];
    for (const [part, names] of Object.entries(parts)) {
      for (const name of names) {
        const handler = () => {
          if (due.size === 0) queueMicrotask(() => this.flush(due));
          due.add(part);
        };
        this.model.on(`change:${name}`, handler);
        this.handlers.push([`change:${name}`, handler]);
      }
    }
    const custom = (content, buffers) => {
      this.list.thumbnail(content, buffers);
      this.sample.blame(content);
    };
    this.model.on("msg:custom", custom);
    this.handlers.push(["msg:custom", custom]);
    const { signal } = this.ended;
    this.root.addEventListener("keydown", (event) => this.key(event), { signal });
    this.root.addEventListener("keyup", (event) => event.key === "h" && this.sample.peek(false), { signal });
    this.root.addEventListener("focusout", () => this.sample.peek(false), { signal });
  }

  flush(due) {
    const parts = [...due];
    due.clear();
    const held = document.activeElement;
    const inside = this.root.contains(held);
    for (const part of parts) this.changed(part);
    if (inside && document.activeElement !== held) this.focusAgain(held);
  }

  /** What had the focus was drawn anew: its successor gets it, else the whole, so that keys go on working. */
  focusAgain(held) {
    const key = held.getAttribute("data-key");
    const next = held.isConnected ? held : key && this.root.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
    (next || this.root).focus({ preventScroll: true });
  }

  changed(part) {
    if (part === "answered") {
      this.root.removeAttribute("aria-busy");
      const problem = this.model.get("problem");
      this.problem.textContent = problem ? `⚠ ${problem}` : "";
      this.said.textContent = this.model.get("said");
      this.sample.answered(problem);
      return;
    }
    if (part === "facets" || part === "listing") this.sayHead();
    if (part === "facets") this.filters.draw();
    if (part === "slices") this.filters.drawSlices();
    if (part === "listing" || part === "facets") this.list.draw();
    if (part === "listing") this.sample.drawPlace();
    if (part === "sample") this.sample.draw();
    if (part === "second") this.sample.drawSecond();
    if (part === "notes") this.sample.notes.draw();
    this.suppress();
  }

  sayHead() {
    const about = this.model.get("about");
    const { summary } = this.model.get("facets");
    const { total, matching } = this.model.get("listing");
    const figures = !matching ? "nothing to show" : summary.miou === null ? "no gold masks" : `${(summary.labelled - summary.right).toLocaleString("en")} wrong, mIoU ${summary.miou.toFixed(1)}, oIoU ${summary.oiou === null ? "–" : summary.oiou.toFixed(1)}`;
    const beside = about.against ? `, against ${about.against}` : "";
    const unfinished = about.complete ? "" : " (the run is not done)";
    this.head.replaceChildren(
      make("strong", "", { dir: "auto" }, about.run),
      ` ${about.system} on ${about.data}${beside}${unfinished} · `,
      make("span", "ixe-count", {}, `${matching.toLocaleString("en")} of ${total.toLocaleString("en")} phrases`),
      ` · ${figures}`,
    );
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const place = event.target;
    if (event.key === "Escape" && place.matches("input, textarea, select")) {
      this.root.focus();
      return;
    }
    if (place.matches("input:not([type=checkbox]), textarea, select") || place.closest("dialog")) return;
    const onCanvas = place.matches("canvas");
    const acts = {
      k: () => this.tell({ do: "step", by: -1 }),
      j: () => this.tell({ do: "step", by: 1 }),
      PageUp: () => this.list.turn(-1),
      PageDown: () => this.list.turn(1),
      h: () => this.sample.peek(true),
      m: () => this.sample.toggleSigned(),
      x: () => this.list.togglePrimary(),
      "/": () => this.filters.search.focus(),
      g: () => this.sample.question.focus(),
      n: () => this.sample.notes.focus(),
      c: () => this.tell({ do: "filter", rule: {} }),
      "?": () => this.help.showModal(),
    };
    if (!onCanvas) Object.assign(acts, { ArrowLeft: acts.k, ArrowRight: acts.j });
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat && event.key === "h") return;
    act();
  }

  helpBox() {
    const box = make("dialog", "ixe-help", { "aria-label": "Keys" });
    const table = make("table");
    for (const [key, meaning] of KEYS) {
      const row = make("tr");
      row.append(make("th", "", { scope: "row" }, key), make("td", "", {}, meaning));
      table.append(row);
    }
    const close = make("button", "ixw-button", { type: "button" }, "Close");
    close.addEventListener("click", () => box.close());
    box.append(make("p", "", {}, "Keys work where the explorer has the focus and no field does; Escape leaves a field."), table, close);
    return box;
  }

  /** JupyterLab then leaves the keys to us; its selectors match the focused element first. */
  suppress() {
    for (const element of [this.root, ...this.root.querySelectorAll("input, select, button, canvas, textarea, summary")]) {
      element.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  }

  remove() {
    this.ended.abort();
    for (const [name, handler] of this.handlers) this.model.off(name, handler);
    this.list.remove();
    this.sample.remove();
  }
}
