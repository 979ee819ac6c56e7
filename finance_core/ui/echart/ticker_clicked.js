// Tells the page which ticker was clicked; nothing for whatever else was.
({ data }) => (data?.ticker ? { ticker: data.ticker } : undefined)
