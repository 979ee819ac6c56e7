// Dragging with Shift measures between two points; `describe(from, to, low, high)` returns the text for two positions
// and their prices; days behind the `last()` bar have none. Returns a function that takes the measurement away, as a
// zoom and Escape do: it holds for the bars that it was made on.
(chart, describe, grab, signal, last) => {
  const root = chart.getDom();
  const box = document.createElement("div");
  const note = box.appendChild(document.createElement("span"));
  box.className = "measure";
  box.hidden = true;
  root.appendChild(box);
  let begun;
  const hide = () => {
    box.hidden = true;
  };
  chart.on("datazoom", hide);
  addEventListener("resize", hide, { signal });
  addEventListener("keydown", ({ key }) => key === "Escape" && hide(), { signal });

  // The nearest point inside the price pane: outside it there are no bars, and the prices of other axes.
  const inside = ([x, y]) => {
    const pane = chart.getModel().getComponent("grid", 0).coordinateSystem.getRect();
    const [before, end] = [last() - 1, last()].map((bar) => chart.convertToPixel({ xAxisIndex: 0 }, bar));
    const right = Math.min(pane.x + pane.width, end + (end - before) / 2 || Infinity);
    const within = (value, low, high) => Math.min(Math.max(value, low), high);
    return [within(x, pane.x, right), within(y, pane.y, pane.y + pane.height)];
  };
  const draw = (end) => {
    const [x, y] = [0, 1].map((side) => [begun[side], end[side]].sort((one, other) => one - other));
    Object.assign(box.style, { left: `${x[0]}px`, top: `${y[0]}px`, width: `${x[1] - x[0]}px`, height: `${y[1] - y[0]}px` });
    const [[from, low], [to, high]] = [begun, end].map((point) => chart.convertFromPixel({ gridIndex: 0 }, point));
    note.textContent = describe(from, to, low, high);
    box.hidden = false;
  };
  grab(chart, signal, {
    begin: (place, { shiftKey }) => {
      hide();
      begun = inside(place);
      return shiftKey && chart.containPixel({ gridIndex: 0 }, place);
    },
    move: (place) => draw(inside(place)),
    end: () => {},
  });
  return hide;
}
