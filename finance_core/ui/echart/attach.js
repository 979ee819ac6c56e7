// Tells what an option has of our own (see `charts/scripts`) which chart it is in. Two charts share it: the last one has it.
(option, chart) => {
  for (const mainType of ["xAxis", "yAxis", "series"])
    for (const { option: part } of option.getModel().findComponents({ mainType }))
      for (const { own } of [part, part.markLine ?? {}]) own?.attach(chart);
}
