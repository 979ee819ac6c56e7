// Gives a drag to whoever wants it before the chart sees it, which would pan: `begin(place, event)` says whether it is
// wanted, `move(place)` and `end()` follow. Places are pixels of the chart.
(chart, signal, { begin, move, end }) => {
  const root = chart.getDom();
  let isOurs = false;
  const listen = (names, act) => {
    for (const name of names)
      root.addEventListener(name, (event) => {
        const { clientX, clientY } = event.changedTouches?.[0] ?? event;
        const { left, top } = root.getBoundingClientRect();
        if (!act([clientX - left, clientY - top], event)) return;
        event.stopImmediatePropagation();
        if (event.changedTouches) event.preventDefault(); // which would scroll the page
      }, { capture: true, passive: false, signal });
  };
  const finish = () => {
    const wasOurs = isOurs;
    isOurs = false;
    if (wasOurs) end();
    return wasOurs;
  };
  listen(["mousedown", "touchstart"], (place, event) => {
    isOurs = !event.button && begin(place, event);
    return isOurs;
  });
  listen(["mousemove", "touchmove"], (place, event) => {
    if (isOurs && event.buttons === 0) finish(); // it was let go beside the chart
    if (isOurs) move(place);
    return isOurs;
  });
  listen(["mouseup", "touchend", "touchcancel"], finish);
}
