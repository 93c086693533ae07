// A number read by the camera, where the browser can: beside a field with data-camera, a button that opens it on a press.
// What is read is written into the field; with data-camera="send" its form is sent too. The camera goes off with the
// dialog, with the page, and when nobody looks. Where it can't, a photo of the label is sent and read by the server.

import { all, make, one, say, whenDressing } from "./dom.js";
import { shrink } from "./photos.js";

const LOOKS = 200; // ms between two looks
const WHY = {
  NotAllowedError: "浏览器没有摄像头权限：请点地址栏旁的图标，允许这个网站使用摄像头，再按一次；也可以手工输入号码",
  NotFoundError: "没有找到摄像头，请手工输入号码",
};
const SIDE = 2600; // px of a label's photo: thin bars stay apart
const LABEL = 900 * 1024; // bytes
const NEAR = ".field:has([data-camera]) + .label-photo, form:has([data-camera]) + .label-photo";
const readByCamera = async (field, button, told) => {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    all(NEAR).forEach((each) => (each.hidden = false));
    told.textContent = WHY[error.name] || "摄像头打不开，可能正被别的程序使用；请手工输入号码";
    say(told.textContent);
    return;
  }
  told.textContent = "";
  const video = make("video", { muted: true, playsinline: true, "aria-label": "摄像头画面" });
  const close = make("button", { type: "button", class: "btn", click: () => dialog.close() }, "关闭");
  const dialog = make("dialog", { class: "camera", "aria-label": "用摄像头扫" }, video, make("p", {}, "把条码放进画面里"), close);
  const off = () => dialog.close();
  const hidden = () => document.hidden && off();
  dialog.addEventListener("close", () => {
    stream.getTracks().forEach((track) => track.stop());
    removeEventListener("pagehide", off);
    document.removeEventListener("visibilitychange", hidden);
    dialog.remove();
    button.focus();
  });
  addEventListener("pagehide", off);
  document.addEventListener("visibilitychange", hidden);
  document.body.append(dialog);
  dialog.showModal();
  video.srcObject = stream;
  await video.play().catch(() => {});
  const detector = new window.BarcodeDetector();
  while (dialog.open) {
    const found = await detector.detect(video).catch(() => []);
    const read = found.find((each) => each.rawValue)?.rawValue;
    if (read && dialog.open) {
      off();
      field.value = read.slice(0, 200);
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      say(`读到 ${field.value}`);
      if (field.dataset.camera === "send") field.form.requestSubmit();
    }
    await new Promise((go) => setTimeout(go, LOOKS));
  }
};
whenDressing(() => {
  if (!window.BarcodeDetector || !navigator.mediaDevices?.getUserMedia) return;
  for (const field of all("[data-camera]:not([data-camera-on])")) {
    field.dataset.cameraOn = "";
    const told = make("p", { class: "err" });
    const button = make("button", { type: "button", class: "btn", click: () => readByCamera(field, button, told) }, "用摄像头扫");
    field.after(button, told);
  }
  all(NEAR).forEach((each) => (each.hidden = !one(".said", each)));
});
document.addEventListener("change", async ({ target }) => {
  if (!target.matches("[data-label-photo]") || !target.files[0]) return;
  const words = one("span", target.closest("label"));
  words.textContent = "正在读…";
  say("正在读照片里的号码");
  const small = new DataTransfer();
  small.items.add(await shrink(target.files[0], SIDE, LABEL));
  target.files = small.files;
  one("button.nojs-only", target.closest(".label-photo")).click();
});
