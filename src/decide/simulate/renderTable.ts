// A simulation as a table of text.

import type { Simulation, SimulationRow } from './simulate.ts';

const HEADS = ['opponent', 'deals', 'you', 'they', 'rounds', 'to Nash', 'to Pareto', 'welfare'] as const;

/** The table, line by line: names on the left, figures on the right, and all opponents together in the last line. */
export function renderTable({ rows, total }: Simulation): readonly string[] {
  const cells = [HEADS, ...rows.map(listCells), ...(rows.length > 1 ? [listCells(total)] : [])];
  const widths = HEADS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, column === 0))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const [head = '', ...body] = lines;
  return rows.length > 1 ? [head, rule, ...body.slice(0, -1), rule, ...body.slice(-1)] : [head, rule, ...body];
}

function listCells({ opponent, agreementRate, myWorth, theirWorth, ofDeals }: SimulationRow): readonly string[] {
  const deals =
    ofDeals === undefined
      ? ['–', '–', '–', '–']
      : [ofDeals.rounds.toFixed(1), round(ofDeals.nashDistance), round(ofDeals.paretoDistance), percent(ofDeals.welfareOptimality)];
  return [opponent, percent(agreementRate), round(myWorth), round(theirWorth), ...deals];
}

function pad(text: string, width: number, isName: boolean): string {
  return isName ? text.padEnd(width) : text.padStart(width);
}

function round(value: number): string {
  return value.toFixed(3);
}

/** Whole percents; 100 % and 0 % only for all and for none. */
export function percent(share: number): string {
  const whole = Math.round(share * 100);
  const shown = whole === 100 && share < 1 ? 99 : whole === 0 && share > 0 ? 1 : whole;
  return `${shown} %`;
}
