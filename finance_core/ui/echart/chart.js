// What a chart does in the browser beside drawing: it follows the page, tells it what is visible, reads out, measures.
// Runs once for each option; `drawn` names it. The settings, which change more often, come apart (see `command.mjs`).
(chart, echarts, drawn, { attach, grab, readout, measure, picture, drawings, draw, move }) => {
  const REST = 150; // milliseconds without a zoom until the page is told
  const DAY = 864e5; // milliseconds
  const root = chart.getDom();
  const model = () => chart.getModel();
  const range = () => model().getComponent("dataZoom", 0).getValueRange();
  const day = (position) => chart.page.readout.days[position].slice(0, 10);
  const lastBar = () => chart.page.settings.shown.bars - 1; // behind it may be days to come
  const newest = () => Math.min(range()[1], lastBar());
  const isAnother = (name, value) => JSON.stringify(chart.page[name]) !== JSON.stringify(value);

  root.follow = () => {
    const settings = document.querySelector(".st-key-chart_command")?.settings;
    if (settings?.shown.drawn === drawn && !chart.isDisposed()) follow(settings); // else those of this option will come
  };
  root.follow();
  return ({ message }) => message; // what is returned goes to Python

  function follow(settings) {
    const { shown, alt, box, tool, picture: asked, drawings: items, answered } = settings;
    chart.page ??= {};
    const page = chart.page;
    const isDrawnAnew = page.drawn !== drawn;
    const isAsked = isDrawnAnew || page.revision !== shown.revision;
    page.settings = settings;
    if (!page.draw) begin();
    root.setAttribute("role", "img");
    root.setAttribute("aria-label", alt);
    if (isDrawnAnew) {
      attach(chart, chart);
      Object.assign(page, { drawings: [], answered }); // a new option has none, and none was moved
    }
    if (isDrawnAnew || page.box !== box) {
      page.readout = readout(chart, settings);
      page.readout.show(newest());
    }
    if (page.tool?.points !== tool.points) page.draw.forget();
    chart.getZr().setCursorStyle?.(tool.points ? "crosshair" : "default");
    if (isAnother("drawings", items) || page.answered !== answered) drawings(chart, echarts, items, tool);
    Object.assign(page, { box, tool, drawings: items, answered });
    if (isAsked) {
      Object.assign(page, { drawn, revision: shown.revision, asked: shown });
      const { seen } = root; // of a chart that another theme has replaced
      view(seen?.drawn === drawn && seen.revision === shown.revision ? seen : shown);
      page.told = range(); // Python knows these
    }
    page.readout.place();
    if (asked && page.pictures !== asked.number) {
      page.pictures = asked.number;
      picture(chart, echarts, settings.readout, asked, attach);
    }
  }

  function view({ first, last }) {
    const end = last === lastBar() ? chart.page.readout.days.length - 1 : last;
    chart.dispatchAction({ type: "dataZoom", startValue: first, endValue: end });
    chart.page.readout.show(newest());
  }

  function begin() {
    const { page } = chart;
    root.chart = chart; // for what finds the chart by its place on the page
    root.listeners?.abort(); // of a chart that another theme has replaced
    root.listeners = new AbortController();
    let timer;
    chart.on("datazoom", () => {
      chart.page.readout.show(newest());
      clearTimeout(timer);
      timer = setTimeout(tell, REST);
    });
    let pointer = [0, 0];
    chart.getZr().on("mousemove", ({ offsetX, offsetY }) => {
      pointer = [offsetX, offsetY];
    });
    chart.on("updateaxispointer", ({ axesInfo }) => {
      const axis = axesInfo.find(({ axisDim }) => axisDim === "x");
      chart.page.readout.show(axis?.value ?? newest());
      chart.page.readout.point(axis && pointer);
    });
    chart.on("finished", () => chart.page.readout.place());
    chart.getZr().on("dblclick", () => view(chart.page.asked));
    measure(chart, describe, grab, root.listeners.signal);
    const places = (points) => points.map((point) => point && [day(point[0]), point[1]]);
    const finish = (points) => chart.trigger("told", { message: { kind: "draw", points: places(points) } });
    page.draw = draw(chart, echarts, () => page.settings.tool, lastBar, finish);
    move(chart, echarts, grab, root.listeners.signal, {
      items: () => (page.tool.points ? [] : page.drawings),
      last: lastBar,
      decimals: () => page.settings.measure.decimals,
      font: page.settings.tool.font,
      show: (items) => drawings(chart, echarts, items, page.tool),
      finish: ({ id }, points) => chart.trigger("told", { message: { kind: "move", id, points: places(points) } }),
    });
    page.pictures = page.settings.picture?.number; // one that was handed out before
  }

  function tell() {
    if (chart.isDisposed()) return;
    const { told } = chart.page;
    const [first, last] = range();
    if (told[0] === first && told[1] === last) return;
    chart.page.told = [first, last];
    const { drawn, revision } = chart.page;
    root.seen = { drawn, revision, first, last };
    const ends = { first: day(Math.min(first, lastBar())), last: last >= lastBar() ? null : day(last) };
    chart.trigger("told", { message: { kind: "zoom", revision, ...ends } });
  }

  function describe(start, end, low, high) {
    const [from, to] = [start, end].map((position) => Math.min(Math.max(position, range()[0]), newest())); // half a bar beside them
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
