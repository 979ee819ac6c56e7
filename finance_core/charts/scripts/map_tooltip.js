// What a ticker of a map is: name, close, change, what it is worth, and the line of its closes. Names are text, not HTML.
({ worth }) =>
  ({ name, data }) => {
    const WIDTH = 160, HEIGHT = 40;
    const box = document.createElement("div");
    const add = (text, style = "") => {
      const line = box.appendChild(document.createElement("div"));
      line.textContent = text;
      line.style = style;
    };
    if (!data.ticker) {
      add(name, "font-weight:700");
      return box;
    }
    add(`${name} · ${data.ticker}`, "font-weight:700");
    add(`${data.close}  ${data.change}`);
    worth.forEach((title, at) => add(`${title} ${data.worth[at]}`, "opacity:.7"));
    const low = Math.min(...data.line), high = Math.max(...data.line);
    const point = (close, at) =>
      `${(WIDTH * at) / (data.line.length - 1 || 1)},${HEIGHT - ((close - low) / (high - low || 1)) * HEIGHT}`;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `-2 -2 ${WIDTH + 4} ${HEIGHT + 4}`);
    svg.setAttribute("width", WIDTH);
    const line = svg.appendChild(document.createElementNS(svg.namespaceURI, "polyline"));
    line.setAttribute("points", data.line.map(point).join(" "));
    line.setAttribute("style", "fill:none;stroke:currentColor;stroke-width:1.5");
    box.appendChild(svg);
    return box;
  }
