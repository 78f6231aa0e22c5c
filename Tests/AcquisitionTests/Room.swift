// Opened by the first test that lands here.
