// Dragging with Shift measures between two points: `describe(from, to, low, high)` says positions and prices as a text.
(chart, describe, signal) => {
  const root = chart.getDom();
  const box = document.createElement("div");
  const note = box.appendChild(document.createElement("span"));
  box.className = "measure";
  box.hidden = true;
  root.appendChild(box);
  let begun;

  const at = (event) => {
    const { left, top } = root.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  // The nearest point of the pane of prices: beside it there are no bars, and below it none of its prices.
  const inside = ([x, y]) => {
    const pane = chart.getModel().getComponent("grid", 0).coordinateSystem.getRect();
    const within = (value, low, size) => Math.min(Math.max(value, low), low + size);
    return [within(x, pane.x, pane.width), within(y, pane.y, pane.height)];
  };
  const draw = (end) => {
    const [x, y] = [0, 1].map((side) => [begun[side], end[side]].sort((one, other) => one - other));
    Object.assign(box.style, { left: `${x[0]}px`, top: `${y[0]}px`, width: `${x[1] - x[0]}px`, height: `${y[1] - y[0]}px` });
    const [[from, low], [to, high]] = [begun, end].map((point) => chart.convertFromPixel({ gridIndex: 0 }, point));
    note.textContent = describe(from, to, low, high);
    box.hidden = false;
  };
  // Before the chart sees them, which would pan.
  const listen = (name, act) =>
    root.addEventListener(name, (event) => {
      if (act(event)) event.stopImmediatePropagation();
    }, { capture: true, signal });
  listen("mousedown", (event) => {
    box.hidden = true;
    const isOurs = event.shiftKey && event.button === 0 && chart.containPixel({ gridIndex: 0 }, at(event));
    begun = isOurs ? at(event) : undefined;
    return isOurs;
  });
  listen("mousemove", (event) => {
    if (begun) draw(inside(at(event)));
    return begun;
  });
  listen("mouseup", () => {
    const wasOurs = begun;
    begun = undefined;
    return wasOurs;
  });
}
