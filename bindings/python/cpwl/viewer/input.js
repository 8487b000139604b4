// Mouse, touch and keys.
function listen(cells, camera, state, refresh, hold) {
  const fingers = new Map(), ratio = () => devicePixelRatio;
  const at = (event) => { const box = cells.getBoundingClientRect(); return [(event.clientX - box.left) * ratio(), (event.clientY - box.top) * ratio()]; };
  let travelled = 0;

  cells.addEventListener("pointerdown", (event) => {
    cells.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    travelled = 0;
  });
  cells.addEventListener("pointermove", (event) => {
    const now = at(event), before = fingers.get(event.pointerId);
    state.keyboard = false;
    state.pointer = now;
    if (!before) return refresh("marks");
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const spread = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
      camera.zoom(spread(now) / Math.max(spread(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      camera.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    } else {
      camera.pan(now[0] - before[0], now[1] - before[1]);
    }
    fingers.set(event.pointerId, now);
    refresh();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    cells.addEventListener(name, (event) => {
      if (fingers.delete(event.pointerId) && name === "pointerup" && travelled < 4 * ratio()) hold();
    });
  }
  cells.addEventListener("pointerleave", () => { state.pointer = null; refresh("marks"); });
  cells.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 18 : 1; // Firefox counts lines of text
    camera.zoom(Math.exp(Math.min(Math.max(-event.deltaY * lines, -300), 300) / 300), ...at(event));
    refresh();
  }, { passive: false });

  const step = () => Math.min(camera.width, camera.height) / 12;
  const keys = {
    ArrowLeft: () => camera.pan(step(), 0), ArrowRight: () => camera.pan(-step(), 0),
    ArrowUp: () => camera.pan(0, step()), ArrowDown: () => camera.pan(0, -step()),
    "+": () => camera.zoom(1.4), "=": () => camera.zoom(1.4), "-": () => camera.zoom(1 / 1.4), 0: () => camera.fit(),
  };
  const next = (id) => { const select = $(id); select.selectedIndex = (select.selectedIndex + 1) % select.length; select.onchange(); };
  const commands = { c: () => next("color"), l: () => next("lines"), b: () => $("boundary").click(), Escape: () => { state.held = -1; refresh("marks"); } };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === "Enter" && event.target === cells) hold();
    else if (keys[event.key]) { state.keyboard = true; keys[event.key](); refresh(); }
    else if (commands[event.key]) commands[event.key]();
    else return;
    event.preventDefault();
  });
}
