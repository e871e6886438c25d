// Shows the thumbnail of an image, wherever thumbnails come from: from the page, from sheets beside it, or from a server.
//
//   {kind: "inline", webp: [base64 or null, ...]}
//   {kind: "sheets", folder, files, columns, rows, side_px, cells: [cell or null, ...], sizes: [[width, height], ...]}
//   {kind: "address", of: [address, ...]}
//
// Cells are counted through all sheets: cell 70 of sheets with 64 cells is cell 6 of the second one. The picture of
// size `sizes[number]` px lies in the middle of its cell. An image without a thumbnail is a grey square.
import { element, setStyles } from "./dom.js";

/** Make the element that shows image `number`: as large as its parent, whole, and never cropped. */
export function thumbnailElement(thumbnails, number, large = false) {
  if (thumbnails.kind === "inline") return wholePicture(inlineAddress(thumbnails.webp[number]), large);
  if (thumbnails.kind === "address") return wholePicture(servedAddress(thumbnails.of[number], large), large);
  return sheetCell(thumbnails, number);
}

function inlineAddress(webp) {
  return webp ? `data:image/webp;base64,${webp}` : null;
}

function servedAddress(address, large) {
  return address && large ? `${address}/large` : address;
}

function wholePicture(address, large) {
  if (!address) return element("span", { class: "thumbnail missing" });
  const picture = element("img", { class: "thumbnail", src: address, alt: "", draggable: "false", decoding: "async" });
  picture.addEventListener("error", () => picture.replaceWith(element("span", { class: "thumbnail missing" })));
  if (large) picture.classList.add("large");
  return picture;
}

/** Show one cell of a sheet: the sheet is moved behind a window of the cell's size, and the cell's edge is clipped. */
function sheetCell(thumbnails, number) {
  const cell = thumbnails.cells[number];
  if (cell === null || cell === undefined) return element("span", { class: "thumbnail missing" });
  const { columns, rows, side_px: side } = thumbnails;
  const place = cell % (columns * rows);
  const file = thumbnails.files[Math.floor(cell / (columns * rows))];
  const sheet = element("img", { src: `${thumbnails.folder}/${file}`, alt: "", draggable: "false", decoding: "async" });
  setStyles(sheet, {
    width: `${100 * columns}%`,
    height: `${100 * rows}%`,
    left: `${-100 * (place % columns)}%`,
    top: `${-100 * Math.floor(place / columns)}%`,
  });
  const [width, height] = thumbnails.sizes[number];
  const inset = `inset(${(50 * (side - height)) / side}% ${(50 * (side - width)) / side}%)`;
  return setStyles(element("span", { class: "thumbnail cell" }, sheet), { "clip-path": inset });
}
