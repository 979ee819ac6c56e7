// The lines of text that say what the numbers under the crosshair are, one above each pane. No Python is asked.
// `items` are as `charts.parts.reading` makes them; signed ones take the colour of their sign.
// Of days to come it has what reaches so far alone. A `box` beside the pointer says the same "too", or "alone".
(chart, { readout: items, rising, falling, box: kind, shown: { bars } }) => {
  const source = chart.getModel().getComponent("dataset", 0).get("source", true);
  const days = Object.values(source)[0];
  const root = chart.getDom();
  for (const old of root.querySelectorAll(".readout, .tooltip")) old.remove();

  const add = (parent, className, text = "") => {
    const element = document.createElement("span");
    element.className = className;
    element.textContent = text; // never HTML: names come from the database
    return parent.appendChild(element);
  };
  const panes = [...new Set(items.map((item) => item.pane))].map((pane) => {
    const line = document.createElement("div");
    line.className = "readout";
    line.dataset.pane = pane;
    if (kind !== "alone") root.appendChild(line);
    const day = pane === 0 ? add(line, "day") : null;
    const fields = items
      .filter((item) => item.pane === pane)
      .map((item) => {
        const field = add(line, item.axis === null ? "item" : "item beside");
        field.style.color = item.color;
        add(field, "title", item.title);
        return { item, field, value: add(field, "value") };
      });
    return { pane, line, day, fields };
  });

  const text = ({ decimals, prefix, suffix, signed }, value) => {
    if (typeof value === "string") return value;
    if (!Number.isFinite(value)) return "–";
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return (signed && value > 0 ? "+" : "") + prefix + value.toLocaleString("en-US", digits) + suffix;
  };
  // A number of the dataset, or how far it is from the base of its axis in percent.
  const valueOf = ({ column, axis }, position) => {
    const value = source[column]?.[position];
    return axis === null ? value : chart.getModel().getComponent("yAxis", axis).option.own.change(value) * 100;
  };
  const isHidden = ({ line }) => chart.getModel().getComponent("legend", 0)?.option.selected[line] === false;
  const show = (position) => {
    for (const { day, fields } of panes) {
      if (day) day.textContent = days[position] ?? "";
      for (const { item, field, value } of fields) {
        const number = valueOf(item, position);
        value.textContent = text(item, number);
        const isLacking = position >= bars && !Number.isFinite(number); // a day to come has no prices
        field.hidden = isLacking || isHidden(item);
        if (item.signed) field.style.color = number > 0 ? rising : number < 0 ? falling : "";
      }
    }
  };
  const box = kind !== "none" && document.createElement("div");
  if (box) {
    box.className = "tooltip";
    box.hidden = true;
    root.appendChild(box);
  }
  // At a point of the chart, on its side with more room; hidden without a point.
  const point = (place) => {
    if (!box) return;
    box.hidden = !place;
    if (!place) return;
    box.replaceChildren(...panes.flatMap(({ line }) => [...line.children].map((part) => part.cloneNode(true))));
    // What is changed stands in the row of what has.
    for (const part of box.querySelectorAll(".beside")) part.previousElementSibling.append(part);
    const isLeft = place[0] > root.clientWidth / 2;
    const left = isLeft ? place[0] - 16 - box.offsetWidth : place[0] + 16;
    box.style.left = `${Math.max(0, Math.min(left, root.clientWidth - box.offsetWidth))}px`;
    box.style.top = `${Math.max(0, Math.min(place[1] - box.clientHeight / 2, root.clientHeight - box.clientHeight))}px`;
  };
  // The first line stands above its pane, the others on the upper edge of theirs.
  const place = () => {
    for (const { pane, line } of panes) {
      const area = chart.getModel().getComponent("grid", pane)?.coordinateSystem?.getRect();
      if (area) line.style.top = `${pane === 0 ? 0 : area.y - 4}px`;
    }
  };
  return { show, point, place, days };
}
