// Photos: made smaller, then each sent by itself while the form is still being filled in, with its progress; what did not
// arrive is sent again when the network is back. A form without a place for that takes them along, as without script.

import { all, dress, make, one, say, whenDressing } from "./dom.js";

const LARGEST = 1600; // px of the longer side, unless the shorter one would have less than READABLE
const READABLE = 1080; // px: a phone's screenshot keeps its width, however long it is
const ENOUGH = 400 * 1024; // bytes of a photo of 1600 × 1200
const MOST_DRAWN = 16e6; // px: phones draw no more; what is larger is made smaller by the server
const MOST_BYTES = 11.5 * 1024 * 1024; // of a form that takes its photos along
const WAITS = [3000, 10000, 30000]; // ms before a photo that did not arrive is sent again by itself

const lists = new WeakMap(); // input → its photos that have not arrived
const waiting = []; // photos to be sent, one after the other

const draw = (image, share) => {
  const canvas = make("canvas");
  canvas.width = Math.round(image.width * share);
  canvas.height = Math.round(image.height * share);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
};

export const shrink = async (file, largest = LARGEST, enough = ENOUGH) => {
  if (!/^image\/(jpeg|png|webp|hei[cf])$/.test(file.type) || file.size <= enough) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const sides = [image.width, image.height];
    const share = Math.min(1, Math.max(largest / Math.max(...sides), READABLE / Math.min(...sides)));
    const drawn = image.width * image.height * share * share;
    if (drawn > MOST_DRAWN) return file;
    const canvas = draw(image, share);
    image.close();
    const most = enough * Math.max(1, drawn / (1600 * 1200));
    let blob = null;
    for (const quality of [0.86, 0.76, 0.66]) {
      blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (!blob || blob.size <= most) break;
    }
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    return file;
  }
};

const note = (input, words) => {
  const field = input.closest(".field") || input.parentElement;
  let line = one(".err[data-photos]", field);
  if (!words) return line && line.remove();
  if (!line) field.append((line = make("p", { class: "err", "data-photos": true })));
  line.textContent = words;
  say(words);
};

// Only what has not arrived goes along with the form.
const putBack = (input) => {
  const files = new DataTransfer();
  for (const photo of lists.get(input) || []) files.items.add(photo.file);
  input.files = files.files;
};

const counted = (input) => {
  const tiles = input.closest(".tiles");
  return all("[data-id]", tiles).length - all(":checked", tiles).length + all("input[type=file]", tiles).reduce((sum, each) => sum + (lists.get(each) || []).length, 0);
};

const remove = (photo) => {
  const list = lists.get(photo.input) || [];
  if (list.includes(photo)) list.splice(list.indexOf(photo), 1);
  photo.request?.abort();
  photo.gone = true;
  photo.tile.remove();
  URL.revokeObjectURL(photo.address);
  putBack(photo.input);
};

const show = (photo, state, words) => {
  photo.tile.className = `tile ${state}`;
  photo.status.textContent = words;
  photo.bar.hidden = state !== "sending";
  photo.retry.hidden = state !== "failed";
};

const makeTile = (photo) => {
  photo.address = URL.createObjectURL(photo.file);
  photo.status = make("span", { class: "state" });
  photo.bar = make("progress", { max: "100", value: "0", "aria-label": "上传进度", hidden: true });
  photo.retry = make("button", { type: "button", class: "retry", hidden: true, click: () => enqueue(photo) }, "重试");
  const image = make("img", { src: photo.address, alt: `待上传：${photo.file.name}`, width: 88, height: 88 });
  const drop = make("button", { type: "button", class: "drop", "aria-label": `移除 ${photo.file.name}` });
  drop.addEventListener("click", () => {
    remove(photo);
    note(photo.input, "");
    say(`已移除 ${photo.file.name}`);
    photo.input.focus();
  });
  photo.tile = make("div", { class: "tile busy" }, image, photo.bar, photo.status, photo.retry, drop);
};

// Sending

const arrive = (photo, html) => {
  const tiles = photo.input.closest(".tiles");
  photo.tile.insertAdjacentHTML("afterend", html);
  const fresh = photo.tile.nextElementSibling;
  const shown = all(`[data-id="${fresh.dataset.id}"]`, tiles).length > 1; // by a swap that came first, or it is there twice
  if (shown) fresh.remove();
  else {
    one(".on-draft", tiles)?.append(fresh); // where its buttons move it among the others
    window.htmx?.process(fresh);
  }
  if (fresh.matches("[data-twice]")) note(photo.input, "这张照片已经添加过，没有重复添加");
  else say("照片已上传");
  remove(photo);
  dress();
};

const refuse = (photo, html) => {
  const sentence = one(".err", new DOMParser().parseFromString(html, "text/html"))?.textContent;
  note(photo.input, sentence || "这张照片没有上传成功，请换一张");
  remove(photo);
};

