"""The HTML page: what is in the file, and what a browser makes of it."""

import base64
import io
import json
import re
import zlib

import numpy as np
import pytest

import browser
from cpwl.cases.regions import domain, network

PANEL, WIDTH, HEIGHT = 308, 1280, 860


@pytest.fixture(scope="module")
def deep(data):
    """A network whose smallest regions have an area below 1e-14 of the domain's."""
    with np.load(data / "regions" / "c02_relu_2-64-64-64-1.npz") as arrays:
        spec = json.loads(str(arrays["spec"]))
        return network(spec, arrays).partition(domain(spec, arrays))


@pytest.fixture(scope="module")
def page():
    """A browser for all tests of this file."""
    if not browser.find():
        pytest.skip("no browser: neither CHROMIUM nor chromium, chromium-browser, google-chrome on the path")
    with browser.Browser() as page:
        yield page


def content(path):
    """The header and the arrays of a page, unpacked here."""
    text = path.read_text()
    header = json.loads(re.search(r'id="header">(.*?)</script>', text, re.S)[1])
    blob = zlib.decompress(base64.b64decode(re.search(r'id="data">(.*?)</script>', text, re.S)[1]))
    arrays = {}
    for name, entry in header["arrays"].items():
        flat = np.frombuffer(blob, entry["type"], entry["length"], entry["at"])
        if entry["stride"]:
            flat = np.add.accumulate(flat.reshape(-1, entry["stride"]), axis=0, dtype=flat.dtype).ravel()
        arrays[name] = flat
    return header, arrays


def test_the_file_holds_the_partition(regions, tmp_path):
    path = tmp_path / "page.html"
    mine = np.linspace(0, 1, len(regions))
    regions.to_html(path, values={"mine": mine}, title="<b> & {{data}}")
    header, arrays = content(path)
    assert "<title>&lt;b&gt; &amp; {{data}}</title>" in path.read_text()
    assert (arrays["vertices"].reshape(-1, 2) == regions.vertices).all()
    assert (arrays["offsets"] == regions.cell_offsets).all()
    assert (arrays["corners"] == regions.cell_vertices).all()
    assert (arrays["edges"].reshape(-1, 2) == regions.edges).all()
    bits = np.unpackbits(arrays["patterns"].reshape(len(regions), -1), axis=1, bitorder="little")
    assert (bits[:, : regions.patterns.shape[1]] == regions.patterns).all()
    assert arrays["value:area"] == pytest.approx(regions.areas, rel=1e-6)
    assert arrays["value:mine"] == pytest.approx(mine, rel=1e-6)
    assert len(arrays["boundary"]) == 4 * len(regions.decision_boundary())
    assert [s["name"] for s in header["statistics"]][-1] == "mine"


def test_the_file_names_nothing_outside(regions, tmp_path):
    regions.to_html(tmp_path / "page.html")
    text = re.sub(r'id="data">.*?</script>', "", (tmp_path / "page.html").read_text(), flags=re.S)
    assert re.findall(r"https?:|//[a-z]|\bsrc=|\bimport\b|@import|url\(", text.replace("// ", "")) == []


def test_refuses(regions, tmp_path):
    with pytest.raises(ValueError, match="color is 'mass'; expected one of 'slope'"):
        regions.to_html(tmp_path / "page.html", color="mass")
    with pytest.raises(ValueError, match="expected one number for each of the"):
        regions.to_html(tmp_path / "page.html", values={"mine": [1, 2]})
    assert not (tmp_path / "page.html").exists()


def to_pixels(box, points, margin):
    """CSS pixels of (u, v), when the page fits a box (lo, hi) into its canvas with a margin."""
    lo, hi = np.asarray(box, float)
    size = np.array([WIDTH - PANEL, HEIGHT])
    scale = 1 / (margin * ((hi - lo) / size).max())
    return size / 2 + (np.asarray(points) - (lo + hi) / 2) * scale * [1, -1]


def shown(page):
    """The region and the class that the panel names."""
    region = re.search(r"\d+", page.run("document.getElementById('what').textContent"))
    facts = page.run("document.getElementById('facts').innerText").split("\n")
    return int(region[0]) if region else -1, dict(zip(facts[::2], facts[1::2]))


