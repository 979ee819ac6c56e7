// Draws the drawings on a chart as one more series, so that nothing else is redrawn. `drawings` are {kind, points:
// [[position, price]], text}; points may be outside the visible range. `chart.textBoxes` has the box of each text by the
// id of its drawing: [left, top, right, bottom].
(chart, echarts, drawings, { color }) => {
  const font = `12px ${chart.getModel().get("textStyle.fontFamily")}`; // of the page, as all text of the chart
  const PADDING = [2, 4];
  const ground = { backgroundColor: color, padding: PADDING, borderRadius: 3 }; // a text stands over bars
  const write = (text, x, y, align) => ({
    type: "text",
    style: { text, x, y, fill: "#ffffff", font, align, verticalAlign: "bottom", ...ground },
  });
  const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: 1.5 } });
  const crisp = (y) => Math.floor(y) + 0.5; // in the middle of a row of pixels: else a level line is a blur of two rows
  const dot = (cx, cy) => ({ type: "circle", shape: { cx, cy, r: 3 }, style: { fill: color } });
  const kinds = {
    trend: (points) => [line(...points.flat()), ...points.map((point) => dot(...point))],
    level: ([[, y]], { x, width }, { text }) => [line(x, crisp(y), x + width, crisp(y)), write(text, x + width - 4, y - 3, "right")],
    text: ([[x, y]], area, drawing) => [dot(x, y), note(x, y, area, drawing)],
  };
  // A text is to the right of its point and above it, or on the other side if only there is room. It breaks into lines
  // where it is longer. The text of a point beyond an edge does not come in: it would be seen without its point.
  const note = (x, y, area, { id, text }) => {
    const [left, right] = [x - area.x - 6, area.x + area.width - x - 6];
    const width = echarts.format.getTextRect(text, font).width + 2 * PADDING[1];
    const isLeft = x <= area.x + area.width && width > right && left > right;
    const room = Math.max(isLeft ? left : right, 60);
    const element = write(text, isLeft ? x - 6 : x + 6, y - 4, isLeft ? "right" : "left");
    if (width > room) Object.assign(element.style, { width: room - 2 * PADDING[1], overflow: "break" });
    const { height } = new echarts.graphic.Text(element).getBoundingRect();
    const isBelow = y >= area.y && y - 4 - height < area.y;
    if (isBelow) Object.assign(element.style, { y: y + 4, verticalAlign: "top" });
    const far = Math.min(width, room) + 6;
    const [from, top] = [isLeft ? x - far : x, isBelow ? y : y - 4 - height];
    chart.textBoxes = { ...chart.textBoxes, [id]: [from, top, from + far, top + height + 4] };
    return element;
  };
  const renderItem = ({ dataIndex, coordSys }, api) => {
    const drawing = drawings[dataIndex];
    const points = drawing.points.map((point) => api.coord(point));
    return { type: "group", children: kinds[drawing.kind](points, coordSys, drawing) };
  };
  const series = {
    id: "drawings",
    type: "custom",
    xAxisIndex: 0,
    yAxisIndex: 0,
    encode: { x: -1, y: -1 }, // so that the zoom does not filter the drawings, and they do not extend an axis
    clip: true,
    silent: true,
    z: 5,
    renderItem,
    data: drawings.map((_, position) => [position]),
  };
  chart.setOption({ series: [series] });
}
