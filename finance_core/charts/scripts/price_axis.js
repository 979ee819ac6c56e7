// The axis of prices: around what is visible with a little air, never below zero, and round numbers on it.
// `last` is the close whose tag stands on the axis: no label may lie under it.
({ scale, air, decimals, last, ...axis }) => {
  const MOST_LABELS = 10, TAG = 15; // labels; pixels
  const ticks = Object.assign([], { __ec_primitive__: true }); // ECharts keeps such an array itself, and no copy of it
  let chart;

  const room = ({ min, max }) => {
    if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
    if (scale === "log" && min > 0) {
      const ratio = max > min ? (max / min) ** air : 1 + air;
      return [min / ratio, max * ratio];
    }
    const space = (max - min || Math.abs(max) * 0.1 || 1) * air;
    return [min < 0 ? min - space : Math.max(0, min - space), max + space];
  };
  const round = (least) => {
    const decade = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((times) => times * decade).find((step) => step >= least * 0.999);
  };
  // Evenly spaced numbers within a narrow view, and 1, 2, 5 of each decade in a wide one.
  const roundOnes = (low, high) => {
    if (high / low < 4) {
      const step = round((high - low) / MOST_LABELS);
      const first = Math.ceil(low / step);
      return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
    }
    const decades = Array.from({ length: 16 }, (_, index) => 10 ** (index - 4));
    return decades.flatMap((decade) => (high / low < 40 ? [1, 1.5, 2, 3, 5, 7] : [1, 2, 5]).map((times) => times * decade));
  };
  const text = (value) =>
    value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const label = (value) => {
    const own = { yAxisIndex: 0 };
    const isUnderTag = chart && last && Math.abs(chart.convertToPixel(own, value) - chart.convertToPixel(own, last)) < TAG;
    return isUnderTag ? "" : value.toLocaleString("en-US", { maximumFractionDigits: 6 });
  };
  return {
    ...axis,
    scale: true,
    splitLine: { showMinLine: false, showMaxLine: false, lineStyle: { opacity: 0.5 } },
    min: (extent) => {
      const [low, high] = room(extent);
      if (scale === "log") ticks.splice(0, ticks.length, ...roundOnes(low, high));
      return low;
    },
    max: (extent) => room(extent)[1],
    axisLabel: { showMinLabel: scale === "log", showMaxLabel: scale === "log", hideOverlap: true, formatter: label },
    axisPointer: { label: { formatter: ({ value }) => text(value) } },
    ...(scale === "log"
      ? { type: "log", axisLabel: { customValues: ticks, hideOverlap: true, formatter: label }, axisTick: { customValues: ticks } }
      : { type: "value" }),
    own: { attach: (of) => (chart = of) },
  };
}
