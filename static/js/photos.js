// Photos: several picks add up, each can be taken back, large ones are made smaller before they travel.

import { all, make, one, say } from "./dom.js";

const LARGEST = 2560;
const MOST_BYTES = 11.5 * 1024 * 1024;
const chosen = new WeakMap(); // input → [{file, tile}]

const smaller = async (file) => {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < 400 * 1024) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LARGEST / Math.max(image.width, image.height));
    if (scale === 1 && file.size < 1.5 * 1024 * 1024) return file;
    const canvas = make("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    return file;
  }
};

const photoNote = (input, words) => {
  const field = input.closest(".field") || input.parentElement;
  let note = one(".err[data-photos]", field);
  if (!words) return note && note.remove();
  if (!note) field.append((note = make("p", { class: "err", "data-photos": true })));
  note.textContent = words;
  say(words);
};

const putBack = (input) => {
  const list = chosen.get(input) || [];
  const files = new DataTransfer();
  for (const item of list) files.items.add(item.file);
  input.files = files.files;
  const tiles = input.closest(".tiles");
  const most = Number(tiles?.dataset.most || 9);
  const kept = tiles ? all("[name$=_kept]", tiles).length - all("[name$=_drop]:checked", tiles).length : 0;
  const bytes = list.reduce((sum, item) => sum + item.file.size, 0);
  if (kept + list.length > most) photoNote(input, `最多 ${most} 张照片,请移除 ${kept + list.length - most} 张`);
  else if (bytes > MOST_BYTES) photoNote(input, "这些照片合计超过 12 MB,请减少几张,分次上传");
  else photoNote(input, "");
};

const addPhotos = async (input) => {
  const tiles = input.closest(".tiles");
  if (!tiles || !window.DataTransfer) return;
  const list = chosen.get(input) || [];
  chosen.set(input, list);
  const fresh = [...input.files].filter((file) => !list.some((item) => item.picked === file));
  putBack(input);
  const form = input.form;
  const waiting = fresh.map(async (file) => {
    const address = URL.createObjectURL(file);
    const image = make("img", { src: address, alt: `待上传:${file.name}`, width: 88, height: 88 });
    const item = { picked: file, file, tile: null };
    const drop = make("button", { type: "button", class: "drop", "aria-label": `移除 ${file.name}` });
    drop.addEventListener("click", () => {
      list.splice(list.indexOf(item), 1);
      item.tile.remove();
      URL.revokeObjectURL(address);
      putBack(input);
      say(`已移除 ${file.name}`);
      input.focus();
    });
    item.tile = make("div", { class: "tile busy" }, image, drop);
    tiles.insertBefore(item.tile, input.closest(".tile"));
    list.push(item);
    item.file = await smaller(file);
    item.tile.classList.remove("busy");
  });
  if (form) form.dataset.preparing = "1";
  await Promise.all(waiting);
  if (form) delete form.dataset.preparing;
  putBack(input);
  if (fresh.length) say(`已添加 ${fresh.length} 张照片`);
  if (form && form.dataset.submitAfter) {
    delete form.dataset.submitAfter;
    form.requestSubmit();
  }
};

document.addEventListener("change", ({ target }) => {
  if (target.matches("input[type=file]")) addPhotos(target);
  if (target.matches("[name$=_drop]")) {
    const input = one("input[type=file]", target.closest(".tiles"));
    if (input) putBack(input);
  }
});
