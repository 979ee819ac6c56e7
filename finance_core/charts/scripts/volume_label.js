// Labels of a volume axis in the units of the reader's language: 6억, 6천만, 6,500만, 600M; -6억 of sums like OBV.
// `units` are [size, name, whether only whole numbers of it are said], the largest first.
({ units }) =>
  (value) => {
    const fits = ([size, , isWhole]) => Math.abs(value) >= size && (!isWhole || value % size === 0);
    const [size, name] = units.find(fits) ?? [1, ""];
    return (value / size).toLocaleString("en-US", { maximumFractionDigits: 2 }) + name;
  }
