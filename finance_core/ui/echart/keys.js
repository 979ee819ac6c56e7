// Walks through the bars by keys, for who has no pointer. `range()` has the first and the last visible position,
// `last()` the last bar, and `under()` the bar under the crosshair, if any.
(chart, signal, { range, last, under }) => {
  const root = chart.getDom();
  let walked = false; // since the chart has the focus
  // While keys are used, and only then, a screen reader says all numbers of a bar: a pointer would speak without end.
  const speak = (isLoud) => {
    const lines = root.querySelectorAll(".readout");
    for (const each of lines.length ? lines : root.querySelectorAll(".tooltip")) {
      each.ariaLive = isLoud ? "polite" : null;
      each.ariaAtomic = isLoud ? "true" : null;
    }
  };
  const look = (first, end) => chart.dispatchAction({ type: "dataZoom", startValue: first, endValue: end });
  // As a pointer there would do it: the crosshair, the readout and the tooltip follow.
  const point = (position) => {
    const { y, height } = chart.getModel().getComponent("grid", 0).coordinateSystem.getRect();
    const zrX = chart.convertToPixel({ xAxisIndex: 0 }, position);
    chart.getZr().handler.dispatch("mousemove", { zrX, zrY: y + height / 2 });
  };
  const walk = (steps) => {
    const [first, end] = range();
    const position = Math.min(Math.max((under() ?? Math.min(end, last()) - Math.sign(steps)) + steps, 0), last());
    const beyond = Math.min(position - first, 0) || Math.max(position - end, 0);
    if (beyond) look(first + beyond, end + beyond);
    point(position);
  };
  const zoom = (share) => {
    const [first, end] = range();
    const middle = under() ?? end;
    look(Math.max(Math.round(middle - (middle - first) * share), 0), Math.round(middle + (end - middle) * share));
    if (under() !== undefined) point(under());
  };
  const far = () => Math.max(Math.round((range()[1] - range()[0]) / 10), 1);
  const acts = {
    ArrowLeft: (isFar) => walk(isFar ? -far() : -1),
    ArrowRight: (isFar) => walk(isFar ? far() : 1),
    Home: () => walk(-Infinity),
    End: () => walk(Infinity),
    "+": () => zoom(0.8),
    "-": () => zoom(1.25),
  };

  root.tabIndex = 0;
  const on = (name, act) => root.addEventListener(name, act, { signal });
  on("keydown", (event) => {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    if (!acts[key] || ctrlKey || altKey || metaKey) return;
    event.preventDefault(); // the page would scroll
    walked = true;
    speak(true);
    acts[key](shiftKey);
  });
  on("blur", () => {
    speak(false);
    if (walked) chart.dispatchAction({ type: "updateAxisPointer", currTrigger: "leave" });
    walked = false;
  });
}
