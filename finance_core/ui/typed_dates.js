// Takes a date that is typed into a box when Enter is pressed or anything else is clicked; such a click does nothing
// else. Streamlit takes a date a moment after a pointer is pressed outside the box, but not where that click closes the
// menu around the box.
let isTyped = false;
const box = () => document.activeElement?.closest?.("[data-testid=stDateInput]");
const leave = () => {
  isTyped = false;
  document.activeElement.blur();
  document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
};
const swallow = (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
};
const onKey = ({ key }) => {
  if (!box()) return;
  if (key === "Enter") leave();
  else isTyped ||= /^(\d|Arrow.*|Backspace)$/.test(key);
};
const onPress = (event) => {
  if (!isTyped || !box() || box().contains(event.target)) return;
  leave();
  swallow(event);
  const stop = new AbortController();
  for (const type of ["mousedown", "mouseup", "click"])
    addEventListener(type, swallow, { capture: true, signal: stop.signal });
  setTimeout(() => stop.abort(), 300);
};
addEventListener("keydown", onKey, true);
addEventListener("pointerdown", onPress, true);
