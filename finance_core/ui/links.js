// Opens the app's own links in a table in this tab, as its other links: Streamlit opens every link of a table in a new
// tab. A reader who wants a new tab holds Ctrl, Cmd or Shift, or uses the middle button.
const { open } = window;
let wantsTab = false;
const listen = ({ button, ctrlKey, metaKey, shiftKey }) => (wantsTab = button === 1 || ctrlKey || metaKey || shiftKey);
addEventListener("pointerdown", listen, true);
const isOurs = (address) => typeof address === "string" && /^\/\w+\?/.test(address);
const follow = (address) => {
  history.pushState(null, "", address.split("#")[0]); // the name of the ticker is behind the #
  dispatchEvent(new PopStateEvent("popstate"));
  return null;
};
window.open = (address, ...more) =>
  wantsTab || !isOurs(address) ? open.call(window, address, ...more) : follow(address);
// On a touch screen, and after Enter, the link of a cell is an element of its own.
const onClick = (event) => {
  const address = event.target.closest?.("a.gdg-link-area")?.getAttribute("href");
  if (wantsTab || !isOurs(address)) return;
  event.preventDefault();
  follow(address);
};
addEventListener("click", onClick, true);
// A tap on a touch screen only selects a cell: a second one would show its link, and a third would follow it.
const selected = (table) => table.querySelector("td[aria-selected=true]");
let tap, observer;
const onDown = ({ target, pointerType, clientX, clientY, timeStamp }) => {
  observer?.disconnect();
  const table = pointerType === "touch" && target.closest?.("[data-testid=stDataFrame]");
  tap = table ? { table, clientX, clientY, timeStamp, before: selected(table)?.id } : undefined;
};
const onUp = ({ clientX, clientY, timeStamp }) => {
  if (!tap || Math.hypot(clientX - tap.clientX, clientY - tap.clientY) > 10 || timeStamp - tap.timeStamp > 500) return;
  const { table, before } = tap;
  observer = new MutationObserver((_changes, observer) => {
    const cell = selected(table);
    if (!cell || cell.id === before) return;
    observer.disconnect();
    if (isOurs(cell.textContent)) follow(cell.textContent);
  });
  observer.observe(table, { subtree: true, childList: true, attributes: true }); // the table tells a moment later
  setTimeout((own) => own.disconnect(), 1000, observer);
};
addEventListener("pointerdown", onDown, true);
addEventListener("pointerup", onUp, true);
