// Keeps the focus where a person works with the keyboard: a menu that is opened gets it, or the next Tab would go past
// the menu; and where a button goes away that was pressed, as one that removes a row, the like of it in its place gets
// it. May run more than once.
(() => {
  if (window.keepsFocus) return;
  window.keepsFocus = true;
  const FIELDS = "[data-testid=stPopoverBody] :is(input, button, [tabindex='0'])";
  const WAIT = 2000; // milliseconds in which the page answers
  const OTHERS = "[data-testid=stTooltipHoverTarget], [data-testid=stDateInput]"; // a date would open its calendar
  const isField = (element) => element.offsetParent && !element.closest(OTHERS);
  // Focuses what `find` finds first after a change of the page.
  const focusLater = (find) => {
    const observer = new MutationObserver(() => {
      const field = find();
      if (!field) return;
      observer.disconnect();
      field.focus();
    });
    observer.observe(document.body, { childList: true, subtree: true });
    setTimeout(() => observer.disconnect(), WAIT);
  };
  const onKey = ({ key, target }) => {
    const button = ["Enter", " "].includes(key) && target.closest?.("button");
    if (!button) return;
    const isMenu = button.dataset.testid === "stPopoverButton";
    if (isMenu && button.getAttribute("aria-expanded") === "true") return;
    if (isMenu) return focusLater(() => [...document.querySelectorAll(FIELDS)].find(isField));
    const text = button.innerText;
    const alike = () => [...document.querySelectorAll("button")].filter((each) => each.innerText === text);
    const position = alike().indexOf(button);
    focusLater(() => {
      const isGone = !button.isConnected && document.activeElement === document.body;
      return isGone && (alike()[position] ?? alike().at(-1));
    });
  };
  addEventListener("keydown", onKey, true);
})();
