// A category axis of days like 2024-01-31, labelled as a trading chart is: 2025 · 3월 · 5월, or days in a short view.
({ months, ...axis }) => {
  const LEAST = 64, DAY = 864e5; // pixels between labels; milliseconds
  const YEARS = [1, 2, 5, 10, 20, 50];
  // Steps of labels, the finest first: how long in days, and the same number for all bars of one step.
  const steps = [
    [1.45, ({ day }) => day],
    [7, ({ day }) => Math.floor((day + 3) / 7)],
    ...[1, 2, 3, 6].map((count) => [30.4 * count, ({ month }) => Math.floor(month / count)]),
    ...YEARS.map((count) => [365.25 * count, ({ month }) => Math.floor(month / 12 / count)]),
  ];
  const parse = (text) => ({
    day: Math.floor(Date.parse(text.slice(0, 10)) / DAY),
    month: 12 * text.slice(0, 4) + 1 * text.slice(5, 7) - 1,
    date: 1 * text.slice(8, 10),
  });
  const texts = new Map();
  let chart, step, before;

  const choose = () => {
    const model = chart?.getModel();
    const zoom = model?.getComponent("dataZoom", 0);
    const grid = model?.getComponent("grid", 0)?.coordinateSystem?.getRect();
    if (!zoom || !grid) return steps[4];
    const days = model.getComponent("xAxis", 0).getOrdinalMeta().categories;
    const [first, last] = zoom.getValueRange().map((position) => parse(days[position]).day);
    const width = grid.width / Math.max(last - first, 1);
    return steps.find(([days], index) => days * width >= (index ? LEAST : LEAST / 2)) ?? steps.at(-1);
  };
  // ECharts asks of all visible bars, one after another, whether they have a label.
  const isLabelled = (position, text) => {
    const own = parse(text);
    if (before?.position !== position - 1) {
      step = choose();
      before = null;
    }
    const last = before;
    before = { ...own, position };
    if (!last || step[1](own) === step[1](last)) return false;
    const isYear = Math.floor(own.month / 12) !== Math.floor(last.month / 12);
    const year = String(Math.floor(own.month / 12));
    texts.set(text, isYear ? year : own.month !== last.month ? months[own.month % 12] : String(own.date));
    return true;
  };
  return {
    ...axis,
    type: "category",
    axisLabel: { ...axis.axisLabel, interval: isLabelled, formatter: (text) => texts.get(text) ?? text },
    own: { attach: (of) => (chart = of) },
  };
}
