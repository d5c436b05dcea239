// Numbers -> SVG, readable on a light and on a dark page.

const WIDTH = 760;
const STYLE = `text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.quiet{fill:#57606a}.grid{stroke:#8c959f;stroke-opacity:.35}
.ours{fill:#0969da}.other{fill:#8c959f}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9198a1}.ours{fill:#4493f8}.other{fill:#656c76}}`;
const COLOURS = ['#0969da', '#bf8700', '#1a7f37', '#cf222e', '#8250df', '#bc4c00', '#1b7c83', '#bf3989'];

const escaped = (text) => String(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
const short = (number) => (number >= 1000 ? `${Number((number / 1000).toPrecision(3))}k` : String(Number(number.toPrecision(3))));
const text = (x, y, content, members = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${members}>${escaped(content)}</text>`;
const document = (height, title, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}"><style>${STYLE}</style>
${text(8, 18, title, 'class="title"')}
${parts.join('\n')}
</svg>
`;

/** A bar for each: name, value, and whether it is ours. */
export function bars(title, values) {
  const [left, top, step] = [300, 34, 20];
  const scale = (WIDTH - left - 70) / Math.max(...values.map(({ value }) => value));
  return document(top + values.length * step + 8, title, values.flatMap(({ name, value, ours }, row) => [
    text(left - 8, top + row * step + 13, name, 'text-anchor="end"'),
    `<rect x="${left}" y="${top + row * step + 2}" width="${(value * scale).toFixed(1)}" height="${step - 5}" rx="2" class="${ours ? 'ours' : 'other'}"/>`,
    text(left + value * scale + 6, top + row * step + 13, short(value), 'class="quiet"'),
  ]));
}

/** Round numbers between two others, about five. */
function ticksOf(low, high, log) {
  if (log) {
    const decades = Array.from({ length: 20 }, (_, number) => 10 ** (number - 10));
    const fine = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]);
    const within = (all) => all.filter((value) => value >= low * 0.999 && value <= high * 1.001);
    return within(fine).length > 7 ? within(decades) : within(fine);
  }
  const decade = 10 ** Math.floor(Math.log10((high - low) / 4));
  const step = decade * [1, 2, 5, 10].find((factor) => (high - low) / (factor * decade) <= 6);
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, number) => low + number * step);
}

/** A line for each: name, and points [x, y]. `log` is for both axes; without it they begin at 0. */
export function lines(title, series, { log = false, x: xName, y: yName }) {
  const [left, top, right, height] = [60, 44, 230, 300];
  const measure = log ? Math.log10 : Number;
  const axis = (place, from, to) => {
    const all = series.flatMap(({ points }) => points.map((point) => point[place]));
    const [low, high] = [log ? Math.min(...all) : 0, Math.max(...all)];
    const at = (value) => from + ((measure(value) - measure(low)) / (measure(high) - measure(low) || 1)) * (to - from);
    return { at, ticks: ticksOf(low, high, log) };
  };
  const [x, y] = [axis(0, left, WIDTH - right), axis(1, top + height, top)];
  return document(top + height + 50, title, [
    ...y.ticks.flatMap((value) => [
      `<line x1="${left}" x2="${WIDTH - right}" y1="${y.at(value).toFixed(1)}" y2="${y.at(value).toFixed(1)}" class="grid"/>`,
      text(left - 6, y.at(value) + 4, short(value), 'text-anchor="end" class="quiet"'),
    ]),
    ...x.ticks.map((value) => text(x.at(value), top + height + 18, short(value), 'text-anchor="middle" class="quiet"')),
    text((left + WIDTH - right) / 2, top + height + 38, xName, 'text-anchor="middle" class="quiet"'),
    text(left, top - 8, yName, 'class="quiet"'),
    ...series.flatMap(({ name, points }, number) => {
      const colour = COLOURS[number % COLOURS.length];
      const path = points.map((point) => `${x.at(point[0]).toFixed(1)},${y.at(point[1]).toFixed(1)}`);
      return [
        `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...path.map((place) => `<circle cx="${place.split(',')[0]}" cy="${place.split(',')[1]}" r="3" fill="${colour}"/>`),
        `<rect x="${WIDTH - right + 16}" y="${top + number * 20}" width="10" height="10" fill="${colour}"/>`,
        text(WIDTH - right + 32, top + number * 20 + 9, name),
      ];
    }),
  ]);
}
