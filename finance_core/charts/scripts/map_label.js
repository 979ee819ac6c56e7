// What stands in the area of a ticker: its name, in one line, and how it moved.
() =>
  ({ name, data }) =>
    data.change ? `${name.replace(/\s+/g, " ")}\n${data.change}` : name
