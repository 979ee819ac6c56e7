// Intercepts a drag before the chart, which would pan. `begin(place, event)` returns whether to take the drag; if so,
// `move(place)` and `end()` are called for it. Places are pixels of the chart.
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
        if (event.changedTouches) event.preventDefault(); // a touch would scroll the page
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
    if (isOurs && event.buttons === 0) finish(); // the button was released outside the chart
    if (isOurs) move(place);
    return isOurs;
  });
  listen(["mouseup", "touchend", "touchcancel"], finish);
}
