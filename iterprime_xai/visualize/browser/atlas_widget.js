// The layer atlas: small maps to pick from, and the picked one over the picture.

import { bytesOf, level, make, mapsOf, scaleOf } from "./drawing.js";
import { View } from "./grounding_view.js";

export default {
  render({ model, el }) {
    const atlas = new LayerAtlas(model, el);
    return () => atlas.view.remove();
  },
};

class LayerAtlas {
  constructor(model, el) {
    this.info = structuredClone(model.get("info"));
    this.maps = mapsOf(model.get("maps"), this.info.grid);
    this.tables = bytesOf(model.get("tables"));
    const { atlas } = this.info;
    this.kind = 0;
    this.layer = atlas.picked;
    this.head = atlas.heads; // the mean of all
    this.root = make("div", "ixw ixa", { role: "group", "aria-label": "Layer atlas" });
    this.grid = make("table", "ixa-grid", { "aria-label": "Layers and heads: arrow keys move" });
    this.said = make("p", "ixw-status", { role: "status", "aria-live": "polite" });
    const kinds = make("div", "ixw-row", { role: "group", "aria-label": "What is shown" });
    this.kinds = atlas.titles.map((title, kind) => {
      const button = make("button", "ixw-button", { type: "button" }, title);
      button.addEventListener("click", () => this.pick({ kind }));
      kinds.append(button);
      return button;
    });
    const place = make("div", "ixa-look");
    const side = make("div");
    side.append(kinds, this.grid, this.said);
    this.root.append(side, place);
    el.append(this.root);
    const values = { info: this.info, maps: model.get("maps"), tables: model.get("tables"), picture: model.get("picture") };
    this.view = new View({ get: (name) => values[name] }, place);
    this.build();
    this.pick({});
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const element of [this.root, ...this.root.querySelectorAll("button")]) element.setAttribute("data-lm-suppress-shortcuts", "true");
  }

  index(layer, head) {
    const { atlas } = this.info;
    return atlas.first + (this.kind * atlas.layers.length + layer) * (atlas.heads + 1) + head;
  }

  name(layer, head) {
    const { atlas } = this.info;
    return `layer ${atlas.layers[layer]}, ${head === atlas.heads ? "mean of heads" : `head ${head}`}`;
  }

  build() {
    const { atlas } = this.info;
    const top = make("tr");
    top.append(make("th"));
    for (let head = 0; head <= atlas.heads; head++) top.append(make("th", "", { scope: "col" }, head === atlas.heads ? "mean" : `head ${head}`));
    this.grid.append(top);
    this.cells = [];
    atlas.layers.forEach((layer, row) => {
      const line = make("tr");
      line.append(make("th", "", { scope: "row" }, `layer ${layer}${layer === atlas.marked ? " ★" : ""}`));
      for (let head = 0; head <= atlas.heads; head++) {
        const button = make("button", "ixa-cell", { type: "button", "aria-label": this.name(row, head) });
        const canvas = make("canvas", "", { "aria-hidden": "true" });
        button.append(canvas);
        button.addEventListener("click", () => this.pick({ layer: row, head }));
        const cell = make("td");
        cell.append(button);
        line.append(cell);
        this.cells.push({ layer: row, head, button, canvas });
      }
      this.grid.append(line);
    });
  }

  pick(changes) {
    const drawn = this.drawn;
    Object.assign(this, changes);
    const { atlas } = this.info;
    if (drawn !== this.kind) {
      this.drawn = this.kind;
      for (const cell of this.cells) this.draw(cell);
    }
    this.kinds.forEach((button, kind) => button.setAttribute("aria-pressed", String(kind === this.kind)));
    for (const cell of this.cells) {
      const on = cell.layer === this.layer && cell.head === this.head;
      cell.button.setAttribute("aria-pressed", String(on));
      cell.button.tabIndex = on ? 0 : -1;
      cell.button.classList.toggle("points", Boolean(atlas.points[this.kind]?.[cell.layer]?.[cell.head]));
    }
    this.info.result.heat = this.index(this.layer, this.head);
    this.view.update();
    const points = atlas.points[this.kind]?.[this.layer]?.[this.head];
    const where = points === undefined || points === null ? "" : points ? " It peaks on what is meant." : " It peaks elsewhere.";
    this.said.textContent = `${atlas.titles[this.kind]}, ${this.name(this.layer, this.head)}, read for ${atlas.read}.${where}`;
  }

  draw({ layer, head, canvas }) {
    const [rows, columns] = this.info.grid;
    const map = this.maps[this.index(layer, head)];
    const scale = scaleOf([map], this.info.drawing.signedFrom);
    [canvas.width, canvas.height] = [columns, rows];
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    map.forEach((value, at) => {
      const colour = (scale.signed ? 768 : 0) + 3 * Math.round(255 * level(value, scale));
      pixels.data.set([...this.tables.subarray(colour, colour + 3), 255], 4 * at);
    });
    context.putImageData(pixels, 0, 0);
  }

  key(event) {
    if (!event.target.matches(".ixa-cell")) return;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { atlas } = this.info;
    const layer = Math.min(atlas.layers.length - 1, Math.max(0, this.layer + step[0]));
    const head = Math.min(atlas.heads, Math.max(0, this.head + step[1]));
    this.pick({ layer, head });
    this.cells.find((cell) => cell.layer === layer && cell.head === head).button.focus();
  }
}
