// Draws one negotiation as an SVG: what each outcome is worth to both sides, the frontier, the fair points, and the way the offers went.

import { rankOutcomes } from '../ranking.ts';
import type { Point, Prospects } from '../session/frontier.ts';
import type { Scenario } from '../session/randomDomain.ts';
import type { Outcome } from '../utility.ts';
import { circle, cross, diamond, escapeXml, polyline, square, star, text, type Spot } from './svg.ts';
import type { Played } from './simulate.ts';

/** What to draw. */
export interface PlotInput {
  readonly title: string;
  readonly myName: string;
  readonly theirName: string;
  readonly scenario: Scenario;
  readonly prospects: Prospects;
  readonly played: Played;
}

const WIDTH = 860;
const HEIGHT = 680;
const AREA = { left: 70, top: 60, size: 540 };
const MOST_DOTS = 1_500;
const COLOURS = {
  mine: '#1f6feb',
  theirs: '#d1242f',
  frontier: '#57606a',
  deal: '#1a7f37',
  fair: '#8250df',
  dots: '#d0d7de',
  ink: '#24292f',
};

/** The drawing as the text of an SVG file. It depends on its input alone. */
export function drawPlot(input: PlotInput): string {
  const { title, prospects } = input;
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text({ x: AREA.left, y: 32 }, title, { size: 18, weight: 'bold', fill: COLOURS.ink }),
    ...drawAxes(input),
    ...drawReserves(prospects),
    ...listDots(input).map((spot) => circle(spot, 2, COLOURS.dots)),
    polyline(
      prospects.frontier.map((point) => place(point.worths)),
      { stroke: COLOURS.frontier, width: 1.5, dash: '5 3' },
    ),
    ...prospects.frontier.slice(0, MOST_DOTS).map((point) => circle(place(point.worths), 2.2, COLOURS.frontier)),
    ...drawOffers(input),
    ...drawFair(prospects),
    ...drawDeal(input),
    ...drawLegend(input),
  ];
  const font = 'font-family="system-ui, sans-serif" font-size="13"';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" ${font}>\n<title>${escapeXml(title)}</title>\n${parts.join('\n')}\n</svg>\n`;
}

function place([mine, theirs]: readonly [number, number]): Spot {
  return { x: AREA.left + mine * AREA.size, y: AREA.top + (1 - theirs) * AREA.size };
}

function worthsOf({ scenario: { domain, utilities } }: PlotInput, outcome: Outcome): readonly [number, number] {
  const [mine = 0, theirs = 0] = utilities.map((utility) => rankOutcomes(domain, utility).worthOf(outcome) ?? 0);
  return [mine, theirs];
}

function drawAxes({ myName, theirName }: PlotInput): readonly string[] {
  const grid = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((worth) => [
    polyline([place([worth, 0]), place([worth, 1])], { stroke: '#eaeef2', width: 1 }),
    polyline([place([0, worth]), place([1, worth])], { stroke: '#eaeef2', width: 1 }),
    text(shift(place([worth, 0]), 0, 20), worth.toFixed(1), { anchor: 'middle', fill: COLOURS.frontier }),
    text(shift(place([0, worth]), -10, 4), worth.toFixed(1), { anchor: 'end', fill: COLOURS.frontier }),
  ]);
  const frame = polyline([place([0, 0]), place([1, 0]), place([1, 1]), place([0, 1]), place([0, 0])], { stroke: '#afb8c1', width: 1 });
  return [
    ...grid,
    frame,
    text(shift(place([0.5, 0]), 0, 44), `worth to you (${myName})`, { anchor: 'middle', fill: COLOURS.mine }),
    text(shift(place([0, 0.5]), -46, 0), `worth to them (${theirName})`, { anchor: 'middle', fill: COLOURS.theirs, turned: true }),
  ];
}

function drawReserves({ reserves: [mine, theirs] }: Prospects): readonly string[] {
  return [
    polyline([place([mine, 0]), place([mine, 1])], { stroke: COLOURS.mine, width: 1, dash: '2 4' }),
    polyline([place([0, theirs]), place([1, theirs])], { stroke: COLOURS.theirs, width: 1, dash: '2 4' }),
  ];
}

