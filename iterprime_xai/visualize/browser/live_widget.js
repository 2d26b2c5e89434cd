// The live widget: one grounding, and a field for other phrases. Nothing is sent to the kernel but the phrases that are typed.

import { make } from "./drawing.js";
import { View } from "./grounding_view.js";
import { phraseForm } from "./phrase_form.js";

const PATIENCE = 30_000; // milliseconds until a phrase without an answer is given up

export default {
  render({ model, el }) {
    const question = model.get("asks") ? new Question(model, el) : null;
    let view = new View(model, el, undefined, model.get("part"));
    const answered = () => {
      question?.answered();
      if (!model.get("refused")) view = new View(model, el, view, model.get("part"));
    };
    model.on("change:answered", answered);
    return () => {
      model.off("change:answered", answered);
      question?.free("");
      view.remove();
    };
  },
};

/** The field for another phrase. */
class Question {
  constructor(model, el) {
    this.model = model;
    Object.assign(this, phraseForm("ixw ixw-question", "Phrase", () => this.ask()));
    this.field.value = phraseOf(model);
    this.told = make("p", "ixw-caveat", { role: "alert" });
    this.form.append(this.told);
    for (const element of [this.form, this.field, this.button]) element.setAttribute("data-lm-suppress-shortcuts", "true");
    el.append(this.form);
  }

  /** One phrase at a time: of those that come while the kernel is busy only the newest is asked next. */
  ask() {
    if (this.busy) {
      this.next = true;
      return;
    }
    this.busy = true;
    this.next = false;
    this.form.setAttribute("aria-busy", "true");
    this.button.textContent = "Looking …";
    this.waiting = setTimeout(() => this.free("No answer yet: the kernel is busy, or gone."), PATIENCE);
    this.model.send({ ask: this.field.value });
  }

  answered() {
    const refused = this.model.get("refused");
    if (!refused && document.activeElement !== this.field) this.field.value = phraseOf(this.model);
    this.free(refused);
    if (this.next) this.ask();
  }

  free(told) {
    clearTimeout(this.waiting);
    this.busy = false;
    this.form.removeAttribute("aria-busy");
    this.button.textContent = "Look";
    this.told.textContent = told;
  }
}

function phraseOf(model) {
  return model.get("info").phrase.map((piece) => piece.text).join("");
}
