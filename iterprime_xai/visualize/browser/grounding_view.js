// One grounding: the picture under its heat, passes, words, sliders. The kernel sends picture and coarse maps once; all else happens here.

import { GOLD, MARK, bicubic, bytesOf, clamp, drawBar, drawCross, drawHidden, drawOutline, drawRing, fadedCopy, hottest, insideOf, isBlank, level, make, mapsOf, misplaced, number, percent, scaleOf, strength } from "./drawing.js";

const LONGEST_HEAT = 512; // pixels on the longer side at which heat is computed; the canvas smooths the rest
const TALLEST = 580; // CSS pixels
const MOST_STRETCHED = 8;
export const KEPT = ["opacity", "threshold", "outline", "gold", "hidden", "shared", "kept", "blend", "signed"]; // from one phrase to the next
const SIGNED = { low: -1, high: 1, signed: true, flat: false };

export class View {
  /** After `previous`, in its place, with its picture and its settings; `part` leaves out what a lesson does not need. */
  constructor(model, el, previous, part = "") {
    this.info = model.get("info");
    this.maps = mapsOf(model.get("maps"), this.info.grid);
    this.tables = bytesOf(model.get("tables"));
    this.state = {
      look: part === "steps" ? 0 : this.info.passes.length, // the last stop of the slider is the result
      word: null,
      opacity: this.info.drawing.opacity,
      threshold: 0,
      outline: true,
      gold: true,
      signed: false,
      mark: null, // outlines of a proposal that is pointed at
      hidden: true,
      shared: false,
      kept: null, // a scale that stays, so that maps can be compared from one sample to the next
      blend: false,
      peek: false,
      pointer: null,
      keys: false,
    };
    if (previous) {
      for (const name of KEPT) this.state[name] = previous.state[name];
      if (this.info.passes.length < 2) this.state.blend = false; // there is no choice to unset it
      if (!this.info.gold) this.state.signed = false;
    }
    this.ended = new AbortController();
    this.build();
    if (part) this.root.classList.add(`ixw-${part}`);
    if (previous) previous.root.replaceWith(this.root);
    else el.append(this.root);
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.root);
    if (!previous?.picture || model.get("picture") !== previous.bytes) {
      this.load(model.get("picture"));
      previous?.remove();
      return;
    }
    [this.bytes, this.picture, this.faded] = [previous.bytes, previous.picture, previous.faded];
    previous.picture = null;
    previous.remove();
    this.update();
  }

  remove() {
    this.ended.abort();
    this.resizing.disconnect();
    this.picture?.close();
  }

  async load(bytes) {
    this.bytes = bytes;
    const picture = await createImageBitmap(new Blob([bytesOf(bytes)], { type: "image/jpeg" }));
    if (this.ended.signal.aborted) {
      picture.close();
      return;
    }
    this.picture = picture;
    this.faded = fadedCopy(picture, this.info.drawing.fade);
    this.update();
  }

  // --- what is shown -------------------------------------------------------------------------------------------------

  /** The pass behind the slider's stop; the result stands on the pass that its words come from. */
  get pass() {
    const { passes, result } = this.info;
    return passes[this.isResult ? result.pass : this.state.look];
  }

  get isResult() {
    return this.state.look === this.info.passes.length;
  }

  /** Patches hidden from the model when the map on show was made; the result is a blend, with nothing hidden as a whole. */
  get hidden() {
    return this.isResult && this.state.word === null ? [] : this.pass.hidden;
  }

  get map() {
    const { word, blend } = this.state;
    if (word !== null) return this.maps[this.pass.words[word]];
    if (this.isResult) return this.maps[this.info.result.heat];
    return this.maps[blend ? this.pass.blend : this.pass.heat];
  }

  get scale() {
    const { word, shared, signed, kept } = this.state;
    if (signed) return SIGNED;
    if (kept) return kept;
    if (!shared) return scaleOf([this.map], this.info.drawing.signedFrom);
    const { passes, result } = this.info;
    const indices =
      word === null
        ? [result.heat, ...passes.flatMap((pass) => [pass.heat, pass.blend])]
        : passes.flatMap((pass) => pass.words.filter((index) => index !== null));
    return scaleOf(indices.map((index) => this.maps[index]), this.info.drawing.signedFrom);
  }

  set(changes) {
    Object.assign(this.state, changes);
    const { word } = this.state;
    if (word !== null && this.pass.words[word] === null) this.state.word = null;
    this.update();
    this.onset?.(changes);
  }

  setSigned(signed) {
    this.signedChoice.selectedIndex = signed ? 1 : 0;
    this.set({ signed });
  }

  update() {
    this.heat = undefined;
    this.say();
    this.draw();
  }

  // --- words and numbers ---------------------------------------------------------------------------------------------

  say() {
    const { info, state, pass, scale } = this;
    this.root.classList.toggle("out", !pass.accepted && !this.isResult);
    const first = this.isResult ? info.passes[0] : pass;
    this.matchValue.textContent = first.match;
    this.matchBar.style.width = `${100 * Math.min(1, Math.max(0, first.probability ?? 0))}%`;
    this.words.forEach((button, word) => {
      const shade = pass.shades[word] ?? 0;
      button.style.setProperty("--heat", (0.85 * shade).toFixed(3));
      button.classList.toggle("hot", shade >= info.drawing.darkTextFrom);
      button.disabled = pass.words[word] === null;
      button.setAttribute("aria-pressed", String(state.word === word));
      button.title = pass.shares[word] === null ? "no map of its own" : `${pass.shares[word]} of the heat of the words`;
    });
    this.whole.disabled = state.word === null;
    const count = info.passes.length;
    this.lookValue.textContent = this.isResult ? "result" : `pass ${state.look + 1} of ${count}`;
    this.look.setAttribute("aria-valuetext", this.lookValue.textContent);
    this.opacityValue.textContent = percent(state.opacity);
    this.opacity.setAttribute("aria-valuetext", this.opacityValue.textContent);
    this.thresholdValue.textContent = percent(state.threshold);
    this.threshold.setAttribute("aria-valuetext", this.thresholdValue.textContent);
    this.status.textContent = this.sentence();
    this.low.textContent = state.signed ? "missing inside" : scale.flat ? "" : number(scale.low);
    this.high.textContent = state.signed ? "misplaced outside" : scale.flat ? "no evidence: the map is blank" : number(scale.high);
    drawBar(this.bar, this.tables, scale);
    this.read();
  }

  sentence() {
    const { info, state, pass } = this;
    const word = state.word === null ? null : info.phrase.find((piece) => piece.word === state.word).text;
    const blank = isBlank(this.map) ? " The map is blank." : "";
    if (this.isResult && word === null) {
      const used = info.passes.filter((each) => each.accepted).length;
      return `Result of ${used === 1 ? "one pass" : `${used} passes, blended`}. ${info.result.note}`;
    }
    const what = this.isResult ? `Result, words of pass ${info.result.pass + 1}` : `Pass ${state.look + 1}`;
    const whose = word === null ? (state.blend ? ", blended with those before" : "") : `, the word “${word}”: ${pass.shares[state.word]} of the heat`;
    const facts = this.isResult ? "" : ` Match ${pass.match}, ${pass.status}; ${pass.seen}.`;
    const stopped = this.isResult || !pass.stopped ? "" : ` Stopped: ${pass.stopped}.`;
    return `${what}${whose}.${facts}${stopped}${blank}`;
  }

  read() {
    const { pointer } = this.state;
    if (!pointer || !this.heat) {
      this.readout.textContent = "Point at the picture to read the heat (or focus it and use the arrow keys).";
      return;
    }
    const [width, height] = this.info.size;
    const { values, columns, rows } = this.heat;
    const x = Math.min(width - 1, Math.floor(pointer[0] * width));
    const y = Math.min(height - 1, Math.floor(pointer[1] * height));
    const column = Math.min(columns - 1, Math.floor(pointer[0] * columns));
    const row = Math.min(rows - 1, Math.floor(pointer[1] * rows));
    const value = values[row * columns + column];
    const { scale } = this.heat;
    const share = scale.flat ? "blank" : `${percent(strength(level(value, scale), scale))} of the scale`;
    this.readout.textContent = `x ${x}, y ${y}: heat ${number(value)} (${share})`;
  }

  // --- pixels --------------------------------------------------------------------------------------------------------

  draw() {
    if (!this.picture) return;
    const [width, height] = this.info.size;
    const aspect = Math.min(MOST_STRETCHED, Math.max(1 / MOST_STRETCHED, width / height));
    const room = this.root.clientWidth - 4;
    if (room <= 0) return;
    const wide = Math.min(room, TALLEST * aspect);
    const dots = window.devicePixelRatio || 1;
    const [w, h] = [Math.max(1, Math.round(wide * dots)), Math.max(1, Math.round((wide / aspect) * dots))];
    const { canvas } = this;
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${wide / aspect}px`;
    this.bar.parentElement.style.width = `${Math.max(wide, Math.min(room, 240))}px`;
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    const { state, info } = this;
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.globalAlpha = 1;
    context.drawImage(this.picture, 0, 0, w, h);
    if (!this.heat) this.heat = this.heated(aspect);
    if (!state.peek) {
      context.globalAlpha = Math.min(1, state.opacity / info.drawing.opacity);
      context.drawImage(this.faded, 0, 0, w, h);
      context.globalAlpha = 1;
      context.drawImage(this.heat.layer, 0, 0, w, h);
      if (state.hidden && this.hidden.length) drawHidden(context, this.pass.hidden, info.grid, dots);
      if (state.outline) drawOutline(context, info.outline, info.size, dots);
      if (state.gold && info.gold) drawOutline(context, info.gold, info.size, dots, GOLD);
      if (state.mark) drawOutline(context, state.mark, info.size, dots, MARK);
      if (!isBlank(this.map)) drawRing(context, hottest(this.map, info.grid), dots);
      if (state.keys && state.pointer) drawCross(context, state.pointer, dots);
    }
    this.read();
  }

  heated(aspect) {
    const columns = Math.max(1, Math.round(aspect >= 1 ? LONGEST_HEAT : LONGEST_HEAT * aspect));
    const rows = Math.max(1, Math.round(aspect >= 1 ? LONGEST_HEAT / aspect : LONGEST_HEAT));
    const values = bicubic(this.map, this.info.grid, rows, columns);
    if (this.state.signed) misplaced(values, insideOf(this.info.gold, this.info.size, rows, columns));
    const { scale } = this;
    const layer = document.createElement("canvas");
    layer.width = columns;
    layer.height = rows;
    const context = layer.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    const offset = scale.signed ? 768 : 0;
    const { opacity, threshold } = this.state;
    const cold = this.info.drawing.coldOpacity;
    for (let i = 0; i < values.length; i++) {
      const at = level(values[i], scale);
      const heat = strength(at, scale);
      const colour = offset + 3 * Math.round(255 * at);
      pixels.data[4 * i] = this.tables[colour];
      pixels.data[4 * i + 1] = this.tables[colour + 1];
      pixels.data[4 * i + 2] = this.tables[colour + 2];
      pixels.data[4 * i + 3] = heat < threshold ? 0 : 255 * opacity * (cold + (1 - cold) * heat);
    }
    context.putImageData(pixels, 0, 0);
    return { values, columns, rows, scale, layer };
  }

  // --- the controls --------------------------------------------------------------------------------------------------

  build() {
    const { info, state } = this;
    const root = make("div", "ixw", { role: "group", "aria-label": "Where the model looks" });
    this.root = root;

    const phrase = make("p", "ixw-phrase", { dir: "auto" });
    phrase.classList.toggle("long", info.phrase.reduce((sum, piece) => sum + piece.text.length, 0) > 90);
    this.words = new Map();
    for (const piece of info.phrase) {
      if (piece.word === null) {
        phrase.append(piece.text);
        continue;
      }
      const button = make("button", "ixw-word", { type: "button", "aria-pressed": "false" }, piece.text);
      button.classList.toggle("primary", piece.word === info.primary);
      this.on(button, "click", () => this.set({ word: state.word === piece.word ? null : piece.word }));
      this.words.set(piece.word, button);
      phrase.append(button);
    }
    this.matchValue = make("strong");
    this.matchBar = make("i");
    const bar = make("div", "ixw-bar");
    bar.append(this.matchBar);
    const match = make("div", "ixw-match");
    match.append(`${info.matchWord ?? "match"} `, this.matchValue, bar);
    const top = make("div", "ixw-top");
    top.append(phrase, match);

    const hint = make("p", "ixw-hint", {}, "Click a word to see where it looks. Underlined: the primary word; marked: how much of the heat a word holds.");
    this.canvas = make("canvas", "ixw-canvas", { tabindex: "0", role: "img", "aria-label": info.alt });
    this.listenToCanvas();
    this.low = make("span");
    this.high = make("span");
    this.bar = make("canvas", "", { width: "256", height: "1", "aria-hidden": "true" });
    const scale = make("div", "ixw-scale");
    scale.append(this.low, this.bar, this.high);
    this.readout = make("output", "ixw-readout", { "aria-label": "Heat under the pointer" });
    this.status = make("p", "ixw-status", { role: "status", "aria-live": "polite" });

    const count = info.passes.length;
    const controls = make("div", "ixw-controls");
    [this.look, this.lookValue] = this.slider(controls, "Pass", 0, count, 1, state.look, (value) => this.set({ look: value }));
    [this.opacity, this.opacityValue] = this.slider(controls, "Opacity", 0, 1, 0.01, state.opacity, (value) => this.set({ opacity: value }));
    [this.threshold, this.thresholdValue] = this.slider(controls, "Threshold", 0, 1, 0.01, state.threshold, (value) => this.set({ threshold: value }));
    this.choice(controls, "Colour scale", ["of this map alone", "shared by all passes", "kept as it is now"], state.kept ? 2 : Number(state.shared), (index) => {
      const kept = index === 2 ? this.scale : null;
      this.set({ shared: index === 1, kept });
    });
    if (count > 1) {
      this.choice(controls, "A pass shows", ["its own map", "the blend so far"], state.blend, (index) => this.set({ blend: index === 1 }));
    }

    const row = make("div", "ixw-row");
    row.append(...this.stepButtons());
    if (info.gold) {
      this.signedChoice = this.choice(controls, "Map", ["heat", "misplaced (orange) and missing (blue)"], state.signed, (index) => this.set({ signed: index === 1 }));
    }
    if (info.outline.length) this.tick(row, info.gold ? "Answer (solid)" : "Mask outline", state.outline, (on) => this.set({ outline: on }));
    if (info.gold) this.tick(row, "Gold mask (dashed)", state.gold, (on) => this.set({ gold: on }));
    if (info.passes.some((pass) => pass.hidden.length)) this.tick(row, "Hidden patches", state.hidden, (on) => this.set({ hidden: on }));
    this.whole = make("button", "ixw-button", { type: "button" }, "Whole phrase");
    this.on(this.whole, "click", () => this.set({ word: null }));
    row.append(this.whole, this.peekButton());

    root.append(top, hint, this.canvas, scale, this.readout, this.status, controls, row);
    if (info.settings) root.append(make("p", "ixw-foot", {}, info.settings));
    for (const caveat of info.caveats) root.append(make("p", "ixw-caveat", {}, `⚠ ${caveat}`));
    // JupyterLab then leaves the keys to us. Its selectors match the focused element first, so that the group alone is not enough.
    for (const element of [root, ...root.querySelectorAll("input, select, button, canvas")]) {
      element.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  }

  on(element, name, action) {
    element.addEventListener(name, action, { signal: this.ended.signal });
  }

  slider(parent, label, min, max, step, value, action) {
    const frame = make("label", `ixw-control ixw-${label.toLowerCase()}`);
    const output = make("span", "ixw-value");
    const input = make("input", "", { type: "range", min, max, step, value, "aria-label": label });
    this.on(input, "input", () => action(Number(input.value)));
    frame.append(make("span", "", {}, label), output, input);
    parent.append(frame);
    return [input, output];
  }

  choice(parent, label, options, chosen, action) {
    const frame = make("label", "ixw-control");
    const select = make("select", "", { "aria-label": label });
    for (const option of options) select.append(make("option", "", {}, option));
    select.selectedIndex = Number(chosen);
    this.on(select, "change", () => action(select.selectedIndex));
    frame.append(make("span", "", {}, label), select);
    parent.append(frame);
    return select;
  }

  tick(parent, label, checked, action) {
    const frame = make("label");
    const input = make("input", "", { type: "checkbox" });
    input.checked = checked;
    this.on(input, "change", () => action(input.checked));
    frame.append(input, label);
    parent.append(frame);
  }

  /** One pass back and on, for those who go through them one by one. */
  stepButtons() {
    const last = this.info.passes.length;
    return [["‹ back", -1], ["next ›", 1]].map(([text, by]) => {
      const button = make("button", "ixw-button ixw-step", { type: "button" }, text);
      this.on(button, "click", () => {
        const look = Math.min(last, Math.max(0, this.state.look + by));
        this.look.value = look;
        this.set({ look });
      });
      return button;
    });
  }

  peekButton() {
    const button = make("button", "ixw-button", { type: "button" }, "Hold to see the picture");
    const peek = (on) => {
      this.state.peek = on;
      this.draw();
    };
    this.on(button, "pointerdown", () => peek(true));
    for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) this.on(button, name, () => peek(false));
    this.on(button, "keydown", (event) => (event.key === " " || event.key === "Enter") && peek(true));
    this.on(button, "keyup", () => peek(false));
    return button;
  }

  listenToCanvas() {
    const point = (pointer, keys) => {
      this.state.pointer = pointer;
      const redraw = keys || this.state.keys;
      this.state.keys = keys;
      if (redraw) this.draw();
      else this.read();
    };
    this.on(this.canvas, "pointermove", (event) => {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      point([clamp((event.clientX - left) / width), clamp((event.clientY - top) / height)], false);
    });
    this.on(this.canvas, "pointerleave", () => point(null, false));
    this.on(this.canvas, "blur", () => point(null, false));
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    this.on(this.canvas, "keydown", (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const [rows, columns] = this.info.grid;
      const [x, y] = this.state.pointer ?? [0.5, 0.5];
      point([clamp(x + step[0] / columns), clamp(y + step[1] / rows)], true);
    });
  }
}
