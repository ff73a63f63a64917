const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 16;
const TOP = 36;
const BOTTOM = 40;
const COLOURS = ['#1f6f5c', '#b5522b', '#3a4f9b', '#8a6d1d'];
const TICKS = 5;

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  /** what x and y are, with units */
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A number with at most three digits that matter. */
const short = (value: number): string => String(Number(value.toPrecision(3)));

/** A line chart as SVG, y from 0. */
export function lineChart({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const xs = points.map(([value]) => value);
  const [xMin, xMax] = [Math.min(...xs, 0), Math.max(...xs, 1)];
  const yMax = Math.max(...points.map(([, value]) => value), 1e-9);
  const px = (value: number): number => LEFT + ((value - xMin) / (xMax - xMin)) * (WIDTH - LEFT - RIGHT);
  const py = (value: number): number => HEIGHT - BOTTOM - (value / yMax) * (HEIGHT - TOP - BOTTOM);
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => i / TICKS);
  const text = (at: readonly [number, number], anchor: string, content: string): string =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}">${escape(content)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text([LEFT, 20], 'start', `${title} (${y})`),
    ...ticks.flatMap((part) => {
      const yValue = part * yMax;
      const xValue = xMin + part * (xMax - xMin);
      return [
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(yValue).toFixed(1)}" y2="${py(yValue).toFixed(1)}" stroke="#ddd"/>`,
        text([LEFT - 6, py(yValue) + 4], 'end', short(yValue)),
        text([px(xValue), HEIGHT - BOTTOM + 18], 'middle', short(xValue)),
      ];
    }),
    text([(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6], 'middle', x),
    ...lines.flatMap(({ label, points: of }, index) => {
      const colour = COLOURS[index % COLOURS.length]!;
      const path = of.map(([a, b]) => `${px(a).toFixed(1)},${py(b).toFixed(1)}`).join(' ');
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
        `<g fill="${colour}">${text([WIDTH - RIGHT, TOP + 14 * index], 'end', label)}</g>`,
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}
