// Takes a double click on a button that deletes or saves as one click: after a deletion the next row may lie under the
// pointer already.
const keys = ["icon_delete", "icon_forget", "icon_erase", "icon_take_out", "save_"];
const buttons = keys.map((key) => `[class*="st-key-${key}"]`).join();
const onClick = (event) => {
  if (event.detail < 2 || !event.target.closest?.(buttons)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
};
addEventListener("click", onClick, true);
