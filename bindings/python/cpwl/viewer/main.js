// Ties data, camera and raster to the page.

const $ = (id) => document.getElementById(id);

async function start() {
  const { header, arrays } = await unpack();
  const { regions, statistics, cutLayers } = header;
  const { vertices, offsets, corners, edges, edgeLayer, pieceOffsets, piecePoints, pieceCell, pieceClass, cellClass } = arrays;
  const pieces = pieceCell.length, nEdges = edgeLayer.length;
  const cellBoxes = boxes(regions, (i) => offsets[i], (k) => corners[k], vertices);
  const pieceBoxes = boxes(pieces, (i) => pieceOffsets[i], (k) => k, piecePoints);
  const edgeBoxes = boxes(nEdges, (i) => 2 * i, (k) => edges[k], vertices);
  const edgeOrder = Uint32Array.from({ length: nEdges }, (_, i) => i).sort((a, b) => edgeLayer[b] - edgeLayer[a]);
  const most = offsets.reduce((best, end, i) => Math.max(best, i ? end - offsets[i - 1] : 0), 8);
  const scratch = new Float64Array(2 * (most + header.statistics.length + 64));

  const cells = $("cells"), overlay = $("overlay");
  const camera = new Camera(header.domain), readout = new Readout(header, arrays);
  const colors = new Uint32Array(1 + regions + pieces);
  const state = { pointer: null, held: -1, hovered: -1, piece: -1, keyboard: false };
  let raster = new Raster(1, 1), statistic = statistics[0], pending = false;

  const visible = (box, i, [u0, v0, u1, v1]) =>
    box[4 * i] <= u1 && box[4 * i + 2] >= u0 && box[4 * i + 1] <= v1 && box[4 * i + 3] >= v0;

  function recolor() {
    statistic = statistics[$("color").selectedIndex];
    const values = arrays[`value:${statistic.name}`], background = getComputedStyle(document.body).backgroundColor;
    colors[0] = pixel(background.match(/\d+/g).slice(0, 3).map(Number));
    // Coloured lines need a pale ground.
    const ground = $("lines").value === "layer" ? (color) => color.map((c) => Math.round(255 - 0.5 * (255 - c))) : (color) => color;
    for (let i = 0; i < regions; i++) colors[i + 1] = pixel(ground(colorOf(statistic, values[i])));
    for (let j = 0; j < pieces; j++) {
      const value = statistic.name === "class" ? pieceClass[j] : values[pieceCell[j]];
      colors[regions + 1 + j] = pixel(ground(colorOf(statistic, value)));
    }
    const shown = statistic.name === "class" ? [...values, ...pieceClass] : values;
    const whole = statistic.scale === "class" || statistic.scale === "count";
    legend($("legend"), statistic, whole ? [...new Set(shown)].sort((a, b) => a - b) : []);
    refresh();
  }

  function draw() {
    const window_ = camera.window;
    let shown = 0;
    raster.ids.fill(0);
    for (let i = 0; i < regions; i++) {
      if (!visible(cellBoxes, i, window_)) continue;
      shown++;
      const from = offsets[i], n = offsets[i + 1] - from;
      for (let k = 0; k < n; k++) project(scratch, k, vertices, corners[from + k]);
      raster.fill(scratch, n, i + 1);
    }
    for (let j = 0; j < pieces; j++) {
      if (!visible(pieceBoxes, j, window_)) continue;
      const from = pieceOffsets[j], n = pieceOffsets[j + 1] - from;
      for (let k = 0; k < n; k++) project(scratch, k, piecePoints, from + k);
      raster.fill(scratch, n, regions + 1 + j);
    }
    raster.paint(colors);
    lines(window_, shown);
    cells.getContext("2d").putImageData(raster.image, 0, 0);
    marks();
    scaleBar();
  }

  function project(into, k, points, p) {
    into[2 * k] = camera.x(points[2 * p]);
    into[2 * k + 1] = camera.y(points[2 * p + 1]);
  }

  // Lines get thinner and fainter as regions get small, so that dense parts stay readable.
  function lines(window_, shown) {
    const mode = $("lines").value, ratio = devicePixelRatio;
    if (mode === "none") return;
    const side = Math.sqrt((raster.width * raster.height) / Math.max(shown, 1)) / ratio;
    const opacity = Math.min(Math.max(side / 36, 0.16), 0.75), width = Math.min(Math.max(side / 36, 0.55), 1.1) * ratio;
    const black = pixel([10, 10, 16]);
    for (const e of edgeOrder) {
      if (!visible(edgeBoxes, e, window_)) continue;
      const layer = edgeLayer[e], a = edges[2 * e], b = edges[2 * e + 1];
      const ends = [camera.x(vertices[2 * a]), camera.y(vertices[2 * a + 1]), camera.x(vertices[2 * b]), camera.y(vertices[2 * b + 1])];
      if (mode === "plain" || !layer) raster.line(...ends, layer ? width : ratio, black, layer ? opacity : 0.75);
      else raster.line(...ends, width * (1.8 - layer / cutLayers), layerPixels[layer], Math.min(2 * opacity, 0.9));
    }
  }
  const layerPixels = Array.from({ length: cutLayers + 1 }, (_, l) => pixel(layerColor(Math.max(l, 1), cutLayers)));

  // What lies on top: the boundary, the outlines of the held and the hovered region, the keyboard's cross.
  function marks() {
    const context = overlay.getContext("2d"), ratio = devicePixelRatio;
    context.clearRect(0, 0, overlay.width, overlay.height);
    context.lineCap = context.lineJoin = "round";
    if ($("boundary").checked) stroke(context, boundaryPath(), [["#ffffff", 4], ["#dc143c", 2]], ratio);
    if (state.hovered >= 0) stroke(context, outline(state.hovered), [["#ffffff", 4], ["#101018", 1.8]], ratio);
    if (state.held >= 0) stroke(context, outline(state.held), [["#101018", 5], ["#ffd400", 2.6]], ratio);
    if (state.keyboard) {
      const x = overlay.width / 2, y = overlay.height / 2, arm = 9 * ratio, cross = new Path2D();
      for (const [dx, dy] of [[arm, 0], [0, arm]]) { cross.moveTo(x - dx, y - dy); cross.lineTo(x + dx, y + dy); }
      stroke(context, cross, [["#ffffff", 4], ["#101018", 1.6]], ratio);
    }
  }

  function stroke(context, path, styles, ratio) {
    for (const [color, width] of styles) {
      context.strokeStyle = color;
      context.lineWidth = width * ratio;
      context.stroke(path);
    }
  }

  function boundaryPath() {
    const path = new Path2D(), s = arrays.boundary;
    for (let i = 0; i < s.length; i += 4) segment(path, camera.x(s[i]), camera.y(s[i + 1]), camera.x(s[i + 2]), camera.y(s[i + 3]));
    return path;
  }

  function outline(region) {
    const path = new Path2D();
    for (let k = offsets[region], end = offsets[region + 1], j = end - 1; k < end; j = k++) {
      const p = 2 * corners[j], q = 2 * corners[k];
      segment(path, camera.x(vertices[p]), camera.y(vertices[p + 1]), camera.x(vertices[q]), camera.y(vertices[q + 1]));
    }
    return path;
  }

  // The part of a segment in or near the window.
  function segment(path, xa, ya, xb, yb) {
    const far = 50, dx = xb - xa, dy = yb - ya;
    let from = 0, to = 1;
    for (const [step, low, high] of [[dx, -far - xa, raster.width + far - xa], [dy, -far - ya, raster.height + far - ya]]) {
      if (step === 0 && (low > 0 || high < 0)) return;
      if (step === 0) continue;
      from = Math.max(from, Math.min(low / step, high / step));
      to = Math.min(to, Math.max(low / step, high / step));
    }
    if (from > to) return;
    path.moveTo(xa + from * dx, ya + from * dy);
    path.lineTo(xa + to * dx, ya + to * dy);
  }

  function scaleBar() {
    const target = (110 * devicePixelRatio) / camera.scale, power = 10 ** Math.floor(Math.log10(target));
    const length = power * [5, 2, 1].find((k) => k * power <= target);
    document.querySelector("#scale span").style.width = `${(length * camera.scale) / devicePixelRatio}px`;
    document.querySelector("#scale output").textContent = short(length, 1);
  }

  // The region under the pointer, or in the middle when the keyboard moves the map.
  function pick() {
    const at = state.keyboard ? [raster.width / 2, raster.height / 2] : state.pointer;
    const [x, y] = at ? at.map(Math.floor) : [-1, -1];
    const inside = x >= 0 && y >= 0 && x < raster.width && y < raster.height;
    const id = inside ? raster.ids[y * raster.width + x] - 1 : -1;
    state.piece = id >= regions ? id - regions : -1;
    state.hovered = state.piece >= 0 ? pieceCell[state.piece] : id;
    const held = state.held >= 0 && state.held !== state.hovered;
    const region = held ? state.held : state.hovered;
    const winner = !held && state.piece >= 0 ? pieceClass[state.piece] : cellClass[region];
    readout.show(region, winner, held || !at ? null : camera.uv(...at), camera.scale);
    if (state.keyboard) $("live").textContent = region < 0 ? "outside" : `region ${region}, class ${winner}`;
  }

  function refresh(what = "all") {
    if (what === "all") refresh.all = true;
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      if (refresh.all) draw();
      refresh.all = false;
      pick();
      marks();
    });
  }

  function go(region) {
    if (!Number.isInteger(region) || region < 0 || region >= regions) return;
    camera.fit(cellBoxes.slice(4 * region, 4 * region + 4), 2.5);
    state.held = region;
    state.pointer = null;
    refresh();
  }

  function resize() {
    const width = Math.max(1, Math.round(cells.clientWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(cells.clientHeight * devicePixelRatio));
    if (width === raster.width && height === raster.height) return;
    for (const canvas of [cells, overlay]) { canvas.width = width; canvas.height = height; }
    const first = raster.width === 1;
    raster = new Raster(width, height);
    camera.resize(width, height);
    if (first) camera.fit();
    refresh();
  }

  const hold = () => { state.held = state.held === state.hovered ? -1 : state.hovered; refresh("marks"); };
  listen(cells, camera, state, refresh, hold);

  $("color").append(...statistics.map(({ label, name }) => new Option(label || name, name)));
  $("color").value = header.color;
  $("region").max = regions - 1;
  $("summary").textContent = `${regions.toLocaleString("en")} regions, ${(vertices.length / 2).toLocaleString("en")} vertices, ` +
    `${nEdges.toLocaleString("en")} edges; computed exactly by cpwl ${header.version}`;
  $("boundary").disabled = !($("boundary").checked = arrays.boundary.length > 0);
  $("color").onchange = recolor;
  $("lines").onchange = () => {
    $("layers").hidden = $("lines").value !== "layer";
    recolor();
  };
  swatches($("layers"), Array.from({ length: cutLayers }, (_, l) => [layerColor(l + 1, cutLayers), `layer ${l + 1}`]));
  $("layers").hidden = true;
  $("boundary").onchange = () => refresh("marks");
  $("goto").onsubmit = (event) => { event.preventDefault(); go($("region").valueAsNumber); };
  $("in").onclick = () => { camera.zoom(1.6); refresh(); };
  $("out").onclick = () => { camera.zoom(1 / 1.6); refresh(); };
  $("home").onclick = () => { camera.fit(); refresh(); };
  matchMedia("(prefers-color-scheme: dark)").onchange = recolor;
  new ResizeObserver(resize).observe(cells);
  addEventListener("resize", resize); // also when the pixel ratio changes
  $("wait").remove();
  resize();
  recolor();
  document.body.dataset.ready = "yes";
}

start().catch((problem) => { $("wait").textContent = `This page could not be shown: ${problem.message}`; throw problem; });