const fail = (photo) => {
  show(photo, "failed", "没有上传成功");
  const wait = WAITS[photo.tries];
  photo.tries += 1;
  if (wait) setTimeout(() => photo.tile.matches(".failed") && navigator.onLine && enqueue(photo), wait);
};

const fields = (photo) => {
  const form = photo.input.form;
  const body = new FormData();
  body.set("csrf_token", one("input[name=csrf_token]", form)?.value || "");
  for (const name of ["photos_kept", "photos_drop", "drop_photo"]) {
    for (const [, value] of [...new FormData(form)].filter(([each]) => each === name)) body.append(name, value);
  }
  if (photo.tries) body.set("again", "1");
  body.set("photo", photo.file);
  return body;
};

const send = (photo) =>
  new Promise((done) => {
    const request = new XMLHttpRequest();
    photo.request = request;
    request.open("POST", photo.input.closest(".tiles").dataset.upload);
    request.setRequestHeader("HX-Request", "true");
    request.timeout = 180000;
    request.upload.addEventListener("progress", (event) => {
      photo.bar.value = event.total ? Math.round((event.loaded / event.total) * 100) : 0;
      photo.status.textContent = photo.bar.value < 100 ? `${photo.bar.value}%` : "处理中";
    });
    request.addEventListener("loadend", () => {
      photo.request = null;
      if (photo.gone || !photo.tile.isConnected) return done();
      if (request.status === 200) arrive(photo, request.responseText);
      else if (request.status === 422) refuse(photo, request.responseText);
      else fail(photo);
      done();
    });
    show(photo, "sending", "0%");
    request.send(fields(photo));
  });

let busy = false;
const work = async () => {
  if (busy) return;
  busy = true;
  for (let photo = waiting.shift(); photo; photo = waiting.shift()) {
    if (!photo.gone && photo.tile.isConnected) await send(photo);
  }
  busy = false;
  for (const form of all("form[data-preparing]")) ready(form);
};
const enqueue = (photo) => {
  if (photo.gone || waiting.includes(photo) || photo.request) return;
  show(photo, "busy", "等待上传");
  photo.input.form.dataset.preparing = "1";
  waiting.push(photo);
  work();
};

// A form that was sent on meanwhile goes once its photos are there.
const ready = (form) => {
  if (waiting.some((photo) => photo.input.form === form) || all(".tile.shrinking", form).length) return;
  delete form.dataset.preparing;
  if (!form.dataset.submitAfter) return;
  delete form.dataset.submitAfter;
  form.requestSubmit();
};

// `required` is a stylesheet's way of telling, without script, whether one was chosen: the server says which need any.
whenDressing(() => {
  for (const input of all(".tiles input[type=file]")) {
    input.required = false;
    if (input.getAttribute("aria-invalid") === "false") input.removeAttribute("aria-invalid");
  }
});

const retryAll = () => {
  for (const input of all(".tiles[data-upload] input[type=file]")) {
    for (const photo of lists.get(input) || []) if (photo.tile.matches(".failed")) enqueue(photo);
  }
};
window.addEventListener("online", retryAll);

// Picking

const isPicked = (list, file) =>
  list.some(({ picked }) => picked.name === file.name && picked.size === file.size && picked.lastModified === file.lastModified);

const add = async (input) => {
  const tiles = input.closest(".tiles");
  if (!tiles || !window.DataTransfer) return;
  const list = lists.get(input) || [];
  lists.set(input, list);
  const most = Number(tiles.dataset.most || 9);
  const fresh = [...input.files].filter((file) => !list.some((photo) => photo.file === file) && !isPicked(list, file));
  const room = Math.max(most - counted(input), 0);
  const taken = fresh.slice(0, room).map((file) => ({ picked: file, file, input, tries: 0 }));
  note(input, fresh.length > room ? `最多 ${most} 张照片，多选的 ${fresh.length - room} 张没有添加` : "");
  for (const photo of taken) {
    makeTile(photo);
    tiles.insertBefore(photo.tile, input.closest(".tile"));
    show(photo, "busy shrinking", "处理中");
    list.push(photo);
  }
  putBack(input);
  if (!taken.length) return;
  if (fresh.length <= room) say(`已添加 ${taken.length} 张照片`);
  input.form.dataset.preparing = "1";
  for (const photo of taken) {
    photo.file = await shrink(photo.file);
    if (photo.gone) continue;
    show(photo, "", "");
    putBack(input);
    if (tiles.dataset.upload) enqueue(photo);
  }
  const bytes = list.reduce((sum, photo) => sum + photo.file.size, 0);
  if (!tiles.dataset.upload && bytes > MOST_BYTES) note(input, "这些照片合计超过 12 MB，请减少几张，分次上传");
  if (!busy) ready(input.form);
};

document.addEventListener("change", ({ target }) => {
  if (target.matches(".tiles input[type=file]")) add(target);
});
