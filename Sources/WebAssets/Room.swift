// Opened by the first type that lands here.
