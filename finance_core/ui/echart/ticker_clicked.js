// Returns the clicked ticker; undefined for a click on anything else. The name of a part of a map is clicked to let that
// part fill the map, and once more to see the whole map.
({ data }) => {
  if (data?.children) {
    const map = chart.getModel().getSeriesByIndex(0);
    const isFull = map.getViewRoot().getId() === data.id;
    const targetNode = isFull ? map.getData().tree.root : data.id;
    chart.dispatchAction({ type: "treemapRootToNode", seriesIndex: 0, targetNode });
  }
  return data?.ticker ? { ticker: data.ticker } : undefined;
}
