// Attaches our own functions in an option (see `charts/scripts`) to the chart that shows the option. Two charts may
// share the functions; they then work for the chart that attached last.
(option, chart) => {
  for (const mainType of ["xAxis", "yAxis", "series"])
    for (const { option: part } of option.getModel().findComponents({ mainType }))
      for (const { own } of [part, part.markLine ?? {}, part.renderItem ?? {}]) own?.attach(chart);
}
