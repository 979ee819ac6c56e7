// A number of a tooltip; without its sign where that only says on which side of an axis a bar stands.
({ decimals = 0, suffix = "", unsigned = false }) =>
  (value) => {
    if (!Number.isFinite(value)) return "–";
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return (unsigned ? Math.abs(value) : value).toLocaleString("en-US", digits) + suffix;
  }
