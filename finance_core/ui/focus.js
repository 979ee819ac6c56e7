// Keeps the focus where a person works with the keyboard. A menu that is opened gets it, or the next Tab would go past
// the menu. Where a button goes away that was pressed, as one that removes a row, the like of it in its place gets it.
// A key that is still held down presses nothing there.
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
