// Cells and lines in pixels, computed in double precision: a canvas path has single precision, which deep zoom exceeds.

class Raster {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.ids = new Uint32Array(width * height); // 1 + cell that holds the centre of the pixel, 0 = none
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.left = new Float64Array(height);
    this.right = new Float64Array(height);
  }

  // Marks the pixels whose centres lie in a counter-clockwise convex polygon (x, y interleaved, y up on the screen is
  // smaller). Neighbours get the same crossings from the ends of their common edge: no gap, no overlap.
  fill(points, n, id) {
    const { width, height, left, right, ids } = this;
    let top = height, bottom = 0;
    for (let i = 0, j = n - 1; i < n; j = i++) {
      let xa = points[2 * j], ya = points[2 * j + 1], xb = points[2 * i], yb = points[2 * i + 1];
      if (ya === yb) continue;
      const side = ya < yb ? left : right;
      if (ya > yb) [xa, ya, xb, yb] = [xb, yb, xa, ya];
      const first = Math.max(Math.ceil(ya - 0.5), 0), last = Math.min(Math.ceil(yb - 0.5), height);
      if (first >= last) continue;
      const slope = (xb - xa) / (yb - ya);
      for (let row = first; row < last; row++) side[row] = xa + (row + 0.5 - ya) * slope;
      if (first < top) top = first;
      if (last > bottom) bottom = last;
    }
    for (let row = top; row < bottom; row++) {
      const from = Math.max(Math.ceil(left[row] - 0.5), 0), to = Math.min(Math.ceil(right[row] - 0.5), width);
      if (from < to) ids.fill(id, row * width + from, row * width + to);
    }
  }

  // Colours every pixel by its cell; `colors[0]` is outside.
  paint(colors) {
    const { ids, pixels } = this;
    for (let i = 0; i < ids.length; i++) pixels[i] = colors[ids[i]];
  }

  // A line of some width and opacity, smooth at its sides; its ends are cut along the rows or columns of pixels, so
  // that pieces that follow each other do not cover a pixel twice.
  line(xa, ya, xb, yb, width, color, opacity) {
    const steep = Math.abs(yb - ya) > Math.abs(xb - xa);
    if (steep) [xa, ya, xb, yb] = [ya, xa, yb, xb];
    if (xa > xb) [xa, ya, xb, yb] = [xb, yb, xa, ya];
    const across = steep ? this.width : this.height, along = steep ? this.height : this.width;
    const slope = xb > xa ? (yb - ya) / (xb - xa) : 0, half = (width / 2) * Math.hypot(1, slope);
    let first = Math.max(Math.ceil(xa - 0.5), 0), last = Math.min(Math.ceil(xb - 0.5), along);
    if (slope !== 0) { // only the part that the window shows
      const u = xa + (-half - 1 - ya) / slope, v = xa + (across + half + 1 - ya) / slope;
      first = Math.max(first, Math.floor(Math.min(u, v)));
      last = Math.min(last, Math.ceil(Math.max(u, v)));
    }
    for (let i = first; i < last; i++) {
      const middle = ya + (i + 0.5 - xa) * slope;
      const from = Math.max(Math.floor(middle - half), 0), to = Math.min(Math.ceil(middle + half), across);
      for (let k = from; k < to; k++) {
        const covered = Math.min(k + 1, middle + half) - Math.max(k, middle - half);
        if (covered > 0) this.blend(steep ? k + i * this.width : i + k * this.width, color, opacity * covered);
      }
    }
  }

  blend(at, color, opacity) {
    const under = this.pixels[at], weight = (opacity * 256) | 0, rest = 256 - weight;
    const even = ((under & 0xff00ff) * rest + (color & 0xff00ff) * weight) >>> 8;
    const odd = ((under >>> 8) & 0xff) * rest + ((color >>> 8) & 0xff) * weight;
    this.pixels[at] = 0xff000000 | (even & 0xff00ff) | (odd & 0xff00);
  }
}
