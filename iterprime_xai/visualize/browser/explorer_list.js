// The explorer's list: a page of phrases with their pictures, which are asked for one by one while nothing else is.

import { make } from "./drawing.js";

const MOST_PICTURES = 300; // kept in the browser

export class List {
  constructor(model, tell) {
    this.model = model;
    this.tell = tell;
    this.pictures = new Map();
    this.asked = null;
    this.root = make("div", "ixe-list");
    this.sorting = make("div", "ixe-row");
    this.table = make("table", "ixe-table", { "aria-label": "Phrases" });
    this.pager = make("div", "ixe-row ixe-pager");
    this.root.append(this.sorting, this.table, this.pager);
  }

  get listing() {
    return this.model.get("listing");
  }

  draw() {
    const { listing } = this;
    const { metrics } = this.model.get("facets");
    const titles = Object.fromEntries(metrics.map((each) => [each.name, each]));
    this.drawSorting(metrics);
    const columns = [...new Set(["iou", listing.sort.by, ...(titles.delta ? ["delta"] : [])])];
    const head = make("tr");
    head.append(make("th", "", { scope: "col", "aria-label": "selected" }), make("th", "", { scope: "col", "aria-label": "picture" }), make("th", "", { scope: "col" }, "phrase"));
    for (const name of columns) head.append(make("th", "ixe-figure", { scope: "col", title: titles[name].meaning }, titles[name].title));
    this.table.replaceChildren(head, ...listing.rows.map((row) => this.row(row, columns)));
    if (!listing.rows.length) this.table.append(this.nothing(columns.length));
    this.drawPager();
    this.askNext();
  }

  nothing(columns) {
    const row = make("tr");
    row.append(make("td", "", { colspan: String(3 + columns) }, "No phrase meets all filters. Take one away."));
    return row;
  }

  row(row, columns) {
    const { primary } = this.listing;
    const line = make("tr", "ixe-line", { "data-id": row.id });
    if (row.id === primary) line.setAttribute("aria-current", "true");
    const tick = make("input", "", { type: "checkbox", "aria-label": `Select “${row.text}”`, "data-key": `tick ${row.id}` });
    tick.checked = row.selected;
    tick.addEventListener("change", () => this.tell({ do: "select", ids: [row.id], on: tick.checked }));
    const picture = make("img", "ixe-thumbnail", { alt: "" });
    if (this.pictures.get(row.id)) picture.src = this.pictures.get(row.id);
    const open = make("button", "ixe-open", { type: "button", dir: "auto", "data-key": `open ${row.id}` }, row.text || "(no phrase)");
    const kind = make("span", `ixe-kind ixe-${row.type === "right" ? "right" : "wrong"}`, {}, row.title);
    const marks = `${row.change ? ` ${row.change.replace("_", " ")}` : ""}${row.noted ? " ✎" : ""}`;
    const cell = (content, name = "") => {
      const found = make("td", name);
      found.append(...content);
      return found;
    };
    line.append(cell([tick]), cell([picture]), cell([open, make("br"), kind, make("span", "ixe-marks", row.noted ? { title: "somebody wrote a note" } : {}, marks)]));
    for (const name of columns) line.append(make("td", "ixe-figure", {}, figure(row.figures[name])));
    line.addEventListener("click", (event) => event.target !== tick && this.tell({ do: "open", id: row.id }));
    return line;
  }

  drawSorting(metrics) {
    const { sort, selected, matching } = this.listing;
    const by = make("select", "ixe-select", { "aria-label": "Sort by", "data-key": "sort" });
    for (const { name, title, meaning } of metrics) {
      const option = make("option", "", { value: name, title: meaning }, `by ${title}`);
      option.selected = name === sort.by;
      by.append(option);
    }
    by.addEventListener("change", () => this.tell({ do: "sort", by: by.value, descending: sort.descending }));
    const turn = make("button", "ixw-button", { type: "button", title: "Turn the order round", "data-key": "turn" }, sort.descending ? "largest first" : "smallest first");
    turn.addEventListener("click", () => this.tell({ do: "sort", by: sort.by, descending: !sort.descending }));
    this.sorting.replaceChildren(by, turn, make("span", "ixe-marks", {}, `${selected.toLocaleString("en")} selected`));
    const all = make("button", "ixw-button", { type: "button", "data-key": "all" }, `Select all ${matching.toLocaleString("en")}`);
    all.addEventListener("click", () => this.tell({ do: "select", all: true }));
    this.sorting.append(all);
    if (!selected) return;
    const none = make("button", "ixw-button", { type: "button" }, "Select none");
    none.addEventListener("click", () => this.tell({ do: "select", none: true }));
    const tag = make("input", "ixe-number", { type: "text", "aria-label": "Tag for the selection", "data-key": "tag", placeholder: "tag them" });
    tag.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      this.tell({ do: "tag", tag: tag.value.trim() });
    });
    this.sorting.append(none, tag);
  }

  drawPager() {
    const { page, pages, size, matching } = this.listing;
    const first = matching ? page * size + 1 : 0;
    const button = (text, label, by) => {
      const found = make("button", "ixw-button", { type: "button", "aria-label": label, "data-key": label }, text);
      found.disabled = page + by < 0 || page + by >= pages;
      found.addEventListener("click", () => this.turn(by));
      return found;
    };
    const place = `${first.toLocaleString("en")}–${Math.min(matching, first + size - 1).toLocaleString("en")} of ${matching.toLocaleString("en")}`;
    this.pager.replaceChildren(button("‹", "The page before", -1), make("span", "", {}, place), button("›", "The page after", 1));
  }

  turn(by) {
    this.tell({ do: "page", page: this.listing.page + by });
  }

  togglePrimary() {
    const { primary, rows } = this.listing;
    if (!primary) return;
    const row = rows.find((each) => each.id === primary);
    this.tell({ do: "select", ids: [primary], on: !row?.selected });
  }

  // --- pictures ------------------------------------------------------------------------------------------------------

  askNext() {
    if (this.asked !== null) return;
    const next = this.listing.rows.find((row) => !this.pictures.has(row.id));
    if (!next) return;
    this.asked = next.id;
    this.model.send({ do: "thumbnail", id: next.id });
  }

  thumbnail(content, buffers) {
    if (content?.thumbnail === undefined) return;
    this.asked = null;
    const bytes = buffers[0];
    this.keep(content.thumbnail, bytes?.byteLength ? URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) : "");
    const line = [...this.table.querySelectorAll("tr[data-id]")].find((each) => each.getAttribute("data-id") === content.thumbnail);
    const address = this.pictures.get(content.thumbnail);
    if (line && address) line.querySelector("img").src = address;
    else if (line && content.problem) line.querySelector("img").title = content.problem;
    this.askNext();
  }

  keep(id, address) {
    if (this.pictures.has(id)) URL.revokeObjectURL(this.pictures.get(id)); // another view of this widget asked, too
    this.pictures.set(id, address);
    if (this.pictures.size <= MOST_PICTURES) return;
    const [oldest, gone] = this.pictures.entries().next().value;
    URL.revokeObjectURL(gone);
    this.pictures.delete(oldest);
  }

  remove() {
    for (const address of this.pictures.values()) URL.revokeObjectURL(address);
  }
}

function figure(value) {
  return value === null || value === undefined ? "–" : value.toFixed(2).replace("-", "−");
}
