// An axis of prices: around what is visible with a little air, never below zero, with round numbers.
// `last` is the close whose tag stands on the axis: no label may lie under it. A `relative` axis has changes in
// "percent", or an "index" of 100, since a base: the first price at or after the position `since`, or that is visible.
// `series` are {base, columns}, of which each has such an axis (`own` is its position), and all of them reach from the
// least to the largest change of all; those with the name of a `line` only while the legend shows it.
({ log, relative, air, decimals, last, series, own, since, sign, color, ...axis }) => {
  const MOST_LABELS = 10, TAG = 15; // labels; pixels
  const AFAR = 1e-6; // the base of a line without one: nothing of it is near the others, which the axis measures as well
  const ticks = Object.assign([], { __ec_primitive__: true }); // ECharts keeps such an array itself, and no copy of it
  const ink = color || getComputedStyle(document.querySelector("[data-testid=stApp]") ?? document.body).color;
  let chart;

  const source = () => chart.getModel().getComponent("dataset", 0).get("source", true);
  const visible = () => chart.getModel().getComponent("dataZoom", 0).getValueRange();
  const isShown = ({ line }) => chart.getModel().getComponent("legend", 0)?.option.selected[line] !== false;
  const baseOf = (column, [first, end]) => {
    if (since !== null) [first, end] = [since, column.length - 1];
    for (let bar = first; bar <= end; bar++) if (Number.isFinite(column[bar])) return column[bar];
    return NaN;
  };
  const ownBase = () => baseOf(source()[series[own].base], visible());
  const base = () => ownBase() || AFAR;
  // The least and the largest visible price of any series, in parts of its base: the same for all axes.
  const ratios = () => {
    const [columns, range] = [source(), visible()];
    const [shown, before] = [series.filter(isShown), chart.ratios];
    const key = [...range, ...shown.map((each) => each.base)].join();
    if (before?.columns === columns && before.key === key) return before.ratios;
    let [low, high] = [Infinity, -Infinity];
    for (const each of shown) {
      const start = baseOf(columns[each.base], range);
      for (const column of each.columns)
        for (let bar = range[0]; bar <= range[1]; bar++) {
          const ratio = columns[column][bar] / start;
          if (ratio < low) low = ratio;
          if (ratio > high) high = ratio;
        }
    }
    chart.ratios = { columns, key, ratios: [low, high] };
    return [low, high];
  };
  const widened = (low, high) => {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return [NaN, NaN]; // with nothing to measure it has no numbers
    if (log && low > 0) {
      const ratio = high > low ? (high / low) ** air : 1 + air;
      return [low / ratio, high * ratio];
    }
    const space = (high - low || Math.abs(high) * 0.1 || 1) * air;
    return [low < 0 ? low - space : Math.max(0, low - space), high + space];
  };
  const room = ({ min, max }) => {
    if (!relative || !chart) return widened(min, max);
    return widened(...ratios()).map((ratio) => base() * ratio);
  };
  // From a price to the number on the axis, and back.
  const scales = {
    "": [(price) => price, (number) => number],
    index: [(price, start) => (price / start) * 100, (number, start) => (number / 100) * start],
    percent: [(price, start) => (price / start - 1) * 100, (number, start) => (1 + number / 100) * start],
  }[relative];
  const round = (least) => {
    const decade = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((times) => times * decade).find((step) => step >= least * 0.999);
  };
  const evenOnes = (low, high) => {
    const step = round((high - low) / MOST_LABELS);
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
  };
  // On a log axis evenly spaced numbers within a narrow view, and some of each decade in a wide one.
  const roundOnes = (low, high) => {
    if (!log || high / low < 4) return evenOnes(low, high);
    const times = high / low < 40 ? [1, 1.5, 2, 3, 5, 7] : [1, 2, 5];
    return Array.from({ length: 16 }, (_, index) => 10 ** (index - 4)).flatMap((decade) => times.map((each) => each * decade));
  };
  const ticksBetween = (low, high) => {
    const start = relative ? base() : 1;
    if (!(start > 0) || Number.isNaN(low)) return [];
    const [toNumber, toPrice] = scales;
    return roundOnes(toNumber(low, start), toNumber(high, start)).map((number) => toPrice(number, start));
  };
  const text = (price, digits) => {
    const number = scales[0](price, relative && base());
    if (relative !== "percent") return (relative ? "" : sign) + number.toLocaleString("en-US", digits);
    return `${number > 1e-7 ? "+" : ""}${number.toLocaleString("en-US", { ...digits, signDisplay: "negative" })}%`;
  };
  const exact = (price) => {
    const digits = relative ? 2 : decimals;
    return text(price, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
  const pixels = (value) => chart.convertToPixel({ yAxisIndex: 0 }, value); // only the first axis has a tag
  const label = (value) => {
    const isUnderTag = chart && last && Math.abs(pixels(value) - pixels(last)) < TAG;
    return isUnderTag ? "" : text(value, { maximumFractionDigits: relative ? 2 : 6 });
  };
  const hasOwnTicks = axis.show !== false && (log || relative);
  const custom = hasOwnTicks ? { customValues: ticks } : { showMinLabel: false, showMaxLabel: false };
  return {
    ...axis,
    type: log ? "log" : "value",
    scale: true,
    min: (extent) => {
      const [low, high] = room(extent);
      if (hasOwnTicks) ticks.splice(0, ticks.length, ...(chart || !relative ? ticksBetween(low, high) : []));
      return low;
    },
    max: (extent) => room(extent)[1],
    axisLabel: { ...custom, hideOverlap: true, formatter: label, color: ink, ...axis.axisLabel },
    axisTick: hasOwnTicks ? custom : {},
    axisPointer: { ...axis.axisPointer, label: { formatter: ({ value }) => exact(value) } },
    splitLine: { showMinLine: false, showMaxLine: false, lineStyle: { color: ink, opacity: 0.1 }, ...axis.splitLine },
    own: { attach: (of) => (chart = of), change: (price) => price / ownBase() - 1, text: exact },
  };
}