def quiet(page):
    """No script failed, and nothing was asked for but the file itself."""
    asked = [e["params"]["request"]["url"] for e in page.events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert [e for e in page.events if e["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled")] == []


@pytest.mark.parametrize("ratio", [1, 2])
def test_pointing_names_the_region(small, regions, page, tmp_path, ratio):
    regions.to_html(tmp_path / "page.html", color="class")
    page.open(tmp_path / "page.html", WIDTH, HEIGHT, ratio)
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(-1, 1, (30, 2)), regions.centroids[rng.choice(len(regions), 30)]])
    pixels = np.floor(to_pixels([(-1, -1), (1, 1)], points, 1.06))
    centre = 0.5 / ratio  # what the page looks up is the middle of a device pixel
    scale = (to_pixels([(-1, -1), (1, 1)], [1, 0], 1.06) - to_pixels([(-1, -1), (1, 1)], [0, 0], 1.06))[0]
    inputs = (pixels + centre - to_pixels([(-1, -1), (1, 1)], [0, 0], 1.06)) / scale * [1, -1]
    expected = regions.locate(inputs)
    classes = small[1](inputs).argmax(axis=1)
    for pixel, cell, k in zip(pixels, expected, classes):
        page.mouse("mouseMoved", *pixel)
        region, facts = shown(page)
        assert region == cell
        assert int(facts["class"]) == k
    page.mouse("mouseMoved", 2, 2)
    assert shown(page)[0] == -1
    quiet(page)


def test_colours_are_those_of_matplotlib(regions, page, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    mine = np.linspace(0, 1, len(regions))
    regions.to_html(tmp_path / "page.html", color=mine, boundary=None)
    page.open(tmp_path / "page.html", WIDTH, HEIGHT)
    page.key("l")
    page.key("l")  # no lines
    pixels = np.asarray(image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    large = np.argsort(-regions.areas)[:20]
    at = np.floor(to_pixels([(-1, -1), (1, 1)], regions.centroids[large], 1.06)).astype(int)
    expected = 255 * matplotlib.colormaps["viridis"](mine[large])[:, :3]
    assert np.abs(pixels[at[:, 1], at[:, 0]] - expected).max() < 6


def test_deep_zoom_is_exact(deep, page, tmp_path):
    tiny = int(deep.areas.argmin())
    cell = deep.cells(tiny)
    box = cell.min(axis=0), cell.max(axis=0)
    assert np.ptp(box, axis=0).max() < 1e-6
    deep.to_html(tmp_path / "page.html")
    page.open(tmp_path / "page.html", WIDTH, HEIGHT, 2)
    page.run(f"document.getElementById('region').value = {tiny}; document.querySelector('#goto button').click()")
    page.settle()
    region, facts = shown(page)
    assert region == tiny
    assert float(facts["area"]) == pytest.approx(deep.areas[tiny], rel=1e-3)
    page.key("Escape")
    inside = to_pixels(box, cell.mean(axis=0), 2.5)
    page.mouse("mouseMoved", *inside)
    assert shown(page)[0] == tiny
    # Just beyond the middle of every side lies the neighbour of that side.
    corners = to_pixels(box, cell, 2.5)
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    sides = np.roll(corners, -1, axis=0) - corners
    outward = np.stack([-sides[:, 1], sides[:, 0]], axis=1) / np.linalg.norm(sides, axis=1)[:, None]
    found = []
    for point in middles + 3 * outward:
        page.mouse("mouseMoved", *point)
        found.append(shown(page)[0])
    assert found == deep.neighbours(tiny).tolist()
    quiet(page)


def test_mouse_and_keys_move_the_map(regions, page, tmp_path):
    regions.to_html(tmp_path / "page.html")
    page.open(tmp_path / "page.html", WIDTH, HEIGHT)
    centre = (WIDTH - PANEL) / 2, HEIGHT / 2

    def named():
        return page.run("document.getElementById('live').textContent")

    page.key("+")
    assert named().startswith(f"region {regions.locate(np.zeros(2) + 1e-9)},")
    page.key("0")
    step = to_pixels([(-1, -1), (1, 1)], [1, 0], 1.06)[0] - centre[0]  # pixels per unit
    for _ in range(3):
        page.key("ArrowRight")
    u = 3 * min(WIDTH - PANEL, HEIGHT) / 12 / step
    assert named().startswith(f"region {regions.locate(np.array([u + 0.5 / step, -0.5 / step]))},")
    page.key("0")
    page.mouse("mousePressed", *centre, button="left", buttons=1, clickCount=1)
    page.mouse("mouseMoved", centre[0] + 100, centre[1] + 50, button="left", buttons=1)
    page.mouse("mouseReleased", centre[0] + 100, centre[1] + 50, button="left", clickCount=1)
    page.mouse("mouseMoved", *centre)
    expected = regions.locate(np.array([-100 + 0.5, 50 - 0.5]) / step)
    assert shown(page)[0] == expected
    before = page.run("document.querySelector('#scale output').textContent")
    for _ in range(10):
        page.mouse("mouseWheel", *centre, deltaX=0, deltaY=-300)
    assert shown(page)[0] == expected  # the wheel keeps the point under the pointer
    assert float(page.run("document.querySelector('#scale output').textContent")) < 1e-3 * float(before)
    quiet(page)
