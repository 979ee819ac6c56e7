// Returns the clicked ticker; undefined for a click on anything else.
({ data }) => (data?.ticker ? { ticker: data.ticker } : undefined)
