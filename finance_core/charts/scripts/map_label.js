// What stands in the area of a ticker: its name, and how it moved.
() =>
  ({ name, data }) =>
    data.change ? `${name}\n${data.change}` : name
