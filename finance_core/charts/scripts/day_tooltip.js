// The box of a day: the date once, though the day stands in several panes, and a line for each number.
// `columns` say by name how numbers are written; unsigned where the sign only says on which side of an axis a bar stands.
({ columns }) =>
  (points) => {
    const add = (parent, tag, text, style) => {
      const element = parent.appendChild(document.createElement(tag));
      element.textContent = text; // names are text, never HTML
      element.style = style;
      return element;
    };
    const written = (value, { decimals = 0, suffix = "", unsigned = false }) => {
      if (!Number.isFinite(value)) return "–";
      const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
      return (unsigned ? Math.abs(value) : value).toLocaleString("en-US", digits) + suffix;
    };
    if (!points.length) return ""; // the legend hides every line
    const box = document.createElement("div");
    add(box, "div", points[0].name, "font-weight:700");
    for (const { seriesName, value, encode, color } of points) {
      const line = add(box, "div", "", "display:flex;gap:.5rem");
      add(line, "span", "●", `color:${color}`);
      add(line, "span", seriesName, "flex:1");
      add(line, "span", written(value[encode.y[0]], columns[seriesName]), "font-variant-numeric:tabular-nums");
    }
    return box;
  }
