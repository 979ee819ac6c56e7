// The columns of a dataset, of {name: [kind, base64 of its little-endian numbers]} or {name: ["text", [texts]]}.
// Numbers come as they are in memory: exact, and decoded faster than any text.
(columns) => {
  const kinds = { f4: Float32Array, f8: Float64Array };
  const decode = ([kind, content]) => {
    if (kind === "text") return content;
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    return new kinds[kind](bytes.buffer);
  };
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, decode(column)]));
}
