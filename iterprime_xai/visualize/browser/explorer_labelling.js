// What is meant, said by a person: for samples without a gold mask.

import { make } from "./drawing.js";

/** A proposal or a drawn box is said to be what is meant, and can be taken back. */
export class Labelling {
  constructor(model, tell) {
    this.tell = tell;
    this.root = make("div", "ixe-row ixe-labelling", { role: "group", "aria-label": "What is meant" });
    this.offline = Boolean(model.get("about").offline);
  }

  draw(sample, view) {
    this.boxing?.abort();
    this.root.hidden = this.offline || !sample.unlabelled;
    this.sample = sample;
    if (this.root.hidden) return;
    const said = sample.labelled ? `You or a colleague said what is meant: ${sample.labelled}.` : "There is no gold mask: say what is meant, and the answer is judged by it. Open the ranked proposals and choose one, or";
    const draw = make("button", "ixw-button", { type: "button" }, "draw a box");
    draw.disabled = !view;
    draw.addEventListener("click", () => this.drawBox(view, draw));
    this.root.replaceChildren(make("span", "", {}, said), draw);
    if (!sample.labelled) return;
    const back = make("button", "ixw-button", { type: "button" }, "take it back");
    back.addEventListener("click", () => this.tell({ do: "label", id: sample.id, back: true }));
    this.root.append(back);
  }

  button(index) {
    const cell = make("td");
    const button = make("button", "ixw-button", { type: "button", "aria-label": `Proposal ${index} is meant` }, "is meant");
    button.addEventListener("click", () => this.tell({ do: "label", id: this.sample.id, proposal: index }));
    cell.append(button);
    return cell;
  }

  /** The next drag over the picture is the box; Escape ends it without one. */
  drawBox(view, button) {
    this.boxing = new AbortController();
    const { signal } = this.boxing;
    const { canvas } = view;
    const [width, height] = view.info.size;
    let from = null;
    const at = (event) => {
      const place = canvas.getBoundingClientRect();
      const share = (value) => Math.min(1, Math.max(0, value));
      return [Math.round(share((event.clientX - place.left) / place.width) * width), Math.round(share((event.clientY - place.top) / place.height) * height)];
    };
    const box = (to) => [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
    const show = (outline) => {
      view.state.mark = outline;
      view.draw();
    };
    const end = () => {
      this.boxing.abort();
      button.setAttribute("aria-pressed", "false");
      show(null);
    };
    button.setAttribute("aria-pressed", "true");
    canvas.addEventListener("pointerdown", (event) => {
      from = at(event);
      canvas.setPointerCapture(event.pointerId);
    }, { signal });
    canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [left, top, right, bottom] = box(at(event));
      show([[left, top, right, top, right, bottom, left, bottom]]);
    }, { signal });
    canvas.addEventListener("pointerup", (event) => {
      const [left, top, right, bottom] = box(at(event));
      end();
      if (right > left && bottom > top) this.tell({ do: "label", id: this.sample.id, box: [left, top, right, bottom] });
    }, { signal });
    window.addEventListener("keydown", (event) => event.key === "Escape" && end(), { signal });
  }
}
