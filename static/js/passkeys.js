// Passkeys: a button asks the device; its answer goes into the form's field "passkey", and the form is sent.

import { all, one, say, whenDressing } from "./dom.js";

const readBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const writeBytes = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const readOptions = (text) => {
  const options = JSON.parse(text);
  options.challenge = readBytes(options.challenge);
  if (options.user) options.user.id = readBytes(options.user.id);
  for (const known of [...(options.excludeCredentials || []), ...(options.allowCredentials || [])]) known.id = readBytes(known.id);
  return options;
};

const writeAnswer = (credential) => {
  const response = { clientDataJSON: writeBytes(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = writeBytes(credential.response[name]);
  return JSON.stringify({
    id: credential.id,
    rawId: writeBytes(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

const askDevice = async (button) => {
  const publicKey = readOptions(button.dataset.passkey);
  const credential = publicKey.user
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  const form = button.closest("form");
  one("[name=passkey]", form).value = writeAnswer(credential);
  form.requestSubmit();
};

whenDressing(() => {
  for (const button of all("[data-passkey]")) button.hidden = !("credentials" in navigator && window.PublicKeyCredential);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey]");
  if (button) askDevice(button).catch(() => say("没有完成，请再试一次"));
});
