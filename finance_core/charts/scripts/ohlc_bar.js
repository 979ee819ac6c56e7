// Draws a bar of open, high, low and close: a stroke from low to high, the open to the left and the close to the right.
({ columns: [open, high, low, close], rising, falling }) =>
  (params, api) => {
    const height = (column) => api.coord([params.dataIndex, api.value(column)])[1];
    const [x] = api.coord([params.dataIndex, api.value(close)]);
    const half = Math.max(1, Math.min(api.size([1, 0])[0] * 0.35, 8));
    const d = `M${x - half} ${height(open)}H${x}M${x} ${height(high)}V${height(low)}M${x} ${height(close)}H${x + half}`;
    const stroke = api.value(close) >= api.value(open) ? rising : falling;
    return { type: "path", shape: { pathData: d }, style: { stroke, fill: "none", lineWidth: 1.5 }, silent: true };
  }
