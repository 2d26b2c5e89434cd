// One sample in the explorer: what went wrong, the picture under its heat, another answer beside it, ranked proposals, notes.

import { bytesOf, drawOutline, GOLD, make } from "./drawing.js";
import { Labelling } from "./explorer_labelling.js";
import { SampleNotes } from "./explorer_notes.js";
import { Asking } from "./explorer_question.js";
import { KEPT, View } from "./grounding_view.js";

const STAY = 350; // milliseconds

export class Sample {
  constructor(model, tell) {
    this.model = model;
    this.tell = tell;
    this.root = make("section", "ixe-sample", { "aria-label": "The sample that is looked at" });
    this.place = make("p", "ixe-row");
    this.told = make("div", "ixe-told", { "aria-live": "polite" });
    this.pictures = make("div", "ixe-pictures");
    this.main = make("div", "ixe-look");
    this.beside = make("div", "ixe-look");
    this.pictures.append(this.main, this.beside);
    this.question = new Asking(model, tell);
    this.proposals = make("div");
    this.labelling = new Labelling(model, tell);
    this.notes = new SampleNotes(model, tell);
    this.details = make("details", "ixe-more");
    this.root.append(this.place, this.told, this.question.form, this.labelling.root, this.pictures, this.proposals, this.notes.root, this.details);
  }

  drawPlace() {
    const { position, matching, primary } = this.model.get("listing");
    const step = (text, label, by) => {
      const button = make("button", "ixw-button", { type: "button", "aria-label": label, title: label, "data-key": label }, text);
      button.addEventListener("click", () => this.tell({ do: "step", by }));
      return button;
    };
    const where = primary === null ? "nothing is listed" : position === null ? "not among those listed" : `${(position + 1).toLocaleString("en")} of ${matching.toLocaleString("en")}`;
    this.place.replaceChildren(step("←", "The sample before (←)", -1), make("span", "", {}, where), step("→", "The sample after (→)", 1));
  }

  draw() {
    const info = this.model.get("sample");
    const { case: sample } = info;
    if (!sample) {
      this.told.replaceChildren(make("p", "", {}, "No phrase is looked at."));
      this.forget();
      this.main.replaceChildren();
      this.proposals.replaceChildren();
      this.details.replaceChildren();
      this.labelling.draw({}, undefined);
      return;
    }
    const sentence = make("p", "ixe-sentence");
    const kind = make("strong", `ixe-kind ixe-${sample.type === "right" ? "right" : "wrong"}`, { title: sample.meaning }, sample.title);
    sentence.append(kind, " ", make("span", "", { dir: "auto" }, sample.sentence));
    const facts = make("p", "ixe-facts");
    for (const [name, value] of sample.facts) facts.append(make("span", "", {}, `${name} `), make("b", "", { dir: "auto" }, value), "  ");
    this.told.replaceChildren(sentence, facts);
    const { detail, offline } = this.model.get("about");
    if (detail === "light" && info.passes && !offline) {
      this.told.append(make("p", "ixe-facts", {}, "The run kept the final map alone (detail light): press Look to see passes, words and masks again."));
    }
    if (sample.problem) this.told.append(make("p", "ixw-caveat", {}, sample.problem));
    this.view = this.look(this.main, info, "picture", "maps", this.view);
    if (this.view) this.view.onset = (changes) => this.follow(changes);
    this.drawName();
    this.labelling.draw(sample, this.view);
    this.drawProposals(info.proposals ?? [], sample);
    this.drawDetails(sample);
    this.question.draw(sample.text);
    this.askForBlame(info);
  }

  /** What passes and words did takes the kernel a moment: asked for when the user stays with a sample. */
  askForBlame({ case: sample, passes }) {
    clearTimeout(this.staying);
    if (!passes || this.model.get("about").offline) return;
    this.staying = setTimeout(() => this.model.send({ do: "blame", id: sample.id }), STAY);
  }

  blame({ blame, lines }) {
    if (blame === undefined || blame !== this.model.get("sample").case?.id) return;
    this.told.querySelectorAll(".ixe-blame").forEach((line) => line.remove());
    for (const line of lines) this.told.append(make("p", "ixe-blame", { dir: "auto" }, line));
  }

  /** The view of one answer in its place; without a grounding, the picture alone. */
  look(slot, info, picture, maps, previous) {
    if (info.passes) {
      const values = { info, picture: this.model.get(picture), maps: this.model.get(maps), tables: this.model.get("tables") };
      const view = new View({ get: (name) => values[name] }, slot, previous);
      for (const child of slot.querySelectorAll(":scope > *")) if (child !== view.root) child.remove();
      return view;
    }
    previous?.remove();
    slot.replaceChildren();
    if (info.size) slot.append(plainPicture(this.model.get(picture), info));
    return undefined;
  }

