// Keeps the focus where a person works with the keyboard. A menu that is opened gets it, or the next Tab would go past
// the menu. Where a button goes away that was pressed, as one that removes a row, the like of it in its place gets it.
// A key that is still held down presses nothing there. Where a text field is replaced while a person types in it, since
// its text has changed elsewhere, its successor gets the focus, and what was typed.
const WAIT = 2000; // milliseconds in which the page answers
let isMoved = false; // whether the focus has moved since the last key went down
// Focuses what `find` finds first after a change of the page.
const focusLater = (find) => {
  const observer = new MutationObserver(() => {
    const field = find();
    if (!field) return;
    observer.disconnect();
    field.focus();
    isMoved = true;
  });
  observer.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => observer.disconnect(), WAIT);
};
const menu = () => {
  const body = document.querySelector("[data-testid=stPopoverBody]");
  if (body) body.tabIndex = -1;
  return body;
};
const onKey = (event) => {
  if (event.repeat && isMoved) event.preventDefault();
  if (event.repeat) return;
  isMoved = false;
  const button = ["Enter", " "].includes(event.key) && event.target.closest?.("button");
  if (!button) return;
  const isMenu = button.dataset.testid === "stPopoverButton";
  if (isMenu && button.getAttribute("aria-expanded") === "true") return;
  if (isMenu) return focusLater(menu);
  const text = button.innerText;
  const alike = () => [...document.querySelectorAll("button")].filter((each) => each.innerText === text);
  const position = alike().indexOf(button);
  focusLater(() => {
    const isGone = !button.isConnected && document.activeElement === document.body;
    return isGone && (alike()[position] ?? alike().at(-1));
  });
};
addEventListener("keydown", onKey, true);

let begun = ""; // the text before a person typed
let typing; // sees whether the field in which a person types goes away
let missed = null; // the letters that no field gets, between one that went and its successor; null at other times
const isText = (field) => field.type === "text" && Boolean(field.closest("[data-testid=stTextInput]"));
const carryOn = (field, frames = 20) => {
  const others = document.querySelectorAll("[data-testid=stTextInput] input");
  const successor = [...others].find((each) => each.ariaLabel === field.ariaLabel);
  if (!successor || document.activeElement !== document.body) {
    missed = null;
    return;
  }
  if (!successor.value && frames) {
    missed ??= ""; // it comes without its text, and gets that soon
    requestAnimationFrame(() => carryOn(field, frames - 1));
    return;
  }
  const [typed, before] = [field.value + (missed ?? ""), begun];
  missed = null;
  successor.focus(); // begins anew
  if (typed === before) return;
  const added = typed.startsWith(before) ? successor.value + typed.slice(before.length) : typed;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(successor, added); // React hears of it
  successor.dispatchEvent(new Event("input", { bubbles: true }));
};
addEventListener("focusin", ({ target }) => {
  typing?.disconnect();
  if (!isText(target)) return;
  begun = target.value;
  typing = new MutationObserver(() => {
    if (target.isConnected) return;
    typing.disconnect();
    carryOn(target);
  });
  typing.observe(document.body, { childList: true, subtree: true });
});
const onLetter = (event) => {
  const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (missed === null || !isLetter || document.activeElement !== document.body) return;
  missed += event.key;
  event.preventDefault();
  event.stopImmediatePropagation(); // Streamlit takes single letters for commands
};
addEventListener("keydown", onLetter, true);
// A field that a person leaves is handed over, as by Enter; one that is replaced has gone when this is asked.
addEventListener("focusout", ({ target }) => queueMicrotask(() => target.isConnected && typing?.disconnect()));
addEventListener("keydown", ({ key, isComposing, target }) => {
  if (key === "Enter" && !isComposing && isText(target)) begun = target.value;
});
