// What every view draws and reckons with: outlines, rings and hatching, colour scales, upsampling, and words for numbers.

const HALO = "#10151c";
const LINE = { colour: "#ffffff", dash: [] };
export const GOLD = { colour: "#ff8ad8", dash: [7, 4] };
export const MARK = { colour: "#7fe7ff", dash: [2, 3] };

// --- drawing ---------------------------------------------------------------------------------------------------------

export function fadedCopy(picture, amount) {
  const copy = document.createElement("canvas");
  copy.width = picture.width;
  copy.height = picture.height;
  const context = copy.getContext("2d");
  context.drawImage(picture, 0, 0);
  const pixels = context.getImageData(0, 0, copy.width, copy.height);
  const { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    const grey = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    for (let channel = i; channel < i + 3; channel++) data[channel] += amount * (grey - data[channel]);
  }
  context.putImageData(pixels, 0, 0);
  return copy;
}

export function drawOutline(context, outline, size, dots, line = LINE) {
  const { canvas } = context;
  doubleStroke(context, pathOf(outline, size, canvas.width, canvas.height), 2, dots, line);
}

function pathOf(outline, [width, height], columns, rows) {
  const [across, down] = [columns / width, rows / height];
  const path = new Path2D();
  for (const points of outline) {
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i] * across, points[i + 1] * down];
      if (i === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    path.closePath();
  }
  return path;
}

export function drawRing(context, [x, y], dots) {
  const path = new Path2D();
  path.arc(x * context.canvas.width, y * context.canvas.height, 6 * dots, 0, 2 * Math.PI);
  doubleStroke(context, path, 1.6, dots);
}

export function drawCross(context, [x, y], dots) {
  const [px, py, arm] = [x * context.canvas.width, y * context.canvas.height, 9 * dots];
  const path = new Path2D();
  path.moveTo(px - arm, py);
  path.lineTo(px + arm, py);
  path.moveTo(px, py - arm);
  path.lineTo(px, py + arm);
  doubleStroke(context, path, 1.6, dots);
}

/** Light on a dark halo, so that it shows on any colour. */
function doubleStroke(context, path, weight, dots, line = LINE) {
  context.lineJoin = "round";
  for (const [colour, width] of [[HALO, 2.1 * weight], [line.colour, weight]]) {
    context.strokeStyle = colour;
    context.lineWidth = width * dots;
    context.setLineDash(line.dash.map((each) => each * dots));
    context.stroke(path);
  }
  context.setLineDash([]);
}

/** Which pixels of a raster lie inside outlines: 0 to 255 each, holes left out. */
export function insideOf(outline, size, rows, columns) {
  const layer = document.createElement("canvas");
  layer.width = columns;
  layer.height = rows;
  const context = layer.getContext("2d", { willReadFrequently: true });
  context.fill(pathOf(outline, size, columns, rows), "evenodd");
  const { data } = context.getImageData(0, 0, columns, rows);
  return Uint8Array.from({ length: rows * columns }, (_, at) => data[4 * at + 3]);
}

export function drawHidden(context, cells, [rows, columns], dots) {
  const { canvas } = context;
  const [wide, tall] = [canvas.width / columns, canvas.height / rows];
  context.save();
  context.beginPath();
  for (const cell of cells) context.rect((cell % columns) * wide, Math.floor(cell / columns) * tall, wide, tall);
  context.clip();
  context.fillStyle = "rgba(139, 145, 154, 0.78)";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.beginPath();
  const gap = 6 * dots;
  for (let start = -canvas.height; start < canvas.width; start += gap) {
    context.moveTo(start, canvas.height);
    context.lineTo(start + canvas.height, 0);
  }
  context.strokeStyle = "rgba(255, 255, 255, 0.85)";
  context.lineWidth = dots;
  context.stroke();
  context.restore();
}

