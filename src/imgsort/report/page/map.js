// The map: each image is a point, and alike images lie near each other. deck.gl draws it with WebGL.
//
// `state` as in wall.js, with `places`: [x, y] from 0 to 1 for each image. `hooks`: `onPick(number)` for a click on a
// point, `onSelect(numbers)` for a lasso. The library is loaded when the map comes into the window for the first time.
import { element, setStyles } from "./dom.js";
import { colourOf, legendElement } from "./map_colours.js";
import { imagesInside, listenToLasso } from "./map_lasso.js";
import { thumbnailElement } from "./thumbnails.js";
import { plainButton } from "./viewer.js";

const LIBRARY = ["deck.gl-core-9.4.0.min.js", "deck.gl-layers-9.4.0.min.js"];
const NO_WEBGL = "this browser offers no WebGL";
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Build a map in `container`. */
export function createMap(container, state, hooks = {}) {
  return new PointMap(container, state, hooks);
}

class PointMap {
  constructor(container, state, hooks) {
    this.hooks = hooks;
    this.emphasised = null; // null, or a function that says of an image whether it stands out
    this.group = null; // the group that was chosen in the legend
    this.selection = new Set();
    this.tip = element("div", { class: "map-tip", hidden: true });
    this.isLasso = false;
    this.view = null;
    this.stage = element("div", {
      class: "map-stage",
      role: "application",
      tabindex: "0",
      "aria-label": "Map of the images: alike ones lie near each other. Arrow keys move it, plus and minus zoom.",
      onkeydown: (event) => this.press(event),
    });
    this.lasso = element("button", { type: "button", "aria-pressed": "false", onclick: () => this.setLasso(!this.isLasso) }, "Lasso");
    const tools = element(
      "div",
      { class: "map-tools" },
      this.lasso,
      plainButton("+", "Zoom in", () => this.zoomBy(1)),
      plainButton("−", "Zoom out", () => this.zoomBy(-1)),
      element("button", { type: "button", onclick: () => this.fit() }, "Fit"),
    );
    this.legend = element("div", { class: "map-legend" });
    container.classList.add("map");
    container.append(element("div", { class: "map-frame" }, this.stage, tools, this.tip), this.legend);
    listenToLasso(this.stage, () => this.isLasso, (outline) => this.take(outline));
    this.update(state);
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      this.start();
    });
    observer.observe(this.stage);
  }

  /** Show other groups or places. */
  update(state) {
    this.state = state;
    this.positions = Float32Array.from(state.places.flat());
    this.drawLegend();
    this.redraw();
  }

  /** Let the images that `accepts` names stand out; null lets all. */
  emphasise(accepts) {
    this.emphasised = accepts;
    this.redraw();
  }

  /** Let the selected images stand out. */
  select(numbers) {
    this.selection = new Set(numbers);
    this.redraw();
  }

  async start() {
    try {
      if (!document.createElement("canvas").getContext("webgl2")) throw new Error(NO_WEBGL);
      this.library = await loadLibrary();
      this.open();
    } catch (error) {
      this.sayWhyNot(error);
    }
  }

  sayWhyNot({ message }) {
    const text = `The map cannot be drawn: ${message}. Everything else on this page works without it.`;
    this.stage.replaceChildren(element("p", { class: "map-missing" }, text));
    this.stage.removeAttribute("role");
    this.stage.removeAttribute("tabindex");
  }

  open() {
    const { Deck, OrthographicView } = this.library;
    this.deck = new Deck({
      parent: this.stage,
      views: new OrthographicView({ flipY: true }),
      initialViewState: this.whole(),
      controller: { keyboard: false },
      layers: this.layers(),
      pickingRadius: 5,
      getCursor: ({ isHovering }) => (this.isLasso ? "crosshair" : isHovering ? "pointer" : "grab"),
      onViewStateChange: ({ viewState }) => {
        this.view = { ...this.whole(), ...viewState };
        this.tip.hidden = true;
      },
      onHover: (found) => this.point(found),
      onClick: ({ index }) => index >= 0 && this.hooks.onPick?.(index),
      onError: (error) => this.sayWhyNot(error),
      onAfterRender: () => this.stage.setAttribute("data-drawn", ""),
    });
  }

  layers() {
    const { ScatterplotLayer } = this.library;
    const count = this.state.places.length;
    const attributes = {
      getPosition: { value: this.positions, size: 2 },
      getFillColor: { value: this.colours(), size: 4, normalized: true },
    };
    const side = Math.max(3, Math.min(5.5, 260 / Math.sqrt(count)));
    return [
      new ScatterplotLayer({
        id: "images",
        data: { length: count, attributes },
        radiusUnits: "common",
        getRadius: side / 2 ** this.whole().zoom,
        radiusMinPixels: 2.5,
        radiusMaxPixels: 10,
        pickable: true,
      }),
    ];
  }

  colours() {
    const colours = new Uint8Array(4 * this.state.places.length);
    const isPlain = !this.emphasised && !this.selection.size && this.group === null;
    this.state.groups.forEach((group, number) => {
      const stands =
        isPlain ||
        ((!this.selection.size || this.selection.has(number)) &&
          (!this.emphasised || this.emphasised(number)) &&
          (this.group === null || this.group === group));
      colours.set([...colourOf(this.state.groupList, group), stands ? 225 : 28], 4 * number);
    });
    return colours;
  }

  redraw() {
    this.deck?.setProps({ layers: this.layers() });
  }

  drawLegend() {
    const choose = (group) => {
      this.group = this.group === group ? null : group;
      this.drawLegend();
      this.redraw();
      this.legend.querySelector(`[data-group="${group}"]`)?.focus();
    };
    this.legend.replaceChildren(...legendElement(this.state, this.group, choose));
  }

  /** Return the view that shows all points. */
  whole() {
    const side = Math.min(this.stage.clientWidth, this.stage.clientHeight) || 1;
    return { target: [0.5, 0.5, 0], zoom: Math.log2(side * 0.92), minZoom: Math.log2(side) - 1, maxZoom: 20 };
  }

  fit() {
    this.view = null;
    this.deck?.setProps({ initialViewState: this.whole() });
  }

  zoomBy(step) {
    const view = this.view ?? this.whole();
    this.lookAt({ ...view, zoom: Math.min(view.maxZoom, Math.max(view.minZoom, view.zoom + step)) });
  }

  lookAt(view) {
    this.view = view;
    this.deck?.setProps({ initialViewState: view });
  }

  press(event) {
    const view = this.view ?? this.whole();
    const move = MOVES[event.key];
    const zoom = { "+": 1, "=": 1, "-": -1 }[event.key];
    if (!move && !zoom) return;
    event.preventDefault();
    if (zoom) return this.zoomBy(zoom);
    const step = 80 / 2 ** view.zoom;
    this.lookAt({ ...view, target: [view.target[0] + step * move[0], view.target[1] + step * move[1], 0] });
  }

  setLasso(on) {
    this.isLasso = on;
    this.lasso.setAttribute("aria-pressed", String(on));
    this.stage.classList.toggle("with-lasso", on);
  }

  take(outline) {
    const viewport = this.deck?.getViewports()[0];
    if (!viewport) return;
    const numbers = imagesInside(outline.map((corner) => viewport.unproject(corner)), this.positions);
    this.setLasso(false);
    this.select(numbers);
    this.hooks.onSelect?.(numbers);
  }

  /** Show the picture of the point under the pointer. */
  point({ index, x, y }) {
    this.tip.hidden = index < 0;
    if (index < 0) return;
    const group = this.state.groupList[this.state.groups[index]];
    this.tip.replaceChildren(
      element("div", { class: "map-tip-picture" }, thumbnailElement(this.state.thumbnails, index)),
      element("strong", {}, this.state.names[index]),
      element("span", {}, group?.name ?? ""),
    );
    const isRight = x > this.stage.clientWidth / 2;
    const isLow = y > this.stage.clientHeight / 2;
    setStyles(this.tip, {
      left: `${x + (isRight ? -12 : 12)}px`,
      top: `${y + (isLow ? -12 : 12)}px`,
      transform: `translate(${isRight ? "-100%" : "0"}, ${isLow ? "-100%" : "0"})`,
    });
  }
}

/** Run the library: from the page itself if it holds the text (a report), otherwise from beside this module. */
async function loadLibrary() {
  if (globalThis.deck?.ScatterplotLayer) return globalThis.deck;
  const texts = document.querySelectorAll("script.map-library");
  for (const { textContent } of texts) {
    await new Promise((resume) => setTimeout(resume));
    const script = element("script");
    script.textContent = textContent;
    document.head.append(script);
  }
  for (const file of texts.length ? [] : LIBRARY) await loadScript(new URL(`./vendored/${file}`, import.meta.url).href);
  return globalThis.deck;
}

function loadScript(address) {
  return new Promise((done, fail) => {
    const whenMissing = () => fail(new Error("its library could not be loaded"));
    document.head.append(element("script", { src: address, onload: done, onerror: whenMissing }));
  });
}
