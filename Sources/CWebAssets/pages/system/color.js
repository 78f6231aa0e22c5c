// Colours of series: each hashes to a place in the palette, then takes the least used one from there on, so that a series keeps its
// colour from page to page and its neighbours differ. After the palette is used up, it comes again lighter, then darker.

export const PALETTE = ["#5b8ff9", "#f6a23c", "#45b787", "#e8684a", "#9270ca", "#36b5c4", "#d67fb0", "#a0a63a", "#7b8ba3", "#c97b4a"];

/** Grafana's colour names and ours, for dashboards that name colours. */
const NAMED = {
  green: "#45b787", red: "#e8684a", orange: "#f6a23c", yellow: "#d9b93b", blue: "#5b8ff9", purple: "#9270ca",
  text: "var(--text)", transparent: "transparent",
  good: "var(--good)", warn: "var(--warn)", bad: "var(--bad)", info: "var(--info)", muted: "var(--muted)",
};

/** A colour as CSS understands it: "dark-red" and "semi-dark-green" are Grafana's shades, "#…", "rgb(…)" and "var(…)" pass. @param {string} name */
export function cssColor(name) {
  const shade = /^(super-light|light|semi-dark|dark)-(\w+)$/.exec(name);
  if (shade && NAMED[shade[2]]) return mix(
    NAMED[shade[2]],
    shade[1].includes("light") ? "#ffffff" : "#000000",
    { "super-light": 0.5, light: 0.25, "semi-dark": 0.15, dark: 0.35 }[shade[1]],
  );
  return NAMED[name] ?? name;
}

/** 32-bit FNV-1a. @param {string} text */
export function hashText(text) {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 15;
  return hash >>> 0;
}

/** What a series' colour hangs on: its labels in order, or its name. @param {{name: string, labels?: Record<string, string>}} series */
export function seriesKey(series) {
  if (!series.labels) return series.name;
  const names = Object.keys(series.labels).sort();
  return names.length ? names.map((name) => `${name}=${series.labels[name]}`).join(",") : series.name;
}

/** Hands out colours to the series of one chart. */
export class ColorBook {
  constructor() {
    /** @type {Map<string, number>} */
    this.places = new Map();
  }

  /** Colours for these series, in their order; a series that had one keeps it. @param {{name: string, labels?: Record<string, string>, color?: string}[]} list */
  assign(list) {
    const keys = list.map(seriesKey);
    const present = new Set(keys);
    for (const key of this.places.keys()) if (!present.has(key)) this.places.delete(key);
    const used = new Uint32Array(PALETTE.length);
    for (const place of this.places.values()) used[place % PALETTE.length]++;
    return list.map((series, index) => {
      if (series.color) return cssColor(series.color);
      let place = this.places.get(keys[index]);
      if (place === undefined) {
        const wanted = hashText(keys[index]) % PALETTE.length;
        let best = wanted;
        for (let step = 1; step < PALETTE.length; step++) {
          const other = (wanted + step * 3) % PALETTE.length;
          if (used[other] < used[best]) best = other;
        }
        place = best + PALETTE.length * (used[best] % 3);
        used[best]++;
        this.places.set(keys[index], place);
      }
      return colorAt(place);
    });
  }
}

/** The colour at a place: 0–9 the palette, 10–19 lighter, 20–29 darker. @param {number} place */
export function colorAt(place) {
  const color = PALETTE[place % PALETTE.length];
  const round = Math.floor(place / PALETTE.length) % 3;
  return round === 0 ? color : mix(color, round === 1 ? "#ffffff" : "#000000", round === 1 ? 0.35 : 0.3);
}

/** `color` with `share` of `other`; both "#rrggbb". @param {string} color @param {string} other @param {number} share 0…1 */
export function mix(color, other, share) {
  const [a, b] = [rgb(color), rgb(other)];
  return `#${a.map((part, index) => Math.round(part * (1 - share) + b[index] * share).toString(16).padStart(2, "0")).join("")}`;
}

/** [r, g, b] of "#rrggbb" or "#rgb". @param {string} color */
export function rgb(color) {
  const hex = color.length === 4 ? color.replace(/[^#]/g, "$&$&") : color;
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) || 0);
}

/**
 * The colour of a value by thresholds: that of the last one at or under it. The first threshold's value may be null (everything below).
 * @param {{value: number|null, color: string}[]|undefined} thresholds ascending @param {number} value @param {string} [otherwise]
 */
export function thresholdColor(thresholds, value, otherwise = "var(--accent)") {
  let color = otherwise;
  for (const step of thresholds ?? []) if (step.value === null || value >= step.value) color = step.color;
  return cssColor(color);
}
