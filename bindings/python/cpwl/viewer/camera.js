// Where the page looks: (u, v) of its centre and device pixels per unit. Differences from the centre are taken in
// double precision before they are scaled, so that a region of 1e-9 of the domain is as sharp as the whole.

class Camera {
  constructor(domain) {
    const u = domain.map((p) => p[0]), v = domain.map((p) => p[1]);
    this.box = [Math.min(...u), Math.min(...v), Math.max(...u), Math.max(...v)];
    this.width = this.height = 1;
    this.u = this.v = 0;
    this.scale = 1;
  }

  // Beyond a quarter of a pixel per rounding error of the coordinates there is nothing to see.
  get limits() {
    const size = Math.max(this.box[2] - this.box[0], this.box[3] - this.box[1]);
    const far = Math.max(...this.box.map(Math.abs));
    return [Math.min(this.width, this.height) / size / 4, 0.25 / (far * 2 ** -52)];
  }

  x(u) { return (u - this.u) * this.scale + this.width / 2; }
  y(v) { return this.height / 2 - (v - this.v) * this.scale; }
  uv(x, y) { return [this.u + (x - this.width / 2) / this.scale, this.v - (y - this.height / 2) / this.scale]; }

  get window() { return [...this.uv(0, this.height), ...this.uv(this.width, 0)]; }

  resize(width, height) {
    this.scale *= Math.min(width, height) / Math.min(this.width, this.height);
    this.width = width;
    this.height = height;
  }

  fit([u0, v0, u1, v1] = this.box, margin = 1.06) {
    this.u = (u0 + u1) / 2;
    this.v = (v0 + v1) / 2;
    this.scale = 1 / (margin * Math.max((u1 - u0) / this.width, (v1 - v0) / this.height, Number.MIN_VALUE));
    this.clamp();
  }

  pan(dx, dy) {
    this.u -= dx / this.scale;
    this.v += dy / this.scale;
    this.clamp();
  }

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const before = this.scale, [u, v] = this.uv(x, y);
    const [least, most] = this.limits;
    this.scale = Math.min(Math.max(before * factor, least), most);
    this.u = u - (x - this.width / 2) / this.scale;
    this.v = v + (y - this.height / 2) / this.scale;
    this.clamp();
  }

  clamp() {
    const [least, most] = this.limits, [u0, v0, u1, v1] = this.box;
    this.scale = Math.min(Math.max(this.scale, least), most);
    this.u = Math.min(Math.max(this.u, u0), u1);
    this.v = Math.min(Math.max(this.v, v0), v1);
  }
}
