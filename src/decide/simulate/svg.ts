// The few shapes of SVG that a plot is made of, as text.

import { displayText } from '../../core/text.ts';

/** A place in the drawing. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** How a line is drawn. */
export interface Stroke {
  readonly stroke: string;
  readonly width: number;
  readonly dash?: string;
  readonly opacity?: number;
}

/** How words are set. */
export interface Lettering {
  readonly fill: string;
  readonly size?: number;
  readonly weight?: 'bold';
  readonly anchor?: 'middle' | 'end';
  /** A quarter to the left. */
  readonly turned?: true;
}

/** A filled circle, or a ring where a line is named. */
export function circle({ x, y }: Spot, radius: number, fill: string, line?: string): string {
  const ring = line === undefined ? '' : ` stroke="${line}" stroke-width="2"`;
  return `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${fill}"${ring}/>`;
}

/** A filled square around a spot. */
export function square({ x, y }: Spot, size: number, fill: string): string {
  return `<rect x="${n(x - size / 2)}" y="${n(y - size / 2)}" width="${n(size)}" height="${n(size)}" fill="${fill}"/>`;
}

/** The outline of a square on its tip. */
export function diamond({ x, y }: Spot, size: number, line: string): string {
  const corners = [n(x), n(y - size), n(x + size), n(y), n(x), n(y + size), n(x - size), n(y)];
  return `<polygon points="${corners.join(' ')}" fill="none" stroke="${line}" stroke-width="2"/>`;
}

/** A cross of two lines. */
export function cross({ x, y }: Spot, size: number, line: string): string {
  const arms = `M${n(x - size)} ${n(y)}H${n(x + size)}M${n(x)} ${n(y - size)}V${n(y + size)}`;
  return `<path d="${arms}" stroke="${line}" stroke-width="2"/>`;
}

/** A star with five points. */
export function star({ x, y }: Spot, size: number, fill: string): string {
  const points = Array.from({ length: 10 }, (_, i) => {
    const [angle, radius] = [(i * Math.PI) / 5 - Math.PI / 2, i % 2 === 0 ? size : size * 0.45];
    return `${n(x + radius * Math.cos(angle))} ${n(y + radius * Math.sin(angle))}`;
  });
  return `<polygon points="${points.join(' ')}" fill="${fill}" stroke="#ffffff" stroke-width="1"/>`;
}

/** Straight lines from spot to spot. */
export function polyline(spots: readonly Spot[], { stroke, width, dash, opacity }: Stroke): string {
  const points = spots.map(({ x, y }) => `${n(x)},${n(y)}`).join(' ');
  const style = `${dash === undefined ? '' : ` stroke-dasharray="${dash}"`}${opacity === undefined ? '' : ` opacity="${opacity}"`}`;
  return `<polyline points="${points}" fill="none" stroke="${stroke}" stroke-width="${n(width)}"${style}/>`;
}

/** Words, whatever they are: they become text and never markup. */
export function text({ x, y }: Spot, words: string, { fill, size, weight, anchor, turned }: Lettering): string {
  const set = [
    ...(size === undefined ? [] : [`font-size="${size}"`]),
    ...(weight === undefined ? [] : [`font-weight="${weight}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
    ...(turned === undefined ? [] : [`transform="rotate(-90 ${n(x)} ${n(y)})"`]),
  ];
  return `<text x="${n(x)}" y="${n(y)}" fill="${fill}"${set.map((each) => ` ${each}`).join('')}>${escapeXml(words)}</text>`;
}

/** Text for an XML document: what could be markup or control is taken out of its way. */
export function escapeXml(words: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return displayText(words, 200).replace(/[&<>"'\ufffe\uffff]/g, (mark) => marks[mark] ?? '');
}

// Two places after the point are a hundredth of a pixel.
function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}
