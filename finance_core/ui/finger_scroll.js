// Lets a finger that moves up or down on a chart scroll the page, where the page can scroll; sideways it moves the
// chart. Without this a chart as large as a phone's window holds the finger. A chart of Plotly only gets the taps, as a
// mouse that rests there: it would take every way of a finger for a region to zoom into.
let begun, isScroll;
const onStart = (event) => {
  begun = isScroll = undefined;
  if (event.target.closest?.(".js-plotly-plot")) return event.stopPropagation();
  const main = event.target.closest?.(".echarts-container")?.closest("[data-testid=stMain]");
  begun = main && event.touches.length === 1 && main.scrollHeight > main.clientHeight + 2 ? event : undefined;
};
const onMove = (event) => {
  if (!begun || begun.defaultPrevented || event.touches.length > 1) return; // prevented: a drawing is dragged
  const [from, to] = [begun.touches[0], event.touches[0]];
  isScroll ??= Math.abs(to.clientY - from.clientY) > Math.abs(to.clientX - from.clientX);
  if (isScroll) event.stopPropagation();
};
const onEnd = (event) => {
  if (isScroll) event.stopPropagation(); // no tap
};
const onClick = ({ pointerType, target, clientX, clientY }) => {
  if (pointerType !== "touch" || !target.closest?.(".js-plotly-plot")) return;
  const rest = () => {
    const move = new MouseEvent("mousemove", { clientX, clientY, bubbles: true });
    document.elementFromPoint(clientX, clientY)?.dispatchEvent(move);
  };
  setTimeout(rest, 100); // the click has taken the labels away
};
addEventListener("click", onClick, true);
addEventListener("touchstart", onStart, { capture: true, passive: true });
addEventListener("touchmove", onMove, { capture: true, passive: true });
for (const type of ["touchend", "touchcancel"]) addEventListener(type, onEnd, { capture: true, passive: true });
