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
  let chart, days = [], monthStarts = [];

  const beginsMonth = (position) => position > 0 && days[position]?.slice(0, 7) !== days[position - 1]?.slice(0, 7);
  const read = (categories) => {
    if (categories === days) return;
    days = categories;
    monthStarts = days.map((_, position) => position).filter(beginsMonth);
  };
  // Among weeks, the first bar of a month has the label, and the weeks beside it have none.
  const beginsStep = ([length, numberOf], position) => {
    const begins = numberOf(parse(days[position])) !== numberOf(parse(days[position - 1]));
    if (length !== WEEK) return begins;
    return beginsMonth(position) || (begins && ![-2, -1, 1, 2].some((near) => beginsMonth(position + near)));
  };
  const textOf = (position) => {
    const [own, last] = [position, position - 1].map((each) => parse(days[each]));
    const [year, before] = [own, last].map(({ month }) => Math.floor(month / 12));
    return year !== before ? String(year) : own.month !== last.month ? months[own.month % 12] : String(own.date);
  };
  // The positions of the visible bars that have a label; the first one has none.
  const labelled = () => {
    const model = chart?.getModel();
    const zoom = model?.getComponent("dataZoom", 0);
    const grid = model?.getComponent("grid", 0)?.coordinateSystem?.getRect();
    if (!zoom || !grid) return [];
    read(model.getComponent("xAxis", 0).getOrdinalMeta().categories);
    const [first, last] = zoom.getValueRange();
    const width = grid.width / Math.max(parse(days[last]).day - parse(days[first]).day, 1);
    const step = steps.find(([length], index) => length * width >= (index ? LEAST : LEAST / 2)) ?? steps.at(-1);
    // A month, and all that is longer, begins where a month begins.
    const possible = step[0] > WEEK ? monthStarts : days.slice(first, last + 1).map((_, at) => first + at);
    const isInSight = (position) => position > first && position <= last;
    const found = possible.filter((position) => isInSight(position) && beginsStep(step, position));
    for (const position of found) texts.set(days[position], textOf(position));
    return found;
  };
  // ECharts asks for the labels with each drawing, by the length of this array. An `interval` it would ask of every bar.
  const ticks = Object.assign([], { __ec_primitive__: true }); // ECharts keeps such an array itself, and no copy of it
  const customValues = new Proxy(ticks, {
    get: (array, name) => {
      if (name === "length") array.splice(0, Infinity, ...labelled());
      return array[name];
    },
  });
  return {
    ...axis,
    type: "category",
    axisLabel: { ...axis.axisLabel, customValues, formatter: (text) => texts.get(text) ?? text },
    axisTick: { ...axis.axisTick, customValues },
    own: { attach: (of) => (chart = of) },
  };
}
