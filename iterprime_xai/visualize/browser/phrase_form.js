// A form to ask a phrase: field and button.

import { make } from "./drawing.js";

/** Enter and the button call `ask`; whoever takes the form adds what else belongs to it. */
export function phraseForm(name, label, ask, attributes = {}) {
  const form = make("form", name, attributes);
  const field = make("input", "ixw-field", { type: "text", "aria-label": label, autocomplete: "off", spellcheck: "false", dir: "auto" });
  const button = make("button", "ixw-button", { type: "submit" }, "Look");
  form.append(field, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // JupyterLab takes the key from the form
    if (!event.repeat) form.requestSubmit();
  });
  return { form, field, button };
}
