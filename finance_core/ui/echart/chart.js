// What a chart does in the browser beside drawing: it follows the page, reports the visible range, reads out, measures.
// Runs once for each option, whose digest is `drawn`. The settings change more often, and come separately (see
// `command.mjs`).
(chart, echarts, drawn, { attach, grab, readout, measure, picture, drawings, draw, move, keys, thin }) => {
  const REST = 150; // milliseconds without a zoom until the range is reported to the page
  const DAY = 864e5; // milliseconds
  const root = chart.getDom();
  const model = () => chart.getModel();
  const range = () => model().getComponent("dataZoom", 0).getValueRange();
  const day = (position) => chart.page.readout.days[position].slice(0, 10);
  const lastBar = () => chart.page.settings.shown.bars - 1; // future days may follow it
  const newest = () => Math.min(range()[1], lastBar());
  const isAnother = (name, value) => JSON.stringify(chart.page[name]) !== JSON.stringify(value);

  thin(echarts);
  root.follow = () => {
    const settings = document.querySelector(".st-key-chart_command")?.settings;
    if (settings?.shown.drawn === drawn && !chart.isDisposed()) follow(settings); // else wait for this option's settings
  };
  root.follow();
  return ({ message }) => message; // the handler of "report": its result goes to Python

  function follow(settings) {
    const { shown, alt, box, tool, picture: asked, drawings: items, answered } = settings;
    chart.page ??= {};
    const page = chart.page;
    const isDrawnAnew = page.drawn !== drawn;
    const isAsked = isDrawnAnew || page.revision !== shown.revision;
    page.settings = settings;
    if (!page.draw) begin();
    root.setAttribute("role", "application"); // so that a screen reader leaves the keys to the chart
    root.setAttribute("aria-label", alt);
    if (isDrawnAnew) {
      attach(chart, chart);
      Object.assign(page, { drawings: [], answered }); // a new option has no drawings yet
      page.endMeasure();
    }
    if (isDrawnAnew || page.box !== box) {
      page.under = undefined; // the bar under the crosshair, which a resting pointer keeps while the chart zooms
      page.readout = readout(chart, settings);
      page.readout.show(newest());
    }
    if (page.tool?.points !== tool.points) page.draw.forget();
    chart.getZr().setCursorStyle?.(tool.points ? "crosshair" : "default");
    if (isAnother("drawings", items) || page.answered !== answered) drawings(chart, echarts, items, tool);
    Object.assign(page, { box, tool, drawings: items, answered });
    if (isAsked) {
      Object.assign(page, { drawn, revision: shown.revision });
      const { seen } = root; // the range of the chart that this one replaces after a change of theme
      view(seen?.drawn === drawn && seen.revision === shown.revision ? seen : shown);
      page.knownRange = range(); // the range that Python knows
      showPeriod();
    }
    page.readout.place();
    if (asked && page.pictures !== asked.number) {
      page.pictures = asked.number;
      picture(chart, echarts, settings.readout, asked, attach);
    }
  }

  // On a phone, the row of periods scrolls sideways: the chosen one comes into view. The page itself does not move.
  function showPeriod() {
    const row = document.querySelector(".st-key-choices");
    if (row && chart.page.row !== row) {
      chart.page.row = row;
      new ResizeObserver(showPeriod).observe(row); // it becomes narrower when the menus beside it come
    }
    const lit = row?.querySelectorAll("[class*=st-key-period] button[aria-checked=true]") ?? [];
    const period = [...lit].find(({ offsetParent }) => offsetParent); // a replaced row is hidden
    if (!period) return;
    const [place, own] = [row, period].map((element) => element.getBoundingClientRect());
    const isInView = place.left <= own.left && own.right <= place.right;
    if (!isInView) row.scrollLeft += own.left - place.left - (place.width - own.width) / 2;
  }

  function view({ first, last }) {
    const end = last === lastBar() ? chart.page.readout.days.length - 1 : last;
    chart.dispatchAction({ type: "dataZoom", startValue: first, endValue: end });
    chart.page.readout.show(chart.page.under ?? newest());
  }

  function begin() {
    const { page } = chart;
    root.chart = chart; // so that tests find the chart by its element
    root.listeners?.abort(); // the listeners of the chart that this one replaces after a change of theme
    root.listeners = new AbortController();
    let timer;
    chart.on("datazoom", () => {
      chart.page.readout.show(chart.page.under ?? newest());
      clearTimeout(timer);
      timer = setTimeout(reportRange, REST);
    });
    let pointer = [0, 0];
    chart.getZr().on("mousemove", ({ offsetX, offsetY }) => {
      pointer = [offsetX, offsetY];
    });
    chart.on("updateaxispointer", ({ axesInfo }) => {
      const axis = axesInfo.find(({ axisDim }) => axisDim === "x");
      chart.page.under = axis?.value;
      chart.page.readout.show(chart.page.under ?? newest());
      chart.page.readout.point(axis && pointer);
    });
    chart.on("finished", () => chart.page.readout.place());
    // The browser's own event: ECharts has none for a while after a touch.
    root.addEventListener("dblclick", () => view(chart.page.settings.chosen), { signal: root.listeners.signal });
    page.endMeasure = measure(chart, describe, grab, root.listeners.signal, lastBar);
    const places = (points) => points.map((point) => point && [day(point[0]), point[1]]);
    const finish = (points) => chart.trigger("report", { message: { kind: "draw", points: places(points) } });
    page.draw = draw(chart, echarts, () => page.settings.tool, lastBar, finish);
    move(chart, grab, root.listeners.signal, {
      items: () => (page.tool.points ? [] : page.drawings),
      last: lastBar,
      decimals: () => page.settings.measure.decimals,
      show: (items) => drawings(chart, echarts, items, page.tool),
      finish: ({ id }, points) => chart.trigger("report", { message: { kind: "move", id, points: places(points) } }),
      press: (message) => chart.trigger("report", { message }),
    });
    keys(chart, root.listeners.signal, { range, last: lastBar, under: () => page.under });
    page.pictures = page.settings.picture?.number; // a picture that was downloaded before
    sharpen();
  }

  // A canvas keeps the pixels of the screen on which it was made. Another screen, or a zoom of the browser, has others.
  function sharpen() {
    if (chart.isDisposed()) return;
    const { painter } = chart.getZr();
    if (painter.dpr !== devicePixelRatio) {
      painter.dpr = devicePixelRatio;
      painter.eachLayer((layer) => {
        layer.dpr = layer.ctx.dpr = painter.dpr;
        layer.resize(painter.getWidth(), painter.getHeight());
      });
      chart.resize();
    }
    const once = { once: true, signal: root.listeners.signal };
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", sharpen, once);
  }

  function reportRange() {
    if (chart.isDisposed()) return;
    const { knownRange } = chart.page;
    const [first, last] = range();
    if (knownRange[0] === first && knownRange[1] === last) return;
    chart.page.knownRange = [first, last];
    const { drawn, revision } = chart.page;
    root.seen = { drawn, revision, first, last };
    const ends = { first: day(Math.min(first, lastBar())), last: last >= lastBar() ? null : day(last) };
    chart.trigger("report", { message: { kind: "zoom", revision, ...ends } });
  }

  function describe(start, end, low, high) {
    // Half a bar at each end of the pane lies outside the range.
    const [from, to] = [start, end].map((position) => Math.min(Math.max(position, range()[0]), newest()));
    const { decimals, ratios, bars, days } = chart.page.settings.measure;
    const digits = { minimumFractionDigits: decimals ?? 0, maximumFractionDigits: decimals ?? 0 };
    const signed = (value, options) => (value > 0 ? "+" : "") + value.toLocaleString("en-US", options);
    const apart = Math.round((Date.parse(day(to)) - Date.parse(day(from))) / DAY);
    const counted = ([one, other], count) => (count === 1 ? one : other.replace("{count}", count.toLocaleString("en-US")));
    const percent = signed((high / low - 1) * 100, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return [
      counted(bars, to - from),
      counted(days, apart),
      ...(ratios ? [`${percent}%`] : []),
      ...(decimals === null ? [] : [signed(high - low, digits)]),
    ].join(" · ");
  }
}