  /** Whose answer stands on the left: said where there is another one beside it. */
  drawName() {
    this.main.querySelector(".ixe-beside")?.remove();
    const { case: sample } = this.model.get("sample");
    if (!this.model.get("second").case || !sample) return;
    const head = make("p", "ixe-row ixe-beside");
    head.append(make("strong", "", { dir: "auto" }, `${sample.run}: ${sample.title}`), make("span", "", { dir: "auto" }, sample.sentence));
    this.main.prepend(head);
  }

  /** Opacity, threshold and so on hold for both answers; passes and words do not. */
  follow(changes) {
    const shared = Object.fromEntries(Object.entries(changes).filter(([name]) => KEPT.includes(name)));
    if (this.second && Object.keys(shared).length) this.second.set(shared.signed && !this.second.info.gold ? { ...shared, signed: false } : shared);
  }

  drawSecond() {
    const info = this.model.get("second");
    const { against } = this.model.get("about");
    this.drawName();
    if (!info.case) {
      this.second?.remove();
      this.second = undefined;
      this.beside.replaceChildren();
      return;
    }
    const asked = info.case.id === "";
    this.second = this.look(this.beside, info, "second_picture", "second_maps", this.second);
    if (this.view) this.follow(this.view.state);
    const head = make("p", "ixe-row ixe-beside");
    head.append(make("strong", "", { dir: "auto" }, asked ? info.case.title : `${against}: ${info.case.title}`), make("span", "", { dir: "auto" }, info.case.sentence));
    if (asked) {
      const close = make("button", "ixw-button", { type: "button" }, "Close");
      close.addEventListener("click", () => this.tell({ do: "close look" }));
      head.append(close);
    }
    this.beside.prepend(head);
  }

  drawProposals(proposals, sample) {
    if (!proposals.length) {
      this.proposals.replaceChildren();
      return;
    }
    const box = make("details", "ixe-more");
    box.open = this.opened ?? Boolean(sample.unlabelled);
    box.addEventListener("toggle", () => (this.opened = box.open));
    const table = make("table", "ixe-terms");
    const head = make("tr");
    const terms = [...new Set(proposals.flatMap((each) => each.terms.map(([name]) => name)))];
    for (const name of ["rank", "proposal", "IoU", "score", ...terms]) head.append(make("th", "", { scope: "col" }, name));
    table.append(head);
    for (const each of proposals) {
      const row = make("tr", "", { tabindex: "0", "aria-label": `Proposal ${each.index}, rank ${each.place}` });
      const marks = `${each.chosen ? " the answer" : ""}${each.best ? " fits best" : ""}`;
      row.classList.toggle("ixe-chosen", each.chosen || each.best);
      const values = Object.fromEntries(each.terms);
      for (const value of [each.place, `${each.index}${marks}`, each.iou ?? "–", each.score, ...terms.map((name) => values[name] ?? "")]) row.append(make("td", "", {}, String(value)));
      const point = (outline) => {
        if (!this.view) return;
        this.view.state.mark = outline;
        this.view.draw();
      };
      for (const name of ["pointerenter", "focus"]) row.addEventListener(name, () => point(each.outline));
      for (const name of ["pointerleave", "blur"]) row.addEventListener(name, () => point(null));
      if (sample.unlabelled) row.append(this.labelling.button(each.index));
      table.append(row);
    }
    const frame = make("div", "ixe-scroll");
    frame.append(table);
    box.append(make("summary", "", {}, "Ranked proposals: point at one to see it"), frame);
    this.proposals.replaceChildren(box);
  }

  drawDetails(sample) {
    const list = make("ul");
    for (const [name, value] of sample.tags) list.append(make("li", "", { dir: "auto" }, `${name}: ${value}`));
    for (const note of sample.notes) list.append(make("li", "", { dir: "auto" }, note));
    this.details.replaceChildren(make("summary", "", {}, "How it came about"), make("p", "ixe-facts", { dir: "auto" }, `sample ${sample.shownId}`), list);
  }

  peek(on) {
    for (const view of [this.view, this.second]) {
      if (!view || view.state.peek === on) continue;
      view.state.peek = on;
      view.draw();
    }
  }

  toggleSigned() {
    if (this.view?.info.gold) this.view.setSigned(!this.view.state.signed);
  }

  answered(problem) {
    this.question.answered();
    this.notes.answered(problem);
  }

  forget() {
    this.view?.remove();
    this.view = undefined;
  }

  remove() {
    clearTimeout(this.staying);
    this.labelling.boxing?.abort();
    this.forget();
    this.second?.remove();
    this.notes.remove();
  }
}

function plainPicture(bytes, info) {
  const canvas = make("canvas", "ixw-canvas", { role: "img", "aria-label": info.alt });
  createImageBitmap(new Blob([bytesOf(bytes)], { type: "image/jpeg" })).then((picture) => {
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    picture.close();
    if (info.gold) drawOutline(context, info.gold, info.size, 1, GOLD);
  });
  return canvas;
}
