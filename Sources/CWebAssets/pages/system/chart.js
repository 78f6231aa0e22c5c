// The time chart under every page: lines, areas, stacks, bars and points of many series over a range of time, on two canvases, so that
// hovering never repaints the plot. Series are columns of numbers; drawing is bounded by pixels, not by points.
//
//   const chart = new TimeChart(element, { unit: "reqps", group: "dashboard", onZoom: (from, to) => time.zoom(from, to) });
//   chart.setData({ from, to, step, series: [{ name: "GET", labels: { method: "GET" }, times, values }] });
//
// The chart fills `element`, which needs a height; it follows its size, the theme and the device's pixels. `fromMatrix` in series.js makes
// series of a Prometheus answer.

/**
 * One series. `times` are milliseconds, ascending; `values` has the same length; NaN is a gap, and so is a distance between two times of more
 * than 1.5 × the data's `step`. Arrays are borrowed: do not change them while the chart shows them.
 * @typedef {object} ChartSeries
 * @property {string} name what the legend and the tooltip say
 * @property {Record<string, string>} [labels] the series' identity: its colour hangs on them (on the name where absent)
 * @property {Float64Array} times
 * @property {Float64Array} values
 * @property {string} [unit] where it differs from the chart's
 * @property {string} [color] CSS colour; otherwise a stable one of the palette
 * @property {SeriesStyle} [style] what differs from the chart's style
 * @property {boolean} [hidden] starts hidden
 */

/**
 * How series are drawn.
 * @typedef {object} SeriesStyle
 * @property {"line"|"bars"|"points"} [draw] default "line"
 * @property {number} [fill] opacity of the area under a line, 0…1, fading to the axis; default 0, 0.6 when stacked
 * @property {number} [lineWidth] default 1.5; 0 leaves only the area
 * @property {"linear"|"stepAfter"|"stepBefore"|"smooth"} [interpolation] default "linear"
 * @property {number[]} [dash] for example [6, 4]
 * @property {"never"|"always"|"auto"} [points] marks at the points; "auto" where a series has few; default "auto"
 * @property {boolean|number} [connect] draw across gaps: all of them, or those up to so many milliseconds
 */

/**
 * @typedef {object} ChartData
 * @property {number} from left edge, milliseconds
 * @property {number} to right edge
 * @property {ChartSeries[]} series
 * @property {number} [step] milliseconds between points, where known: tells gaps, and how wide bars are
 * @property {{time: number, timeEnd?: number, text: string, color?: string}[]} [annotations]
 * @property {string} [noData] the sentence for an empty chart, with the reason where known
 */

/**
 * @typedef {object} ChartOptions
 * @property {string} [title] what the chart shows, for those who do not see it
 * @property {string} [unit] Grafana's unit id; default "short"
 * @property {number|null} [decimals] fixed; default three significant digits
 * @property {SeriesStyle} [style]
 * @property {"none"|"normal"|"percent"} [stack]
 * @property {"linear"|"log"} [scale] log is base 10; values ≤ 0 are left out
 * @property {number} [min] fixed ends of the value axis
 * @property {number} [max]
 * @property {number} [softMin] ends the axis reaches at least
 * @property {number} [softMax]
 * @property {{value: number, color: string, label?: string}[]} [thresholds]
 * @property {"off"|"line"|"area"|"both"} [thresholdStyle] default "line"
 * @property {"none"|"list"|"table"} [legend] default "list"
 * @property {"bottom"|"right"} [legendPlacement] default "bottom"
 * @property {Calc[]} [calcs] the columns of a table legend: "last", "mean", "max", "min", "sum", "first", "count", "range", "stdDev", "diff"; default ["mean", "max", "last"]
 * @property {"all"|"single"|"none"} [tooltip] default "all", nearest first, 12 at most
 * @property {"near"|"value"} [tooltipSort] default "near"
 * @property {string} [group] charts of one group share the crosshair
 * @property {boolean} [axes] false draws the plot alone; default true
 * @property {(from: number, to: number) => void} [onZoom] a drag over the plot, or Enter after Shift+arrows
 * @property {() => void} [onZoomBack] a double click, or Backspace
 * @property {(from: number, to: number) => void} [onPan] a drag with Shift; without it panning calls onZoom
 * @property {(point: PinnedPoint) => PinAction[]} [pinActions] what a pinned tooltip offers
 * @property {(name: string, shown: boolean) => void} [onToggle] a series was shown or hidden through the legend
 */

/** @typedef {"last"|"lastNotNull"|"first"|"mean"|"min"|"max"|"sum"|"count"|"range"|"stdDev"|"diff"} Calc */
/** @typedef {{time: number, value: number, series: ChartSeries, from: number, to: number}} PinnedPoint the nearest series; from…to is the step around it */
/** @typedef {{label: string, icon?: string, href?: string, run?: () => void}} PinAction */

/*
 * class TimeChart
 *   constructor(element: HTMLElement, options?: ChartOptions)
 *   setData(data: ChartData)                    shows series; colours stay with their series, hidden ones stay hidden
 *   setOptions(options: Partial<ChartOptions>)  changes options, keeps data
 *   setLoading()                                skeleton while there is nothing yet; keeps old curves (dimmed) when there are some
 *   setError(sentence: string, query?: string)  the panel's error, in words; the next setData clears it
 *   isolate(name: string|null)                  shows one series, or all
 *   seriesColor(name: string): string
 *   destroy()
 * Other kinds, same manners (element, options) → setData:
 *   stat.js     Stat        { value, previous?, sparkline?: ChartSeries, unit, decimals, thresholds, color, title }
 *   gauge.js    Gauge       { value, min, max, unit, thresholds }
 *   bargauge.js BarGauge    { bars: [{ name, value }], min, max, unit, thresholds, orientation }
 *   heatmap.js  HeatMap     { from, to, buckets: number[], times: Float64Array, counts: Float64Array (row-major by bucket), unit }
 */
