// One's own note on a sample, saved at once, and the notes of others beside it.

import { make } from "./drawing.js";

const PAUSE = 700; // milliseconds without a key until what was typed is saved

export class SampleNotes {
  constructor(model, tell) {
    this.model = model;
    this.tell = tell;
    this.id = null;
    this.root = make("section", "ixe-notes", { "aria-label": "Notes" });
    this.text = make("textarea", "ixw-field", { rows: "2", "aria-label": "Note", placeholder: "note: saved as you type  ( n )", dir: "auto", maxlength: "100000" });
    this.tags = make("input", "ixw-field", { type: "text", "aria-label": "Tags, separated by commas", placeholder: "tags, separated by commas", dir: "auto" });
    this.state = make("output", "ixe-marks", { "aria-live": "polite" });
    this.others = make("div");
    this.root.append(this.text, this.tags, this.state, this.others);
    for (const field of [this.text, this.tags]) {
      field.addEventListener("input", () => this.typed());
      field.addEventListener("change", () => this.save());
    }
    this.root.hidden = Boolean(model.get("about").offline);
  }

  focus() {
    this.text.focus();
  }

  typed() {
    this.dirty = true;
    this.state.textContent = "not saved yet";
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.save(), PAUSE);
  }

  save() {
    clearTimeout(this.waiting);
    if (!this.dirty || this.id === null) return;
    this.dirty = false;
    this.saving = true;
    const tags = this.tags.value.split(/[,;]/).map((tag) => tag.trim()).filter(Boolean);
    this.tell({ do: "note", id: this.id, text: this.text.value, tags: [...new Set(tags)] });
  }

  answered(problem) {
    if (!this.saving) return;
    this.saving = false;
    if (problem) this.dirty = true; // it goes out again with the next key, or when the sample is left
    this.state.textContent = problem ? `not saved: ${problem}` : this.dirty ? "not saved yet" : "saved";
  }

  draw() {
    const { id, own, others, problems } = this.model.get("notes");
    const another = (id ?? null) !== this.id;
    if (another) {
      this.save(); // what was typed belongs to the sample before
      this.id = id ?? null;
      this.saving = false;
      this.state.textContent = own ? `saved ${own.at.slice(0, 16).replace("T", " ")} UTC` : "";
    }
    const typing = !another && (this.dirty || [this.text, this.tags].includes(document.activeElement));
    if (!typing) {
      this.text.value = own?.text ?? "";
      this.tags.value = own?.tags.join(", ") ?? "";
    }
    this.others.replaceChildren(
      ...others.map((note) => {
        const box = make("p", "ixe-note", { dir: "auto" });
        box.append(make("b", "", {}, note.author), ` ${note.text}`, make("span", "ixe-marks", {}, ` ${note.tags.join(", ")} ${note.at.slice(0, 16).replace("T", " ")} UTC`));
        return box;
      }),
      ...problems.map((each) => make("p", "ixw-caveat", {}, `⚠ ${each}`)),
    );
  }

  remove() {
    this.save();
  }
}