export function drawBar(bar, tables, scale) {
  bar.style.visibility = scale.flat ? "hidden" : "visible";
  const context = bar.getContext("2d");
  const pixels = context.createImageData(256, 1);
  for (let i = 0; i < 256; i++) {
    pixels.data.set(tables.subarray((scale.signed ? 768 : 0) + 3 * i, (scale.signed ? 768 : 0) + 3 * i + 3), 4 * i);
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

// --- mathematics -----------------------------------------------------------------------------------------------------

export function scaleOf(maps, signedFrom) {
  let [low, high] = [Infinity, -Infinity];
  for (const map of maps) {
    for (const value of map) {
      if (!Number.isFinite(value)) return { low: 0, high: 0, signed: false, flat: true };
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!(high > low)) return { low, high, signed: false, flat: true };
  if (low < 0 && -low >= signedFrom * Math.max(high, 0)) {
    const reach = Math.max(-low, high);
    return { low: -reach, high: reach, signed: true, flat: false };
  }
  return { low, high, signed: false, flat: false };
}

export function level(value, { low, high, flat }) {
  return flat ? 0 : clamp((value - low) / (high - low));
}

export function strength(at, { signed }) {
  return signed ? Math.abs(2 * at - 1) : at;
}

/** Bicubic resize (a = -0.5) with centres at half pixels and weights renormalised at the border, clipped to the map's range. */
export function bicubic(map, [gridRows, gridColumns], rows, columns) {
  const across = weightsOf(gridColumns, columns);
  const down = weightsOf(gridRows, rows);
  let [low, high] = [Infinity, -Infinity];
  for (const value of map) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const wide = new Float64Array(gridRows * columns);
  for (let row = 0; row < gridRows; row++) {
    for (let column = 0; column < columns; column++) {
      const { first, weights } = across[column];
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * map[row * gridColumns + first + k];
      wide[row * columns + column] = sum;
    }
  }
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const { first, weights } = down[row];
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * wide[(first + k) * columns + column];
      values[row * columns + column] = Math.min(high, Math.max(low, sum));
    }
  }
  return values;
}

function weightsOf(size, target) {
  const found = [];
  const shrink = Math.max(1, size / target);
  for (let index = 0; index < target; index++) {
    const centre = ((index + 0.5) * size) / target;
    const first = Math.max(0, Math.floor(centre - 2 * shrink + 0.5));
    const last = Math.min(size, Math.floor(centre + 2 * shrink + 0.5));
    const weights = [];
    for (let at = first; at < last; at++) weights.push(cubic((at + 0.5 - centre) / shrink));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    found.push({ first, weights: weights.map((weight) => weight / total) });
  }
  return found;
}

function cubic(x) {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

/** In place: heat outside as a share of the peak, what is missing inside as a negative share; negative heat counts as none. */
export function misplaced(values, inside) {
  const peak = values.reduce((most, value) => Math.max(most, value), 0);
  for (let at = 0; at < values.length; at++) {
    const heat = peak > 0 ? Math.max(0, values[at]) / peak : 0;
    values[at] = inside[at] >= 128 ? heat - 1 : heat;
  }
}

/** Whether a map says nothing: flat, nowhere positive, or not finite. */
export function isBlank(map) {
  return scaleOf([map], 0).flat || !map.some((value) => value > 0);
}

/** The centre of the hottest patch in unit coordinates; of several the first in reading order. */
export function hottest(map, [rows, columns]) {
  let best = 0;
  for (let i = 1; i < map.length; i++) if (map[i] > map[best]) best = i;
  return [((best % columns) + 0.5) / columns, (Math.floor(best / columns) + 0.5) / rows];
}

// --- odds and ends ---------------------------------------------------------------------------------------------------

export function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export function mapsOf(view, [rows, columns]) {
  const values = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  const size = rows * columns;
  return Array.from({ length: values.length / size }, (_, index) => values.subarray(index * size, (index + 1) * size));
}

export function make(tag, name = "", attributes = {}, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

export function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

export function number(value) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e4) return String(size < 1000 ? Number(value.toPrecision(3)) : Math.round(value)).replace("-", "−");
  const [mantissa, exponent] = value.toExponential(1).split("e");
  const raised = [...String(Number(exponent))].map((digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])).join("");
  return `${mantissa}×10${raised}`.replace("-", "−");
}
