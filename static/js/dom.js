// Finding, making and announcing: what every other module stands on.

export const one = (selector, from = document) => from.querySelector(selector);
export const all = (selector, from = document) => [...from.querySelectorAll(selector)];
export const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
};
export const say = (words) => {
  const live = one("#live");
  if (live) live.textContent = words;
};

// What is done to a page that was just loaded, swapped in or added to: each module says what it has to do.

const dressers = [];
export const whenDressing = (work) => dressers.push(work);
export const dress = () => dressers.forEach((work) => work());
