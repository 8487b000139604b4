// Numbers to colours, as in Partition.plot: evenly spaced stops of matplotlib's viridis, magma, twilight and plasma.

const stops = (hex) => hex.match(/.{6}/g).map((c) => [0, 2, 4].map((i) => parseInt(c.slice(i, i + 2), 16)));
const VIRIDIS = stops("44015448186a472d7b4240863b528b33638d2c728e26828e21918c1fa08828ae803fbc735ec96284d44baddc30d8e219fde725");
const MAGMA = stops("0000040a08221d114736106b51127c6a1c818326819c2e7fb73779d0416fe75263f56b5cfc8961fea772fec488fde2a3fcfdbf");
const TWILIGHT = stops("e2d9e2c4ced495b5c77297c16276ba5e51ad592a8f45135c2f14364a1342741e4f983550b25652c27c63cca389d8c7bee2d9e2");
const PLASMA = stops("0d08872a05933f049c5302a36600a77801a88a09a59a169faa2395b7318ac43e7fcf4c74da5a6ae3685feb7655f3854bf89540");
const CLASSES = stops("6da7ceffac6276c176e47373b99cd4b4918aeda7d7acacacd3d46f68d5e0");
const SCALES = { linear: VIRIDIS, log: MAGMA, count: VIRIDIS, cyclic: TWILIGHT };

function ramp(colors, t) {
  const x = Math.min(Math.max(t, 0), 1) * (colors.length - 1), i = Math.min(Math.floor(x), colors.length - 2);
  return colors[i].map((c, k) => Math.round(c + (x - i) * (colors[i + 1][k] - c)));
}

const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;
// A pixel of ImageData as one number.
const pixel = ([r, g, b]) => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;

function colorOf({ scale, low, high }, value) {
  if (!Number.isFinite(value)) return [128, 128, 128];
  if (scale === "class") return CLASSES[value % 10];
  if (scale === "log") return ramp(MAGMA, value > 0 ? Math.log(value / low) / Math.log(high / low) : 0);
  if (scale === "count") return ramp(VIRIDIS, high - low > 1 ? (value - low - 0.5) / (high - low - 1) : 0.5);
  return ramp(SCALES[scale], (value - low) / (high - low));
}

const layerColor = (layer, count) => ramp(PLASMA, count > 1 ? (layer - 1) / (count - 1) : 0.5);

function swatches(element, entries) {
  element.replaceChildren(...entries.map(([color, text]) => {
    const entry = document.createElement("span"), patch = document.createElement("i");
    patch.style.background = css(color);
    entry.append(patch, text);
    return entry;
  }));
}

// What the colours mean; `present` are the classes or counts that occur.
function legend(element, statistic, present) {
  element.className = "";
  if (statistic.scale === "cyclic") {
    element.textContent = "";
  } else if (statistic.scale === "class" || statistic.scale === "count") {
    element.className = "swatches";
    const name = statistic.scale === "class" ? "class " : "";
    swatches(element, present.map((k) => [colorOf(statistic, k), name + k]));
  } else {
    const { low, high, scale } = statistic, bar = document.createElement("div"), ticks = document.createElement("div");
    bar.className = "bar";
    bar.style.background = `linear-gradient(90deg, ${SCALES[scale].map(css).join()})`;
    ticks.className = "ticks";
    const middle = scale === "log" ? Math.sqrt(low) * Math.sqrt(high) : (low + high) / 2;
    ticks.append(...[low, middle, high].map((x) => Object.assign(document.createElement("span"), { textContent: short(x) })));
    element.replaceChildren(bar, ticks);
  }
}

function short(x, digits = 3) {
  if (Number.isInteger(x) && Math.abs(x) < 1e7) return String(x);
  const size = Math.abs(x);
  return size >= 1e-3 && size < 1e5 ? String(Number(x.toPrecision(digits))) : x.toExponential(digits - 1).replace("e+", "e");
}