function listDots(input: PlotInput): readonly Spot[] {
  const { domain, utilities } = input.scenario;
  const { at, count } = rankOutcomes(domain, utilities[0]);
  const dots = Math.min(MOST_DOTS, count);
  return Array.from({ length: dots }, (_, i) => place(worthsOf(input, at(Math.floor((i * count) / dots)))));
}

function drawOffers(input: PlotInput): readonly string[] {
  const { session, me } = input.played;
  return [true, false].flatMap((isMine) => {
    const colour = isMine ? COLOURS.mine : COLOURS.theirs;
    const offers = session.offers.filter(({ by }) => (by === me) === isMine);
    const spots = offers.map(({ outcomes }) => outcomes.map((outcome) => place(worthsOf(input, outcome))));
    const way = spots.flatMap(([first]) => (first === undefined ? [] : [first]));
    return [
      polyline(way, { stroke: colour, width: 1.5, opacity: 0.55 }),
      ...spots.flatMap(([, ...others]) => others.map((spot) => circle(spot, 3, '#ffffff', colour))),
      ...way.map((spot) => (isMine ? circle(spot, 4, colour) : square(spot, 7, colour))),
      ...way.slice(0, 1).map((spot) => text(shift(spot, 8, -8), 'first', { fill: colour, size: 11 })),
    ];
  });
}

function drawFair({ nash, kalai, kalaiSmorodinsky }: Prospects): readonly string[] {
  const spots = (points: readonly Point[]): readonly Spot[] => points.map(({ worths }) => place(worths));
  return [
    ...spots(kalaiSmorodinsky).map((spot) => diamond(spot, 9, COLOURS.fair)),
    ...spots(kalai).map((spot) => cross(spot, 7, COLOURS.fair)),
    ...spots(nash).map((spot) => circle(spot, 8, 'none', COLOURS.fair)),
  ];
}

function drawDeal(input: PlotInput): readonly string[] {
  const { end } = input.played.session;
  return end.kind === 'agreed' ? [star(place(worthsOf(input, end.outcome)), 9, COLOURS.deal)] : [];
}

function drawLegend(input: PlotInput): readonly string[] {
  const { session, measures } = input.played;
  const left = AREA.left + AREA.size + 26;
  const entries: readonly (readonly [mark: (spot: Spot) => string, words: string])[] = [
    [(spot) => circle(spot, 4, COLOURS.mine), 'your offers'],
    [(spot) => square(spot, 7, COLOURS.theirs), 'their offers'],
    [(spot) => polyline([shift(spot, -8, 0), shift(spot, 8, 0)], { stroke: COLOURS.frontier, width: 1.5, dash: '5 3' }), 'Pareto frontier'],
    [(spot) => circle(spot, 7, 'none', COLOURS.fair), 'Nash point'],
    [(spot) => cross(spot, 6, COLOURS.fair), 'Kalai point'],
    [(spot) => diamond(spot, 8, COLOURS.fair), 'Kalai–Smorodinsky'],
    [(spot) => polyline([shift(spot, -8, 0), shift(spot, 8, 0)], { stroke: COLOURS.ink, width: 1, dash: '2 4' }), 'reserves'],
    [(spot) => circle(spot, 3, COLOURS.dots), 'outcomes'],
    ...(session.end.kind === 'agreed' ? [[(spot: Spot) => star(spot, 8, COLOURS.deal), 'deal'] as const] : []),
  ];
  const facts = measures.isAgreed
    ? [
        `deal in round ${measures.rounds}`,
        `you ${measures.worths[0].toFixed(3)}`,
        `they ${measures.worths[1].toFixed(3)}`,
        `to Nash ${(measures.nash?.distance ?? 0).toFixed(3)}`,
        `to the frontier ${(measures.pareto?.distance ?? 0).toFixed(3)}`,
      ]
    : [`no deal in ${measures.rounds} rounds`];
  const marks = entries.flatMap(([mark, words], i) => [
    mark({ x: left + 8, y: AREA.top + 14 + i * 24 }),
    text({ x: left + 26, y: AREA.top + 18 + i * 24 }, words, { fill: COLOURS.ink }),
  ]);
  const below = AREA.top + 44 + entries.length * 24;
  return [...marks, ...facts.map((fact, i) => text({ x: left, y: below + i * 20 }, fact, { fill: i === 0 ? COLOURS.deal : COLOURS.ink }))];
}

function shift({ x, y }: Spot, right: number, down: number): Spot {
  return { x: x + right, y: y + down };
}
