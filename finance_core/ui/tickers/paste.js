/* Pastes cells of a spreadsheet from the focused cell on. If one of them does not fit, it says so and pastes none. */
({api}) => {
  const {sentences, words} = PASTE;

  const say = text => {
    document.querySelector('#not-pasted')?.remove();
    const line = Object.assign(document.createElement('div'), {id: 'not-pasted', role: 'alert', textContent: text});
    line.style.cssText = 'position: fixed; inset: auto 0 0; z-index: 9; padding: 8px 12px; background: #92400e; color: #fff';
    document.body.append(line);
    ['keydown', 'pointerdown'].forEach(name => addEventListener(name, () => line.remove(), {once: true}));
  };
  const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  /* The value that `text` means in a column; undefined if the column cannot have it. */
  const meant = (text, node, column) => {
    const key = column.getColId(), known = words[key];
    if (!column.isCellEditable(node)) {
      const shown = [true, false].map(useFormatter => String(api.getCellValue({rowNode: node, colKey: key, useFormatter})));
      return shown.includes(text) ? node.data[key] : undefined;
    }
    return known ? new Map(Object.entries(known)).get(text.toLowerCase()) : text;
  };

  /* The cells of a text as spreadsheets write it: one with a line break stands in quotation marks. */
  const cellsOf = text => {
    const cells = [[]], cell = /(?:"((?:[^"]|"")*)"(?=[\t\n]|$)|([^\t\n]*))(\t|\n|$)/g;
    for (const [, quoted, plain, end] of text.matchAll(cell)) {
      cells.at(-1).push((quoted?.replace(/""/g, '"').replace(/\s*\n\s*/g, ' ') ?? plain).trim());
      if (end === '\n') cells.push([]);
      if (!end) return cells;
    }
  };

  addEventListener('paste', event => {
    const text = event.clipboardData.getData('text/plain').replace(/\r\n?/g, '\n').replace(/\n$/, '');
    const cells = cellsOf(text), width = Math.max(...cells.map(line => line.length));
    const focused = api.getFocusedCell(), isTyping = event.composedPath()[0].matches?.('input, textarea');
    if (!focused || !text || (isTyping && cells.length * width === 1)) return;
    event.preventDefault();
    api.stopEditing(true);
    const columns = api.getAllDisplayedColumns().filter(column => !column.getColId().startsWith('ag-Grid-'));
    const first = columns.indexOf(focused.column), room = api.getDisplayedRowCount() - focused.rowIndex;
    if (first < 0) return;
    if (cells.length > room || width > columns.length - first) {
      say(filled(sentences.room, {rows: cells.length, columns: width, room, right: columns.length - first}));
      return;
    }
    const changes = cells.flatMap((line, down) => line.map((value, right) => {
      const node = api.getDisplayedRowAtIndex(focused.rowIndex + down), column = columns[first + right];
      return {node, column, text: value, value: meant(value, node, column)};
    }));
    const wrong = changes.find(change => change.value === undefined);
    if (wrong) {
      const {node, column, text: value} = wrong;
      say(filled(sentences.value, {ticker: node.data.ticker, column: column.getColDef().headerName, value}));
      return;
    }
    // Between these two events the grid keeps what changes as one step of its undo.
    api.dispatchEvent({type: 'pasteStart', source: 'clipboard'});
    changes.forEach(({node, column, value}) => column.isCellEditable(node) && node.setDataValue(column, value, 'paste'));
    api.dispatchEvent({type: 'pasteEnd', source: 'clipboard'});
  });
}
