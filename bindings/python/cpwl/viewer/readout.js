// What the panel says about one region.

class Readout {
  constructor(header, arrays) {
    this.header = header;
    this.arrays = arrays;
    this.rows = header.regions ? arrays.patterns.length / header.regions : 0;
    this.units = header.layers.reduce((sum, layer) => sum + layer.units, 0);
  }

  code(region, unit) {
    const { patterns } = this.arrays, start = region * this.rows;
    if (this.header.patternBits === 1) return (patterns[start + (unit >> 3)] >> (unit & 7)) & 1;
    return patterns[start + 2 * unit] | (patterns[start + 2 * unit + 1] << 8);
  }

  // Facts as [name, text]; `at` is (u, v), with as many digits as `scale` pixels per unit tell apart.
  facts(region, winner, at, scale) {
    const facts = at ? ["u", "v"].map((name, i) => [name, place(at[i], scale)]) : [];
    for (const { name, label } of this.header.statistics) {
      if (name === "pattern") continue;
      facts.push(name === "class" ? ["class", winner] : [label, short(this.arrays[`value:${name}`][region], 5)]);
    }
    return facts;
  }

  show(region, winner, at, scale) {
    const title = region < 0 ? "Point at a region" : `Region ${region}`;
    document.getElementById("what").textContent = title;
    const facts = region < 0 ? [] : this.facts(region, winner, at, scale);
    document.getElementById("facts").replaceChildren(...facts.flatMap(([name, text]) => [
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: text }),
    ]));
    const figure = document.getElementById("pattern");
    figure.hidden = region < 0 || !this.units;
    if (!figure.hidden) this.draw(region, figure);
  }

  // The activation pattern: a square per unit, a block of rows per layer.
  draw(region, figure) {
    const canvas = figure.querySelector("canvas"), ratio = devicePixelRatio, wide = 264;
    const side = Math.max(2, Math.min(12, Math.floor(Math.sqrt((wide * 110) / this.units))));
    const columns = Math.floor(wide / side);
    const tall = this.header.layers.reduce((sum, layer) => sum + Math.ceil(layer.units / columns) * side + 4, 0);
    canvas.width = wide * ratio;
    canvas.height = tall * ratio;
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${tall}px`;
    const context = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    const [on, off] = ["--on", "--off"].map((name) => style.getPropertyValue(name));
    context.scale(ratio, ratio);
    let unit = 0, y = 0, active = 0;
    for (const layer of this.header.layers) {
      const codes = Array.from({ length: layer.units }, (_, i) => this.code(region, unit + i)), most = Math.max(...codes, 1);
      codes.forEach((code, i) => {
        active += code > 0;
        context.fillStyle = code ? on : off;
        context.globalAlpha = code ? 0.35 + (0.65 * code) / most : 1;
        const gap = side > 4 ? 1 : 0;
        context.fillRect((i % columns) * side, y + Math.floor(i / columns) * side, side - gap, side - gap);
      });
      unit += layer.units;
      y += Math.ceil(layer.units / columns) * side + 4;
    }
    const text = `activation pattern: ${active} of ${this.units} units on`;
    figure.querySelector("figcaption").textContent = text;
    canvas.setAttribute("aria-label", text);
  }
}

function place(x, scale) {
  return x.toFixed(Math.min(Math.max(Math.ceil(Math.log10(scale)), 0), 17));
}
