// Collects the points of a drawing from clicks, as many as `tool().points`, with a line from the first to the pointer.
// Calls `finish` with the points, each [position, price]. A click behind the `last()` bar counts as one there.
(chart, echarts, tool, last, finish) => {
  const zr = chart.getZr();
  let points = [];
  let line;

  const forget = () => {
    if (line) zr.remove(line);
    line = undefined;
    points = [];
  };
  zr.on("click", ({ event, offsetX, offsetY }) => {
    // On a phone the menu covers the chart: the tap that closes it is not meant to draw.
    if (event.zrByTouch && document.querySelector("[data-testid=stPopoverBody]")) return;
    const place = [offsetX, offsetY];
    if (!tool().points || !chart.containPixel({ gridIndex: 0 }, place)) return;
    const [position, price] = chart.convertFromPixel({ gridIndex: 0 }, place);
    points.push([Math.min(position, last()), price]);
    if (points.length === tool().points) {
      const drawn = points;
      forget();
      finish(drawn);
    } else {
      const style = { stroke: tool().color, lineWidth: 1.5, lineDash: [4, 4] };
      line = new echarts.graphic.Line({ z: 100, silent: true, style });
      const [x1, y1] = chart.convertToPixel({ gridIndex: 0 }, points[0]);
      line.setShape({ x1, y1, x2: offsetX, y2: offsetY });
      zr.add(line);
    }
  });
  zr.on("mousemove", ({ offsetX, offsetY }) => {
    line?.setShape({ x2: offsetX, y2: offsetY });
  });
  chart.on("datazoom", forget); // after a zoom, the clicked pixels would be other days and prices
  return { forget };
}
