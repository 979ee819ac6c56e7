// What a chart does in the browser beside drawing: it follows the page, tells it what is visible, reads out, measures.
// Runs whenever Python has something new for the chart; what it keeps of a chart is `chart.page`.
(chart, echarts, settings, { readout, measure, picture, drawings, draw }) => {
  const REST = 150; // milliseconds without a zoom until the page is told
  const DAY = 864e5; // milliseconds
  const model = () => chart.getModel();
  const range = () => model().getComponent("dataZoom", 0).getValueRange();
  const day = (position) => chart.page.readout.days[position].slice(0, 10);

  const page = (chart.page ??= begin());
  const { shown, alt } = settings;
  page.settings = settings;
  chart.getDom().setAttribute("role", "img");
  chart.getDom().setAttribute("aria-label", alt);
  const isDrawnAnew = page.drawn !== shown.drawn;
  const isAsked = isDrawnAnew || page.revision !== shown.revision;
  if (isDrawnAnew) {
    for (const mainType of ["xAxis", "yAxis"])
      for (const axis of model().findComponents({ mainType })) axis.option.own?.attach(chart);
    page.drawings = undefined; // a new option has none
  }
  if (isDrawnAnew || page.box !== settings.box) {
    page.readout = readout(chart, settings);
    page.readout.show(range()[1]);
  }
  page.box = settings.box;
  const { tool } = settings;
  if (page.tool !== tool.points) page.draw.forget();
  page.tool = tool.points;
  chart.getZr().setCursorStyle?.(tool.points ? "crosshair" : "default");
  const drawn = JSON.stringify(settings.drawings);
  if (page.drawings !== drawn && (settings.drawings.length || page.drawings)) {
    drawings(chart, echarts, settings.drawings, tool);
  }
  page.drawings = settings.drawings.length ? drawn : undefined;
  if (isAsked) {
    Object.assign(page, { drawn: shown.drawn, revision: shown.revision, asked: shown });
    const { seen } = chart.getDom(); // of a chart that another theme has replaced
    view(seen?.drawn === shown.drawn && seen.revision === shown.revision ? seen : shown);
    page.told = range(); // Python knows these
  }
  page.readout.place();
  if (settings.picture && page.pictures !== settings.picture.number) {
    page.pictures = settings.picture.number;
    picture(chart, echarts, settings.readout, settings.picture);
  }
  return ({ message }) => message; // what is returned goes to Python

  function view({ first, last }) {
    chart.dispatchAction({ type: "dataZoom", startValue: first, endValue: last });
    chart.page.readout.show(range()[1]);
  }

  function begin() {
    const root = chart.getDom();
    root.chart = chart; // for what finds the chart by its place on the page
    root.listeners?.abort(); // of a chart that another theme has replaced
    root.listeners = new AbortController();
    let timer;
    chart.on("datazoom", () => {
      chart.page.readout.show(range()[1]);
      clearTimeout(timer);
      timer = setTimeout(tell, REST);
    });
    let pointer = [0, 0];
    chart.getZr().on("mousemove", ({ offsetX, offsetY }) => {
      pointer = [offsetX, offsetY];
    });
    chart.on("updateaxispointer", ({ axesInfo }) => {
      const axis = axesInfo.find(({ axisDim }) => axisDim === "x");
      chart.page.readout.show(axis?.value ?? range()[1]);
      chart.page.readout.point(axis && pointer);
    });
    chart.on("finished", () => chart.page.readout.place());
    chart.getZr().on("dblclick", () => view(chart.page.asked));
    measure(chart, describe, root.listeners.signal);
    const finish = (points) => {
      const places = points.map(([position, price]) => [day(position), price]);
      chart.trigger("told", { message: { kind: "draw", points: places } });
    };
    const drawing = draw(chart, echarts, () => chart.page.settings.tool, finish);
    return { draw: drawing, pictures: settings.picture?.number }; // one that was handed out before
  }

  function tell() {
    if (chart.isDisposed()) return;
    const { told, readout: { days } } = chart.page;
    const [first, last] = range();
    if (told[0] === first && told[1] === last) return;
    chart.page.told = [first, last];
    const { drawn, revision } = chart.page;
    chart.getDom().seen = { drawn, revision, first, last };
    const message = { kind: "zoom", first: day(first), last: last === days.length - 1 ? null : day(last) };
    chart.trigger("told", { message });
  }

  function describe(start, end, low, high) {
    const [first, last] = range();
    const [from, to] = [start, end].map((position) => Math.min(Math.max(position, first), last)); // half a bar beside them
    const { decimals, ratios, bars, days } = chart.page.settings.measure;
    const digits = { minimumFractionDigits: decimals ?? 0, maximumFractionDigits: decimals ?? 0 };
    const signed = (value, options) => (value > 0 ? "+" : "") + value.toLocaleString("en-US", options);
    const apart = Math.round((Date.parse(day(to)) - Date.parse(day(from))) / DAY);
    const percent = signed((high / low - 1) * 100, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return [
      bars.replace("{count}", (to - from).toLocaleString("en-US")),
      days.replace("{count}", apart.toLocaleString("en-US")),
      ...(ratios ? [`${percent}%`] : []),
      ...(decimals === null ? [] : [signed(high - low, digits)]),
    ].join(" · ");
  }
}
