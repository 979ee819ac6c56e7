// A category axis of days like 2024-01-31, labelled as a trading chart is: 2025 · 3월 · 5월, or days in a short view.
({ months, ...axis }) => {
  const LEAST = 64, DAY = 864e5, WEEK = 7; // pixels between labels; milliseconds; days
  const YEARS = [1, 2, 5, 10, 20, 50];
  // Steps of labels, the finest first: how long in days, and the same number for all bars of one step.
  const steps = [
    [1.45, ({ day }) => day],
    [WEEK, ({ day }) => Math.floor((day + 3) / WEEK)],
    ...[1, 2, 3, 6].map((count) => [30.4 * count, ({ month }) => Math.floor(month / count)]),
    ...YEARS.map((count) => [365.25 * count, ({ month }) => Math.floor(month / 12 / count)]),
  ];
  const parsed = new Map(); // each frame of a zoom asks for all visible days again
  const parse = (text) => {
    if (!parsed.has(text))
      parsed.set(text, {
        day: Math.floor(Date.parse(text.slice(0, 10)) / DAY),
        month: 12 * text.slice(0, 4) + 1 * text.slice(5, 7) - 1,
        date: 1 * text.slice(8, 10),
      });
    return parsed.get(text);
  };
  const texts = new Map();
  let chart, step, before, days = [];

  const choose = () => {
    const model = chart?.getModel();
    const zoom = model?.getComponent("dataZoom", 0);
    const grid = model?.getComponent("grid", 0)?.coordinateSystem?.getRect();
    if (!zoom || !grid) return steps[4];
    days = model.getComponent("xAxis", 0).getOrdinalMeta().categories;
    const [first, last] = zoom.getValueRange().map((position) => parse(days[position]).day);
    const width = grid.width / Math.max(last - first, 1);
    return steps.find(([length], index) => length * width >= (index ? LEAST : LEAST / 2)) ?? steps.at(-1);
  };
  const beginsMonth = (position) => position > 0 && days[position]?.slice(0, 7) !== days[position - 1]?.slice(0, 7);
  // Among weeks, the first bar of a month has the label, and the weeks beside it have none.
  const beginsStep = (position, own, last) =>
    step[0] !== WEEK
      ? step[1](own) !== step[1](last)
      : beginsMonth(position) ||
        (step[1](own) !== step[1](last) && ![-2, -1, 1, 2].some((near) => beginsMonth(position + near)));
  // ECharts asks of all visible bars, one after another, whether they have a label.
  const isLabelled = (position, text) => {
    const own = parse(text);
    if (before?.position !== position - 1) {
      step = choose();
      before = null;
    }
    const last = before?.own;
    before = { own, position };
    if (!last || !beginsStep(position, own, last)) return false;
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
