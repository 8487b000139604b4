// The header and the arrays that the file carries: deflated, base64, some as differences (see _Store in __init__.py).

const TYPES = { float64: Float64Array, float32: Float32Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array };

async function unpack() {
  const header = JSON.parse(document.getElementById("header").textContent);
  const source = document.getElementById("data");
  const text = atob(source.textContent.trim());
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  source.remove();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  if (buffer.byteLength !== header.bytes) throw new Error(`${buffer.byteLength} bytes of data, expected ${header.bytes}`);
  const arrays = {};
  for (const [name, { type, at, length, stride }] of Object.entries(header.arrays)) {
    const array = new TYPES[type](buffer, at, length);
    if (stride) for (let i = stride; i < length; i++) array[i] += array[i - stride];
    arrays[name] = array;
  }
  return { header, arrays };
}

// The smallest and largest coordinates (u0, v0, u1, v1) of shapes given by ranges of indices into points.
function boxes(count, start, pointAt, points) {
  const box = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    let u0 = Infinity, v0 = Infinity, u1 = -Infinity, v1 = -Infinity;
    for (let k = start(i); k < start(i + 1); k++) {
      const p = 2 * pointAt(k), u = points[p], v = points[p + 1];
      if (u < u0) u0 = u;
      if (u > u1) u1 = u;
      if (v < v0) v0 = v;
      if (v > v1) v1 = v;
    }
    box.set([u0, v0, u1, v1], 4 * i);
  }
  return box;
}
