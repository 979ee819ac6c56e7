// The lines of text with the numbers under the crosshair, one line above each pane. They need no call to Python.
// `items` are made by `charts.parts.reading`; signed numbers have the colour of their sign. On future days, only lines
// that reach there have numbers. `box`: a tooltip beside the pointer shows the same numbers "too", "alone", or "none".
(chart, { readout: items, rising, falling, box: kind, shown: { bars } }) => {
  const source = chart.getModel().getComponent("dataset", 0).get("source", true);
  const days = Object.values(source)[0];
  const root = chart.getDom();
  for (const old of root.querySelectorAll(".readout, .tooltip")) old.remove();

  const add = (parent, className, text = "", tag = "span") => {
    const element = document.createElement(tag);
    element.className = className;
    element.append(text); // always a text node, even if empty; never HTML: names come from the database
    return parent.appendChild(element);
  };
  // Fills a line or the tooltip. In the tooltip, a change is in the row of its price.
  const dayFields = [];
  const fields = [];
  const write = (parent, own, isBox) => {
    if (isBox || own[0].pane === 0) dayFields.push(add(parent, "day"));
    let row;
    for (const item of own) {
      const isBeside = item.axis !== null;
      const field = add(isBox && isBeside ? row : parent, isBeside ? "item beside" : "item");
      if (!isBeside) row = field;
      field.style.setProperty("--line", item.color);
      field.classList.toggle("line", Boolean(item.color));
      add(field, "title", item.title);
      const digits = { minimumFractionDigits: item.decimals, maximumFractionDigits: item.decimals };
      fields.push({ item, field, value: add(field, "value"), numbers: new Intl.NumberFormat("en-US", digits) });
    }
  };
  const panes = [...new Set(items.map((item) => item.pane))].map((pane) => items.filter((item) => item.pane === pane));
  const lines = (kind === "alone" ? [] : panes).map((own) => {
    const [{ pane }, line] = [own[0], add(root, "readout", "", "div")];
    line.dataset.pane = pane;
    write(line, own, false);
    return { pane, line };
  });
  // On a phone, or with many indicators, the first line wraps: then its pane begins below it. The pane never moves up
  // again, because it would jump whenever the numbers get shorter.
  const above = lines.find(({ pane }) => pane === 0)?.line;
  const makeRoom = () => {
    const top = chart.isDisposed() || chart.getModel().getComponent("grid", 0)?.option.top;
    if (typeof top === "number" && above.offsetHeight > top) chart.setOption({ grid: [{ top: above.offsetHeight }] });
  };
  if (above) new ResizeObserver(makeRoom).observe(above);
  const box = kind !== "none" && add(root, "tooltip", "", "div");
  if (box) {
    box.hidden = true;
    write(box, panes.flat(), true);
  }

  const text = ({ pane, decimals, prefix, suffix, signed }, numbers, value) => {
    if (typeof value === "string") return value;
    if (!Number.isFinite(value)) return "–";
    // A small price, as one from long before splits, keeps three significant digits: percentages would contradict it.
    const size = Math.abs(value);
    const isFine = pane === 0 && !suffix && size > 1e-6 && size * 10 ** decimals < 100;
    return (signed && value > 0 ? "+" : "") + prefix + (isFine ? value.toPrecision(3) : numbers.format(value)) + suffix;
  };
  // A number of the dataset, or its change in percent from the base of its axis. The last `update` of a readout may run
  // when the chart already has another option with fewer axes.
  const valueOf = ({ column, axis }, position) => {
    const value = source[column]?.[position];
    return axis === null ? value : chart.getModel().getComponent("yAxis", axis)?.option.own?.change(value) * 100;
  };
  const isHidden = ({ line }) => chart.getModel().getComponent("legend", 0)?.option.selected[line] === false;
  const change = (element, content) => {
    const node = element.firstChild; // to change the text of the node costs less than to replace the node
    if (node.data !== content) node.data = content;
  };
  // At most 20 updates a second, as fast as a person reads: the layout of new numbers takes much of a frame.
  const PAUSE = 50; // milliseconds
  let requested, updatedAt = -PAUSE;
  const show = (position) => {
    if (requested === undefined) setTimeout(update, updatedAt + PAUSE - performance.now());
    requested = position;
  };
  const update = () => {
    const position = requested;
    [requested, updatedAt] = [undefined, performance.now()];
    if (chart.isDisposed()) return;
    for (const day of dayFields) change(day, days[position] ?? "");
    for (const { item, field, value, numbers } of fields) {
      const number = valueOf(item, position);
      change(value, text(item, numbers, number));
      const isLacking = position >= bars && !Number.isFinite(number); // a future day has no prices
      field.hidden = isLacking || isHidden(item);
      if (item.signed) field.style.color = number > 0 ? rising : number < 0 ? falling : "";
    }
  };
  // Moves the tooltip to a point of the chart, on the side with more space; hides it without a point. The percentages
  // are of the tooltip's own size: to read the size in JavaScript would cost a new layout in every frame.
  const point = (place) => {
    if (!box) return;
    box.hidden = !place;
    if (!place) return;
    const [[x, y], width, height] = [place, chart.getWidth(), chart.getHeight()];
    const left = x > width / 2 ? `${x - 16}px - 100%` : `${x + 16}px`;
    const within = (at, size) => `clamp(0px, calc(${at}), calc(${size}px - 100%))`;
    box.style.translate = `${within(left, width)} ${within(`${y}px - 50%`, height)}`;
  };
  // The first line is above its pane, the others are at the upper edge of theirs.
  const place = () => {
    for (const { pane, line } of lines) {
      const area = chart.getModel().getComponent("grid", pane)?.coordinateSystem?.getRect();
      if (area) line.style.top = `${pane === 0 ? 0 : area.y - 4}px`;
    }
  };
  return { show, point, place, days };
}
