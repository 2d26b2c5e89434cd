// Another phrase, layer or method on the picture that is looked at, asked of the run's own system.

import { make } from "./drawing.js";
import { phraseForm } from "./phrase_form.js";

export class Asking {
  constructor(model, tell) {
    this.model = model;
    this.tell = tell;
    const { methods, layers } = model.get("about");
    Object.assign(this, phraseForm("ixe-row", "Phrase to ask", () => this.ask(), { "aria-label": "Ask again" }));
    if (methods.length) this.method = this.choice("Method", [["", "as the run"], ...methods.map((name) => [name, name])]);
    if (layers) this.layer = this.choice("Layer", [["", "layer as the run"], ...Array.from({ length: layers }, (_, at) => [String(at), `layer ${at}`])]);
    this.form.hidden = Boolean(model.get("about").offline);
  }

  choice(label, options) {
    const select = make("select", "ixe-select", { "aria-label": label });
    for (const [value, text] of options) select.append(make("option", "", { value }, text));
    select.addEventListener("change", () => this.ask());
    this.form.append(select);
    return select;
  }

  draw(text) {
    this.field.value = text;
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  ask() {
    this.button.textContent = "Looking …";
    const layer = this.layer?.value ?? "";
    this.tell({ do: "look", text: this.field.value, method: this.method?.value ?? "", layer: layer === "" ? null : Number(layer) });
  }

  answered() {
    this.button.textContent = "Look";
  }
}
